# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes of one direction that came before their turn."""

from bisect import bisect_left
from typing import NamedTuple

OVERHEAD = 256
"""What a chunk costs beside its bytes, so that empty ones cannot fill memory."""


class Chunk(NamedTuple):
    """Adjacent bytes of one segment.

    Attributes:
        start, stop: place in the stream.
        data: the bytes; None for those that a snap length cut off.
        time_ns, frame: of the segment that carried them.
    """

    start: int
    stop: int
    data: bytes | None
    time_ns: int
    frame: int


class SegmentStore:
    """Chunks sorted by place, without overlap. The first copy of a byte wins.

    A byte far ahead costs what a near one does.

    Attributes:
        chunks: the chunks.
        cost: what they hold in memory, about, bytes.
    """

    __slots__ = ("chunks", "cost")

    def __init__(self) -> None:
        """Begin empty."""
        self.chunks: list[Chunk] = []
        self.cost = 0

    def __len__(self) -> int:
        return len(self.chunks)

    @property
    def start(self) -> int:
        """Place of the first byte held."""
        return self.chunks[0].start

    def insert(self, new: Chunk) -> tuple[int, int] | None:
        """Take what is new in a chunk.

        Returns:
            Place of the first byte that disagrees with a copy held, and how many
            bytes were compared; None when all agree.
        """
        chunks = self.chunks
        if not chunks or chunks[-1].stop <= new.start:
            chunks.append(new)
            self.cost += _cost(new)
            return None
        low = bisect_left(chunks, new.start, key=_stop)
        high = low
        conflict = None
        cursor = new.start
        pieces: list[Chunk] = []
        while high < len(chunks) and chunks[high].start < new.stop:
            old = chunks[high]
            if old.start > cursor:
                pieces.append(cut(new, cursor, old.start))
            conflict = conflict or disagreement(old, new)
            pieces.append(old)
            self.cost -= _cost(old)
            cursor = max(cursor, old.stop)
            high += 1
        if cursor < new.stop:
            pieces.append(cut(new, cursor, new.stop))
        chunks[low:high] = pieces
        self.cost += sum(map(_cost, pieces))
        return conflict

    def pop(self) -> Chunk:
        """Take out the first chunk."""
        chunk = self.chunks.pop(0)
        self.cost -= _cost(chunk)
        return chunk

    def shift(self, distance: int) -> None:
        """Move all places, when the beginning of the stream becomes known.

        What would come before that beginning is dropped.
        """
        moved = [
            c._replace(start=c.start + distance, stop=c.stop + distance)
            for c in self.chunks
        ]
        self.chunks = [cut(c, max(c.start, 0), c.stop) for c in moved if c.stop > 0]
        self.cost = sum(map(_cost, self.chunks))


def cut(chunk: Chunk, start: int, stop: int) -> Chunk:
    """Take a part of a chunk."""
    if start == chunk.start and stop == chunk.stop:
        return chunk
    data = chunk.data
    if data is not None:
        data = data[start - chunk.start : stop - chunk.start]
    return Chunk(start, stop, data, chunk.time_ns, chunk.frame)


def disagreement(old: Chunk, new: Chunk) -> tuple[int, int] | None:
    """Compare what two chunks share: place of the first other byte, and length."""
    start, stop = max(old.start, new.start), min(old.stop, new.stop)
    if old.data is None or new.data is None or start >= stop:
        return None
    ours = old.data[start - old.start : stop - old.start]
    theirs = new.data[start - new.start : stop - new.start]
    if ours == theirs:
        return None
    first = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    return start + first, stop - start - first


def _stop(chunk: Chunk) -> int:
    """Key by which `bisect_left` finds the first chunk that ends after a place."""
    return chunk.stop - 1


def _cost(chunk: Chunk) -> int:
    return OVERHEAD + (len(chunk.data) if chunk.data is not None else 0)
