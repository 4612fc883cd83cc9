# SPDX-License-Identifier: GPL-2.0-or-later
"""Which field is the message type, and which the transaction id.

The anchor is the echo: one number that only the MSE sends, one that only the WLC
sends, strictly in turn. The numbers of the other messages and who may send them are
those of the documented table.
"""

import itertools
from collections import Counter, defaultdict
from typing import NamedTuple

import msgspec

from nmsp_scapy.calibrate.streams import Run
from nmsp_scapy.calibrate.walk import Chain
from nmsp_scapy.constants import MessageType
from nmsp_scapy.profile import ByteOrder

PROVISIONAL = 0xF000
ORDERS: tuple[ByteOrder, ByteOrder] = ("big", "little")
FARTHEST = 40
"""Bytes of a message in which the type is looked for."""

ECHOES = 4
"""Echo pairs without which nothing is believed."""

BOTH = {MessageType.CAPABILITY_NOTIFICATION}
LEGAL = {
    (0 if kind.name.endswith("_REQUEST") else 1, kind.value)
    for kind in MessageType
    if kind < PROVISIONAL and kind not in BOTH
} | {(side, int(kind)) for kind in BOTH for side in (0, 1)}
"""Who sends what, by side and number."""

KNOWN = {number for _, number in LEGAL}


class Seen(NamedTuple):
    """One message of a chain."""

    time_ns: int
    side: int
    frame: int
    raw: bytes


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


class Types(msgspec.Struct):
    """Where the type is.

    Attributes:
        column: one of them.
        others: columns that give the same numbers.
        parts: columns that give the same documented numbers, and other others.
        legal, known: messages whose sender fits the table, and that are in it.
        pairs: echo requests with their responses.
    """

    column: Column
    others: list[Column]
    legal: int
    known: int
    pairs: list[tuple[Seen, Seen]]
    parts: list[Column] = []


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
                )
            )
    return sorted(found, key=lambda one: one.time_ns)


def find_types(messages: list[Seen], chain: Chain) -> Types | None:
    """Find the type's column; None where no column behaves like NMSP's."""
    taken = set(range(*_span(chain)))
    found: list[Types] = []
    for offset in range(min(chain.shortest, FARTHEST)):
        for width in (1, 2, 4):
            places = set(range(offset, offset + width))
            if offset + width > chain.shortest or taken & places:
                continue
            for order in ("big", "little")[: 1 + (width > 1)]:
                types = _judged(Column(offset, width, order), messages)
                if types is not None:
                    found.append(types)
    if not found:
        return None
    most = max(types.legal for types in found)
    groups: dict[tuple[int, ...], list[Types]] = defaultdict(list)
    for types in found:
        if types.legal == most:
            groups[tuple(types.column.of(one.raw) for one in messages)].append(types)
    # What reads the documented numbers alike may not read the others alike: upper
    # bytes that are set where the number is no documented one belong to the number.
    values = max(groups, key=lambda own: (len(set(own)), max(own)))
    own, *same = groups.pop(values)
    own.others = [types.column for types in same]
    own.parts = [types.column for group in groups.values() for types in group]
    return own


def _span(chain: Chain) -> tuple[int, int]:
    """Bytes that every reading of the length uses."""
    low = max(r.offset for r in chain.readings)
    high = min(r.offset + r.width for r in chain.readings)
    return low, high


def _judged(column: Column, messages: list[Seen]) -> Types | None:
    """Hold a column against the table and the echo."""
    counts = Counter((one.side, column.of(one.raw)) for one in messages)
    request, response = MessageType.ECHO_REQUEST, MessageType.ECHO_RESPONSE
    asked, answered = counts[0, request], counts[1, response]
    if asked < ECHOES or abs(asked - answered) > max(1, asked // 8):
        return None
    legal = sum(n for key, n in counts.items() if key in LEGAL)
    known = sum(n for (_, number), n in counts.items() if number in KNOWN)
    # What the table knows has its sender; and it knows most of what is said.
    if legal < known or 2 * known < len(messages):
        return None
    numbers = {number for _, number in counts if number in KNOWN}
    if len(numbers) < 4:
        return None
    pairs = _in_turn(column, messages)
    return Types(column, [], legal, known, pairs) if pairs else None


def _in_turn(column: Column, messages: list[Seen]) -> list[tuple[Seen, Seen]]:
    """Pair echo requests with responses; empty where they do not take turns."""
    pairs, waiting, misses = [], None, 0
    for one in messages:
        kind = column.of(one.raw)
        if one.side == 0 and kind == MessageType.ECHO_REQUEST:
            misses += waiting is not None
            waiting = one
        elif one.side == 1 and kind == MessageType.ECHO_RESPONSE:
            if waiting is None:
                misses += 1
            else:
                pairs.append((waiting, one))
            waiting = None
    return pairs if len(pairs) >= ECHOES and misses * 8 <= len(pairs) else []


class Copied(NamedTuple):
    """What responses copy from requests.

    Attributes:
        core: bytes that differ from pair to pair, and those between them.
        stays: bytes beside it that all pairs share and that are zero elsewhere: upper
            bytes of a number that did not count so far.
        pairs: requests with their responses.
        sure: whether what stands beside it cannot be of it: other messages show so.
    """

    core: list[int]
    stays: list[int]
    pairs: list[tuple[Seen, Seen]]
    sure: bool = False

    def readings(self, bytes_seen: str, free: set[int], order: str) -> list[Column]:
        """List the columns that hold all of it and nothing that is not zero."""
        needed = {*self.core, *self.stays}
        if not needed:
            return []
        found = []
        for width in (1, 2, 4, 8):
            for offset in range(max(needed) - width + 1, min(needed) + 1):
                own = set(range(offset, offset + width))
                upper = {n for n in own if _is_upper(n, needed, order)}
                if not needed <= own <= free or own - needed - upper:
                    continue
                if all(bytes_seen[n] == "z" for n in upper):
                    found.append(Column(offset, width, order))
        return found


def _is_upper(place: int, needed: set[int], order: str) -> bool:
    return place < min(needed) if order == "big" else place > max(needed)


def find_copied(types: Types, messages: list[Seen], free: list[int]) -> Copied:
    """Find what responses copy from their requests and what varies over them."""
    pairs = [*types.pairs, *_other_pairs(types.column, messages)]
    rest = [one for one in messages if types.column.of(one.raw) in NOTIFIED]
    copied, varies, stays = set(), set(), set()
    for at in free:
        if any(a.raw[at] != b.raw[at] for a, b in pairs):
            continue
        copied.add(at)
        values = {a.raw[at] for a, _ in pairs}
        if len(values) > 1:
            varies.add(at)
        elif values != {0} and rest and {one.raw[at] for one in rest} == {0}:
            stays.add(at)
    stretches = _stretches(sorted(varies | stays), copied)
    stretches = [own for own in stretches if not _is_clock(messages, own)]
    best = max(stretches, key=lambda own: _different(pairs, own), default=[])
    core = [n for n in best if n in varies]
    if not core or 2 * _different(pairs, core) <= len(pairs):
        return Copied([], [], pairs)
    core = list(range(core[0], core[-1] + 1))
    return Copied(core, [n for n in best if n not in core], pairs, bool(rest))


def _stretches(places: list[int], copied: set[int]) -> list[list[int]]:
    """Put together what stands side by side."""
    found: list[list[int]] = []
    for place in places:
        if found and place == found[-1][-1] + 1 and place in copied:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def _is_clock(messages: list[Seen], places: list[int]) -> bool:
    """Whether a number never falls, whoever speaks: time does that, no id does."""
    low, high = places[0], places[-1] + 1
    for order in ORDERS:
        values = [int.from_bytes(one.raw[low:high], order) for one in messages]
        falls = sum(a > b for a, b in itertools.pairwise(values))
        if 50 * falls <= len(values) and len(set(values)) > ECHOES:
            return True
    return False


def _different(pairs: list[tuple[Seen, Seen]], places: list[int]) -> int:
    return len({bytes(a.raw[n] for n in places) for a, _ in pairs})


def _other_pairs(column: Column, messages: list[Seen]) -> list[tuple[Seen, Seen]]:
    """Pair requests with the response that comes before the next request."""
    pairs, waiting = [], None
    answers = {
        MessageType.SERVICE_SUBSCRIBE_REQUEST: MessageType.SERVICE_SUBSCRIBE_RESPONSE,
        MessageType.INFORMATION_REQUEST: MessageType.INFORMATION_RESPONSE,
        MessageType.STATISTICS_REQUEST: MessageType.STATISTICS_RESPONSE,
        MessageType.MEASUREMENT_REQUEST: MessageType.MEASUREMENT_RESPONSE,
    }
    expected = None
    for one in messages:
        kind = column.of(one.raw)
        if one.side == 0 and kind in LEGAL_REQUESTS:
            # Two requests on their way at once say nothing of order.
            expected = answers.get(MessageType(kind)) if waiting is None else None
            waiting = one
        elif one.side == 1 and waiting is not None and kind == expected:
            pairs.append((waiting, one))
            waiting = None
        elif one.side == 1 and kind == MessageType.ECHO_RESPONSE:
            waiting = None
    return pairs


NOTIFIED = {
    int(kind)
    for kind in MessageType
    if kind < PROVISIONAL and kind.name.endswith("_NOTIFICATION")
}
"""Messages that answer nothing, and so need no transaction id."""

LEGAL_REQUESTS = {n for side, n in LEGAL if side == 0 and n not in BOTH}
