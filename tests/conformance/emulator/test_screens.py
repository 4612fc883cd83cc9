# SPDX-License-Identifier: GPL-2.0-or-later
"""The WLC's own counts, beside those that its recording shows."""

from pathlib import Path

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.screens import statuses
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from nmsp_scapy.conversation import Direction
from nmsp_scapy.dissect import dissect
from nmsp_scapy.status import Status, Tally
from nmsp_scapy.status.ios import ios_screens
from tests.gear.emulators import MSE, WLC


def visited(path: Path, *faults: str) -> tuple[Status, Status, str]:
    """Status by the WLC's count, by its recording, and the screens."""
    wlc = EmulatedWlc(
        presented=WLC,
        authlist=AuthList.of(MSE.der),
        settings=Settings(interval_s=0.3),
        recorder=Recorder(path),
        faults=faults,
    )
    with wlc:
        plan = Plan(echo_s=0.1, dead_s=5)
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE, plan=plan)
        mse.once(1.0)
        mse.stop()
    tally = Tally()
    tally.feed_all(dissect(path, ports=frozenset({wlc.port})))
    return statuses(wlc)[0], tally.conversations[0], ios_screens(statuses(wlc))


def shown(status: Status) -> dict[tuple[Direction, int], tuple[str, int, int]]:
    return {(c.direction, c.type): (c.name, c.count, c.size) for c in status.counters}


def test_own_counts_agree_with_what_the_capture_shows(tmp_path: Path) -> None:
    own, captured, screens = visited(tmp_path / "c.pcapng")
    assert shown(own) == shown(captured)
    assert own.subscribed == sorted(captured.subscribed, key=own.subscribed.index)
    assert own.offered_by_wlc == captured.offered_by_wlc
    assert own.echo_requests == captured.echo_requests > 3
    assert "show nmsp statistics connection" in screens
    assert "Measurement Notification" in screens


def test_the_fault_of_counting_is_seen(tmp_path: Path) -> None:
    own, captured, _ = visited(tmp_path / "c.pcapng", "counts-wrong")
    assert own.echo_requests == captured.echo_requests
    counted = shown(own)[Direction.MSE_TO_WLC, 1][1]
    assert counted == captured.echo_requests + 1


def test_who_was_turned_away_has_no_counts() -> None:
    with EmulatedWlc(presented=WLC) as wlc:
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE)
        mse.once(1)
        mse.stop()
    assert statuses(wlc) == []
