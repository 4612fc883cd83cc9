# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp emulate`, as its user runs it: two processes, signals, exit codes."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.emulator.faults import FAULTS, MSE_FAULTS, QUIRKS
from nmsp_scapy.authlist.identity import identity_of
from tests.gear.emulators import MSE, WLC

NMSP = [sys.executable, "-m", "nmsp_scapy"]


class Gear:
    """Files of a test, and what is run with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "mse.pem").write_bytes(MSE.pem)
        (folder / "wlc.pem").write_bytes(WLC.pem)
        shown = identity_of(MSE.der)
        (folder / "list.txt").write_text(f"{shown.mac} {shown.sha256}\n")

    @contextmanager
    def wlc(self, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        command = [*NMSP, "emulate", "wlc", "--listen", "127.0.0.1:0"]
        command += ["--identity", "wlc.pem", "--authlist-wait", "0"]
        command += ["--ready-file", "ready", *options]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until = time.monotonic() + 30
            while not ready.exists() or not ready.read_text().endswith("\n"):
                assert time.monotonic() < until
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            yield process, ready.read_text().strip()
        finally:
            process.kill()
            process.communicate()

    def mse(self, *options: str) -> subprocess.CompletedProcess[str]:
        return nmsp("emulate", "mse", *options, cwd=self.folder)


def nmsp(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NMSP, *args], capture_output=True, text=True, cwd=cwd, timeout=60, check=False
    )


@pytest.fixture
def gear(tmp_path: Path) -> Gear:
    return Gear(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_session_of_two_processes_ends_in_order_on_a_signal(
    gear: Gear, number: int
) -> None:
    options = ("--authlist", "list.txt", "--tls", "1.2", "--trace", "--status")
    with gear.wlc(*options, "--capture", "c.pcapng") as (wlc, where):
        mse = gear.mse(where, "--identity", "mse.pem", "--for", "1")
        assert mse.returncode == 0, mse.stderr
        wlc.send_signal(number)
        out, err = wlc.communicate(timeout=15)
    assert wlc.returncode == 0, err
    assert "SERVICE_SUBSCRIBE_RESPONSE" in mse.stdout
    assert "SSL state = 0x2190; where = 0x2001" in out
    assert "show nmsp statistics connection" in out
    read = nmsp("dissect", "c.pcapng", "--port", where.split(":")[1], cwd=gear.folder)
    assert read.returncode == 0, read.stderr
    assert "SERVICE_SUBSCRIBE_REQUEST" in read.stdout


@pytest.mark.parametrize("tls", ["1.0", "1.3"])
def test_an_mse_that_is_turned_away_exits_3_and_says_by_which_alert(
    gear: Gear, tls: str
) -> None:
    with gear.wlc("--tls", tls) as (_, where):
        mse = gear.mse(where, "--for", "5")
    assert mse.returncode == 3
    assert "alert 46" in mse.stderr


def test_a_closed_port_exits_3(gear: Gear) -> None:
    mse = gear.mse("127.0.0.1:1", "--for", "5")
    assert mse.returncode == 3
    assert "refused" in mse.stderr


def test_a_fault_of_an_mse_acts(gear: Gear) -> None:
    with gear.wlc("--authlist", "list.txt", "--tls", "1.2") as (_, where):
        given = ("--identity", "mse.pem", "--for", "1", "--fault", "subscribes-never")
        mse = gear.mse(where, *given)
    assert "SUBSCRIBE" not in mse.stdout


def test_both_roles_faults_are_listed() -> None:
    listed = nmsp("emulate", "faults")
    assert listed.returncode == 0
    words = listed.stdout.split()
    assert not [name for name in FAULTS | QUIRKS | MSE_FAULTS if name not in words]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["wlc", "--fault", "nonsense"], "no fault 'nonsense'"),
        (["mse", "127.0.0.1", "--fault", "echo-twice"], "no fault 'echo-twice'"),
        (["wlc", "--tls", "1.4"], "no TLS '1.4'"),
        (["wlc", "--listen", "nowhere"], "no HOST:PORT"),
        (["wlc", "--authlist", "/dev/null"], "/dev/null"),
        (["mse"], "Missing argument"),
    ],
)
def test_what_was_given_wrongly_is_a_usage_error(args: list[str], says: str) -> None:
    wrong = nmsp("emulate", *args)
    assert wrong.returncode == 2
    assert says in wrong.stderr
    assert "Traceback" not in wrong.stderr
