# SPDX-License-Identifier: GPL-2.0-or-later
"""Which field is the message type, and which the transaction id.

The anchor is the echo: one number that only the MSE sends, one that only the WLC
sends, strictly in turn. The numbers of the other messages and who may send them are
those of the documented table.
"""

import itertools
from collections import Counter
from typing import NamedTuple

import msgspec

from nmsp_scapy.calibrate.streams import Run
from nmsp_scapy.calibrate.walk import Chain
from nmsp_scapy.constants import MessageType

PROVISIONAL = 0xF000
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
        column: the conservative choice.
        others: columns that give the same numbers.
        legal, known: messages whose sender fits the table, and that are in it.
        pairs: echo requests with their responses.
    """

    column: Column
    others: list[Column]
    legal: int
    known: int
    pairs: list[tuple[Seen, Seen]]


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


def find_types(messages: list[Seen], chain: Chain, order: str) -> Types | None:
    """Find the type's column; None where no column behaves like NMSP's."""
    best: tuple[tuple[int, int], Types] | None = None
    taken = set(range(*_span(chain)))
    for offset in range(min(chain.shortest, 40)):
        for width in (1, 2, 4):
            if offset + width > chain.shortest:
                continue
            if taken & set(range(offset, offset + width)):
                continue
            orders = ("big", "little") if width > 1 else (order,)
            for one in orders:
                types = _judged(Column(offset, width, one), messages)
                if types is None:
                    continue
                rank = (types.legal, 0)
                if best is None or rank > best[0]:
                    best = (rank, types)
                elif rank == best[0]:
                    best[1].others.append(types.column)
    if best is None:
        return None
    types = best[1]
    columns = [types.column, *types.others]
    types.column = choose(columns, order)
    types.others = [c for c in columns if c != types.column]
    return types


def _span(chain: Chain) -> tuple[int, int]:
    """Bytes that every reading of the length uses."""
    low = max(r.offset for r in chain.readings)
    high = min(r.offset + r.width for r in chain.readings)
    return low, high


def choose(columns: list[Column], order: str) -> Column:
    """Choose among columns that say the same of every message.

    The number is a uint16 as far as is documented, and headers are aligned as a rule;
    so the widest that begins at a multiple of its width comes first.
    """
    fit = [c for c in columns if c.byte_order == order] or columns
    return max(
        fit,
        key=lambda c: (c.width > 1, c.offset % c.width == 0, c.width, -c.offset),
    )


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


def find_transaction(
    types: Types, messages: list[Seen], free: list[int], order: str
) -> tuple[Column, list[Column]] | None:
    """Find what responses copy from their requests and what varies over them."""
    pairs = [*types.pairs, *_other_pairs(types.column, messages)]
    columns = []
    for offset in free:
        for width in (1, 2, 4, 8):
            if not all(offset + n in free for n in range(width)):
                continue
            for one in ("big", "little")[: 1 + (width > 1)]:
                column = Column(offset, width, one)
                values = [(column.of(a.raw), column.of(b.raw)) for a, b in pairs]
                same = sum(a == b for a, b in values)
                different = len({a for a, _ in values})
                if same == len(values) and 2 * different > len(values):
                    columns.append(column)
    if not columns:
        return None
    own = [c for c in columns if c.byte_order == order and c.width <= 4] or columns
    chosen = max(own, key=lambda c: (c.offset % c.width == 0, c.width, -c.offset))
    return chosen, [c for c in columns if c != chosen]


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


LEGAL_REQUESTS = {n for side, n in LEGAL if side == 0 and n not in BOTH}
