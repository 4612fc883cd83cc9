# SPDX-License-Identifier: GPL-2.0-or-later
"""Where messages end: the search for the length field.

A reading is an offset, a width, a byte order, and what is to be added to the number
to get the whole message. It is walked from message to message; it must come out at
the very end of every run. Most wrong ones die within a few steps. What is left is
grouped by the places at which messages begin: readings of one group say the same of
every byte of the capture, and nothing in the capture can tell them apart.

Two things make a group improbable by chance: that messages begin where records
begin, and that the bytes around the length are the same in message after message.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from math import log2

import msgspec

from nmsp_scapy.calibrate.streams import Run

WIDTHS = (1, 2, 3, 4)
FARTHEST = 31
"""Last offset at which a length may begin."""

ADDED = 48
"""Most that is added to a length: a header and a trailer that it does not count."""

LARGEST = 1 << 20
LONGEST_HEADER = 64
SAMPLED = 200_000
"""Bytes of a run whose values are counted."""

FIRST_STEPS = 80
"""Messages that a reading is tried on before it is walked to the end."""

WALKED = 300
"""Readings that are walked to the end."""

LEAST_MESSAGES = 12
"""With fewer nothing can be said."""

Place = tuple[int, int]
"""A run by its index, and an offset in it."""


class Reading(msgspec.Struct, frozen=True, order=True):
    """One way to read the length."""

    offset: int
    width: int
    byte_order: str
    added: int

    def __str__(self) -> str:
        order = f" {self.byte_order}-endian" if self.width > 1 else ""
        return f"{8 * self.width} bits{order} at {self.offset}, whole message = length + {self.added}"  # noqa: E501

    def read(self, data: bytes, at: int) -> int:
        """Size of the message at a place that its header says."""
        start = at + self.offset
        own = data[start : start + self.width]
        return self.added + int.from_bytes(own, self.byte_order)  # type: ignore[arg-type]


class Chain(msgspec.Struct, eq=False):
    """Readings that see the same messages.

    Attributes:
        readings: all of them.
        starts: where messages begin, by run; the last is the run's end or the
            start of what the run's end cuts.
        bits: evidence, without what the search costs.
        aligned: messages that begin with a record, of all records but the first.
    """

    readings: list[Reading]
    starts: list[list[int]]
    bits: float = 0.0
    aligned: tuple[int, int] = (0, 0)

    @property
    def messages(self) -> int:
        """How many are whole."""
        return sum(len(own) - 1 for own in self.starts)

    @property
    def shortest(self) -> int:
        """Bytes of the shortest."""
        return min(b - a for own in self.starts for a, b in itertools.pairwise(own))


def search(runs: list[Run]) -> tuple[list[Chain], int]:
    """Find the chains that fit, the best first, and how many readings were tried."""
    tried, alive = 0, []
    ordered = sorted(range(len(runs)), key=lambda n: (not runs[n].begins, n))
    for reading in _readings():
        tried += 1
        score = _first_steps(reading, runs, ordered)
        if score is not None:
            alive.append((score, reading))
    alive.sort(key=lambda one: one[0], reverse=True)
    chains: dict[tuple[tuple[int, ...], ...], Chain] = {}
    for _, reading in alive[:WALKED]:
        starts = _walk_all(reading, runs)
        if starts is None:
            continue
        key = tuple(map(tuple, starts))
        if key in chains:
            chains[key].readings.append(reading)
        else:
            chains[key] = Chain([reading], starts)
    often = _frequencies(runs)
    for chain in chains.values():
        _weigh(chain, runs, often)
    return sorted(chains.values(), key=lambda c: c.bits, reverse=True), tried


def walks(readings: list[Reading], runs: list[Run]) -> bool:
    """Tell whether any of these readings walks through other runs too."""
    return any(_walk_all(one, runs, least=1) is not None for one in readings)


def _readings() -> Iterator[Reading]:
    for offset in range(FARTHEST + 1):
        for width in WIDTHS:
            for order in ("big", "little")[: 1 + (width > 1)]:
                for added in range(ADDED + 1):
                    yield Reading(offset, width, order, added)


def _reader(reading: Reading) -> Callable[[bytes, int], int]:
    """Read what a message's size is, quickly."""
    start, stop = reading.offset, reading.offset + reading.width
    order, added = reading.byte_order, reading.added
    if reading.width == 1:
        return lambda data, at: added + data[at + start]
    number = int.from_bytes
    return lambda data, at: added + number(data[at + start : at + stop], order)  # type: ignore[arg-type]


def _first_steps(reading: Reading, runs: list[Run], ordered: list[int]) -> float | None:
    """Walk the beginnings; the share of steps that hit a record, None for a miss."""
    steps = hits = 0
    size = _reader(reading)
    for number in ordered:
        run = runs[number]
        if not run.begins and steps:
            break
        went = _short_walk(size, reading, run)
        if went is None:
            if run.begins:
                return None
            continue
        steps += went[0]
        hits += went[1]
        if steps >= 2 * FIRST_STEPS:
            break
    return hits / steps if steps >= min(LEAST_MESSAGES, 3) else None


def _short_walk(
    size: Callable[[bytes, int], int], reading: Reading, run: Run
) -> tuple[int, int] | None:
    data, end = run.data, len(run.data)
    borders = set(run.borders[: 4 * FIRST_STEPS])
    head = reading.offset + reading.width
    at = steps = hits = 0
    while steps < FIRST_STEPS and at + head <= end:
        whole = size(data, at)
        if not head <= whole <= LARGEST:
            return None
        at += whole
        if at > end:
            return (steps, hits) if run.cut else None
        steps += 1
        hits += at in borders or at == end
    if at + head > end and at != end and not run.cut:
        return None
    return steps, hits


def _walk_all(
    reading: Reading, runs: list[Run], least: int = LEAST_MESSAGES
) -> list[list[int]] | None:
    """Walk every run to its end; None where one does not come out."""
    starts = []
    for run in runs:
        own = _walk(reading, run, 0)
        if own is None and not run.begins:
            # The run begins somewhere in a message: at a record's start, one hopes.
            tries = (_walk(reading, run, at) for at in run.borders[1:12])
            own = next((found for found in tries if found is not None), [len(run.data)])
        if own is None:
            return None
        starts.append(own)
    return starts if sum(len(own) - 1 for own in starts) >= least else None


def _walk(reading: Reading, run: Run, at: int) -> list[int] | None:
    data, end, size = run.data, len(run.data), _reader(reading)
    head = reading.offset + reading.width
    starts = [at]
    append = starts.append
    while at + head <= end:
        whole = size(data, at)
        if not head <= whole <= LARGEST:
            return None
        at += whole
        if at > end:
            return starts if run.cut else None
        append(at)
    if at != end and not run.cut:
        return None
    return starts


def _weigh(chain: Chain, runs: list[Run], often: list[float]) -> None:
    """Count the evidence of a chain in bits."""
    hit = seen = 0
    for run, own in zip(runs, chain.starts, strict=True):
        begun = set(own)
        inner = [border for border in run.borders[1:] if border >= own[0]]
        seen += len(inner)
        hit += sum(border in begun for border in inner)
    total = sum(own[-1] - own[0] for own in chain.starts) or 1
    chance = min(0.5, chain.messages / total)
    chain.aligned = hit, seen
    chain.bits = surprise(hit, seen, chance) + _columns(chain, runs, often)
    chain.bits += sum(
        log2(1 / chance) for run in runs if not run.cut and len(run.data) > 1
    )


def _frequencies(runs: list[Run]) -> list[float]:
    """How often each value of a byte is met."""
    pool = b"".join(run.data[:SAMPLED] for run in runs)
    return [max(pool.count(value) / len(pool), 1e-4) for value in range(256)]


def _columns(chain: Chain, runs: list[Run], often: list[float]) -> float:
    """Evidence of bytes that are the same in message after message."""
    heads, size = [], min(chain.shortest, LONGEST_HEADER)
    for run, own in zip(runs, chain.starts, strict=True):
        heads += [run.data[at : at + size] for at in own[:-1][:2000]]
    best = 0.0
    for column in zip(*heads, strict=False):
        (value, count), *_ = Counter(column).most_common(1)
        # A column is worth little: bytes of real traffic are not independent.
        best = max(best, surprise(count, len(column), often[value]) / 4)
    return min(best, 60.0)


def surprise(hits: int, of: int, chance: float) -> float:
    """How improbable so many hits are by chance at least, in bits (Chernoff)."""
    if not of or hits / of <= chance:
        return 0.0
    share = hits / of
    bits = share * log2(share / chance)
    if share < 1:
        bits += (1 - share) * log2((1 - share) / (1 - chance))
    return of * bits
