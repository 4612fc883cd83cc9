# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp dissect -i`: real packets of loopback, and a key log that grows meanwhile."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.gear.talking import converse

ROOT = Path(__file__).parent.parent.parent
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets need root")


@needs_root
def test_messages_are_shown_as_they_pass(tmp_path: Path) -> None:

    log = tmp_path / "growing.keys"
    log.touch()
    talking = threading.Thread(target=converse, args=(log,))
    talking.start()
    while not log.with_suffix(".port").exists():
        time.sleep(0.05)
    port = log.with_suffix(".port").read_text()
    listening = subprocess.Popen(
        [
            *(sys.executable, "-m", "nmsp_scapy", "dissect", "-i", "lo"),
            *("--port", port, "--keylog", str(log), "--format", "ndjson"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert listening.stderr is not None
    assert b"listening to lo" in listening.stderr.readline()
    log.with_suffix(".go").touch()
    talking.join()
    time.sleep(1.0)
    listening.send_signal(signal.SIGINT)
    told, errors = listening.communicate(timeout=20)
    assert listening.returncode == 0, errors
    assert told.count(b'"name":"CAPABILITY_NOTIFICATION"') == 2
    assert told.count(b'"name":"STATISTICS_RESPONSE"') >= 2
    assert b"no-key" not in told


def test_an_interface_and_captures_exclude_each_other() -> None:
    for arguments in ([], ["-i", "lo", str(ROOT / "pcaps/tls13.pcapng")]):
        done = subprocess.run(
            [sys.executable, "-m", "nmsp_scapy", "dissect", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "or an interface with -i" in done.stderr


@needs_root
def test_an_interface_that_is_not_there_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nmsp_scapy", "dissect", "-i", "nosuch0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "nosuch0" in done.stderr
    assert "Traceback" not in done.stderr
