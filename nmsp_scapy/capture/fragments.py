# SPDX-License-Identifier: GPL-2.0-or-later
"""IP fragments put together, in bounded memory.

First copy wins, as in TCP. What overlaps with other content is told.
"""

from collections.abc import Hashable
from typing import NamedTuple

DATAGRAMS = 256
"""Fragmented packets kept at once; the oldest is given up for a new one."""

PIECES = 1024
"""Fragments kept of one packet; 64 KiB in the smallest real ones are 123."""


class Piece(NamedTuple):
    """One fragment.

    Attributes:
        start, stop: place in the whole IP payload, as the IP header says.
        data: what was captured of it.
        last: nothing follows.
        header: next header (protocol) of the payload.
    """

    start: int
    stop: int
    data: bytes
    last: bool
    header: int


class Whole(NamedTuple):
    """A payload put together.

    Attributes:
        data: its bytes up to the first that was not captured.
        length: how many it has.
        header: protocol of the payload.
        conflict: copies of the same bytes disagreed.
        frames: that carried its pieces.
    """

    data: bytes
    length: int
    header: int
    conflict: bool
    frames: tuple[int, ...]


class _Datagram:
    """The pieces of one packet, sorted and without overlap."""

    __slots__ = ("conflict", "frames", "header", "length", "pieces")

    def __init__(self) -> None:
        self.pieces: list[tuple[int, int, bytes]] = []
        self.length: int | None = None
        self.header: int | None = None
        self.conflict = False
        self.frames: list[int] = []

    def add(self, piece: Piece, frame: int) -> None:
        self.frames.append(frame)
        if piece.last and self.length is None:
            self.length = piece.stop
        if piece.start == 0:
            self.header = piece.header
        kept = []
        cursor = piece.start
        for start, stop, data in self.pieces:
            if stop <= cursor or start >= piece.stop:
                continue
            if start > cursor:
                kept.append(_cut(piece, cursor, start))
            low, high = max(cursor, start), min(stop, piece.stop)
            ours = piece.data[low - piece.start : high - piece.start]
            theirs = data[low - start : high - start]
            shared = min(len(ours), len(theirs))
            self.conflict |= ours[:shared] != theirs[:shared]
            cursor = max(cursor, stop)
        if cursor < piece.stop:
            kept.append(_cut(piece, cursor, piece.stop))
        self.pieces = sorted(self.pieces + kept)

    def whole(self) -> Whole | None:
        if self.length is None or self.header is None:
            return None
        reached, parts, contiguous = 0, [], True
        for start, stop, data in self.pieces:
            if start != reached:
                return None
            if contiguous:
                parts.append(data)
                contiguous = len(data) == stop - start
            reached = stop
            if reached >= self.length:
                joined = b"".join(parts)[: self.length]
                frames = tuple(self.frames)
                return Whole(joined, self.length, self.header, self.conflict, frames)
        return None


def _cut(piece: Piece, start: int, stop: int) -> tuple[int, int, bytes]:
    return start, stop, piece.data[start - piece.start : stop - piece.start]


class Fragments:
    """All packets whose fragments are still coming."""

    def __init__(self) -> None:
        self._datagrams: dict[Hashable, _Datagram] = {}

    def add(self, key: Hashable, piece: Piece, frame: int) -> Whole | None:
        """Take one fragment.

        Args:
            key: what fragments of one packet have in common.
            piece: the fragment.
            frame: its frame number.

        Returns:
            The payload, when this was the last piece that it lacked.
        """
        datagram = self._datagrams.get(key)
        if datagram is None:
            if len(self._datagrams) >= DATAGRAMS:
                del self._datagrams[next(iter(self._datagrams))]
            datagram = self._datagrams[key] = _Datagram()
        datagram.add(piece, frame)
        whole = datagram.whole()
        if whole is not None or len(datagram.frames) > PIECES:
            del self._datagrams[key]
        return whole

    def unfinished(self) -> list[int]:
        """Frames that began the packets which never became whole."""
        return [datagram.frames[0] for datagram in self._datagrams.values()]
