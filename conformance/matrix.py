# SPDX-License-Identifier: GPL-2.0-or-later
"""The kill matrix: every requirement is failed by a fault, for its own reason.

`WLC` and `MSE` say which requirements each fault of the emulated gear breaks; a fault
that breaks one thing often shows in others that rest on it. A run against a fault
must fail these requirements and no others. `python -m conformance.matrix` prints it.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import msgspec

from conformance import requirements, scenario
from conformance.claims import HASHES, SERVICES, Claims, Hash
from conformance.emulator.authlist import AuthList
from conformance.emulator.control import obey
from conformance.emulator.faults import FAULTS, MSE_FAULTS, QUIRKS, Faults
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.tls import Identity as Shown
from conformance.emulator.wlc import Settings as WlcSettings
from conformance.identities import Identities, Identity, made, new_key
from conformance.operator import Operator, entry
from conformance.peer import Timing
from conformance.result import Case
from conformance.runner import Settings, run_case
from conformance.scenario import Scenario
from conformance.tcp import Listener
from conformance.verdict import Verdict
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.status.reading import Counts, read_statistics

FACTOR, HONEST = 0.25, 0.6
"""Of the waits: against faults, which use them up, and against honest gear."""

INTERVAL_S = 0.3
THREADS = 6
"""Cases wait more than they work."""

PANEL = (
    "transport.answers_client_hello",
    "transport.asks_for_a_certificate",
    "authlist.admits_listed_mse",
    "authlist.rejects_hash_of_another_key",
    "session.serves_a_listed_mse",
    "capability.tells_capability",
    "subscription.accepts_subscription",
    "echo.answers_echo",
    "information.answers_information_request",
    "robustness.survives_an_unknown_message",
)
"""Run against every fault, so that one which breaks more than it says is noticed."""

MSE_PANEL = (
    "transport.begins_with_client_hello",
    "session.dials_and_speaks",
    "capability.mse_tells_capability",
    "subscription.mse_subscribes",
    "robustness.mse_skips_an_unknown_element",
)


class EmulatedOperator(Operator):
    """The operator of an emulated WLC, by its console's own words."""

    changes_list = shows_statistics = True

    def __init__(self, gear: EmulatedWlc) -> None:
        self._gear = gear

    def change(
        self, verb: str, identity: Identity, hashes: Sequence[Hash] = HASHES
    ) -> None:
        """Add to its AuthList, or remove."""
        obey(self._gear, " ".join((verb, *entry(identity, hashes))))

    def statistics(self) -> Counts:
        """Read its screen."""
        return read_statistics(obey(self._gear, "statistics"))


def _ids(family: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"NMSP-{family.upper()}-{n}" for n in numbers)


ANSWERED = (
    *_ids("measurement", 1),
    *_ids("information", 1),
    *_ids("statistics", 1),
    *_ids("attachment", 1),
    *_ids("location", 1),
    *_ids("ids", 1, 3),
    *_ids("ap_monitor", 1),
)
IN_TRANSACTION = (
    *_ids("measurement", 2),
    *_ids("information", 2),
    *_ids("statistics", 2),
    *_ids("attachment", 2),
    *_ids("location", 2),
    *_ids("ids", 2),
    *_ids("ap_monitor", 2),
)
ANNOUNCED = (
    *_ids("measurement", 3),
    *_ids("information", 3),
    *_ids("statistics", 3),
)
REFUSED = _ids("authlist", 2, 3, 4, 5, 9, 11, 14, 22)

WLC: dict[str, tuple[str, ...]] = {
    "asks-no-certificate": (*_ids("transport", 2), *REFUSED, *_ids("authlist", 10)),
    "plaintext": _ids("transport", 1, 4),
    "speaks-before-tls": _ids("transport", 1, 4),
    "accepts-renegotiation": _ids("transport", 9),
    "speaks-in-the-handshake": (*_ids("transport", 3), *_ids("authlist", 1)),
    "speaks-ssl3": _ids("transport", 10),
    "takes-anonymous-suites": _ids("transport", 11),
    "needs-whole-hello": _ids("transport", 17),
    "needs-whole-messages": _ids("transport", 6, 23),
    "drops-slow-messages": _ids("transport", 23),
    "drops-slow-records": _ids("transport", 24),
    "first-message-only": _ids("transport", 7),
    "crashes-on-rubbish": _ids("transport", 15),
    "crashes-on-forged-record": _ids("robustness", 13),
    "crashes-on-truncation": _ids("robustness", 3),
    "crashes-on-close": _ids("robustness", 10),
    "crashes-on-alert": (*_ids("session", 5), *_ids("robustness", 10)),
    "crashes-on-warning": _ids("robustness", 10),
    "crashes-on-fin": _ids("session", 5),
    "crashes-on-silence": _ids("session", 3, 7),
    "mute": _ids("session", 1),
    "drops-idle": _ids("session", 7),
    "serves-one-session": _ids("session", 5),
    "ignores-close": _ids("transport", 13, 14),
    "one-client": _ids("session", 3, 13),
    "one-mse": _ids("session", 13),
    "subscriptions-shared": _ids("session", 14),
    # authlist
    "admits-other-hash": _ids("authlist", 2),
    "admits-other-mac": _ids("authlist", 3, 11),
    "admits-unlisted": _ids("authlist", 2, 3, 11, 14),
    "admits-no-certificate": _ids("authlist", 4),
    "admits-not-yet-valid": _ids("authlist", 5, 22),
    "admits-expired": _ids("authlist", 9, 22),
    "rejects-listed": (*_ids("authlist", 1), *_ids("transport", 5)),
    "rejects-with-42": _ids("authlist", 6),
    "rejects-with-40": _ids("authlist", 6),
    "rejects-with-44": _ids("authlist", 6),
    "rejects-with-fin": _ids("authlist", 6),
    "rejects-with-rst": _ids("authlist", 6),
    "rejects-silently": (*_ids("authlist", 2, 3, 11, 14), *_ids("authlist", 15, 16)),
    "leaks-before-rejecting": _ids("authlist", 2, 6, 7),
    "rejects-late": _ids("authlist", 25, 26),
    "locks-out": _ids("authlist", 8),
    "locks-out-later": _ids("authlist", 8),
    "list-read-once": _ids("authlist", 20),
    "list-change-drops-all": _ids("authlist", 21),
    "admits-weak-key": _ids("authlist", 18),
    "resumption-bypasses-list": _ids("authlist", 17),
    "ignores-sha1": _ids("authlist", 23),
    "ignores-sha256": _ids("authlist", 24),
    "mac-form-matters": _ids("authlist", 12),
    "pins-certificate": _ids("authlist", 12, 13),
    # capability
    "capability-missing": _ids("capability", 1, 5),
    "capability-twice": _ids("capability", 7),
    "capability-empty": _ids("capability", 2, 9),
    "capability-withheld": _ids("capability", 9),
    "capability-wrong-bits": _ids("capability", 3),
    "capability-with-transaction": _ids("capability", 4),
    "capability-without-version": _ids("capability", 6),
    # subscription
    "subscription-unanswered": (
        *_ids("subscription", 1, 8, 11, 12, 13),
        *_ids("subscription", 5),
    ),
    "subscription-answered-twice": _ids("subscription", 1),
    "subscription-wrong-transaction": _ids("subscription", 7),
    "subscription-refused": _ids("subscription", 2, 8),
    "sub-service-refused": _ids("subscription", 8),
    "subscription-mirrors-others": _ids("subscription", 3),
    "subscription-malformed-accepted": _ids("subscription", 5),
    "subscription-malformed-unanswered": _ids("subscription", 5),
    "subscription-malformed-crashes": _ids("subscription", 6),
    "subscription-repeat-unanswered": _ids("subscription", 9, 10),
    "subscription-empty-unanswered": _ids("subscription", 11),
    "subscription-unknown-unanswered": _ids("subscription", 12),
    "subscription-bits-unanswered": _ids("subscription", 13),
    "subscription-unknown-accepted": _ids("subscription", 14),
    "subscription-adds": _ids("notifications", 3),
    "notifies-unsubscribed": _ids("subscription", 4),
    "notifies-before-subscription": (*_ids("subscription", 4), *_ids("session", 6)),
    "notifies-never": (*_ids("notifications", 1), *_ids("ap_info", 1)),
    "notifies-too-often": _ids("notifications", 2),
    "notifies-all-kinds": _ids("notifications", 5),
    "ignores-threshold": _ids("notifications", 7),
    "notification-malformed": _ids("notifications", 6),
    "notification-with-transaction": _ids("notifications", 4),
    # echo
    "echo-unanswered": (
        *_ids("echo", 1, 5, 7),
        *_ids("transport", 6, 7, 23, 24),
        *_ids("session", 2, 3, 5, 7, 13),
        *_ids("robustness", 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12),
        *_ids("subscription", 6),
    ),
    "echo-twice": _ids("echo", 2),
    "echo-wrong-transaction": _ids("echo", 3),
    "echo-late": (
        *_ids("echo", 1, 4, 5, 7),
        *_ids("transport", 6, 7, 23, 24),
        *_ids("session", 2, 3, 5, 7, 13),
        *_ids("robustness", 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12),
        *_ids("subscription", 6),
    ),
    "echo-unanswered-when-busy": _ids("echo", 1, 5),
    "echo-unsolicited": _ids("echo", 6),
    "echo-stops": _ids("echo", 1, 7),
    "echo-with-elements": _ids("echo", 8),
    # requests
    "request-unanswered": (*ANSWERED, *_ids("robustness", 6)),
    "response-wrong-transaction": IN_TRANSACTION,
    "response-unending": ANNOUNCED,
    "response-unmarked": ANNOUNCED,
    "unknown-mac-invented": (
        *_ids("measurement", 4),
        *_ids("information", 4),
        *_ids("statistics", 4),
    ),
    "measurement-without-mac": _ids("measurement", 5),
    "measurement-positive": _ids("measurement", 6),
    "counters-fall": _ids("statistics", 5),
    "access-point-without-mac": _ids("ap_info", 2),
    # counters
    "counts-wrong": _ids("counters", 1),
    "counts-nothing-sent": _ids("counters", 1),
    # robustness
    "short-length-crashes": _ids("robustness", 1, 2),
    "trailing-bytes-crash": _ids("robustness", 4),
    "unknown-type-resets": _ids("robustness", 5),
    "unknown-element-refused": _ids("robustness", 6),
    "nesting-crashes": _ids("robustness", 7),
    "flags-unanswered": _ids("robustness", 8),
    "version-crashes": _ids("robustness", 9),
    "own-message-crashes": _ids("robustness", 11),
    "overrun-crashes": _ids("robustness", 12),
    "early-message-crashes": _ids("session", 2),
    "policy": _ids("transport", 16),
}
"""Requirements that a fault of a WLC breaks. `policy` is no fault but a WLC that
claims another generation's TLS."""

UNJUDGED: dict[str, str] = {
    "short-length-hangs": "one deaf connection is not the end of the service",
    "capability-late": "the order is documented for switches alone",
    "capability-malformed": "a malformed capability confirms no profile",
    "capability-unknown-service": "services were added over the years",
    "subscription-mirrors-less": "a WLC may grant less than was asked for",
    "subscription-malformed-resets": "ending the connection is an allowed answer",
    "response-twice": "one request may cause several responses (documented)",
    "response-wrong-type": "an NGWC switch does so (MSE status screen)",
    "response-without-status": "whether a response needs one is not known",
    "malformed-request-accepted": "leniency harms nobody",
    "wrong-version": "then nothing is of the profile's version; calibrate tells",
    "reserved-flags": "bits that are not named are ignored",
    "length-too-long": "then no message is well-formed; profile-unconfirmed",
    "unknown-type-answered": "what is said to an unknown message is not known",
    "trailing-bytes-reset": "ending the connection is an allowed answer",
    "early-request-resets": "ending the connection is an allowed answer",
    "closes-without-notify": "many stacks do; nothing is lost",
}
"""Why no requirement forbids a `QUIRKS`."""

MSE: dict[str, tuple[str, ...]] = {
    "plaintext": _ids("transport", 19, 21),
    "speaks-before-tls": _ids("transport", 19, 21),
    "no-certificate": _ids("transport", 20),
    "wrong-proof": _ids("transport", 22),
    "mute": _ids("session", 8),
    "dials-once": (*_ids("session", 9), *_ids("robustness", 15)),
    "needs-whole-messages": _ids("transport", 25),
    "fin-ends-it": _ids("session", 9),
    "alert-ends-it": _ids("session", 9),
    "warning-ends-it": _ids("session", 9),
    "death-ends-it": _ids("session", 9),
    "capability-missing": _ids("capability", 8),
    "subscribes-early": _ids("session", 10),
    "subscribes-never": _ids("subscription", 15),
    "subscribes-beyond-offer": _ids("subscription", 16),
    "subscribes-wrong-bits": _ids("subscription", 16, 17),
    "refusal-ends-it": _ids("subscription", 18),
    "echoes-never": _ids("echo", 9),
    "echoes-alike": _ids("echo", 10),
    "never-gives-up": _ids("echo", 11),
    "unknown-message-ends-it": _ids("session", 11),
    "unknown-element-ends-it": _ids("robustness", 14),
    "malformed-ends-it": _ids("robustness", 15),
    "flood-ends-it": _ids("robustness", 16),
}
"""Requirements that a fault of an MSE breaks."""


@cache
def listed() -> Identities:
    """An identity that stands in the emulated WLC's AuthList."""
    return Identities(made("listed", new_key(), "MSE-02005ee00001"))


@cache
def presented() -> Shown:
    """Return the emulated gear's own identity."""
    own = made("wlc", new_key(), "WLC-02005ea00001")
    return Shown(own.key, own.certificate)


@contextmanager
def wlc(
    fault: str = "",
    *,
    interval_s: float = INTERVAL_S,
    factor: float = FACTOR,
    profile: Profile = NOMINAL,
) -> Iterator[Settings]:
    """Run an emulated WLC, and yield how to meet it."""
    authlist = AuthList(
        (mac, digest)
        for mac, *digests in [entry(listed().listed, HASHES)]
        for digest in digests
    )
    faults = Faults([fault] if fault in FAULTS | QUIRKS else ())
    settings = WlcSettings(interval_s=interval_s, faults=faults, profile=profile)
    gear = EmulatedWlc(
        presented=presented(),
        authlist=authlist,
        settings=settings,
        tls="1.3" if fault == "policy" else "any",
    )
    with gear:
        yield Settings(
            listed(),
            target=("127.0.0.1", gear.port),
            timing=msgspec.structs.replace(Timing().scaled(factor), dead=0.6),
            claims=Claims(
                tls="c9800" if fault == "policy" else "",
                hashes=HASHES,
                services=tuple(SERVICES),
            ),
            operator=EmulatedOperator(gear),
            profile=profile,
        )


@contextmanager
def mse(fault: str = "", *, factor: float = FACTOR / 2) -> Iterator[Settings]:
    """Run an emulated MSE that dials, and yield how to meet it."""
    listener = Listener("127.0.0.1", 0)
    faults = Faults([fault]) if fault else Faults()
    plan = Plan(echo_s=0.1, dead_s=0.4, faults=faults)
    who = listed().listed
    gear = EmulatedMse(
        ("127.0.0.1", listener.port),
        presented=Shown(who.key, who.certificate),
        plan=plan,
        reconnect_s=0.03,
    )
    timing = msgspec.structs.replace(
        Timing().scaled(factor), dial=1.0, echo=0.5, quiet=0.2
    )
    try:
        with gear:
            yield Settings(
                Identities(who), role="mse", listener=listener, timing=timing
            )
    finally:
        listener.close()


def cases(role: str, names: Iterable[str]) -> list[Scenario]:
    """Scenarios of a role that evaluate one of these requirements, and the panel."""
    wanted, panel = set(names), (*PANEL, *MSE_PANEL)
    return [
        case
        for case in scenario.load().values()
        if case.role == role and (wanted & set(case.requirements) or case.id in panel)
    ]


def run(fault: str, role: str, chosen: Iterable[Scenario]) -> list[Case]:
    """Run scenarios against a fault, each against gear of its own."""

    def one(case: Scenario) -> Case:
        slow = case.id == "notifications.does_not_notify_too_often"
        factor = FACTOR if fault else HONEST
        gear = (
            wlc(fault, interval_s=1.0 if slow else INTERVAL_S, factor=factor)
            if role == "wlc"
            else mse(fault, factor=factor / 2)
        )
        with gear as settings:
            return run_case(case, settings)

    listed(), presented()  # once, before threads ask for them
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, chosen))


def failed(results: Iterable[Case]) -> set[str]:
    """Requirements that failed in some case."""
    return {
        part.requirement
        for case in results
        for part in case.requirements
        if part.verdict is Verdict.FAIL
    }


def uncovered() -> list[str]:
    """Requirements with a scenario that no fault breaks."""
    broken = {
        name for table in (WLC, MSE) for names in table.values() for name in names
    }
    return [
        each.id
        for each in requirements.load().values()
        if not each.excluded and each.id not in broken
    ]


def unplaced() -> list[str]:
    """Faults that are in no table."""
    faults = [name for name in FAULTS if name not in WLC]
    return faults + [name for name in MSE_FAULTS if name not in MSE]


def main() -> int:
    """Print the matrix; returns the exit code."""
    killed = total = 0
    for role, table in (("wlc", WLC), ("mse", MSE)):
        for fault, names in table.items():
            found = failed(run(fault, role, cases(role, names)))
            missed, more = sorted(set(names) - found), sorted(found - set(names))
            total, killed = total + 1, killed + (not missed and not more)
            told = [f"not failed: {' '.join(missed)}"] if missed else []
            told += [f"failed besides: {' '.join(more)}"] if more else []
            sys.stdout.write(f"{role} {fault:34} {'; '.join(told) or 'killed'}\n")
            sys.stdout.flush()
    bare = uncovered()
    sys.stdout.write(f"{killed} of {total} faults killed for their own reason\n")
    sys.stdout.write(f"{len(bare)} requirements that no fault breaks {bare}\n")
    share = 100 * killed // total if total else 0
    sys.stdout.write(f"{share} %\n")
    return 0 if killed == total and not bare and not unplaced() else 1


if __name__ == "__main__":
    sys.exit(main())
