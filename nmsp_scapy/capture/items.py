# SPDX-License-Identifier: GPL-2.0-or-later
"""What stage 1 yields: segments, datagrams, and what could not be read."""

import msgspec


class CaptureError(Exception):
    """This is no capture, or it cannot be opened at all."""


class Segment(msgspec.Struct, gc=False):
    """One TCP segment as the capture holds it.

    Checksums are not looked at: network cards fill them in after the capture
    has seen the packet, so a wrong one says nothing.

    Attributes:
        frame: number of the packet in the capture, 1 is the first.
        time_ns: capture time, ns since 1970.
        flow: source address, destination address, source port, destination port
            in network byte order; 12 bytes (IPv4) or 36 (IPv6). One direction of
            a connection has one flow.
        seq, ack: 32-bit numbers as sent.
        flags: the low eight TCP flags.
        payload: the bytes that were captured.
        missing: payload bytes after those that a snap length cut off.
    """

    frame: int
    time_ns: int
    flow: bytes
    seq: int
    ack: int
    flags: int
    payload: bytes
    missing: int = 0

    @property
    def src(self) -> bytes:
        """Source address, 4 or 16 bytes."""
        return self.flow[: (len(self.flow) - 4) // 2]

    @property
    def dst(self) -> bytes:
        """Destination address, 4 or 16 bytes."""
        return self.flow[(len(self.flow) - 4) // 2 : -4]

    @property
    def sport(self) -> int:
        """Source port."""
        return int.from_bytes(self.flow[-4:-2])

    @property
    def dport(self) -> int:
        """Destination port."""
        return int.from_bytes(self.flow[-2:])


class Datagram(msgspec.Struct, gc=False):
    """One UDP datagram as the capture holds it.

    Attributes:
        frame, time_ns, flow, payload, missing: as in `Segment`.
    """

    frame: int
    time_ns: int
    flow: bytes
    payload: bytes
    missing: int = 0

    src = Segment.src
    dst = Segment.dst
    sport = Segment.sport
    dport = Segment.dport


class Damage(msgspec.Struct):
    """A part of the capture that could not be read.

    Attributes:
        offset: place in the file, bytes (uncompressed); None where there is no file.
        frame: number of the packet; None where no packet could be told.
        reason: one clause for people.
    """

    offset: int | None
    frame: int | None
    reason: str

    def __str__(self) -> str:
        """Write `frame 7, byte 1024: the block is cut`."""
        frame = [f"frame {self.frame}"] if self.frame is not None else []
        offset = [f"byte {self.offset}"] if self.offset is not None else []
        return f"{', '.join(frame + offset) or 'capture'}: {self.reason}"


class Packet(msgspec.Struct, gc=False):
    """One packet as it stands in the file, for those who copy captures.

    Attributes:
        frame, time_ns: as in `Segment`.
        interface: index into `Capture.interfaces`.
        data: link layer header and what follows, as captured.
        wire_length: bytes that the packet had on the wire.
        comments: comments of the packet (pcapng).
    """

    frame: int
    time_ns: int
    interface: int
    data: bytes
    wire_length: int
    comments: tuple[str, ...] = ()


class Interface(msgspec.Struct):
    """One interface of a capture.

    Attributes:
        linktype: number of the link layer, as tcpdump.org registers them.
        snaplen: most bytes kept of a packet; 0 is no limit.
        name, description: as the capture tells them, empty otherwise.
        ticks: ticks of its time stamps in a second.
        offset_s: seconds to add to its time stamps.
    """

    linktype: int
    snaplen: int = 0
    name: str = ""
    description: str = ""
    ticks: int = 1_000_000
    offset_s: int = 0


Found = Segment | Datagram | Damage | Packet
"""What reading a capture finds: packets only where they are asked for."""
