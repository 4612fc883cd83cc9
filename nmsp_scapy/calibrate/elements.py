# SPDX-License-Identifier: GPL-2.0-or-later
"""How bodies are made: runs of elements that end where bodies end.

A layout of elements is tried on a few bodies that differ in size, and dies with the
first that it does not fill exactly. What is left is held against all.
"""

from collections.abc import Iterator
from math import log2

import msgspec

from nmsp_scapy.calibrate.seen import Seen

SAMPLE = 48
ALL = 3000
ALIGNMENTS = (1, 2, 4, 8)
ENOUGH_BITS = 40.0


class Shape(msgspec.Struct, frozen=True, order=True):
    """Where elements stand and how they end.

    Attributes:
        start: bytes of the message before the first.
        trailer: bytes after the last.
        length_offset, length_width, byte_order: the length of an element.
        added: what is added to it to get the whole element.
    """

    start: int
    trailer: int
    length_offset: int
    length_width: int
    byte_order: str
    added: int
    alignment: int

    def count(self, raw: bytes, start: int, stop: int) -> int:
        """Elements that fill a range exactly; -1 where they do not."""
        offset, end = self.length_offset, self.length_offset + self.length_width
        order, added, step = self.byte_order, self.added, self.alignment
        at, count = start, 0
        least = max(end, self.length_width + 1)  # there is a type
        while at < stop:
            if at + end > stop:
                return -1
            whole = added + int.from_bytes(raw[at + offset : at + end], order)  # type: ignore[arg-type]
            if whole < least or at + whole > stop:
                return -1
            if not any(raw[at : at + end]):
                return -1  # padding, or bytes before the element's own
            count += whole > max(least, added)  # an empty one speaks for nothing
            at = min(at + whole + -(at + whole - start) % step, stop)
        return count

    def starts(self, raw: bytes, start: int, stop: int) -> list[tuple[int, int]]:
        """Where elements begin and end, padding left out; all must fit."""
        found, at = [], start
        while at < stop:
            low = at + self.length_offset
            own = raw[low : low + self.length_width]
            end = at + self.added + int.from_bytes(own, self.byte_order)  # type: ignore[arg-type]
            found.append((at, end))
            at = min(end + -(end - start) % self.alignment, stop)
        return found


class Elements(msgspec.Struct):
    """Layouts of elements that fill every body, and how improbable that is.

    Attributes:
        shapes: those, with the elements that each sees.
        bits: how improbable that is by chance.
        tried: how many shapes there were.
    """

    shapes: dict[Shape, int]
    bits: float
    tried: int


def find_elements(messages: list[Seen], first: int, trailer: int) -> Elements | None:
    """Find the layouts of elements; None where bodies are no runs of any.

    Args:
        messages: all that were seen.
        first: where the body begins at the earliest, behind type and length.
        trailer: bytes after the body.
    """
    raws = [one.raw for one in messages[:ALL]]
    shortest = min(map(len, raws))
    by_size = {len(raw): raw for raw in raws}
    sample = [by_size[size] for size in sorted(by_size)]
    sample = sample[:: max(1, len(sample) // SAMPLE)]
    tried, alive = 0, []
    for shape in _shapes(first, shortest, trailer):
        tried += 1
        for raw in sample:
            if shape.count(raw, shape.start, len(raw) - shape.trailer) < 0:
                break
        else:
            alive.append(shape)
    fits = [(_total(shape, raws), shape) for shape in alive]
    fits = [(count, shape) for count, shape in fits if count > len(raws) // 4]
    # The shortest message is an echo, as a rule without any element. Bytes of the
    # header may pass for elements where one asks for no more than that all is filled.
    whole = [(n, s) for n, s in fits if s.start + s.trailer == shortest]
    counts = {shape: count for count, shape in whole or fits}
    if not counts:
        return None
    bits = min(_bits(raws, shape) for shape in counts) - log2(tried)
    return Elements(counts, bits, tried) if bits >= ENOUGH_BITS else None


def _shapes(first: int, shortest: int, trailer: int) -> Iterator[Shape]:
    for start in range(first, shortest - trailer + 1):
        for width in (1, 2, 4):
            for offset in (0, 1, 2, 3, 4):
                for order in ("big", "little")[: 1 + (width > 1)]:
                    for added in range(9):
                        for step in ALIGNMENTS:
                            yield Shape(
                                start, trailer, offset, width, order, added, step
                            )


def _total(shape: Shape, raws: list[bytes]) -> int:
    total = 0
    for raw in raws:
        count = shape.count(raw, shape.start, len(raw) - shape.trailer)
        if count < 0:
            return -1
        total += count
    return total


def _bits(raws: list[bytes], shape: Shape) -> float:
    """A chain ends exactly by chance about once in a body's size, by kind of body."""
    sizes = {len(raw) - shape.start - shape.trailer for raw in raws}
    return sum(log2(size) for size in sizes if size > 1)
