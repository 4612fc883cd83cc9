# SPDX-License-Identifier: GPL-2.0-or-later
"""What stage 2 yields."""

from typing import NamedTuple

import msgspec

from nmsp_scapy.integrity import Gap, Plain


class Address(NamedTuple):
    """One end of a connection."""

    address: str
    port: int

    def __str__(self) -> str:
        """Write `10.0.0.1:16113` or `[fe80::1]:16113`."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class Connection(msgspec.Struct, eq=False):
    """One TCP connection: an epoch of its two addresses and ports.

    Attributes:
        index: 0 is the first that the capture shows.
        client, server: who opened it, and the other.
        began: `syn`, or `mid-stream` where the capture starts later.
        sure: whether it is known who is the client: from a SYN or a known port.
            Otherwise the lower port is taken for the server's.
        frame, time_ns: of its first segment.
        ended: empty while it goes on; then `fin`, `reset`, `replaced` (a new
            connection on the same addresses), `evicted` (too many connections)
            or `end of capture`.
    """

    index: int
    client: Address
    server: Address
    began: str
    sure: bool
    frame: int
    time_ns: int
    ended: str = ""


class Notice(msgspec.Struct, gc=False):
    """Something about a connection that is no byte of it.

    Kinds: `overlap` (copies of the same bytes differ), `late` (bytes came after
    they had been given up), `stray` (segments outside the window are ignored),
    `fin` and `reset` (this side ended), `closed` (always the connection's last
    item; `Connection.ended` says how).

    Attributes:
        kind: one of these.
        reason: one clause for people.
        offset, length: place in the direction's stream; None where there is none.
        time_ns, frames: when, and which packets.
    """

    kind: str
    reason: str
    offset: int | None
    length: int | None
    time_ns: int
    frames: tuple[int, ...]


Out = tuple[Connection, int, Plain | Gap | Notice]
"""What `Reassembler` yields: connection, side (0 is client to server), item."""
