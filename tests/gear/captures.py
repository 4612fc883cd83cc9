# SPDX-License-Identifier: GPL-2.0-or-later
"""Synthetic captures: what two endpoints wrote, as a capture may have seen it.

`Tap` turns writes into segments that a perfect capture holds; the functions below
spoil them; `pcap` and `pcapng` write files of frames.
"""

import io
import struct
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from nmsp_scapy.capture import Segment
from nmsp_scapy.capture.frames import ethernet, tcp_segment
from nmsp_scapy.capture.pcapng import PcapngWriter

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MASK = 0xFFFF_FFFF
START_NS = 1_700_000_000_000_000_000


def flow(source: tuple[str, int], target: tuple[str, int]) -> bytes:
    """What `Segment.flow` is."""
    ends = [ip_address(source[0]).packed, ip_address(target[0]).packed]
    return b"".join(ends) + struct.pack(">HH", source[1], target[1])


class Tap:
    """A perfect capture of one connection, as segments."""

    def __init__(
        self,
        client: tuple[str, int] = ("10.0.0.1", 40_000),
        server: tuple[str, int] = ("10.0.0.2", 16_113),
        isn: tuple[int, int] = (1000, 5000),
    ) -> None:
        self.flows = (flow(client, server), flow(server, client))
        self.next = list(isn)
        self.segments: list[Segment] = []
        self.written = (bytearray(), bytearray())

    def say(
        self, side: int, flags: int, payload: bytes = b"", seq: int | None = None
    ) -> Segment:
        """Put one segment down, as it is."""
        segment = Segment(
            len(self.segments) + 1,
            START_NS + len(self.segments) * 1_000_000,
            self.flows[side],
            (self.next[side] if seq is None else seq) & MASK,
            self.next[1 - side] & MASK if flags & ACK else 0,
            flags,
            payload,
        )
        self.segments.append(segment)
        return segment

    def open(self) -> "Tap":
        self.say(0, SYN)
        self.next[0] += 1
        self.say(1, SYN | ACK)
        self.next[1] += 1
        self.say(0, ACK)
        return self

    def write(self, side: int, data: bytes, *, acknowledged: bool = True) -> "Tap":
        self.say(side, PSH | ACK, data)
        self.next[side] += len(data)
        self.written[side].extend(data)
        if acknowledged:
            self.say(1 - side, ACK)
        return self

    def finish(self, *sides: int) -> "Tap":
        for side in sides or (0, 1):
            self.say(side, FIN | ACK)
            self.next[side] += 1
            self.say(1 - side, ACK)
        return self


def renumbered(segments: Iterable[Segment]) -> list[Segment]:
    """Frame numbers and times in the order in which they stand."""
    return [
        Segment(
            number,
            START_NS + number * 1_000_000,
            s.flow,
            s.seq,
            s.ack,
            s.flags,
            s.payload,
            s.missing,
        )
        for number, s in enumerate(segments, 1)
    ]


def frame(segment: Segment) -> bytes:
    """The Ethernet frame of a segment."""
    packet = tcp_segment(
        (segment.src, segment.sport),
        (segment.dst, segment.dport),
        seq=segment.seq,
        ack=segment.ack,
        flags=segment.flags,
        payload=segment.payload,
    )
    return ethernet(packet, side=int(segment.sport < segment.dport))


def pcap(
    frames: Sequence[bytes],
    *,
    linktype: int = 1,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    snaplen: int = 262_144,
    keep: int | None = None,
) -> bytes:
    """A classic capture; `keep` cuts each frame as a snap length does."""
    ticks = 1 if magic == 0xA1B23C4D else 1000
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, linktype)]
    for number, data in enumerate(frames):
        kept = data[:keep]
        time_ns = START_NS + number * 1_000_000
        seconds, rest = divmod(time_ns, 1_000_000_000)
        out.append(
            struct.pack(order + "IIII", seconds, rest // ticks, len(kept), len(data))
        )
        if magic == 0xA1B2CD34:
            out.append(struct.pack(order + "IHBB", 1, 0x0800, 0, 0))
        out.append(kept)
    return b"".join(out)


def pcapng(
    frames: Sequence[bytes], *, linktype: int = 1, secrets: bytes = b""
) -> bytes:
    """A pcapng capture, with a key log inside where one is given."""
    file = io.BytesIO()
    writer = PcapngWriter(file)
    if secrets:
        writer.secrets(secrets)
    writer.interface(linktype)
    for number, data in enumerate(frames):
        writer.packet(data, START_NS + number * 1_000_000)
    return file.getvalue()
