# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of a chain, and numbers at a fixed place in them."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from nmsp_scapy.calibrate.streams import Run
from nmsp_scapy.calibrate.walk import Chain
from nmsp_scapy.profile import ByteOrder

ORDERS: tuple[ByteOrder, ByteOrder] = ("big", "little")
FARTHEST = 40
"""Bytes of a message in which the type is looked for."""


class Seen(NamedTuple):
    """One message of a chain."""

    time_ns: int
    side: int
    frame: int
    raw: bytes
    conversation: int = 0


class Column(msgspec.Struct, frozen=True):
    """A number in every header."""

    offset: int
    width: int
    byte_order: str

    def of(self, raw: bytes) -> int:
        """The number in a message."""
        own = raw[self.offset : self.offset + self.width]
        return int.from_bytes(own, self.byte_order)  # type: ignore[arg-type]

    def __str__(self) -> str:
        order = f" {self.byte_order}-endian" if self.width > 1 else ""
        return f"{8 * self.width} bits{order} at {self.offset}"


def seen(chain: Chain, runs: list[Run]) -> list[Seen]:
    """List the messages of a chain in the order of time."""
    found = []
    for run, own in zip(runs, chain.starts, strict=True):
        for start, stop in itertools.pairwise(own):
            record = run.record_at(stop - 1)
            found.append(
                Seen(
                    run.times[record],
                    run.side,
                    run.frames[record],
                    run.data[start:stop],
                    run.conversation,
                )
            )
    return sorted(found, key=lambda one: one.time_ns)


def columns(chain: Chain) -> Iterator[Column]:
    """List all numbers in the header that the length does not use."""
    low = max(r.offset for r in chain.readings)
    high = min(r.offset + r.width for r in chain.readings)
    for offset in range(min(chain.shortest, FARTHEST)):
        for width in (1, 2, 4):
            if offset + width > chain.shortest:
                continue
            if offset < high and low < offset + width:
                continue
            for order in ORDERS[: 1 + (width > 1)]:
                yield Column(offset, width, order)
