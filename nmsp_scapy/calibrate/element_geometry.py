# SPDX-License-Identifier: GPL-2.0-or-later
"""Choosing among layouts of elements that all fill every body.

As for headers (see `tiling`), the cheapest account wins, and a choice that the traffic
does not make is a convention: a length counts the value alone or the whole element,
the type stands beside it without a hole, elements are not empty, types differ, and
bytes that are zero in every element belong to the number beside them.
"""

from collections import defaultdict
from typing import NamedTuple

from nmsp_scapy.calibrate.elements import ALL, Elements, Shape
from nmsp_scapy.calibrate.seen import Seen
from nmsp_scapy.calibrate.values import Sample
from nmsp_scapy.constants import Grade
from nmsp_scapy.profile import ElementGeometry

WIDTHS = (1, 2, 4)
WIDTH_COST = {1: 0.7, 2: 0.0, 4: 0.7}
ODD, WRONG_ORDER, ONE_TYPE, UNEXPLAINED, OF_HEADER = 6.0, 8.0, 8.0, 3.0, 12.0
EMPTY, MANY_TYPES = 20.0, 64
LEAST_LEAD = 2.0
"""Costs in bits, and how far the next account must be behind to be named so."""


class Account(NamedTuple):
    """One layout of elements and what it costs."""

    cost: float
    shape: Shape
    geometry: ElementGeometry

    def __str__(self) -> str:
        g = self.geometry
        return (
            f"type of {8 * g.type_width} bits at {g.type_offset}, length of "
            f"{8 * g.length_width} bits at {g.length_offset}, {g.byte_order}-endian, "
            f"whole element = length + {g.covers_from}, aligned to {g.alignment}, "
            f"from byte {self.shape.start}"
        )


def accounts(found: Elements, messages: list[Seen], order: str) -> list[Account]:
    """List all layouts with what they cost, the cheapest first."""
    raws = [one.raw for one in messages[:ALL]]
    made = [one for shape in found.shapes for one in _accounts(shape, raws, order)]
    best: dict[ElementGeometry, Account] = {}
    for one in sorted(made, key=lambda one: one.cost):
        best.setdefault((one.geometry, one.shape.start), one)  # type: ignore[arg-type]
    return list(best.values())


def _accounts(shape: Shape, raws: list[bytes], order: str) -> list[Account]:
    spans = [
        (raw, at, end)
        for raw in raws[:400]
        for at, end in shape.starts(raw, shape.start, len(raw) - shape.trailer)
    ]
    after = shape.length_offset + shape.length_width
    first = shape.length_offset > 0
    mine = shape.byte_order if shape.length_width > 1 else order
    base = WRONG_ORDER * (mine != order)
    base += WIDTH_COST.get(shape.length_width, ODD)
    base += shape.alignment.bit_length() - 1
    # What all bodies begin with, or something of one size, is rather of the header.
    at = shape.start
    openings = {raw[at : at + after] for raw in raws} - {b""}
    sizes = {head[shape.length_offset :] for head in openings}
    base += OF_HEADER / 2 * ((len(openings) == 1) + (len(sizes) == 1))
    least = max(after, shape.added)
    empty = sum(end - at <= least for _, at, end in spans)
    base += EMPTY * empty / max(len(spans), 1)
    found = []
    if first:
        widths = [shape.length_offset] if shape.length_offset in WIDTHS else []
        heads = [(0, width, after) for width in widths]
    else:
        heads = [(after, width, after + width) for width in WIDTHS]
    for at, width, head in heads:
        if shape.added not in (0, head) or any(e - s < head for _, s, e in spans):
            continue
        cost = base + WIDTH_COST[width]
        cost += _zeros(spans, at, width, head, shape, mine)
        geometry = ElementGeometry(
            type_offset=at,
            type_width=width,
            length_offset=shape.length_offset,
            length_width=shape.length_width,
            value_offset=head,
            covers_from=shape.added,
            byte_order=mine,  # type: ignore[arg-type]
            alignment=shape.alignment,
            grade=Grade.OBSERVED,
        )
        found.append(Account(cost, shape, geometry))
    return found


def _zeros(
    spans: list[tuple[bytes, int, int]], at: int, width: int, head: int, shape: Shape,
    order: str,
) -> float:  # fmt: skip
    """Count what speaks against a type's place."""
    kinds: dict[bytes, set[int]] = defaultdict(set)
    for raw, start, end in spans:
        own = raw[start + at : start + at + width]
        kinds[own].add(raw[start + head] if start + head < end else -1)
    cost = ONE_TYPE * (len(kinds) == 1 or len(kinds) > MANY_TYPES)
    lowest = -1 if order == "big" else 0
    if width > 1 and not any(own[lowest] for own in kinds):
        cost += 2 * UNEXPLAINED
    if shape.added == head:
        return cost  # the length says where the value begins
    if set().union(*kinds.values()) <= {0, -1}:
        cost += UNEXPLAINED  # the zero byte that begins each value is of the head
    if len(kinds) > 2 and all(len(own - {-1}) <= 1 for own in kinds.values()):
        cost += UNEXPLAINED  # the byte behind the type goes with it: it is of the type
    half = {own[: width // 2] for own in kinds}
    if width > 1 and len(half) > 2 and 5 * len(kinds) > 6 * len(half):
        cost += UNEXPLAINED  # the type's end does not go with its beginning
    return cost


def children(
    shape: Shape, geometry: ElementGeometry, messages: list[Seen]
) -> tuple[dict[int, list[Sample]], set[int]]:
    """Group values by element type, and tell which types contain elements."""
    values: dict[int, list[Sample]] = defaultdict(list)
    pending = [
        (Sample(one.raw, one.frame, one.time_ns), shape.start, shape.trailer)
        for one in messages[:ALL]
    ]
    containers: set[int] = set()
    low, high = geometry.type_offset, geometry.type_offset + geometry.type_width
    for _ in range(8):
        level: dict[int, list[Sample]] = defaultdict(list)
        for sample, start, trailer in pending:
            raw = sample.data
            for at, end in shape.starts(raw, start, len(raw) - trailer):
                number = int.from_bytes(raw[at + low : at + high], geometry.byte_order)
                if at + geometry.value_offset <= end:
                    value = raw[at + geometry.value_offset : end]
                    level[number].append(sample._replace(data=value))
        pending = []
        for number, found in level.items():
            values[number] += found
            if number in containers or _contains(shape, found):
                containers.add(number)
                pending += [(sample, 0, 0) for sample in found]
        if not pending:
            break
    return dict(values), containers


def _contains(shape: Shape, values: list[Sample]) -> bool:
    counts = [shape.count(one.data, 0, len(one.data)) for one in values]
    return min(counts) >= 1 and sum(counts) > len(counts)
