# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp dissect -i`: real packets of loopback, and a key log that grows meanwhile."""

import fcntl
import io
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from nmsp_scapy.capture import Packet, open_capture
from nmsp_scapy.capture.pcapng import PcapngWriter
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


def waiting(pipe: int) -> int:
    """How many bytes of a pipe nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def halves() -> tuple[bytes, bytes]:
    """A bundled capture in two; its secrets stand at the end of the first half."""
    file = io.BytesIO()
    writer = PcapngWriter(file)
    writer.interface(1)
    with open_capture(ROOT / "pcaps/tls12-ecdhe.pcapng") as capture:
        packets = [found for found in capture.packets() if isinstance(found, Packet)]
    for packet in packets[:30]:
        writer.packet(packet.data, packet.time_ns)
    place = file.tell()
    writer.secrets((ROOT / "keys/tls12-ecdhe.keys").read_bytes())
    for packet in packets[30:]:
        writer.packet(packet.data, packet.time_ns)
    return file.getvalue()[:place], file.getvalue()[place:]


def test_secrets_that_come_later_through_a_pipe(tmp_path: Path) -> None:
    first, second = halves()
    command = [sys.executable, "-m", "nmsp_scapy", "decrypt", "-", "--format", "raw"]
    with subprocess.Popen(
        [*command, "-o", tmp_path / "raw"], stdin=subprocess.PIPE, bufsize=0
    ) as reading:
        assert reading.stdin is not None
        reading.stdin.write(first)
        while waiting(reading.stdin.fileno()):
            time.sleep(0.05)
        reading.stdin.write(second)
        reading.stdin.close()
    assert reading.returncode == 0
    sizes = [file.stat().st_size for file in sorted((tmp_path / "raw").iterdir())]
    assert sizes == [398, 5648]


def test_a_pipe_is_shown_as_it_comes_and_its_key_log_may_grow(tmp_path: Path) -> None:
    log, capture = tmp_path / "growing.keys", ROOT / "pcaps/tls12-ecdhe.pcapng"
    log.touch()
    command = [sys.executable, "-m", "nmsp_scapy", "dissect", "--format", "ndjson"]
    keys = (ROOT / "keys/tls12-ecdhe.keys").read_bytes()
    whole = subprocess.run(
        [*command, capture, "--keylog", ROOT / "keys/tls12-ecdhe.keys"],
        capture_output=True,
        check=True,
    ).stdout
    data = capture.read_bytes()
    with subprocess.Popen(
        [*command, "-", "--keylog", log],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as reading:
        assert reading.stdin is not None
        assert reading.stdout is not None
        assert reading.stderr is not None
        reading.stdin.write(data[: len(data) // 2])
        while waiting(reading.stdin.fileno()):
            time.sleep(0.05)
        log.write_bytes(keys)
        told = b""
        reading.stdin.write(data[len(data) // 2 : -500])
        while b'"kind":"message"' not in told:
            more = reading.stdout.readline()
            assert more, reading.stderr.read()
            told += more
        reading.send_signal(signal.SIGINT)
        reading.stdin.write(data[-500:])
        reading.stdin.close()
        told += reading.stdout.read()
    assert reading.returncode == 0
    messages = [line for line in told.splitlines() if b'"kind":"message"' in line]
    assert len(messages) == whole.count(b'"kind":"message"')
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
