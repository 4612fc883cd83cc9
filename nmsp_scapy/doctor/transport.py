# SPDX-License-Identifier: GPL-2.0-or-later
"""How TCP connections began: what a SYN was answered with."""

from collections.abc import Iterable
from ipaddress import ip_address

import msgspec

from nmsp_scapy.capture import Damage, Datagram, Segment

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
LIMIT = 100_000
"""Attempts that are remembered."""


class Attempt(msgspec.Struct):
    """One attempt to connect: a SYN, and what became of it.

    Attributes:
        client, server: `10.0.0.1:16113`, `[fe80::1]:16113`.
        syns: frames of the SYN and its repetitions.
        accepted: frame of the SYN-ACK; refused: frame of a RST before it.
        client_bytes, server_bytes: payload bytes after.
    """

    client: str
    server: str
    syns: list[int]
    first_ns: int
    last_ns: int
    accepted: int | None = None
    refused: int | None = None
    client_bytes: int = 0
    server_bytes: int = 0


def attempts(found: Iterable[Segment | Datagram | Damage]) -> list[Attempt]:
    """List the attempts to connect in a capture, in order."""
    known: dict[bytes, tuple[int, Attempt]] = {}
    made: list[Attempt] = []
    for segment in found:
        if not isinstance(segment, Segment):
            continue
        flow, flags = segment.flow, segment.flags
        if flags & SYN and not flags & ACK:
            before = known.get(flow)
            if before is not None and before[0] == segment.seq:
                before[1].syns.append(segment.frame)
                before[1].last_ns = segment.time_ns
            elif len(made) < LIMIT:
                attempt = _attempt(segment)
                known[flow] = (segment.seq, attempt)
                made.append(attempt)
            continue
        _answer(known, segment)
    return made


def _answer(known: dict[bytes, tuple[int, Attempt]], segment: Segment) -> None:
    own = known.get(segment.flow)
    if own is not None:
        own[1].client_bytes += len(segment.payload)
        own[1].last_ns = segment.time_ns
        return
    other = known.get(_reverse(segment.flow))
    if other is None:
        return
    attempt = other[1]
    attempt.last_ns = segment.time_ns
    attempt.server_bytes += len(segment.payload)
    if segment.flags & SYN:
        attempt.accepted = attempt.accepted or segment.frame
    elif segment.flags & RST and attempt.accepted is None:
        attempt.refused = attempt.refused or segment.frame


def _attempt(segment: Segment) -> Attempt:
    client = _end(segment.src, segment.sport)
    server = _end(segment.dst, segment.dport)
    when = segment.time_ns
    return Attempt(client, server, [segment.frame], when, when)


def _end(address: bytes, port: int) -> str:
    text = str(ip_address(address))
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def _reverse(flow: bytes) -> bytes:
    width = (len(flow) - 4) // 2
    return flow[width:-4] + flow[:width] + flow[-2:] + flow[-4:-2]
