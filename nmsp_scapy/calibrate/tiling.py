# SPDX-License-Identifier: GPL-2.0-or-later
"""Choosing among readings of a header that the traffic cannot tell apart.

A type of one byte beside a byte that is always zero reads all that was said as a type
of two bytes does. Such a choice is a convention, and is graded so. The convention is
the cheapest account of the header as a whole: what a header is, as a rule, made of.

- All fields are aligned to their width (at most 4), or none is on purpose.
- Zero bytes need a reason: the upper bytes of a number, padding up to an aligned field
  or to the header's end, and, dearest, something reserved.
- The type is a uint16 as far as is documented; other widths cost a little.
- A length that went up to what a byte can say and never beyond it is a byte.
"""

import itertools
from collections.abc import Iterator
from math import inf, log2

import msgspec

from nmsp_scapy.calibrate.seen import Column

TYPE_COST = {1: 1.0, 2: 0.0, 3: 6.0, 4: 1.0}
LENGTH_COST = {1: 0.5, 2: 0.0, 3: 2.0, 4: 0.0}
TRANSACTION_COST = {1: 3.0, 2: 0.0, 3: 6.0, 4: 0.0, 8: 3.0}
PADDING, MAYBE_PADDING, UPPER = 0.7, 1.5, 1.0
RESERVED = {1: 2.5, 2: 3.0, 3: 6.0, 4: 4.0}
"""What accounts for zero bytes cost, in bits."""

NARROW = 6.0
"""What a wide length costs where no message was longer than a byte can say."""

LARGEST_ALIGNMENT = 4


class Header(msgspec.Struct):
    """What is known of a header before its fields are chosen.

    Attributes:
        kinds, lengths, transactions: readings that say the same, of each field.
        bytes_seen: for each byte `z` always zero, `k` constant, `v` varies.
        order: byte order.
        narrow: whether many messages came near what a byte can say, and none beyond.
    """

    kinds: list[Column]
    lengths: list[Column]
    transactions: list[Column]
    bytes_seen: str
    order: str
    narrow: bool = False


class Tiling(msgspec.Struct, frozen=True):
    """One account of a header, and what it costs in bits."""

    kind: Column
    length: Column
    transaction: Column | None
    cost: float
    aligned: bool


def tilings(header: Header) -> list[Tiling]:
    """List all accounts of a header that can be, the cheapest first."""
    copied: list[Column | None] = [*header.transactions] or [None]
    found = [
        Tiling(kind, length, transaction, cost, aligned)
        for kind, length, transaction in itertools.product(
            header.kinds, header.lengths, copied
        )
        for aligned in (True, False)
        if (cost := _cost(header, kind, length, transaction, aligned=aligned)) < inf
    ]
    return sorted(found, key=lambda one: (one.cost, -one.kind.width, one.kind.offset))


def classes(heads: list[bytes]) -> str:
    """Tell of each byte of headers whether it is zero, constant, or varies."""
    return "".join(
        "v" if len(own) > 1 else "k" if own != {0} else "z"
        for own in map(set, zip(*heads, strict=False))
    )


def _cost(
    header: Header, kind: Column, length: Column, transaction: Column | None, *,
    aligned: bool,
) -> float:  # fmt: skip
    fields = [one for one in (kind, length, transaction) if one is not None]
    taken = sorted((one.offset, one.offset + one.width) for one in fields)
    if any(end > start for (_, end), (start, _) in itertools.pairwise(taken)):
        return inf
    if taken[-1][1] > len(header.bytes_seen):
        return inf
    cost = TYPE_COST[kind.width] + LENGTH_COST[length.width]
    if transaction is not None:
        cost += TRANSACTION_COST[transaction.width]
    if header.narrow and length.width > 1:
        cost += NARROW
    for one in fields:
        if one.width > 1 and one.byte_order != header.order:
            cost += 20.0
        step = alignment(one.width)
        if aligned and one.offset % step:
            return inf
        cost -= log2(step) * aligned
    widths = {one.offset: one.width for one in fields}
    for start, stop in _zeros(header.bytes_seen, taken):
        cost += _account(header, start, stop, taken, widths, aligned=aligned)
    return cost


def alignment(width: int) -> int:
    """What a field of a width is aligned to, where fields are."""
    return min(width, LARGEST_ALIGNMENT) if width != 3 else 1


def _zeros(seen: str, taken: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Find the stretches of zero bytes that no field has."""
    own = list(seen)
    for start, stop in taken:
        own[start:stop] = "f" * (stop - start)
    at = 0
    for what, group in itertools.groupby(own):
        size = len(list(group))
        if what == "z":
            yield at, at + size
        at += size


def _account(
    header: Header, start: int, stop: int, taken: list[tuple[int, int]],
    widths: dict[int, int], *, aligned: bool,
) -> float:  # fmt: skip
    """Find the cheapest reason for zero bytes."""
    size, end = stop - start, len(header.bytes_seen)
    cost = RESERVED.get(size, 6.0)
    upper_of = stop if header.order == "big" else start - 1
    unknown = 0 <= upper_of < end and not any(a <= upper_of < b for a, b in taken)
    if unknown and size < 8:
        cost = min(cost, UPPER)
    if aligned and size < LARGEST_ALIGNMENT:
        if stop in widths:
            if -start % alignment(widths[stop]) == size:
                cost = min(cost, PADDING)
        elif stop == end:
            if end % LARGEST_ALIGNMENT == 0:
                cost = min(cost, PADDING)
        elif stop % 2 == 0 and -start % 4 in (size, -start % 2):
            cost = min(cost, MAYBE_PADDING)
    return cost
