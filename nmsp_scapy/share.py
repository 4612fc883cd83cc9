# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture's conversations, shared out between processes that all read the capture.

Each process puts the segments of all connections together, which is cheap, and opens
the conversations of its share. Since all see the same, they number conversations alike,
and the keys of their results bring those into the order that one process has.
"""

from typing import Final, NamedTuple

END: Final = 1 << 62
"""Stands for the frame after the last, and for the place after all of a frame's."""

FLOWS_END: Final = END + 1
"""Stands for what ends conversations without connection, which comes after that."""

LAST: Final = END + 2
"""Stands for what comes last of all."""

MOST_PAIRS: Final = 1 << 16
"""Pairs of hosts that are remembered."""


class Key(NamedTuple):
    """Where a part of the results belongs.

    Attributes:
        frame: at which it begins.
        place: among what this frame has brought about.
    """

    frame: int
    place: int


class Share:
    """The conversations of one process.

    Those between the same two hosts belong together: a session is resumed there. In the
    order in which they appear, pairs of hosts go to one process after the other.
    """

    def __init__(self, index: int, of: int) -> None:
        """Begin; this is process `index` of `of`, counted from 0."""
        self.index = index
        self._of = of
        self._pairs: dict[tuple[str, ...], bool] = {}
        self._next = 0

    def begin(self) -> None:
        """Go on with another capture, whose first pair is the next process's."""
        self._pairs.clear()

    def has(self, one: str, other: str) -> bool:
        """Tell whether conversations of these two addresses are in it."""
        pair = (one, other) if one < other else (other, one)
        known = self._pairs.get(pair)
        if known is None:
            if len(self._pairs) >= MOST_PAIRS:
                self._pairs.clear()
            known = self._pairs[pair] = self._next % self._of == self.index
            self._next += 1
        return known
