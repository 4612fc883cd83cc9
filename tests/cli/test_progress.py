# SPDX-License-Identifier: GPL-2.0-or-later
"""Progress shows on a terminal, and leaves nothing in a pipe."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gear.talks import talk

COMMANDS = [["dissect"], ["status"], ["doctor"]]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "x.pcapng"
    path.write_bytes(talk().pcapng())
    return path


def on_terminal(*args: str) -> tuple[bytes, bytes]:
    """Run a command whose standard error is a terminal: its output, and what shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "nmsp_scapy", *args],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        out = process.stdout.read()
        shown = b""
        try:
            while more := os.read(ours, 4096):
                shown += more
        except OSError:  # the terminal is gone with its last user
            pass
    os.close(ours)
    assert process.returncode in (0, 1)  # the doctor finds something
    return out, shown


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_bar_on_a_terminal_that_is_gone_at_the_end(
    command: list[str], capture: Path
) -> None:
    out, shown = on_terminal(*command, str(capture))
    assert b"x.pcapng" in shown
    assert b"100%" in shown
    assert shown.rstrip().endswith(b"\x1b[2K")
    assert b"\x1b" not in out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_in_a_pipe(command: list[str], capture: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nmsp_scapy", *command, str(capture)],
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1)
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
