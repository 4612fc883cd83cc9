# SPDX-License-Identifier: GPL-2.0-or-later
"""In which order the bytes of numbers come.

Header, elements and trailer have one order. Whatever is read in one order only speaks
for it: a length above 255, a checksum, a number that counts and carries, the side on
which a number's upper bytes are zero.
"""

import itertools
from collections import Counter, defaultdict
from typing import NamedTuple

from nmsp_scapy.calibrate.seen import Column, Seen

ORDERS = ("big", "little")
DECISIVE, STRONG, WEAK = 10.0, 5.0, 2.0
LEAST_NUMBER, LEAST_DIFFERENT = 2, 4
"""Bytes of a value, and different values, that say where zero bytes stand."""

LEAST_LEAD = 5.0
"""How far one order must lead to be called determined."""


class Vote(NamedTuple):
    """One reason for an order."""

    order: str
    weight: float
    reason: str


class Order(NamedTuple):
    """The order, how far it leads, and why."""

    order: str
    lead: float
    votes: list[Vote]

    @property
    def sure(self) -> bool:
        """Whether the evidence excludes the other."""
        return self.lead >= LEAST_LEAD


def decide(votes: list[Vote]) -> Order:
    """Count votes; big is the order of networks, where there are none."""
    score = {
        one: sum(vote.weight for vote in votes if vote.order == one) for one in ORDERS
    }
    best = max(ORDERS, key=lambda one: score[one])
    return Order(best, 2 * score[best] - sum(score.values()), votes)


def by_columns(what: str, columns: list[Column]) -> list[Vote]:
    """A number whose value needs more than a byte can be read in one order only."""
    narrow = any(one.width == 1 for one in columns)
    orders = {one.byte_order for one in columns if one.width > 1}
    if narrow or len(orders) != 1:
        return []
    return [Vote(orders.pop(), DECISIVE, f"the {what} can be read in no other")]


def by_upper_bytes(core: list[int], copied: list[int]) -> list[Vote]:
    """The upper bytes of a transaction id stay while the lower ones count.

    Args:
        core: places that differ from pair to pair.
        copied: places beside it that are the same in all pairs, and zero elsewhere.
    """
    if not core:
        return []
    before = any(place < core[0] for place in copied)
    after = any(place > core[-1] for place in copied)
    if before == after:
        return []
    order = "big" if before else "little"
    return [Vote(order, STRONG, "upper bytes of the transaction id stay")]


def by_counting(series: list[list[bytes]]) -> list[Vote]:
    """Where a number counts and carries, the byte that changes seldom is the upper.

    Args:
        series: headers in the order in which they were said, by side.
    """
    carries: Counter[str] = Counter()
    for heads in series:
        for one, other in itertools.pairwise(heads):
            changed = [one[n] != other[n] for n in range(len(one))]
            for at in range(len(one) - 1):
                if changed[at] and changed[at + 1]:
                    for order in ORDERS:
                        step = _step(one, other, at, order)
                        wraps = abs(_step(one, other, at, _other(order))) > 1
                        carries[order] += step == 1 and wraps
    return [
        Vote(order, STRONG, f"numbers count and carry ({carries[order]} times)")
        for order in ORDERS
        if carries[order] > carries[_other(order)]
    ]


def by_values(values: dict[int, list[bytes]]) -> list[Vote]:
    """Numbers in values have their zero bytes at the upper end.

    Args:
        values: of elements, by type.
    """
    ends: Counter[str] = Counter()
    for found in values.values():
        different = set(found)
        size = len(found[0])
        if size < LEAST_NUMBER or {len(one) for one in found} != {size}:
            continue
        if len(different) >= LEAST_DIFFERENT:
            first, last = (not any(v[n] for v in found) for n in (0, -1))
            if first != last:
                ends["big" if first else "little"] += 1
    return [
        Vote(
            order,
            WEAK * (ends[order] - ends[_other(order)]),
            f"{ends[order]} kinds of values end in numbers of this order",
        )
        for order in ORDERS
        if ends[order] > ends[_other(order)]
    ]


def _step(one: bytes, other: bytes, at: int, order: str) -> int:
    before = int.from_bytes(one[at : at + 2], order)  # type: ignore[arg-type]
    return int.from_bytes(other[at : at + 2], order) - before  # type: ignore[arg-type]


def _other(order: str) -> str:
    return "little" if order == "big" else "big"


def series_of(
    messages: list[Seen], pairs: list[tuple[Seen, Seen]], size: int
) -> list[list[bytes]]:
    """Put headers into rows in which numbers may count."""
    rows: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    for one in messages:
        rows[one.conversation, one.side].append(one.raw[:size])
    return [*rows.values(), [one.raw[:size] for one, _ in pairs]]
