# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings: exactly the socket's bytes, the secrets inside, nobody else's to read."""

import stat
import subprocess
import threading
from pathlib import Path

import pytest

from conformance.recording import CLIENT, REBUILT, SERVER, Recorder, Track
from nmsp_scapy.capture import open_capture

MSE, WLC = ("192.0.2.1", 40000), ("192.0.2.2", 16113)


def payloads(path: Path) -> dict[int, bytes]:
    """What each port sent."""
    sent: dict[int, bytes] = {}
    with open_capture(str(path)) as capture:
        for item in capture:
            sent[item.sport] = sent.get(item.sport, b"") + bytes(item.payload)
    return sent


def test_bytes_addresses_times_and_secrets_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    recorder = Recorder(path)
    track = recorder.open(MSE, WLC)
    track.secret(b"CLIENT_RANDOM 00 11")
    track.data(CLIENT, b"hello " * 30_000, 1_700_000_000_000_000_000)
    track.data(SERVER, b"world")
    track.finish(CLIENT)
    track.reset(SERVER)
    recorder.close()
    assert payloads(path) == {40000: b"hello " * 30_000, 16113: b"world"}
    with open_capture(str(path)) as capture:
        items = list(capture)
        secrets = [bytes(data) for _, data in capture.secrets]
    assert secrets == [b"CLIENT_RANDOM 00 11\n"]
    assert recorder.secrets == [b"CLIENT_RANDOM 00 11"]
    assert items[0].src == bytes([192, 0, 2, 1])
    times = [item.time_ns for item in items]
    assert times == sorted(times)


def test_a_recording_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    Recorder(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_says_that_its_frames_were_rebuilt(
    tmp_path: Path, tshark: str
) -> None:
    path = tmp_path / "c.pcapng"
    recorder = Recorder(path)
    recorder.open(MSE, WLC).data(CLIENT, b"x")
    recorder.close()
    assert path.read_bytes().count(REBUILT.encode()) == 2
    shown = ["-T", "fields", "-e", "tcp.checksum.status", "-e", "_ws.malformed"]
    checked = subprocess.run(
        [tshark, "-r", path, "-o", "tcp.check_checksum:TRUE", *shown],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(checked.stdout.split()) == {"1"}


def test_a_secret_is_written_once_and_before_what_comes_after(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    recorder = Recorder(path)
    for _ in range(3):
        recorder.secret(b"CLIENT_RANDOM aa bb")
    recorder.open(MSE, WLC)
    recorder.close()
    data = path.read_bytes()
    assert data.count(b"CLIENT_RANDOM aa bb") == 1
    assert data.index(b"CLIENT_RANDOM") < data.index(bytes([192, 0, 2, 1]))


def test_what_comes_after_the_end_is_dropped_quietly(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    recorder = Recorder(path)
    track = recorder.open(MSE, WLC)
    recorder.close()
    size = path.stat().st_size
    track.data(CLIENT, b"late")
    track.secret(b"late")
    recorder.close()
    assert path.stat().st_size == size


def test_without_a_recorder_nothing_is_written() -> None:
    track = Track(None, (MSE, WLC))
    track.data(CLIENT, b"x")
    track.finish(SERVER)


def test_connections_of_several_threads_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    recorder = Recorder(path)

    def talk(port: int) -> None:
        track = recorder.open(("192.0.2.1", port), WLC)
        for number in range(50):
            track.data(CLIENT, b"%d:%d " % (port, number))

    threads = [threading.Thread(target=talk, args=(40000 + n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    sent = payloads(path)
    for port in range(40000, 40004):
        assert sent[port] == b"".join(b"%d:%d " % (port, n) for n in range(50))


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such"):
        Recorder(tmp_path / "no-such" / "c.pcapng")
