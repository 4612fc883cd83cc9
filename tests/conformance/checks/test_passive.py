# SPDX-License-Identifier: GPL-2.0-or-later
# ruff: noqa: E501 - a border a line
"""What a capture shows of TLS and the AuthList, at the borders of each check.

`make mutation` calls these too: no mutant of a check that needs no endpoint lives on
because no capture of ours comes to its border.
"""

from typing import Any

import msgspec
import pytest

from conformance.checks import passive
from conformance.claims import POLICIES
from conformance.observation import Alert, EndKind, Observation, Presented, Tls
from conformance.verdict import Judge, Reason
from tests.gear.seen import ended, said, watched

Said = list[bool] | Reason
NOTHING, NO_KEYS = Reason.NO_STIMULUS, Reason.NO_KEYS
MET, UNMET = [True], [False]
SPOKE = said("wlc", "ECHO_RESPONSE", at=0.9)
FIN, OPEN, RST = (
    ended(EndKind.FIN, "wlc"),
    ended(EndKind.OPEN, ""),
    ended(EndKind.RST, "wlc"),
)


class Shown(msgspec.Struct):
    """What a capture shows, and what the check of a requirement decides on it."""

    id: str
    requirement: str
    seen: Observation
    said: Said

    def decided(self) -> Said:
        judge = Judge([self.requirement])
        passive.CHECKS[self.requirement](self.seen, judge)
        if judge.unjudged:
            ((_, (reason, _)),) = judge.unjudged.items()
            return reason
        return [found.met for found in judge.findings]


def alert(
    number: int = 46, *, level: int = 2, at: float = 0.4, sender: str = "wlc"
) -> Alert:
    return Alert(sender, level, number, at)


def tls(*alerts: Alert, **facts: Any) -> Tls:
    """A handshake of TLS 1.2 in which the MSE has shown its certificate at 0.3 s."""
    usual: dict[str, Any] = {
        "seen": True, "version": "TLSv1.2", "suite": "AES256-SHA", "certificate_s": 0.3,
        "certificate_requested": True, "certificate_shown": True,
        "client_certificate": b"der",
    }  # fmt: skip
    return Tls(alerts=list(alerts), **(usual | facts))


def who(
    mac: str = "00505600aa00",
    early: float = -9.0,
    late: float = -9.0,
    **listed: bool | None,
) -> Presented:
    return Presented(mac, early, late, **listed)


def seen(session: Tls, *messages: Any, end: Any = OPEN, **more: Any) -> Observation:
    return msgspec.structs.replace(
        watched(*messages, tls=session, end=end, live=False), **more
    )


NO_TLS = watched(live=False)
LISTED, UNLISTED = who(mac_listed=True, listed=True), who(mac_listed=True, listed=False)
STRANGER = who(mac_listed=False, listed=False)
DONE = {"complete": True, "complete_s": 0.5}


def turned_away(
    requirement: str, culprit: dict[str, Any], session: dict[str, Any]
) -> list[Shown]:
    """A kind of MSE that must not be let in, in all that may become of it."""
    fin12 = {**session, **DONE}
    return [
        Shown("no TLS at all", requirement, watched(live=False), NOTHING),
        Shown("it, and no decision", requirement, seen(tls(**session), **culprit), NOTHING),
        Shown("it, and its own end", requirement,
              seen(tls(**session), end=ended(EndKind.FIN, "mse"), **culprit), NOTHING),
        Shown("it, and a FIN", requirement, seen(tls(**session), end=FIN, **culprit), MET),
        Shown("it, and a reset", requirement, seen(tls(**session), end=RST, **culprit), MET),
        Shown("it, and a time-out", requirement,
              seen(tls(**session), end=ended(EndKind.TIMEOUT, "wlc"), **culprit), NOTHING),
        Shown("it, and a refusal behind a whole handshake", requirement,
              seen(tls(alert(), **fin12), **culprit), MET),
        Shown("it, and a whole handshake", requirement, seen(tls(**fin12), **culprit), UNMET),
        Shown("it, and a whole handshake of TLS 1.3", requirement,
              seen(tls(**{**fin12, "version": "TLSv1.3"}), **culprit), NOTHING),
        Shown("it, and a word", requirement, seen(tls(**session), SPOKE, end=FIN, **culprit), UNMET),
        Shown("half a handshake of TLS 1.2", requirement,
              seen(tls(**session), end=OPEN, **culprit), NOTHING),
    ]  # fmt: skip


KINDS = [
    *turned_away("NMSP-AUTHLIST-2", {"presented": UNLISTED}, {}),
    *turned_away("NMSP-AUTHLIST-3", {"presented": STRANGER}, {}),
    *turned_away("NMSP-AUTHLIST-4", {}, {"client_certificate": b""}),
    *turned_away("NMSP-AUTHLIST-5", {"presented": who(early=3601)}, {}),
    *turned_away("NMSP-AUTHLIST-9", {"presented": who(late=3601)}, {}),
    *turned_away("NMSP-AUTHLIST-11", {"presented": who(mac="")}, {}),
]


def spared(requirement: str, other: Presented | None) -> Shown:
    """Another MSE, who was let in."""
    return Shown(
        f"let in rightly: {other}",
        requirement,
        seen(tls(**DONE), presented=other),
        NOTHING,
    )


OTHERS = [
    *(spared(f"NMSP-AUTHLIST-{n}", each) for n in (2, 3, 5, 9, 11) for each in (None, LISTED)),
    spared("NMSP-AUTHLIST-2", who()),
    spared("NMSP-AUTHLIST-2", STRANGER),
    spared("NMSP-AUTHLIST-3", UNLISTED),
    spared("NMSP-AUTHLIST-3", who()),
    spared("NMSP-AUTHLIST-3", who(mac="", mac_listed=False)),
    spared("NMSP-AUTHLIST-4", LISTED),
    spared("NMSP-AUTHLIST-5", who(early=3600)),
    spared("NMSP-AUTHLIST-9", who(late=3600)),
    Shown("no certificate, as far as is known", "NMSP-AUTHLIST-4",
          seen(tls(certificate_shown=False, client_certificate=b"", **DONE)), NOTHING),
]  # fmt: skip


def refusing(requirement: str) -> list[Shown]:
    """What is no refusal by the AuthList."""

    def no(what: str, observation: Observation) -> Shown:
        return Shown(f"no refusal: {what}", requirement, observation, NOTHING)

    return [
        no("no alert", seen(tls())),
        no("the MSE's", seen(tls(alert(sender="mse")))),
        no("a warning", seen(tls(alert(level=1)))),
        no("of the proof", seen(tls(alert(51)))),
        no("before the certificate", seen(tls(alert(at=0.2)))),
        no("without a certificate", seen(tls(alert(), certificate_shown=False))),
        no("behind a word", seen(tls(alert()), SPOKE)),
    ]  # fmt: skip


def untimely(requirement: str) -> list[Shown]:
    """The date refuses, not the list."""
    return [
        Shown(
            f"outdated: {each.early_s} {each.late_s}",
            requirement,
            seen(tls(alert()), presented=each),
            NOTHING,
        )
        for each in (who(early=0.5), who(late=0.5))
    ]


REFUSED = [
    *(shown for n in (6, 7, 15, 25) for shown in refusing(f"NMSP-AUTHLIST-{n}")),
    *(shown for n in (6, 15, 25) for shown in untimely(f"NMSP-AUTHLIST-{n}")),
    Shown("on its first day", "NMSP-AUTHLIST-6", seen(tls(alert()), presented=who(early=0.0)), MET),
    Shown("alert 46", "NMSP-AUTHLIST-6", seen(tls(alert(), alert(0, level=1))), MET),
    Shown("alert 46 with the certificate", "NMSP-AUTHLIST-6", seen(tls(alert(at=0.3))), MET),
    Shown("alert 42", "NMSP-AUTHLIST-6", seen(tls(alert(42))), UNMET),
    Shown("at once", "NMSP-AUTHLIST-15", seen(tls(alert(at=0.3))), MET),
    Shown("just in time", "NMSP-AUTHLIST-15", seen(tls(alert(at=6.0), certificate_s=1.0)), MET),
    Shown("just late", "NMSP-AUTHLIST-15", seen(tls(alert(at=6.1), certificate_s=1.0)), UNMET),
    Shown("in the handshake", "NMSP-AUTHLIST-25", seen(tls(alert())), MET),
    Shown("behind it", "NMSP-AUTHLIST-25", seen(tls(alert(), **DONE)), UNMET),
    Shown("TLS 1.3", "NMSP-AUTHLIST-25", seen(tls(alert(), version="TLSv1.3", **DONE)), NOTHING),
    Shown("refused and silent", "NMSP-AUTHLIST-7", seen(tls(alert())), MET),
    Shown("refused and told before", "NMSP-AUTHLIST-7", seen(tls(alert(), application_before=b"x")), UNMET),
    Shown("refused, and unreadable", "NMSP-AUTHLIST-7", seen(tls(alert()), unopened={"wlc"}), NO_KEYS),
    Shown("refused, the MSE unreadable", "NMSP-AUTHLIST-7", seen(tls(alert()), unopened={"mse"}), MET),
    Shown("unlisted and left", "NMSP-AUTHLIST-7", seen(tls(), presented=UNLISTED), NOTHING),
    Shown("unlisted and disconnected", "NMSP-AUTHLIST-7", seen(tls(), presented=UNLISTED, end=FIN), MET),
    Shown("unlisted and disconnected after a word", "NMSP-AUTHLIST-7",
          seen(tls(), SPOKE, presented=UNLISTED, end=FIN), UNMET),
    Shown("unlisted and gone by itself", "NMSP-AUTHLIST-7",
          seen(tls(), presented=UNLISTED, end=ended(EndKind.FIN, "mse")), NOTHING),
    Shown("unlisted and timed out", "NMSP-AUTHLIST-7",
          seen(tls(), presented=UNLISTED, end=ended(EndKind.TIMEOUT, "wlc")), NOTHING),
    Shown("listed and disconnected", "NMSP-AUTHLIST-7", seen(tls(), SPOKE, presented=LISTED, end=FIN), NOTHING),
    Shown("nobody knows, and disconnected", "NMSP-AUTHLIST-7", seen(tls(), SPOKE, presented=who(), end=FIN), NOTHING),
    Shown("no certificate, and disconnected", "NMSP-AUTHLIST-7", seen(tls(), SPOKE, end=FIN), NOTHING),
]  # fmt: skip

LET_IN = [
    Shown("nobody", "NMSP-AUTHLIST-1", seen(tls(**DONE)), NOTHING),
    Shown("listed, and a whole handshake", "NMSP-AUTHLIST-1", seen(tls(**DONE), presented=LISTED), MET),
    Shown("listed, and a word", "NMSP-AUTHLIST-1", seen(tls(version="TLSv1.3", **DONE), SPOKE, presented=LISTED), MET),
    Shown("listed, and refused", "NMSP-AUTHLIST-1", seen(tls(alert()), presented=LISTED), UNMET),
    Shown("listed, and no decision", "NMSP-AUTHLIST-1", seen(tls(), presented=LISTED), NOTHING),
    Shown("unlisted, and refused", "NMSP-AUTHLIST-1", seen(tls(alert()), presented=UNLISTED), NOTHING),
    Shown("nobody knows, and refused", "NMSP-AUTHLIST-1", seen(tls(alert()), presented=who()), NOTHING),
    *(Shown(f"listed and outdated: {d}", "NMSP-AUTHLIST-1",
            seen(tls(alert()), presented=msgspec.structs.replace(LISTED, **{d: 0.5})), NOTHING)
      for d in ("early_s", "late_s")),
]  # fmt: skip

POLICY = POLICIES["c9800"]
CLAIMED = {"version": POLICY.versions[0], "suite": POLICY.suites[0]}
BYE = alert(0, level=1, sender="mse")


def closed(*alerts: Alert, by: set[str], end: Any = FIN) -> Observation:
    return seen(tls(*alerts, **DONE), end=end, closed_by=by)


HANDSHAKES = [
    *(Shown("no TLS", f"NMSP-TRANSPORT-{n}", NO_TLS, NOTHING) for n in (2, 3, 9, 10, 11, 13, 16, 18, 20)),
    Shown("asked", "NMSP-TRANSPORT-2", seen(tls(**DONE)), MET),
    Shown("not asked", "NMSP-TRANSPORT-2", seen(tls(certificate_requested=False, **DONE)), UNMET),
    Shown("nobody knows", "NMSP-TRANSPORT-2", seen(tls(certificate_requested=None, **DONE)), NOTHING),
    Shown("nothing early", "NMSP-TRANSPORT-3", seen(tls(**DONE)), MET),
    Shown("early data", "NMSP-TRANSPORT-3", seen(tls(application_before=b"x", **DONE)), UNMET),
    Shown("unreadable", "NMSP-TRANSPORT-3", seen(tls(**DONE), unopened={"wlc"}), NO_KEYS),
    Shown("the MSE unreadable", "NMSP-TRANSPORT-3", seen(tls(**DONE), unopened={"mse"}), MET),
    Shown("half a handshake", "NMSP-TRANSPORT-3", seen(tls()), NOTHING),
    Shown("no renegotiation", "NMSP-TRANSPORT-9", seen(tls(**DONE)), MET),
    Shown("one", "NMSP-TRANSPORT-9", seen(tls(renegotiated=True, **DONE)), UNMET),
    Shown("TLS 1.2", "NMSP-TRANSPORT-10", seen(tls()), MET),
    Shown("SSL 3.0", "NMSP-TRANSPORT-10", seen(tls(version="SSLv3")), UNMET),
    Shown("a sound suite", "NMSP-TRANSPORT-11", seen(tls()), MET),
    *(Shown(suite, "NMSP-TRANSPORT-11", seen(tls(suite=suite)), UNMET)
      for suite in ("NULL-SHA", "ADH-AES128-SHA", "AECDH-NULL-SHA", "TLS_DH_anon_WITH_RC4_128_MD5")),
    Shown("no compression", "NMSP-TRANSPORT-18", seen(tls()), MET),
    Shown("compressed", "NMSP-TRANSPORT-18", seen(tls(compression=True)), UNMET),
    Shown("nothing claimed", "NMSP-TRANSPORT-16", seen(tls(**CLAIMED)), NOTHING),
    Shown("as claimed", "NMSP-TRANSPORT-16", seen(tls(**CLAIMED), policy=POLICY), MET),
    Shown("not as claimed", "NMSP-TRANSPORT-16", seen(tls(**{**CLAIMED, "suite": "NULL"}), policy=POLICY), UNMET),
    Shown("a certificate", "NMSP-TRANSPORT-20", seen(tls()), MET),
    Shown("none", "NMSP-TRANSPORT-20", seen(tls(client_certificate=b"")), UNMET),
    Shown("not asked for one", "NMSP-TRANSPORT-20", seen(tls(certificate_requested=False)), NOTHING),
    Shown("asked, not seen", "NMSP-TRANSPORT-20", seen(tls(certificate_shown=False)), NOTHING),
    Shown("both close", "NMSP-TRANSPORT-13", closed(BYE, by={"mse", "wlc"}), MET),
    Shown("among other alerts", "NMSP-TRANSPORT-13", closed(alert(90, level=1), BYE, by={"wlc"}), MET),
    Shown("only the MSE closes", "NMSP-TRANSPORT-13", closed(BYE, by={"mse"}), UNMET),
    Shown("the capture ends first", "NMSP-TRANSPORT-13", closed(BYE, by=set(), end=OPEN), NOTHING),
    Shown("no close_notify", "NMSP-TRANSPORT-13", closed(by={"wlc"}), NOTHING),
    Shown("the WLC's", "NMSP-TRANSPORT-13", closed(alert(0, level=1), by={"wlc"}), NOTHING),
    Shown("another alert of the MSE", "NMSP-TRANSPORT-13",
          closed(alert(1, level=1, sender="mse"), by={"wlc"}), NOTHING),
]  # fmt: skip

SHOWN = [*KINDS, *OTHERS, *REFUSED, *LET_IN, *HANDSHAKES]


@pytest.mark.parametrize(
    "shown", SHOWN, ids=lambda s: f"{s.requirement}-{s.id[:40].replace(' ', '-')}"
)
def test_a_capture_is_judged_at_the_border(shown: Shown) -> None:
    assert shown.decided() == shown.said


def test_every_check_is_held_to_all_that_it_may_decide() -> None:
    for name in passive.CHECKS:
        said_ = {str(shown.said) for shown in SHOWN if shown.requirement == name}
        assert said_ >= {str(MET), str(UNMET), str(NOTHING)}, name
