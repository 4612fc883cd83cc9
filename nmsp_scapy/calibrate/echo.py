# SPDX-License-Identifier: GPL-2.0-or-later
"""The anchor: echo, known by how it behaves.

One kind that only the MSE sends and one that only the WLC sends, among the shortest
of each, always of one size, strictly in turn, answered at once, at even times, 15 s
apart by default. With the documented numbers 1 and 2 this confirms them; without, it
tells which numbers they have (see `by_behaviour`).
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from nmsp_scapy.calibrate.seen import Column, Seen

ECHOES = 4
"""Echo pairs without which nothing is believed."""

DEFAULT_S, SHORTEST_S, LONGEST_S = 15.0, 1.0, 120.0
"""Echo interval: documented default, reported range."""

EVEN = 0.1
"""Share of the interval by which nine of ten may be off."""

LEAST_KINDS, MOST_KINDS, LEAST_MESSAGES = 6, 64, 40
LARGEST_TYPE = 0xFFFF
"""Message ids are uint16 (documented)."""

SMALLEST_HEADER = 4
AMONG_SHORTEST = 3
"""Sizes; an echo that has a body need not be the very shortest."""

Pairs = list[tuple[Seen, Seen]]


class Spacing(NamedTuple):
    """Times between messages of a kind: the median in seconds, and whether even."""

    every_s: float
    even: bool

    def __str__(self) -> str:
        even = "evenly" if self.even else "about"
        default = abs(self.every_s - DEFAULT_S) <= EVEN * DEFAULT_S
        return f"{even} {self.every_s:.3g} s apart" + ", as is the default" * default

    @property
    def likely(self) -> bool:
        """Whether echo can be so far apart."""
        return self.even and SHORTEST_S <= self.every_s <= LONGEST_S


class Behaviour(NamedTuple):
    """A column in which something behaves as echo does.

    Attributes:
        column: where.
        request, response: its numbers there.
        pairs: requests with their responses.
        spacing: of the requests.
        kinds: numbers in the column, in the order of messages.
    """

    column: Column
    request: int
    response: int
    pairs: Pairs
    spacing: Spacing
    kinds: tuple[int, ...]


def in_turn(column: Column, messages: list[Seen], asks: int, answers: int) -> Pairs:
    """Pair requests with responses; empty where they do not take turns."""
    pairs: Pairs = []
    waiting: dict[int, Seen] = {}
    misses = 0
    for one in messages:
        kind = column.of(one.raw)
        if one.side == 0 and kind == asks:
            misses += one.conversation in waiting
            waiting[one.conversation] = one
        elif one.side == 1 and kind == answers:
            asked = waiting.pop(one.conversation, None)
            if asked is None:
                misses += 1
            else:
                pairs.append((asked, one))
    return pairs if len(pairs) >= ECHOES and misses * 8 <= len(pairs) else []


def spacing(messages: list[Seen]) -> Spacing:
    """Measure how far apart messages of one kind are."""
    times: dict[int, list[int]] = defaultdict(list)
    for one in messages:
        times[one.conversation].append(one.time_ns)
    gaps = sorted(
        (after - before) / 1e9
        for own in times.values()
        for before, after in itertools.pairwise(own)
    )
    if not gaps:
        return Spacing(0.0, False)
    middle = median(gaps)
    # A lost echo makes one gap of two.
    near = sum(abs(gap - middle) <= EVEN * middle for gap in gaps)
    return Spacing(middle, len(gaps) >= ECHOES - 1 and 10 * near >= 9 * len(gaps))


def by_behaviour(
    messages: list[Seen], columns: Iterator[Column], *, begins: bool
) -> list[Behaviour]:
    """Find the columns in which some two kinds behave as echo does.

    Args:
        messages: all that were seen.
        columns: where the number may be.
        begins: whether all conversations were seen from their beginning.

    Returns:
        Those that tell the messages apart in the same, the plainest way.
    """
    if len(messages) < LEAST_MESSAGES:
        return []
    if min(len(one.raw) for one in messages) < SMALLEST_HEADER:
        return []
    groups: dict[tuple[int, ...], list[Behaviour]] = defaultdict(list)
    for column in columns:
        found = _behaviour(column, messages, begins=begins)
        if found is not None:
            numbers: dict[int, int] = {}
            parted = (numbers.setdefault(n, len(numbers)) for n in found.kinds)
            groups[tuple(parted)].append(found)
    if not groups:
        return []
    # A checksum of echoes, or what bodies begin with, may part them so too: the header
    # comes before those. Flags beside the number part them finer than it does.
    own = min(groups.values(), key=lambda own: (_end(own), len(set(own[0].kinds))))
    # A constant beside the number is no part of it.
    least = min(max(one.kinds) for one in own)
    return [one for one in own if max(one.kinds) == least]


def _end(found: list[Behaviour]) -> int:
    return min(one.column.offset + one.column.width for one in found)


def _told_first(kinds: tuple[int, ...], messages: list[Seen], both: list[int]) -> bool:
    """Whether each side begins with one and the same kind: its capabilities."""
    first: dict[tuple[int, int], int] = {}
    for kind, one in zip(kinds, messages, strict=True):
        first.setdefault((one.conversation, one.side), kind)
    return [*set(first.values())] == both


def _behaviour(
    column: Column, messages: list[Seen], *, begins: bool
) -> Behaviour | None:
    kinds = tuple(column.of(one.raw) for one in messages)
    numbers = set(kinds)
    if max(numbers) > LARGEST_TYPE or not LEAST_KINDS <= len(numbers) <= min(
        MOST_KINDS, len(messages) // 4
    ):
        return None
    by_kind: dict[int, list[Seen]] = defaultdict(list)
    for kind, one in zip(kinds, messages, strict=True):
        by_kind[kind].append(one)
    sides = {kind: {one.side for one in own} for kind, own in by_kind.items()}
    # Only the capabilities are told by both.
    both = [kind for kind, own in sides.items() if len(own) > 1]
    if len(both) > 1 or (begins and not _told_first(kinds, messages, both)):
        return None
    best = None
    for request in _shortest(by_kind, sides, 0):
        for response in _shortest(by_kind, sides, 1):
            pairs = in_turn(column, messages, request, response)
            asked, answered = by_kind[request], by_kind[response]
            if not pairs or abs(len(asked) - len(answered)) > max(1, len(asked) // 8):
                continue
            apart = spacing(asked)
            waits = [(b.time_ns - a.time_ns) / 1e9 for a, b in pairs]
            if apart.likely and median(waits) < apart.every_s / 4:
                own = Behaviour(column, request, response, pairs, apart, kinds)
                best = max(best or own, own, key=lambda one: len(one.pairs))
    return best


def _shortest(
    by_kind: dict[int, list[Seen]], sides: dict[int, set[int]], side: int
) -> list[int]:
    """Kinds of one side alone that are of one size, and among the shortest of it."""
    sizes = {
        kind: {len(one.raw) for one in found}
        for kind, found in by_kind.items()
        if sides[kind] == {side}
    }
    least = sorted({min(own) for own in sizes.values()})[:AMONG_SHORTEST]
    return [
        kind for kind, own in sizes.items()
        if len(by_kind[kind]) >= ECHOES and len(own) == 1 and own <= {*least}
    ]  # fmt: skip
