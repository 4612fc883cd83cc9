# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames from bytes: Ethernet, IP and TCP around a stream that was no packet yet.

For recordings of what a socket carried and for exports without TLS. Checksums are
right, sequence numbers follow from the bytes, addresses on Ethernet are made up.
"""

from ipaddress import ip_address
from struct import pack, unpack

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

LARGEST = 65_000
"""Most bytes put into one frame."""

_MACS = (b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02")
_MASK = 0xFFFF_FFFF


def checksum(data: bytes) -> int:
    """Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ip_packet(
    src: bytes, dst: bytes, protocol: int, payload: bytes, *, ident: int = 0
) -> bytes:
    """Build an IPv4 or IPv6 packet, as the addresses are 4 or 16 bytes long."""
    if len(src) == 16:
        return (
            pack(">IHBB", 0x6000_0000, len(payload), protocol, 64) + src + dst + payload
        )
    total = 20 + len(payload)
    head = pack(">BBHHHBBH", 0x45, 0, total, ident & 0xFFFF, 0x4000, 64, protocol, 0)
    right = checksum(head + src + dst)
    return head[:10] + pack(">H", right) + src + dst + payload


def _summed(
    src: bytes, dst: bytes, protocol: int, segment: bytes, at: int, zero: int
) -> bytes:
    """Put the checksum over pseudo header and segment at its place."""
    pseudo = src + dst + pack(">IHBB", len(segment), 0, 0, protocol)
    right = checksum(pseudo + segment) or zero
    return segment[:at] + pack(">H", right) + segment[at + 2 :]


End = tuple[bytes, int]
"""Address, 4 or 16 bytes, and port."""


def tcp_segment(
    source: End, target: End, *, seq: int, ack: int, flags: int, payload: bytes = b""
) -> bytes:
    """Build a TCP segment in an IP packet.

    Args:
        source: who sends.
        target: who receives.
        seq: sequence number, taken modulo 2**32.
        ack: acknowledgement, taken modulo 2**32.
        flags: the eight TCP flags.
        payload: bytes to carry.
    """
    (src, sport), (dst, dport) = source, target
    words = (5 << 12) | flags
    segment = pack(
        ">HHIIHHHH", sport, dport, seq & _MASK, ack & _MASK, words, 0xFFFF, 0, 0
    )
    segment = _summed(src, dst, 6, segment + payload, 16, 0)
    return ip_packet(src, dst, 6, segment)


def udp_datagram(source: End, target: End, payload: bytes) -> bytes:
    """Build a UDP datagram in an IP packet."""
    (src, sport), (dst, dport) = source, target
    segment = pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    return ip_packet(src, dst, 17, _summed(src, dst, 17, segment, 6, 0xFFFF))


def ethernet(packet: bytes, *, side: int = 0) -> bytes:
    """Put an Ethernet header before an IP packet; `side` 1 is the other way."""
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
    return _MACS[1 - side] + _MACS[side] + pack(">H", kind) + packet


class TcpFrames:
    """Frames of one TCP connection, made from what its two sides wrote.

    Each method returns the frames of what just happened, in order; the caller
    gives each its time.
    """

    def __init__(
        self, client: tuple[str, int], server: tuple[str, int], *, isn: int = 1000
    ) -> None:
        """Begin.

        Args:
            client: address and port of the side that opens.
            server: those of the other; of the same IP version.
            isn: initial sequence number of the client; the server's is one more.

        Raises:
            ValueError: the addresses are of different versions.
        """
        ends = [
            (ip_address(address).packed, port) for address, port in (client, server)
        ]
        if len(ends[0][0]) != len(ends[1][0]):
            raise ValueError("client and server must have the same IP version")
        self._ends = ends
        self._next = [isn, isn + 1]

    def open(self) -> list[bytes]:
        """Three frames of a handshake."""
        return [
            self._frame(0, SYN, acknowledge=False),
            self._frame(1, SYN | ACK),
            self._frame(0, ACK),
        ]

    def resume(self, unseen: int) -> list[bytes]:
        """Frames of a connection whose beginning nobody knows.

        The SYN of the client alone, which every tool takes for a new connection, and
        what the client acknowledges. Of the server's bytes the first are a hole, so
        that nobody takes what follows for the beginning of what was said.

        Args:
            unseen: bytes of that hole.
        """
        frames = [self._frame(0, SYN, acknowledge=False), self._frame(0, ACK)]
        self.skip(1, unseen)
        return frames

    def data(self, side: int, data: bytes, *, acknowledged: bool = True) -> list[bytes]:
        """Frames of bytes that a side (0 is the client) has written.

        Args:
            side: who wrote.
            data: what; split where it is larger than a packet.
            acknowledged: whether a frame of the other side follows that says so.
        """
        frames = [
            self._frame(side, PSH | ACK, data[at : at + LARGEST])
            for at in range(0, len(data), LARGEST)
        ]
        if acknowledged and frames:
            frames.append(self._frame(1 - side, ACK))
        return frames

    def skip(self, side: int, length: int) -> None:
        """Leave a hole: bytes that a side wrote and nobody knows."""
        self._next[side] += length

    def acknowledge(self, side: int) -> list[bytes]:
        """Frame of a side that says how far it has received, holes included."""
        return [self._frame(side, ACK)]

    def finish(self, side: int) -> list[bytes]:
        """Frames of a side that closes: FIN, and the other's acknowledgement."""
        return [self._frame(side, FIN | ACK), self._frame(1 - side, ACK)]

    def reset(self, side: int) -> list[bytes]:
        """Frame of a side that resets the connection."""
        return [self._frame(side, RST | ACK)]

    def _frame(
        self, side: int, flags: int, payload: bytes = b"", *, acknowledge: bool = True
    ) -> bytes:
        packet = tcp_segment(
            self._ends[side],
            self._ends[1 - side],
            seq=self._next[side],
            ack=self._next[1 - side] if acknowledge else 0,
            flags=flags,
            payload=payload,
        )
        self._next[side] += len(payload) + bool(flags & (SYN | FIN))
        return ethernet(packet, side=side)
