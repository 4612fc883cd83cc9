# SPDX-License-Identifier: GPL-2.0-or-later
"""The same TCP bytes below every link layer and inside every tunnel."""

import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nmsp_scapy.capture import Damage, Datagram, Segment, open_capture
from nmsp_scapy.capture.frames import TcpFrames, ip_packet, tcp_segment, udp_datagram
from tests.gear.captures import pcap

V4 = ((b"\x0a\0\0\1", 40_000), (b"\x0a\0\0\2", 16_113))
V6 = ((b"\xfd" + bytes(14) + b"\1", 40_000), (b"\xfd" + bytes(14) + b"\2", 16_113))
MACS = b"\2\0\0\0\0\2\2\0\0\0\0\1"
PAYLOAD = bytes(range(200))


def tcp(ends: tuple[tuple[bytes, int], tuple[bytes, int]] = V4) -> bytes:
    return tcp_segment(*ends, seq=7, ack=9, flags=24, payload=PAYLOAD)


def kind(packet: bytes) -> bytes:
    return b"\x08\0" if packet[0] >> 4 == 4 else b"\x86\xdd"


def eth(packet: bytes, *tags: bytes) -> bytes:
    return MACS + b"".join(tags) + kind(packet) + packet


def found(
    frames: list[bytes], linktype: int = 1, **kwargs: int
) -> list[Segment | Datagram | Damage]:
    return list(open_capture(io.BytesIO(pcap(frames, linktype=linktype, **kwargs))))


def one(data: bytes, linktype: int = 1) -> Segment:
    (segment,) = found([data], linktype)
    assert isinstance(segment, Segment), segment
    return segment


LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (1, eth),
    "vlan": (1, lambda p: eth(p, b"\x81\0\0\5")),
    "qinq": (1, lambda p: eth(p, b"\x88\xa8\0\5", b"\x81\0\0\6")),
    "old-qinq": (1, lambda p: eth(p, b"\x91\0\0\5", b"\x81\0\0\6")),
    "cisco-metadata": (1, lambda p: eth(p, b"\x89\x09\1\1\0\1\0\x14")),
    "snap": (1, lambda p: MACS + b"\0\xff\xaa\xaa\3\0\0\0" + kind(p) + p),
    "pppoe": (
        1,
        lambda p: MACS + b"\x88\x64\x11\0\0\1\0\xff"
        + (b"\0\x21" if p[0] >> 4 == 4 else b"\0\x57") + p,
    ),
    "mpls": (1, lambda p: MACS + b"\x88\x47\0\1\0\xff\0\2\1\xff" + p),
    "mpls-pseudowire": (1, lambda p: MACS + b"\x88\x47\0\2\1\xff" + eth(p)),
    "mpls-control-word": (
        1, lambda p: MACS + b"\x88\x47\0\2\1\xff\0\0\0\0" + eth(p)
    ),
    "null-little": (
        0, lambda p: (b"\2\0\0\0" if p[0] >> 4 == 4 else b"\x1e\0\0\0") + p
    ),
    "null-big": (0, lambda p: (b"\0\0\0\2" if p[0] >> 4 == 4 else b"\0\0\0\x18") + p),
    "loop": (108, lambda p: (b"\0\0\0\2" if p[0] >> 4 == 4 else b"\0\0\0\x1c") + p),
    "raw": (101, lambda p: p),
    "cooked": (113, lambda p: b"\0\0\0\1\0\6abcdef\0\0" + kind(p) + p),
    "cooked-vlan": (113, lambda p: b"\0\0\0\1\0\6abcdef\0\0\x81\0\0\5" + kind(p) + p),
    "cooked2": (276, lambda p: kind(p) + b"\0\0\0\0\0\1\0\1\0\6abcdef\0\0" + p),
    "ppp": (9, lambda p: b"\xff\3" + (b"\0\x21" if p[0] >> 4 == 4 else b"\0\x57") + p),
}  # fmt: skip


@pytest.mark.parametrize("ends", [V4, V6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("name", LINKS)
def test_every_link_layer(
    name: str, ends: tuple[tuple[bytes, int], tuple[bytes, int]]
) -> None:
    linktype, build = LINKS[name]
    segment = one(build(tcp(ends)), linktype)
    assert (segment.src, segment.sport) == ends[0]
    assert (segment.dst, segment.dport) == ends[1]
    assert (segment.seq, segment.ack, segment.flags) == (7, 9, 24)
    assert (segment.payload, segment.missing) == (PAYLOAD, 0)


def gre(
    protocol: int, payload: bytes, *, key: bool = False, seq: bool = False
) -> bytes:
    flags = (0x2000 if key else 0) | (0x1000 if seq else 0)
    head = struct.pack(">HH", flags, protocol) + b"\0" * 4 * (key + seq)
    return ip_packet(V4[0][0], V4[1][0], 47, head + payload)


def udp(port: int, payload: bytes) -> bytes:
    return udp_datagram((V4[0][0], 55_555), (V4[1][0], port), payload)


TUNNELS: dict[str, Callable[[bytes], bytes]] = {
    "gre": lambda p: gre(int.from_bytes(kind(p)), p),
    "gre-key": lambda p: gre(int.from_bytes(kind(p)), p, key=True),
    "gre-ethernet": lambda p: gre(0x6558, eth(p), key=True, seq=True),
    "erspan-1": lambda p: gre(0x88BE, eth(p)),
    "erspan-2": lambda p: gre(0x88BE, b"\x10" + bytes(7) + eth(p), seq=True),
    "erspan-3": lambda p: gre(0x22EB, b"\x20" + bytes(11) + eth(p), seq=True),
    "erspan-3-platform": lambda p: gre(
        0x22EB, b"\x20" + bytes(10) + b"\1" + bytes(8) + eth(p), seq=True
    ),
    "vxlan": lambda p: udp(4789, b"\x08\0\0\0\0\0\5\0" + eth(p)),
    "vxlan-policy": lambda p: udp(4789, b"\x88\x08\0\7\0\0\5\0" + eth(p)),
    "vxlan-generic": lambda p: udp(4790, b"\x0c\0\0\3\0\0\5\0" + eth(p)),
    "vxlan-generic-ip": lambda p: udp(
        4790, b"\x0c\0\0" + (b"\1" if p[0] >> 4 == 4 else b"\2") + b"\0\0\5\0" + p
    ),
    "geneve": lambda p: udp(6081, b"\1\0\x65\x58\0\0\5\0opts" + eth(p)),
    "ip-in-ip": lambda p: ip_packet(V4[0][0], V4[1][0], 4 if p[0] >> 4 == 4 else 41, p),
    "ip-in-ipv6": lambda p: ip_packet(
        V6[0][0], V6[1][0], 4 if p[0] >> 4 == 4 else 41, p
    ),
}


@pytest.mark.parametrize("ends", [V4, V6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("name", TUNNELS)
def test_every_tunnel(
    name: str, ends: tuple[tuple[bytes, int], tuple[bytes, int]]
) -> None:
    segment = one(eth(TUNNELS[name](tcp(ends))))
    assert (segment.src, segment.sport) == ends[0]
    assert segment.payload == PAYLOAD


def test_the_independent_judge_sees_the_same_tunnels(
    tshark: str, tmp_path: Path
) -> None:
    frames = [eth(build(tcp(V4))) for build in TUNNELS.values()]
    path = tmp_path / "tunnels.pcap"
    path.write_bytes(pcap(frames))
    command = [tshark, "-r", path, "-T", "fields", "-e", "tcp.payload"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert set(output.split()) == {PAYLOAD.hex()}
    assert len(output.split()) == len(frames)


def test_tunnels_inside_tunnels_have_an_end() -> None:
    packet = tcp()
    for _ in range(4):
        packet = TUNNELS["gre"](packet)
    assert one(eth(packet)).payload == PAYLOAD
    for _ in range(20):
        packet = TUNNELS["gre"](packet)
    (damage,) = found([eth(packet)])
    assert isinstance(damage, Damage)
    assert "tunnels" in damage.reason


def test_ipv4_options_and_the_padding_of_ethernet() -> None:
    packet = tcp_segment(*V4, seq=7, ack=9, flags=24, payload=b"x")
    with_options = (
        bytes([0x47]) + packet[1:2] + struct.pack(">H", len(packet) + 8)
        + packet[4:20] + b"\x94\4\0\0" + b"\1\1\1\0" + packet[20:]
    )  # fmt: skip
    segment = one(eth(with_options) + b"padding")
    assert (segment.payload, segment.missing) == (b"x", 0)


def test_tcp_options_are_no_payload() -> None:
    packet = bytearray(tcp())
    data = packet[40:]
    packet[32] = 0x80
    packet[40:] = b"\1\1\x08\x0a" + bytes(8) + data
    packet[2:4] = struct.pack(">H", len(packet))
    assert one(eth(bytes(packet))).payload == PAYLOAD


def test_a_length_of_zero_is_segmentation_offload() -> None:
    v4 = bytearray(tcp(V4))
    v4[2:4] = b"\0\0"
    v6 = bytearray(tcp(V6))
    v6[4:6] = b"\0\0"
    assert one(eth(bytes(v4))).payload == one(eth(bytes(v6))).payload == PAYLOAD


def test_wrong_checksums_are_not_looked_at() -> None:
    packet = bytearray(tcp())
    packet[36:38] = packet[10:12] = b"??"
    assert one(eth(bytes(packet))).payload == PAYLOAD


@pytest.mark.parametrize("extension", [0, 43, 60])
def test_ipv6_extension_headers(extension: int) -> None:
    packet = tcp(V6)
    more = bytes([6, 1]) + bytes(14)
    head = struct.pack(">IHBB", 0x6000_0000, len(packet) - 40 + 16, extension, 64)
    assert one(eth(head + packet[8:40] + more + packet[40:])).payload == PAYLOAD


def fragments4(packet: bytes, size: int, ident: int = 77) -> list[bytes]:
    out, data = [], packet[20:]
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        more = 0x2000 if at + size < len(data) else 0
        head = struct.pack(
            ">BBHHHBBH", 0x45, 0, 20 + len(piece), ident, more | at // 8, 64, 6, 0
        )
        out.append(head + packet[12:20] + piece)
    return out


def fragments6(packet: bytes, size: int) -> list[bytes]:
    out, data = [], packet[40:]
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        more = int(at + size < len(data))
        extra = struct.pack(">BBHI", 6, 0, at | more, 99)
        head = struct.pack(">IHBB", 0x6000_0000, 8 + len(piece), 44, 64)
        out.append(head + packet[8:40] + extra + piece)
    return out


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("cut", "ends"), [(fragments4, V4), (fragments6, V6)])
def test_fragments_in_any_order(
    cut: Callable[[bytes, int], list[bytes]],
    ends: tuple[tuple[bytes, int], tuple[bytes, int]],
    backwards: bool,
) -> None:
    pieces = [eth(p) for p in cut(tcp(ends), 56)]
    assert len(pieces) == 4
    (segment,) = found(pieces[::-1] if backwards else pieces)
    assert isinstance(segment, Segment)
    assert (segment.payload, segment.frame) == (PAYLOAD, 4)


def test_fragments_that_never_come_are_told() -> None:
    pieces = [eth(p) for p in fragments4(tcp(), 56)]
    (damage,) = found(pieces[:2])
    assert isinstance(damage, Damage)
    assert (damage.frame, "fragments" in damage.reason) == (1, True)


def test_overlapping_fragments_are_survived_and_the_first_copy_read() -> None:
    pieces = fragments4(tcp(), 56)
    evil = bytearray(pieces[1])
    evil[20 + 10] ^= 0xFF
    damage, segment = found([eth(p) for p in (pieces[1], bytes(evil), *pieces)])[:2]
    assert isinstance(damage, Damage)
    assert "disagree" in damage.reason
    assert isinstance(segment, Segment)
    assert segment.payload == PAYLOAD


def test_many_fragments_stay_bounded() -> None:
    frames = [eth(fragments4(tcp(), 56, ident=n)[0]) for n in range(1000)]
    assert len(found(frames)) == 256
    piece = fragments4(tcp(), 56)[1]
    tiny = [
        eth(piece[:6] + struct.pack(">H", 0x2000 | n) + piece[8:20] + b"x")
        for n in range(1, 8000)
    ]
    assert len(found(tiny)) <= 1


def test_a_fragment_beyond_the_longest_packet_is_damage() -> None:
    piece = fragments4(tcp(), 56)[1]
    (damage,) = found([eth(piece[:6] + b"\x1f\xff" + piece[8:])])
    assert isinstance(damage, Damage)


@pytest.mark.parametrize("keep", [54, 60, 100, 253])
def test_a_snap_length_leaves_what_it_kept_and_how_much_it_cut(keep: int) -> None:
    (segment,) = found([eth(tcp())], keep=keep)
    assert isinstance(segment, Segment)
    assert segment.payload == PAYLOAD[: keep - 54]
    assert segment.missing == 200 - (keep - 54)


@pytest.mark.parametrize("keep", [1, 13, 20, 33, 40, 53])
def test_a_frame_cut_inside_its_headers_is_named(keep: int) -> None:
    (damage,) = found([eth(tcp())], keep=keep)
    assert isinstance(damage, Damage)
    assert damage.frame == 1
    assert f"cut to {keep} bytes" in damage.reason


def test_datagrams() -> None:
    packet = udp(16_113, b"dtls")
    (datagram,) = found([eth(packet) + b"padding"])
    assert isinstance(datagram, Datagram)
    assert (datagram.payload, datagram.dport, datagram.missing) == (b"dtls", 16_113, 0)
    assert (datagram.src, datagram.sport) == (V4[0][0], 55_555)
    (datagram,) = found([eth(packet)], keep=44)
    assert isinstance(datagram, Datagram)
    assert (datagram.payload, datagram.missing) == (b"dt", 2)


def test_other_ports_and_other_protocols_are_passed_over() -> None:
    arp = MACS + b"\x08\6" + bytes(28)
    other = tcp_segment((b"\1\1\1\1", 1), (b"\2\2\2\2", 2), seq=0, ack=0, flags=2)
    frames = [arp, eth(other), eth(tcp()), eth(udp(53, b"q")), eth(other), eth(tcp(V6))]
    capture = open_capture(io.BytesIO(pcap(frames)), ports={16_113})
    assert [i.frame for i in capture if isinstance(i, Segment)] == [3, 6]
    capture = open_capture(io.BytesIO(pcap(frames)), ports={16_113})
    assert len(list(capture)) == 2


def test_a_link_type_that_we_do_not_read_is_told_once() -> None:
    (damage,) = found([b"x" * 60] * 3, linktype=105)
    assert isinstance(damage, Damage)
    assert "105" in damage.reason


@pytest.mark.parametrize(
    "packet",
    [
        b"\x05" + tcp()[1:],
        b"\x44" + tcp()[1:],
        tcp()[:2] + b"\0\x10" + tcp()[4:],
        tcp()[:32] + b"\x00" + tcp()[33:],
        tcp()[:32] + b"\x40" + tcp()[33:],
        b"\x4f" + tcp()[1:2] + b"\0\x30" + tcp()[4:],
    ],
)
def test_headers_that_cannot_be_are_named(packet: bytes) -> None:
    (damage,) = found([MACS + b"\x08\0" + packet])
    assert isinstance(damage, Damage)
    assert damage.offset is not None


@pytest.mark.parametrize("address", [("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")])
def test_frames_of_a_whole_connection_are_what_wireshark_follows(
    address: tuple[str, str], tshark: str, tmp_path: Path
) -> None:
    tcp_frames = TcpFrames((address[0], 40_000), (address[1], 16_113), isn=2**32 - 5)
    frames = tcp_frames.open()
    frames += tcp_frames.data(0, b"question") + tcp_frames.data(1, b"x" * 150_000)
    frames += tcp_frames.finish(0) + tcp_frames.finish(1)
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(frames))
    command = [tshark, "-r", path, "-o", "tcp.check_checksum:TRUE"]
    command += ["-Y", "tcp.analysis.flags || tcp.checksum.status == 0"]
    bad = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert bad == ""
    command = [tshark, "-r", path, "-q", "-z", "follow,tcp,raw,0"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.strip() for line in said.splitlines()]
    hexes = [line for line in lines if line and not set(line) - set("0123456789abcdef")]
    assert bytes.fromhex("".join(hexes)) == b"question" + b"x" * 150_000


def test_ends_of_two_versions_make_no_connection() -> None:
    with pytest.raises(ValueError, match="version"):
        TcpFrames(("10.0.0.1", 1), ("::1", 2))
