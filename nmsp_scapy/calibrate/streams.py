# SPDX-License-Identifier: GPL-2.0-or-later
"""What calibrate looks at: the decrypted bytes of both directions, in whole runs."""

from bisect import bisect_right
from collections.abc import Iterable

import msgspec

from nmsp_scapy.integrity import Item, Plain

RUN_LIMIT = 16 << 20
"""Bytes of a direction that are looked at; more tells nothing more."""


class Run(msgspec.Struct, eq=False):
    """Bytes of one direction without a hole.

    Attributes:
        side: 0 what the MSE sent, 1 what the WLC sent.
        data: the bytes.
        begins: whether the first byte begins a message for certain.
        borders: where records begin; the first is 0.
        times: time of each record, ns.
        frames: the first frame of each record.
        cut: whether a hole follows, so that the last message may be incomplete.
        conversation: which of the capture.
    """

    side: int
    data: bytes
    begins: bool
    borders: list[int]
    times: list[int]
    frames: list[int]
    cut: bool = False
    conversation: int = 0

    def record_at(self, place: int) -> int:
        """Number of the record that holds a byte."""
        return bisect_right(self.borders, place) - 1


class Collector:
    """Makes runs of the items of one conversation's direction."""

    def __init__(self, side: int, *, begins: bool, conversation: int = 0) -> None:
        """Begin; `begins` says that nothing came before the first item."""
        self.runs: list[Run] = []
        self._conversation = conversation
        self._side, self._begins = side, begins
        self._parts: list[bytes] = []
        self._borders: list[int] = []
        self._times: list[int] = []
        self._frames: list[int] = []
        self._size = 0

    def feed(self, item: Item) -> None:
        """Take the next item; a hole ends the run."""
        if not isinstance(item, Plain):
            self._flush(cut=True)
            self._begins = False
        elif item.data and self._size < RUN_LIMIT:
            self._borders.append(self._size)
            self._times.append(item.time_ns)
            self._frames.append(item.frames[0] if item.frames else 0)
            self._parts.append(item.data)
            self._size += len(item.data)

    def finish(self) -> list[Run]:
        """End: all runs."""
        self._flush(cut=self._size >= RUN_LIMIT)
        return self.runs

    def _flush(self, *, cut: bool) -> None:
        if self._parts:
            data = b"".join(self._parts)
            self.runs.append(
                Run(
                    self._side, data, self._begins,
                    self._borders, self._times, self._frames, cut,
                    self._conversation,
                )
            )  # fmt: skip
        self._parts, self._borders, self._times, self._frames = [], [], [], []
        self._size = 0


def runs_of(
    records: Iterable[tuple[int, Item]], *, begins: bool = True, conversation: int = 0
) -> list[Run]:
    """Make runs of the items of both sides of one conversation."""
    sides = [
        Collector(side, begins=begins, conversation=conversation) for side in (0, 1)
    ]
    for side, item in records:
        sides[side].feed(item)
    return [run for side in sides for run in side.finish()]
