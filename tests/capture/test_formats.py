# SPDX-License-Identifier: GPL-2.0-or-later
"""Every dialect of the capture formats gives the same segments."""

import gzip
import io
import struct
import subprocess
from pathlib import Path

import pytest
import zstandard

from nmsp_scapy.capture import (
    Capture,
    CaptureError,
    Damage,
    Packet,
    Segment,
    open_capture,
)
from nmsp_scapy.capture.pcapng import TLS_KEY_LOG, PcapngWriter, block, blocks
from tests.gear.captures import START_NS, Tap, frame, pcap, pcapng

TAP = Tap().open().write(0, b"hello").write(1, b"world").finish()
FRAMES = [frame(segment) for segment in TAP.segments]
DIALECTS = [
    (order, magic) for order in "<>" for magic in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34)
]


class Pipe(io.RawIOBase):
    """Bytes that come in small pieces and only once."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece, self._data = self._data[: self._size], self._data[self._size :]
        buffer[: len(piece)] = piece
        return len(piece)


def read(data: bytes, **kwargs: object) -> list[Segment]:
    """The segments of a capture without any damage."""
    found = list(open_capture(io.BytesIO(data), **kwargs))  # type: ignore[arg-type]
    assert all(isinstance(item, Segment) for item in found), found
    return [item for item in found if isinstance(item, Segment)]


def damage(data: bytes) -> list[Damage]:
    return [i for i in open_capture(io.BytesIO(data)) if isinstance(i, Damage)]


@pytest.mark.parametrize(("order", "magic"), DIALECTS)
def test_every_classic_dialect(order: str, magic: int) -> None:
    assert read(pcap(FRAMES, order=order, magic=magic)) == TAP.segments


def test_pcapng() -> None:
    assert read(pcapng(FRAMES)) == TAP.segments


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("data", [pcap(FRAMES), pcapng(FRAMES, secrets=b"k")])
def test_a_pipe_of_any_pace(data: bytes, size: int) -> None:
    capture = Capture(Pipe(data, size))  # type: ignore[arg-type]
    assert list(capture) == TAP.segments
    with pytest.raises(CaptureError, match="only once"):
        list(capture)


def test_a_file_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng(FRAMES, secrets=b"k"))
    with open_capture(path) as capture:
        assert list(capture) == list(capture) == TAP.segments
        assert capture.secrets == [(TLS_KEY_LOG, b"k")]


@pytest.mark.parametrize("data", [pcap(FRAMES), pcapng(FRAMES, secrets=b"k")])
def test_compressed_files(data: bytes) -> None:
    assert read(gzip.compress(data)) == TAP.segments
    half = len(data) // 2
    assert read(gzip.compress(data[:half]) + gzip.compress(data[half:])) == TAP.segments
    assert read(zstandard.compress(data)) == TAP.segments
    frames = zstandard.compress(data[:half]) + zstandard.compress(data[half:])
    assert read(frames) == TAP.segments


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_compressed_file_that_is_cut_gives_what_it_has(compress: object) -> None:
    assert callable(compress)
    data = compress(pcap(FRAMES * 300))
    found = list(open_capture(io.BytesIO(data[: len(data) - 20])))
    assert isinstance(found[-1], Damage)
    assert len(found) > 100 or compress is zstandard.compress


def test_a_compressed_file_that_is_damaged_is_told() -> None:
    data = bytearray(gzip.compress(pcap(FRAMES * 300)))
    data[-200] ^= 0xFF
    found = list(open_capture(io.BytesIO(bytes(data))))
    assert any(isinstance(i, Damage) and "gzip" in i.reason for i in found)


def interface(
    linktype: int = 1, options: bytes = b"", order: str = "<", snaplen: int = 0
) -> bytes:
    body = struct.pack(order + "HHI", linktype, 0, snaplen) + options
    return ordered(1, body, order)


def ordered(kind: int, body: bytes, order: str) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def section(order: str = "<") -> bytes:
    return ordered(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def packet(data: bytes, stamp: int, number: int = 0, order: str = "<") -> bytes:
    head = struct.pack(
        order + "IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data)
    )
    return ordered(6, head + data, order)


def option(code: int, data: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(data)) + data + b"\0" * (-len(data) % 4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("resolution", "offset_s", "stamp", "time_ns"),
    [
        (6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (0, 0, 1_700_000_000, 1_700_000_000_000_000_000),
        (3, 1_700_000_000, 250, 1_700_000_000_250_000_000),
        (3, -5, 6000, 1_000_000_000),
        (12, 0, 1_500, 1),
        (0x80 | 10, 0, 1024 + 512, 1_500_000_000),
        (0x80 | 32, 0, 1 << 31, 500_000_000),
    ],
)
def test_any_resolution_of_time(
    order: str, resolution: int, offset_s: int, stamp: int, time_ns: int
) -> None:
    options = option(9, bytes([resolution]), order)
    options += option(14, struct.pack(order + "q", offset_s), order)
    data = section(order) + interface(1, options, order)
    (segment,) = read(data + packet(FRAMES[0], stamp, order=order))
    assert segment.time_ns == time_ns


def test_several_sections_and_interfaces_of_both_orders() -> None:
    raw = [data[14:] for data in FRAMES]
    data = section("<") + interface(1) + interface(101)
    data += packet(FRAMES[0], 1) + packet(raw[1], 2, 1)
    data += section(">") + interface(101, order=">")
    data += packet(raw[2], 3, 0, ">")
    capture = open_capture(io.BytesIO(data))
    found = list(capture)
    assert [i.payload for i in found if isinstance(i, Segment)] == [b""] * 3
    assert [i.frame for i in found if isinstance(i, Segment)] == [1, 2, 3]
    assert [i.linktype for i in capture.interfaces] == [1, 101, 101]


def test_simple_and_obsolete_packets_and_unknown_blocks() -> None:
    first, second, third = FRAMES[:3]
    data = section() + interface() + block(0x0BAD, b"whatever")
    data += block(3, struct.pack("<I", len(first)) + first)
    old = struct.pack("<HHIIII", 0, 0, 0, 77, len(second), len(second))
    data += block(2, old + second) + block(4, b"\0" * 8) + block(5, b"\0" * 12)
    data += packet(third, 5)
    segments = read(data)
    assert [s.seq for s in segments] == [s.seq for s in TAP.segments[:3]]
    assert [s.time_ns for s in segments] == [0, 77_000, 5_000]


def test_a_simple_packet_is_cut_by_the_snap_length() -> None:
    data = section() + interface(snaplen=57)
    cut = FRAMES[3][:57]
    data += block(3, struct.pack("<I", len(FRAMES[3])) + cut)
    (segment,) = read(data)
    assert (segment.payload, segment.missing) == (b"hel", 2)


def test_all_secrets_are_known_before_the_first_packet() -> None:
    file = io.BytesIO()
    writer = PcapngWriter(file)
    writer.secrets(b"one")
    writer.interface()
    writer.packet(FRAMES[0], 1)
    writer.secrets(b"two")
    for data in (file.getvalue(), gzip.compress(file.getvalue())):
        capture = open_capture(io.BytesIO(data))
        before = list(capture.secrets)
        assert before == [(TLS_KEY_LOG, b"one"), (TLS_KEY_LOG, b"two")]
        list(capture)
        assert capture.secrets == before


def test_secrets_of_a_big_endian_section_are_read() -> None:
    body = struct.pack(">II", TLS_KEY_LOG, 3) + b"key"
    data = section(">") + ordered(10, body, ">")
    assert open_capture(io.BytesIO(data)).secrets == [(TLS_KEY_LOG, b"key")]


def test_what_only_looks_like_secrets_inside_a_packet_is_none() -> None:
    fake = block(10, struct.pack("<II", TLS_KEY_LOG, 4) + b"fake")
    data = section() + interface() + packet(FRAMES[0] + fake, 1) + packet(fake, 2)
    assert open_capture(io.BytesIO(data)).secrets == []


def test_comments_are_kept() -> None:
    file = io.BytesIO()
    writer = PcapngWriter(file, comments=["a day in May"])
    writer.interface(name="eth0", description="uplink", comments=["mirror"])
    writer.packet(FRAMES[0], START_NS, comments=["one", "two é"])
    writer.packet(FRAMES[1], START_NS + 1, wire_length=9000)
    capture = open_capture(io.BytesIO(file.getvalue()))
    packets = [p for p in capture.packets() if isinstance(p, Packet)]
    assert capture.comments == ["a day in May"]
    assert packets[0].comments == ("one", "two é")
    assert [p.data for p in packets] == FRAMES[:2]
    assert [p.wire_length for p in packets] == [len(FRAMES[0]), 9000]
    assert [p.time_ns for p in packets] == [START_NS, START_NS + 1]
    (described,) = capture.interfaces
    assert (described.name, described.description) == ("eth0", "uplink")


def test_blocks_can_be_copied_as_they_are() -> None:
    data = pcapng(FRAMES, secrets=b"k")
    copied = b"".join(block(b.kind, b.body) for b in blocks(io.BytesIO(data)))
    assert copied == data


def test_an_interface_must_be_described_first() -> None:
    with pytest.raises(ValueError, match="described"):
        PcapngWriter(io.BytesIO()).packet(b"", 0)


def test_a_file_that_grows_is_followed(tmp_path: Path) -> None:
    data, path = pcapng(FRAMES, secrets=b"k"), tmp_path / "x.pcapng"
    path.write_bytes(data[:100])
    done = 100

    def grow() -> bool:
        nonlocal done
        with path.open("ab") as file:
            file.write(data[done : done + 33])
        done += 33
        return done < len(data) + 33

    with open_capture(path, follow=grow) as capture:
        assert list(capture) == TAP.segments
        assert capture.secrets == [(TLS_KEY_LOG, b"k")]


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = Pipe(pcap(FRAMES), 5)

    monkeypatch.setattr("sys.stdin", Standard())
    assert list(open_capture("-")) == TAP.segments


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"GIF89a and no capture at all", b"\x1f\x8bxx", b"\0" * 99]
)
def test_what_is_no_capture_is_one_clear_error(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no capture"):
        open_capture(io.BytesIO(data))
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(CaptureError, match=str(path)):
        open_capture(path)


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        open_capture(tmp_path / "none.pcap")
    with pytest.raises(CaptureError, match="directory"):
        open_capture(tmp_path)


def test_a_cut_file_gives_what_it_has_and_says_where_it_ends() -> None:
    for data in (pcap(FRAMES), pcapng(FRAMES)):
        found = list(open_capture(io.BytesIO(data[:-10])))
        assert found[:-1] == TAP.segments[:-1]
        last = found[-1]
        assert isinstance(last, Damage)
        assert "ends inside" in last.reason
        assert last.offset is not None
        assert FRAMES[-1][:-10] in data[last.offset :]
        assert FRAMES[-2] not in data[last.offset :]


def test_a_damaged_block_is_named_and_stepped_over() -> None:
    sound = section() + interface()
    one, two = packet(FRAMES[0], 1), packet(FRAMES[1], 2)
    for wreck in (
        b"garbage!" * 5,
        struct.pack("<II", 6, 0xFFFF_FFFC),
        struct.pack("<II", 6, 7),
        block(0xBAD, b"lengths that differ")[:-4] + b"\1\0\0\0",
        b"\x77",
    ):
        found = list(open_capture(io.BytesIO(sound + one + wreck + one + two)))
        wrecked = [i for i in found if isinstance(i, Damage)]
        segments = [i for i in found if isinstance(i, Segment)]
        assert [i.offset for i in wrecked] == [len(sound + one)]
        assert f"{len(wreck)} bytes skipped" in wrecked[0].reason
        assert [s.seq for s in segments] == [TAP.segments[n].seq for n in (0, 0, 1)]


def test_damage_inside_a_block_spares_the_others() -> None:
    sound = section() + interface()
    cases = {
        "overruns": block(6, struct.pack("<IIIII", 0, 0, 1, 999, 999) + b"xxxx"),
        "never described": packet(FRAMES[0], 1, 9),
        "secrets of 99": block(10, struct.pack("<II", TLS_KEY_LOG, 99)),
    }
    for reason, wreck in cases.items():
        data = sound + wreck + packet(FRAMES[0], 1)
        found = list(open_capture(io.BytesIO(data)))
        assert isinstance(found[0], Damage)
        assert reason in found[0].reason
        assert found[0].offset == len(sound)
        assert isinstance(found[1], Segment)


def test_an_impossible_length_ends_a_classic_capture_with_a_word() -> None:
    data = pcap(FRAMES[:2]) + struct.pack("<IIII", 1, 1, 0x7FFF_FFFF, 60) + b"x" * 999
    found = list(open_capture(io.BytesIO(data)))
    assert [type(i) for i in found] == [Segment, Segment, Damage]
    assert "impossible" in str(found[-1])
    assert f"byte {len(pcap(FRAMES[:2]))}" in str(found[-1])


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_wireshark_reads_what_we_write_and_we_what_it_writes(
    kind: str, tmp_path: Path, tshark: str
) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(pcap(FRAMES) if kind == "pcap" else pcapng(FRAMES, secrets=b"# k"))
    fields = ["-e", "frame.number", "-e", "tcp.payload", "-e", "tcp.checksum.status"]
    output = subprocess.run(
        [tshark, "-r", mine, "-o", "tcp.check_checksum:TRUE", "-T", "fields", *fields],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rows = [line.split("\t") for line in output.splitlines()]
    assert [row[1] for row in rows] == [s.payload.hex() for s in TAP.segments]
    assert {row[2] for row in rows} == {"1"}  # good
    for name in ("pcap", "nsecpcap", "modpcap", "pcapng"):
        theirs = tmp_path / name
        mine.write_bytes(pcapng(FRAMES))
        subprocess.run([tshark, "-r", mine, "-F", name, "-w", theirs], check=True)
        assert read(theirs.read_bytes()) == TAP.segments
