# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays at emulated gear: honest gear answers the same, a fault shows as itself."""

import io
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from conformance import matrix
from conformance.emulator.authlist import AuthList
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.wlc import Settings
from conformance.replay import script
from conformance.replay.ignoring import Ignoring
from conformance.replay.outcome import Outcome
from conformance.replay.player import Plan
from conformance.replay.replaying import Replay
from nmsp_scapy.dissect import dissect
from nmsp_scapy.profile import NOMINAL
from tests.conformance.replay.test_script import WHOLE, without
from tests.conftest import program
from tests.gear.gnutls import await_listener, free_port
from tests.gear.null_peers import KINDS, NullPeer

ROOT = Path(__file__).parents[3]
EVERYTHING = (ROOT / "pcaps" / "notifications.pcapng").read_bytes()
QUICK = {"answer_s": 0.8, "quiet_s": 0.1, "linger_s": 1.5, "slack_s": 0.6}
"""Waits for gear on this machine, whose interval is 0.3 s."""

PATIENT = {"answer_s": 20.0, "slack_s": 20.0}
"""Where time is not the matter: a machine may be slow, and nothing waits in vain."""

TURNS = 4
"""What comes after the 0.6 s that the capture shows is not judged, and a machine may be
slow: a fault is looked for so often."""

VERSION = ["SOFTWARE_VERSION"]
"""A capture stays as it is when the version of this project goes on."""


def replayed(
    target: tuple[str, int],
    capture: bytes = WHOLE,
    *,
    ignored: list[str] = VERSION,
    **plan: object,
) -> Outcome:
    made = Replay(
        target,
        capture="x.pcapng",
        identity=matrix.listed().listed,
        plan=Plan(**(QUICK | plan)),  # type: ignore[arg-type]
        ignoring=Ignoring(ignored),
        profile=NOMINAL,
        factor=0.2,
    )
    return made.run(script.read(dissect(io.BytesIO(capture))))


def told(outcome: Outcome) -> set[tuple[str, str, str]]:
    return {(d.aspect.value, d.message, d.place) for d in outcome.differences}


@pytest.mark.parametrize("capture", [WHOLE, EVERYTHING], ids=["tls13", "everything"])
def test_honest_gear_answers_the_same(capture: bytes) -> None:
    with matrix.wlc() as met:
        outcome = replayed(met.target, capture, **PATIENT)
    assert outcome.differences == [], outcome.differences
    assert outcome.exit == 0
    assert outcome.played == outcome.playable
    assert outcome.answers > 10
    assert outcome.confirmed


def test_it_is_fast_or_keeps_the_distances_of_the_capture() -> None:
    found = script.read(dissect(io.BytesIO(WHOLE)))
    span = found.messages[-1].time_s - found.lines[0].time_s
    with matrix.wlc() as met:
        fast = replayed(met.target)
        slow = replayed(met.target, timing="original")
        twice = replayed(met.target, timing="original", speed=2.0)

    def lasted(outcome: Outcome) -> float:
        own = [line.time_s for line in outcome.transcript if line.sender == "mse"]
        return own[-1] - own[0]

    mse = found.lines[-1].time_s - found.lines[0].time_s
    assert (fast.exit, slow.exit, twice.exit) == (0, 0, 0)
    assert lasted(fast) < mse / 2
    assert mse <= lasted(slow) < mse + 0.5
    assert mse / 2 <= lasted(twice) < mse
    assert slow.duration_s >= span > 0.5


FAULTS = {
    "echo-wrong-transaction": ("field", "ECHO_RESPONSE", "transaction_id"),
    "echo-twice": ("kind", "ECHO_RESPONSE", ""),
    "echo-late": ("timing", "ECHO_RESPONSE", ""),
    "capability-missing": ("kind", "CAPABILITY_NOTIFICATION", ""),
    "capability-twice": ("kind", "CAPABILITY_NOTIFICATION", ""),
    "capability-with-transaction": (
        "field",
        "CAPABILITY_NOTIFICATION",
        "transaction_id",
    ),
    "capability-late": ("order", "SERVICE_SUBSCRIBE_RESPONSE", ""),
    "subscription-refused": ("field", "SERVICE_SUBSCRIBE_RESPONSE", "STATUS.code"),
    "subscription-mirrors-others": ("field", "SERVICE_SUBSCRIBE_RESPONSE", "SERVICE"),
    "notifies-unsubscribed": ("kind", "IDS_NOTIFICATION", ""),
    "notifies-never": ("kind", "MEASUREMENT_NOTIFICATION", ""),
    "notifies-before-subscription": ("kind", "MEASUREMENT_NOTIFICATION", ""),
    "notifies-all-kinds": (
        "field",
        "MEASUREMENT_NOTIFICATION",
        "MEASUREMENT.ENTITY.kind",
    ),
    "notification-with-transaction": (
        "field",
        "MEASUREMENT_NOTIFICATION",
        "transaction_id",
    ),
    "notification-malformed": ("field", "MEASUREMENT_NOTIFICATION", "malformed"),
    "response-twice": ("kind", "INFORMATION_RESPONSE", ""),
}
"""What a fault of the emulated WLC shows as."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows_as_what_it_is(fault: str) -> None:
    more = {"answer_s": 2.0} if fault == "echo-late" else {}
    for _ in range(TURNS):
        with matrix.wlc(fault) as met:
            outcome = replayed(met.target, **more)
        if FAULTS[fault] in told(outcome):
            break
    assert outcome.exit == 1
    assert FAULTS[fault] in told(outcome), outcome.differences


@pytest.mark.parametrize("fault", ["notifies-too-often"])
def test_another_rhythm_is_a_difference(fault: str) -> None:
    with matrix.wlc(fault) as met:
        outcome = replayed(met.target, EVERYTHING, timing="original")
    assert ("timing", "MEASUREMENT_NOTIFICATION", "") in told(outcome)


def test_a_difference_names_bytes_and_frames() -> None:
    with matrix.wlc("subscription-refused") as met:
        outcome = replayed(met.target)
    found = next(d for d in outcome.differences if d.place == "STATUS.code")
    assert (found.field, found.offset, found.length) == ("elements.0.code", 16, 2)
    assert found.expected == "0 (SUCCESS)"
    captured = script.read(dissect(io.BytesIO(WHOLE))).messages
    shown = next(m for m in captured if m.name == found.message)
    assert found.frames == shown.frames
    assert found.index is not None
    live = outcome.transcript[found.index]
    assert live.text.startswith("SERVICE_SUBSCRIBE_RESPONSE")
    assert int(live.raw[32:36], 16) == int(found.actual.split()[0])


def test_what_is_ignored_is_no_difference() -> None:
    with matrix.wlc("echo-wrong-transaction") as met:
        outcome = replayed(met.target, ignored=[*VERSION, "ECHO_RESPONSE"])
    assert (outcome.exit, outcome.differences) == (0, [])


def test_an_endpoint_that_leaves_early_differs_in_its_end() -> None:
    with matrix.wlc("drops-idle") as met:
        outcome = replayed(met.target, timing="original", speed=0.2)
    (found,) = (d for d in outcome.differences if d.aspect == "end")
    assert found.expected.startswith("open")
    assert found.actual.endswith("by the wlc")
    assert found.frames


def test_a_gap_of_the_mse_s_side_is_said_and_nothing_made_up() -> None:
    lines = script.read(dissect(io.BytesIO(WHOLE))).lines
    with matrix.wlc() as met:
        outcome = replayed(met.target, without(WHOLE, *lines[4].frames))
    assert outcome.exit == 3
    assert [u.reason for u in outcome.unjudged] == ["capture-gap"]
    sent = [x.raw for x in outcome.transcript if x.sender == "mse"]
    assert sent == [line.raw.hex() for line in lines[:4]]


def test_an_answer_that_the_capture_lacks_is_not_held_against_the_endpoint() -> None:
    found = script.read(dissect(io.BytesIO(WHOLE)))
    lost = next(m for m in found.messages if m.name == "ECHO_RESPONSE")
    with matrix.wlc() as met:
        outcome = replayed(met.target, without(WHOLE, *lost.frames))
    assert [d for d in outcome.differences if d.message == "ECHO_RESPONSE"] == []
    assert outcome.exit == 3


@pytest.mark.parametrize("fault", ["mute", "rejects-listed"])
def test_an_endpoint_that_says_nothing_is_not_accused(fault: str) -> None:
    with matrix.wlc(fault) as met:
        outcome = replayed(met.target)
    assert (outcome.exit, outcome.differences) == (3, [])
    assert outcome.unjudged


@pytest.mark.parametrize("kind", KINDS)
def test_null_peers_are_inconclusive(kind: str) -> None:
    with NullPeer(kind) as peer:
        outcome = replayed(("127.0.0.1", peer.port))
    assert (outcome.exit, outcome.differences) == (3, [])


@pytest.mark.parametrize("mode", [["-rev"], ["-quiet"]])
def test_a_tls_server_that_speaks_no_nmsp_is_inconclusive(
    mode: list[str],
) -> None:
    port = free_port()
    server = subprocess.Popen(
        [
            program("openssl"), "s_server", "-accept", str(port), *mode,
            "-cert", "keys/wlc.pem", "-key", "keys/wlc.pem",
        ],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await_listener(port)
        outcome = replayed(("127.0.0.1", port))
    finally:
        server.kill()
        server.wait()
        if server.stdin:
            server.stdin.close()
    assert (outcome.exit, outcome.differences) == (3, [])
    assert [u.reason for u in outcome.unjudged] == ["profile-unconfirmed"]


def test_it_ends_in_time() -> None:
    with matrix.wlc() as met:
        outcome = replayed(met.target, EVERYTHING, timing="original", limit_s=0.5)
    assert outcome.duration_s < 2.5
    assert outcome.exit == 3
    assert "stopped by --for" in outcome.unjudged[0].text


def test_an_authlist_that_takes_its_time_is_no_slow_answer() -> None:
    who = matrix.listed().listed
    gear = EmulatedWlc(
        authlist=AuthList.of(who.certificate.public_bytes(Encoding.DER)),
        authlist_wait_s=1.0,
        settings=Settings(interval_s=0.3),
        tls="1.3",
    )
    with gear:
        outcome = replayed(("127.0.0.1", gear.port), timing="original")
    assert [d for d in outcome.differences if d.aspect == "timing"] == []


def test_a_part_of_an_answer_that_the_capture_lacks_is_not_compared() -> None:
    found = script.read(dissect(io.BytesIO(WHOLE)))
    lost = next(m for m in found.messages if m.name == "INFORMATION_RESPONSE")
    assert lost.more
    with matrix.wlc() as met:
        outcome = replayed(met.target, without(WHOLE, *lost.frames))
    assert (outcome.exit, outcome.differences) == (3, [])
    assert "the answers to INFORMATION_REQUEST #2" in outcome.unjudged[0].text
