# SPDX-License-Identifier: GPL-2.0-or-later
"""An MSE's operator is told what only he can do, once, and else nothing."""

import os
import pty
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from conformance import matrix, scenario
from conformance.emulator.faults import Faults
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.tls import Identity as Shown
from conformance.identities import Identities
from conformance.peer import Timing
from conformance.reception import Reception
from conformance.runner import Settings, run_case
from conformance.verdict import Verdict
from tests.gear.gnutls import free_port

ROOT = Path(__file__).parents[2]
ONE = "session.dials_and_speaks"


def listen(port: int, factor: str, *more: str, stderr: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "conformance", "listen", "--host", "127.0.0.1"),
            *("--port", str(port), "--identity", "keys/wlc.pem"),
            *("--timeout-factor", factor, ONE, *more),
        ],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True,
    )  # fmt: skip


@contextmanager
def mse(port: int) -> Iterator[None]:
    """An MSE as a process of its own, that dials and dials again."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "nmsp_scapy", "emulate", "mse", f"127.0.0.1:{port}",
            "--identity", "keys/mse.pem", "--reconnect", "0.1",
        ],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_the_operator_of_an_mse_that_is_late_is_told_once() -> None:
    port = free_port()
    with listen(port, "0.2", stderr=subprocess.PIPE) as run:
        assert run.stderr is not None
        first = run.stderr.readline()  # it comes before any MSE does
        with mse(port):
            _, rest = run.communicate(timeout=100)
    assert f"make the MSE connect to 127.0.0.1:{port}" in first
    assert "wlc.pem" in first
    assert (run.returncode, rest) == (0, "")


def test_an_mse_that_needs_nothing_has_its_operator_left_alone() -> None:
    port = free_port()
    with mse(port), listen(port, "1", stderr=subprocess.PIPE) as run:
        _, told = run.communicate(timeout=100)
    assert (run.returncode, told) == (0, "")


@pytest.mark.parametrize("quiet", [False, True])
def test_where_no_mse_comes_all_is_inconclusive_at_once(quiet: bool) -> None:
    more = ["--quiet"] if quiet else []
    run = listen(free_port(), "0.01", *more, stderr=subprocess.PIPE)
    shown, told = run.communicate(timeout=100)
    assert run.returncode == 3
    assert "dependency-failed: no MSE has connected" in shown
    assert len(told.splitlines()) == (0 if quiet else 1)


def test_the_plugin_tells_it_past_pytests_capture(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--pyargs", "conformance", "-q",
            "-p", "no:hypothesispytest", f"--rootdir={tmp_path}", "-c", "/dev/null",
            f"--nmsp-listen=127.0.0.1:{free_port()}", "--nmsp-timeout-factor=0.002",
            f"--nmsp-identity={ROOT / 'keys' / 'wlc.pem'}", "--nmsp-select=echo",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 3, done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "make the MSE connect" in done.stderr


def test_on_a_terminal_the_line_stands_for_itself() -> None:
    ours, theirs = pty.openpty()
    run = listen(free_port(), "0.01", stderr=theirs)
    os.close(theirs)
    told = b""
    try:
        while piece := os.read(ours, 4096):
            told += piece
    except OSError:  # the other end has been closed
        pass
    os.close(ours)
    run.communicate(timeout=100)
    lines = [line for line in told.split(b"\r\n") if b"make the MSE" in line]
    assert len(lines) == 1
    assert lines[0].startswith(b"\r\x1b[Knmsp-conformance: make")


def comes(reception: Reception) -> bool:
    """Dial, and tell whether that was seen."""
    with socket.create_connection(("127.0.0.1", reception.port)):
        tcp = reception.arrival(5)
    if tcp is not None:
        tcp.close()
    return tcp is not None


def test_who_has_gone_is_asked_for_once_and_not_awaited_at_length_again() -> None:
    said: list[str] = []
    reception = Reception("127.0.0.1", 0, say=said.append, patience_s=0.01)
    try:
        assert comes(reception)
        assert said == []
        assert reception.arrival(0.02) is None
        assert reception.arrival(1000) is None
        assert len(said) == 1
        assert "restart it" in said[0]
        assert comes(reception)
        assert reception.arrival(0.02) is None
        assert len(said) == 2
    finally:
        reception.close()


def test_no_help_is_asked_for_where_dialling_is_what_is_judged() -> None:
    said: list[str] = []
    reception = Reception("127.0.0.1", 0, say=said.append, patience_s=0.2)
    who = matrix.listed().listed
    timing = msgspec.structs.replace(Timing().scaled(0.2), dial=0.5)
    gear = EmulatedMse(
        ("127.0.0.1", reception.port),
        presented=Shown(who.key, who.certificate),
        plan=Plan(faults=Faults(["dials-once"])),
    )
    with gear:
        settings = Settings(
            Identities(who), role="mse", listener=reception, timing=timing
        )
        case = run_case(scenario.load()["session.dials_again_after_close"], settings)
    reception.close()
    assert case.verdict is Verdict.FAIL
    assert not [text for text in said if "again" in text]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - as MSEs dial
def test_a_port_of_every_address_names_none(host: str) -> None:
    said: list[str] = []
    reception = Reception(host, 0, say=said.append, patience_s=0.01, first_s=0.02)
    try:
        assert reception.arrival(0.01) is None
    finally:
        reception.close()
    assert f"port {reception.port} of this machine" in said[0]
