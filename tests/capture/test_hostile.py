# SPDX-License-Identifier: GPL-2.0-or-later
"""Files made to hurt: never another error than `CaptureError`, bounded in all."""

import gzip
import io
import struct
import time
import tracemalloc
from collections.abc import Callable
from itertools import islice
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.capture import CaptureError, Damage, Segment, open_capture
from nmsp_scapy.capture.pcapng import block
from nmsp_scapy.capture.source import CHUNK
from tests.capture.test_formats import FRAMES, interface, packet, section
from tests.capture.test_network import (
    LINKS,
    MACS,
    TUNNELS,
    V4,
    V6,
    eth,
    fragments4,
    tcp,
)
from tests.gear.captures import Tap, frame, pcap, pcapng

CHANCE = st.randoms(use_true_random=True)
SEEDS = [
    pcap(FRAMES),
    pcap(FRAMES, order=">", magic=0xA1B2CD34),
    pcapng(FRAMES, secrets=b"CLIENT_RANDOM 00 00\n"),
    pcap([eth(build(tcp(V4))) for build in TUNNELS.values()]),
    pcap([eth(p) for p in fragments4(tcp(), 56)]),
    section(">") + interface(order=">") + packet(FRAMES[0], 1, 0, ">"),
]


def drain(data: bytes) -> int:
    """Read all there is; the number of things found."""
    try:
        with open_capture(io.BytesIO(data)) as capture:
            found = sum(1 for _ in capture)
            for item in capture.packets():
                assert item is not None
            return found
    except CaptureError:
        return 0


@given(st.binary(max_size=300), st.sampled_from([b"", *(seed[:40] for seed in SEEDS)]))
def test_random_bytes(data: bytes, head: bytes) -> None:
    drain(head + data)


@given(CHANCE)
def test_mutated_captures(chance: Random) -> None:
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 40)]
            case 2:
                data[at:at] = chance.randbytes(chance.randint(1, 40))
            case _:
                data[at : at + 4] = chance.choice(
                    (b"\xff" * 4, bytes(4), b"\x7f\0\0\0")
                )
        data = data or bytearray(b"\0")
    drain(bytes(data))


@given(CHANCE)
def test_mutated_packets_in_sound_captures(chance: Random) -> None:
    linktype, build = LINKS[chance.choice(list(LINKS))]
    packet = tcp(chance.choice((V4, V6)))
    for _ in range(chance.randint(0, 2)):
        packet = TUNNELS[chance.choice(list(TUNNELS))](packet)
    data = bytearray(build(packet))
    for _ in range(chance.randint(1, 5)):
        data[chance.randrange(min(len(data), 90))] = chance.randrange(256)
    cut = bytes(data[: chance.randint(0, len(data))])
    found = list(open_capture(io.BytesIO(pcap([cut], linktype=linktype))))
    for item in found:
        if isinstance(item, Segment):
            assert item.payload in cut
            assert item.missing >= 0


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_gzip_bomb_stays_small() -> None:
    frames = [frame(s) for s in Tap().open().segments]
    bomb = gzip.compress(pcap(frames) + bytes(50_000_000))
    assert len(bomb) < 100_000

    def read() -> None:
        for _ in islice(open_capture(io.BytesIO(bomb)), 3):
            pass

    assert peak_of(read) < 16 * CHUNK


def test_a_zstd_bomb_stays_small() -> None:
    bomb = zstandard.compress(pcapng(FRAMES) + bytes(50_000_000))
    assert len(bomb) < 100_000
    assert peak_of(lambda: drain(bomb)) < 30_000_000


def test_a_zstd_window_that_is_too_large_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(
        window_log=28, write_content_size=0
    )
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = writer.compress(pcap(FRAMES)) + writer.flush()
    with pytest.raises(CaptureError, match="zstd"):
        open_capture(io.BytesIO(data))


@pytest.mark.parametrize("size", [0xFFFF_FFF0, 0x7FFF_FFFC, 0x0100_0000, 0x00FF_FFFC])
def test_a_huge_block_length_takes_no_memory(size: int) -> None:
    data = section() + interface() + struct.pack("<II", 6, size) + bytes(1000)
    assert peak_of(lambda: drain(data)) < 8_000_000


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x0010_0001, 0x0010_0000])
def test_a_huge_packet_length_takes_no_memory(size: int) -> None:
    data = pcap(FRAMES) + struct.pack("<IIII", 1, 1, size, size) + bytes(1000)
    assert peak_of(lambda: drain(data)) < 8_000_000


def test_a_megabyte_of_almost_blocks_are_read_in_seconds() -> None:
    rng = Random(1)
    shreds = [
        struct.pack("<II", kind, size) + rng.randbytes(4)
        for kind in (1, 2, 3, 6, 10)
        for size in (12, 28, 32, 1 << 23, 1 << 24)
    ]
    wreck = b"".join(rng.choice(shreds) for _ in range(100_000))
    start = time.process_time()
    drain(section() + interface() + wreck)
    assert time.process_time() - start < 15


def test_packets_of_no_bytes_are_read_in_seconds() -> None:
    data = pcap([b""] * 100_000)
    start = time.process_time()
    assert drain(data) == 100_000
    assert time.process_time() - start < 10


def test_options_that_overrun_or_repeat_are_survived() -> None:
    for options in (
        b"\1\0\xff\xff" + b"x" * 8,
        b"\1\0\0\0" * 5000,
        b"\x09\0\0\0",
        b"\x0e\0\1\0x\0\0\0",
        b"\x09\0\1\0\xff\0\0\0",
    ):
        body = struct.pack("<HHI", 1, 0, 0) + options
        data = section() + block(1, body) + packet(FRAMES[0], 1 << 60)
        found = list(open_capture(io.BytesIO(data)))
        assert len(found) == 1
        assert isinstance(found[0], Segment)


def test_ipv6_extension_headers_without_end_are_survived() -> None:
    v6 = bytearray(tcp(V6))
    v6[6] = 0
    loop = bytes(v6[:40]) + bytes(8) * 200
    (damage,) = open_capture(io.BytesIO(pcap([eth(loop)])))
    assert isinstance(damage, Damage)
    labels = MACS + b"\x88\x47" + b"\0\0\0\xff" * 1000
    (damage,) = open_capture(io.BytesIO(pcap([labels])))
    assert isinstance(damage, Damage)
    tags = MACS + b"\x81\0\0\1" * 1000
    (damage,) = open_capture(io.BytesIO(pcap([tags])))
    assert isinstance(damage, Damage)
