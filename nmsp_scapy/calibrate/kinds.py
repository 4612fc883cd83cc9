# SPDX-License-Identifier: GPL-2.0-or-later
"""Which field is the message type.

The anchor is the echo (see `echo`). The numbers of the other messages and who may send
them are those of the documented table; where the numbers are others than those, the
behaviour of echo alone finds the field, and what the numbers mean stays open.
"""

from collections import Counter, defaultdict

import msgspec

from nmsp_scapy.calibrate.echo import (
    ECHOES,
    LARGEST_TYPE,
    Pairs,
    Spacing,
    by_behaviour,
    in_turn,
    spacing,
)
from nmsp_scapy.calibrate.seen import Column, Seen, columns
from nmsp_scapy.calibrate.walk import Chain
from nmsp_scapy.constants import MessageType

PROVISIONAL = 0xF000
LEAST_NUMBERS = 4
"""Documented numbers that must be in use."""

BOTH = {MessageType.CAPABILITY_NOTIFICATION}
LEGAL = {
    (0 if kind.name.endswith("_REQUEST") else 1, kind.value)
    for kind in MessageType
    if kind < PROVISIONAL and kind not in BOTH
} | {(side, int(kind)) for kind in BOTH for side in (0, 1)}
"""Who sends what, by side and number."""

KNOWN = {number for _, number in LEGAL}
NOTIFIED = {
    int(kind)
    for kind in MessageType
    if kind < PROVISIONAL and kind.name.endswith("_NOTIFICATION")
}
"""Messages that answer nothing, and so need no transaction id."""

LEGAL_REQUESTS = {n for side, n in LEGAL if side == 0 and n not in BOTH}


class Types(msgspec.Struct):
    """Where the type is.

    Attributes:
        column: one of them.
        others: columns that give the same numbers.
        legal, known: messages whose sender fits the table, and that are in it.
        pairs: echo requests with their responses.
        spacing: of the echo requests.
        parts: columns that give the same documented numbers, and other others.
        names: numbers by name, where they are not the documented ones.
    """

    column: Column
    others: list[Column]
    legal: int
    known: int
    pairs: Pairs
    spacing: Spacing
    parts: list[Column] = []
    names: dict[str, int] = {}

    @property
    def documented(self) -> bool:
        """Whether the documented numbers are in use."""
        return not self.names


def find_types(messages: list[Seen], chain: Chain, *, begins: bool) -> Types | None:
    """Find the type's column; None where no column behaves like NMSP's.

    Args:
        messages: all that were seen.
        chain: how they are told apart.
        begins: whether all conversations were seen from their beginning.
    """
    own = _documented(messages, chain)
    return own if own is not None else _renumbered(messages, chain, begins=begins)


def _documented(messages: list[Seen], chain: Chain) -> Types | None:
    found = [
        types
        for column in columns(chain)
        if (types := _judged(column, messages)) is not None
    ]
    if not found:
        return None
    most = max(types.legal for types in found)
    groups: dict[tuple[int, ...], list[Types]] = defaultdict(list)
    for types in found:
        groups[tuple(types.column.of(one.raw) for one in messages)].append(types)
    narrow = min(
        (own for own, types in groups.items() if types[0].legal == most), key=max
    )
    # What reads the documented numbers alike may not read the others alike: upper
    # bytes that are set where the number is no documented one belong to the number.
    alike = [own for own in groups if own == narrow or _extends(own, narrow)]
    values = max(alike, key=lambda own: (len(set(own)), max(own)))
    own, *same = groups[values]
    own.others = [types.column for types in same]
    alike.remove(values)
    own.parts = [types.column for other in alike for types in groups[other]]
    return own


def _extends(wide: tuple[int, ...], narrow: tuple[int, ...]) -> bool:
    """Whether upper bytes are set mostly where narrow numbers are not documented."""
    other = []
    for whole, low in zip(wide, narrow, strict=True):
        if whole < low or (whole - low) & 0xFF:
            return False
        if whole != low:
            other.append(low)
    return 2 * sum(low not in KNOWN for low in other) > len(other)


def _judged(column: Column, messages: list[Seen]) -> Types | None:
    """Hold a column against the table and the echo."""
    counts = Counter((one.side, column.of(one.raw)) for one in messages)
    legal = sum(n for key, n in counts.items() if key in LEGAL)
    known = sum(n for (_, number), n in counts.items() if number in KNOWN)
    # What the table knows has its sender; and it knows most of what is said.
    # A number of more than 16 bits has flags beside it, perhaps.
    numbers = {number for _, number in counts}
    odd = max(numbers) > LARGEST_TYPE or len(numbers & KNOWN) < LEAST_NUMBERS
    if odd or legal < known or 2 * known < len(messages):
        return None
    request, response = int(MessageType.ECHO_REQUEST), int(MessageType.ECHO_RESPONSE)
    asked, answered = counts[0, request], counts[1, response]
    sides = {one.side for one in messages}
    if len(sides) == 1:
        # One direction alone: echo must at least come at even times.
        number = response if sides == {1} else request
        apart = spacing([one for one in messages if column.of(one.raw) == number])
        even = apart.likely and asked + answered >= ECHOES
        return Types(column, [], legal, known, [], apart) if even else None
    if asked < ECHOES or abs(asked - answered) > max(1, asked // 8):
        return None
    pairs = in_turn(column, messages, request, response)
    if not pairs:
        return None
    apart = spacing([one for one, _ in pairs])
    return Types(column, [], legal, known, pairs, apart)


def _renumbered(messages: list[Seen], chain: Chain, *, begins: bool) -> Types | None:
    """Find the type by what echo does, whatever its numbers are."""
    found = by_behaviour(messages, columns(chain), begins=begins)
    if not found:
        return None
    best, *same = found
    names = {"ECHO_REQUEST": best.request, "ECHO_RESPONSE": best.response}
    sides: dict[int, set[int]] = defaultdict(set)
    for kind, one in zip(best.kinds, messages, strict=True):
        sides[kind].add(one.side)
    both = [kind for kind, own in sides.items() if len(own) > 1]
    if both:
        names["CAPABILITY_NOTIFICATION"] = both[0]
    others = [one.column for one in same]
    return Types(
        best.column, others, 0, 0, best.pairs, best.spacing, names=names
    )  # fmt: skip
