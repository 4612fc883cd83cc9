# SPDX-License-Identifier: GPL-2.0-or-later
"""One direction of a connection: where it is, and what waits."""

from nmsp_scapy.streams.items import Connection
from nmsp_scapy.streams.store import SegmentStore

MASK = 0xFFFF_FFFF
HALF = 1 << 31


class Half:
    """One direction of a connection.

    `next` is the sequence number expected (-1 until the beginning is known) and
    `offset` its position; positions before that are relative to `base`.
    """

    __slots__ = (
        "ack",
        "base",
        "calm",
        "connection",
        "fin",
        "finished",
        "first",
        "floor",
        "flow",
        "frame",
        "gaps",
        "isn",
        "last",
        "next",
        "offset",
        "peer",
        "reset",
        "side",
        "since",
        "store",
        "strays",
        "waited",
    )

    def __init__(self, flow: bytes, connection: Connection, side: int) -> None:
        self.flow = flow
        self.connection = connection
        self.side = side
        self.peer: Half = self
        self.next = -1
        self.offset = 0
        self.base = -1
        self.first = -1  # sequence number of position 0
        self.isn = -1  # that of a SYN seen
        self.ack = -1  # what this side has acknowledged last
        self.fin: int | None = None
        self.finished = False
        self.floor: int | None = None
        self.reset = 0
        self.frame = 0
        self.last = 0  # frame of the byte before `next`
        self.calm = True
        self.store = SegmentStore()
        self.since = 0
        self.waited = 0
        self.strays = (-1, 0)
        self.gaps: tuple[tuple[int, int], ...] = ()  # the last ones

    def place(self, seq: int) -> int:
        """Position of a sequence number, by the shorter way around."""
        if self.next >= 0:
            return self.offset + ((seq - self.next + HALF) & MASK) - HALF
        if self.base < 0:
            self.base = seq
        return ((seq - self.base + HALF) & MASK) - HALF
