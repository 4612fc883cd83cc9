# SPDX-License-Identifier: GPL-2.0-or-later
"""The tap between real sockets: every byte passes, and a recording of it stays."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EVERYTHING, EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from conformance.tap.proxy import Leg, Tap
from conformance.transport import End
from nmsp_scapy.authlist.identity import identity_of
from nmsp_scapy.conversation import Message
from nmsp_scapy.dissect import dissect
from tests.gear.emulators import MSE, WLC, made

TAP = made("02005ee00077", "TAP")
LOCAL = ("127.0.0.1", 0)


def wlc_for_tap(**options: Any) -> EmulatedWlc:
    options.setdefault("authlist", AuthList.of(TAP.der))
    settings = options.pop("settings", Settings(interval_s=0.1))
    return EmulatedWlc(presented=WLC, settings=settings, **options)


def visit(
    port: int, seconds: float = 8.0, *, settled: bool = True, **options: Any
) -> EmulatedMse:
    options.setdefault("plan", Plan(asks=EVERYTHING))
    mse = EmulatedMse(("127.0.0.1", port), presented=MSE, **options)
    mse.once(seconds, until_settled=settled)
    mse.stop()
    return mse


def sizes(table: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {name: (one.count, one.size) for name, one in table.items()}


@pytest.mark.parametrize("tls", ["1.0", "1.2", "1.3"])
def test_every_message_passes_and_is_recorded(tls: str, tmp_path: Path) -> None:
    path = tmp_path / "tap.pcapng"
    with wlc_for_tap(tls=tls, settings=Settings(interval_s=30)) as wlc:
        target = ("127.0.0.1", wlc.port)
        with Tap(LOCAL, target, presented=TAP, recorder=Recorder(path)) as tap:
            mse = visit(tap.port)
    assert mse.session is not None
    assert mse.session.settled
    served = wlc.peers[0].session
    assert served is not None
    assert sizes(served.session.received) == sizes(mse.session.session.sent)
    assert sizes(served.session.sent) == sizes(mse.session.session.received)
    read = dissect(path, ports=frozenset({wlc.port}))
    raw = [bytes(one.raw) for one in read if isinstance(one, Message)]
    assert len(raw) == sum(
        one.count
        for table in (served.session.sent, served.session.received)
        for one in table.values()
    )
    assert sum(map(len, raw)) == sum(tap.sessions[0].passed.values())


def test_both_legs_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tap.pcapng"
    with wlc_for_tap(settings=Settings(interval_s=30)) as wlc:
        target = ("127.0.0.1", wlc.port)
        recorder = Recorder(path)
        with Tap(
            LOCAL, target, presented=TAP, recorder=recorder, record=frozenset(Leg)
        ) as tap:
            visit(tap.port)
    said: dict[int, dict[Any, bytes]] = {}
    for one in dissect(path, ports=frozenset({wlc.port, tap.port})):
        if isinstance(one, Message):
            of = said.setdefault(one.conversation, {})
            of[one.direction] = of.get(one.direction, b"") + bytes(one.raw)
    first, second = said.values()
    assert first == second


def test_one_who_is_turned_away_is_told_by_the_tap(tmp_path: Path) -> None:
    told: list[str] = []
    with wlc_for_tap(authlist=AuthList(), tls="1.2") as wlc:
        target = ("127.0.0.1", wlc.port)
        with Tap(LOCAL, target, presented=TAP, tell=told.append) as tap:
            mse = visit(tap.port)
    leg, ended = tap.sessions[0].ended or (None, None)
    assert leg is Leg.WLC
    assert ended is not None
    assert (ended.end, ended.alert) == (End.ALERT, 46)
    assert any("alert 46" in line for line in told)
    assert mse.ended[0].end is End.FIN


def test_the_tap_outlives_either_side() -> None:
    with wlc_for_tap() as wlc:
        port = wlc.port
        tap = Tap(LOCAL, ("127.0.0.1", port), presented=TAP).start()
        first = visit(tap.port)
    second = visit(tap.port)
    with wlc_for_tap(port=port):
        third = visit(tap.port)
    tap.stop()
    tap.stop()
    assert first.session is not None
    assert second.session is None
    assert second.ended[0].end in (End.FIN, End.RST)
    assert third.session is not None
    assert third.session.settled
    assert [one.ended is not None for one in tap.sessions] == [True] * 3


def test_a_reset_is_passed_on_as_a_reset() -> None:
    with wlc_for_tap() as wlc:
        target = ("127.0.0.1", wlc.port)
        with Tap(LOCAL, target, presented=TAP) as tap:
            mse = EmulatedMse(("127.0.0.1", tap.port), presented=MSE)
            mse.start()
            _until(lambda: mse.session is not None and mse.session.settled)
            for peer in wlc.peers:
                assert peer.session is not None
                peer.session.ending = "reset"
            _until(lambda: bool(mse.ended))
            mse.stop()
    assert mse.ended[0].end is End.RST


def test_a_flood_one_way_does_not_starve_the_other(tmp_path: Path) -> None:
    with wlc_for_tap(settings=Settings(interval_s=0.01)) as wlc:
        target, plan = ("127.0.0.1", wlc.port), Plan(echo_s=0.1, dead_s=5)
        with Tap(LOCAL, target, presented=TAP) as tap:
            mse = visit(tap.port, 2.0, settled=False, plan=plan)
    assert mse.session is not None
    received = mse.session.session.received
    assert received["ECHO_RESPONSE"].count >= 3
    assert received["MEASUREMENT_NOTIFICATION"].count > 5


def test_the_command_says_what_it_is_and_what_the_wlc_needs(tmp_path: Path) -> None:
    (tmp_path / "tap.pem").write_bytes(TAP.pem)
    with wlc_for_tap() as wlc:
        command = "from conformance.tap.cli import command; command()"
        where = ["127.0.0.1:0", f"127.0.0.1:{wlc.port}"]
        files = ["--identity", "tap.pem", "-o", "out.pcapng", "--ready-file", "ready"]
        process = subprocess.Popen(
            [sys.executable, "-c", command, *where, *files, "--live"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        ready = tmp_path / "ready"
        _until(lambda: process.poll() is not None or ready.is_file(), 30)
        _until(lambda: ready.read_text().endswith("\n"))
        visit(int(ready.read_text().rpartition(":")[2]))
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    shown = identity_of(TAP.der)
    assert f"username {shown.mac}" in err
    assert f"attribute type password {shown.sha256}" in err
    assert f"config auth-list add lbs-ssc {shown.mac_colons} {shown.sha1}" in err
    assert "ends TLS on both sides" in err
    assert "mse->wlc  SERVICE_SUBSCRIBE_REQUEST id 1 (77 bytes)" in out
    assert (tmp_path / "out.pcapng").stat().st_mode & 0o777 == 0o600


def _until(condition: Any, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
