# SPDX-License-Identifier: GPL-2.0-or-later
"""What only packets show: emulated gear on loopback, recorded from the interface."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.emulator.mse import EmulatedMse, Plan
from conformance.sniffer import Sniffer
from conformance.transport import EndedError
from nmsp_scapy.capture import Packet, open_capture
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.cli.options import key_store
from nmsp_scapy.dissect import dissect
from nmsp_scapy.doctor import Chart, attempts, diagnose
from nmsp_scapy.tls import KeyStore
from tests.doctor.emulated import Scene, mse, play

BARE = 80
"""Bytes of a frame without data, at most."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets need root")


def causes(capture: Path, port: int, keys: KeyStore | None = None) -> set[str]:
    chart, ports = Chart(), frozenset({port})
    chart.feed_all(dissect(capture, ports=ports, keys=keys))
    with open_capture(capture, ports=ports) as opened:
        begun = attempts(opened)
    return {str(found.cause) for found in diagnose(chart, begun).findings}


def dial(host: str, port: int, times: int = 1, seconds: float = 1.0) -> None:
    for _ in range(times):
        dialler = EmulatedMse((host, port), presented=mse(), plan=Plan())
        with contextlib.suppress(EndedError):
            dialler.once(seconds)
        dialler.stop()


def sniffed(port: int, path: Path, play_: Callable[[], None]) -> Path:
    with Sniffer(port) as sniffer:
        play_()
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        writer.interface()
        for time_ns, frame in sniffer.packets:
            writer.packet(frame, time_ns)
    assert sniffer.packets
    return path


def free_port(family: int = socket.AF_INET) -> int:
    with socket.socket(family) as one:
        one.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return int(one.getsockname()[1])


@needs_root
@pytest.mark.parametrize(("host", "times"), [("127.0.0.1", 1), ("::1", 3)])
def test_a_closed_port(host: str, times: int, tmp_path: Path) -> None:
    port = free_port(socket.AF_INET6 if ":" in host else socket.AF_INET)
    capture = sniffed(port, tmp_path / "x.pcapng", lambda: dial(host, port, times))
    assert causes(capture, port) == {"port-closed"}


@contextlib.contextmanager
def full(host: str) -> Iterator[int]:
    """A listener whose backlog is full: the kernel drops further SYNs."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(family))
        listener.bind((host, 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            one = stack.enter_context(socket.socket(family))
            one.setblocking(False)
            one.connect_ex((host, port))
        yield port


@needs_root
@pytest.mark.parametrize(("host", "at_once"), [("127.0.0.1", 1), ("::1", 2)])
def test_a_wlc_that_does_not_answer(host: str, at_once: int, tmp_path: Path) -> None:
    def try_for_a_while() -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        dialling = [socket.socket(family) for _ in range(at_once)]
        for one in dialling:
            one.setblocking(False)
            one.connect_ex((host, port))
        threading.Event().wait(4.0)
        for one in dialling:
            one.close()

    with full(host) as port:
        threading.Event().wait(0.3)
        capture = sniffed(port, tmp_path / "x.pcapng", try_for_a_while)
    assert causes(capture, port) == {"not-reachable"}


def without(capture: Path, path: Path, lost: Callable[[int, int], bool]) -> Path:
    """Copy a capture without some of the frames that carry data."""
    with open_capture(capture) as opened, path.open("wb") as file:
        packets = [found for found in opened.packets() if isinstance(found, Packet)]
        writer = PcapngWriter(file)
        writer.interface()
        for kind, data in opened.secrets:
            writer.secrets(data, kind)
        spoken = [packet for packet in packets if len(packet.data) > BARE]
        for packet in packets:
            at = spoken.index(packet) if packet in spoken else -1
            if at < 0 or not lost(at, len(spoken)):
                writer.packet(packet.data, packet.time_ns)
    return path


@pytest.mark.parametrize(
    ("tls", "lost"),
    [
        (("1.2", "c9800"), lambda at, count: at in {count // 2, count // 2 + 2}),
        (("1.0", "legacy-3850"), lambda at, count: count - 9 <= at < count - 5),
    ],
)
def test_packets_that_the_capture_lost(
    tls: tuple[str, str], lost: Callable[[int, int], bool], tmp_path: Path
) -> None:
    played = play(Scene("up", set(), tls), tmp_path)
    capture = without(played.capture, tmp_path / "lost.pcapng", lost)
    assert causes(capture, played.port) == {"bytes-missing"}


def test_no_key_was_given(tmp_path: Path) -> None:
    played = play(Scene("up", set(), ("1.3", "1.3")), tmp_path)
    bare = tmp_path / "bare.pcapng"
    with open_capture(played.capture) as opened, bare.open("wb") as file:
        writer = PcapngWriter(file)
        writer.interface()
        for packet in opened.packets():
            if isinstance(packet, Packet):
                writer.packet(packet.data, packet.time_ns)
    assert causes(bare, played.port) == {"no-key"}


def test_the_rsa_key_is_of_another_wlc(tmp_path: Path) -> None:
    scene = Scene("up", set(), ("1.0", "legacy-3850"), who=lambda: mse(key="rsa"))
    played = play(scene, tmp_path)
    other = tmp_path / "other.pem"
    other.write_bytes(mse(key="rsa").pem)
    bare = tmp_path / "bare.pcapng"
    with open_capture(played.capture) as opened, bare.open("wb") as file:
        writer = PcapngWriter(file)
        writer.interface()
        for packet in opened.packets():
            if isinstance(packet, Packet):
                writer.packet(packet.data, packet.time_ns)
    assert causes(bare, played.port, key_store((), (other,), None)) == {"no-key"}
