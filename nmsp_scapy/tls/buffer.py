# SPDX-License-Identifier: GPL-2.0-or-later
"""The bytes of one direction that are not read yet, and the frames they came in."""

from collections import deque
from collections.abc import Sequence

from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls.facts import Evidence


class RecordBuffer:
    """Collects stream bytes until records are whole.

    Attributes:
        data: bytes at hand.
        position: index in `data` of the first that is not read yet.
        offset: place of `data[0]` in the stream.
        marks: the pieces that the bytes came in, each with where it ends in the stream.
    """

    __slots__ = ("_have", "_parts", "_want", "data", "marks", "offset", "position")

    def __init__(self) -> None:
        self.data = b""
        self.position = 0
        self.offset = 0
        self.marks: deque[tuple[int, Plain]] = deque()
        self._parts: list[bytes] = []
        self._have = 0
        self._want = 0

    def __len__(self) -> int:
        return len(self.data) - self.position + self._have

    @property
    def empty(self) -> bool:
        """Whether every byte is read."""
        return self.position == len(self.data) and not self._have

    @property
    def end(self) -> int:
        """Place in the stream behind the last byte."""
        return self.offset + len(self.data) + self._have

    @property
    def place(self) -> int:
        """Place in the stream of the first byte that is not read."""
        return self.offset + self.position

    def append(self, item: Plain) -> bool:
        """Add the stream's next bytes; False while `want` is not met."""
        data = item.data
        if self.position == len(self.data) and not self._have:
            self.marks.clear()
            self.data = data
            self.position = 0
            self.offset = item.offset
        else:
            self._parts.append(data)
            self._have += len(data)
        end = item.offset + len(data)
        self.marks.append((end, item))
        if not self._have:
            return True
        if len(self) < self._want:
            return False
        self._join()
        return True

    def _join(self) -> None:
        start = self.position
        self.data = b"".join([self.data[start:], *self._parts])
        self.offset += start
        self.position = 0
        self._parts.clear()
        self._have = 0
        self._want = 0

    def extended(self, items: Sequence[Plain]) -> "RecordBuffer":
        """A buffer of the bytes that are not read, and more; all of them in `data`.

        This one stays as it is.

        Args:
            items: the stream's next bytes, one item at least.
        """
        made = RecordBuffer()
        place = self.place
        made.offset = place if len(self) else items[0].offset
        parts = [self.data[self.position :], *self._parts]
        made.data = b"".join([*parts, *[item.data for item in items]])
        if len(self):
            made.marks.extend(mark for mark in self.marks if mark[0] > place)
        made.marks.extend([(item.offset + len(item.data), item) for item in items])
        return made

    def pieces(self) -> tuple[list[int], list[Plain]]:
        """Where each piece of `data` ends, and the pieces."""
        offset = self.offset
        marks = self.marks
        return [end - offset for end, _ in marks], [item for _, item in marks]

    def want(self, count: int) -> None:
        """Say that nothing can be read before `count` bytes are there."""
        self._want = count

    def run_end(self) -> int:
        """Index in `data` where the frame ends that holds the next byte."""
        place = self.offset + self.position
        marks = self.marks
        while marks[0][0] <= place:
            marks.popleft()
        return min(marks[0][0] - self.offset, len(self.data))

    def evidence(self, start: int, stop: int) -> Evidence:
        """The frames that carried `data[start:stop]`, and when they completed it."""
        first, last = self.offset + start, self.offset + stop
        if len(self.marks) == 1:
            mark = self.marks[0][1]
            return Evidence(mark.time_ns, mark.frames)
        frames: dict[int, None] = {}
        time_ns = 0
        before = -1
        for end, mark in self.marks:
            if end > first and before < last:
                frames.update(dict.fromkeys(mark.frames))
                time_ns = mark.time_ns
            if end >= last:
                break
            before = end
        return Evidence(time_ns, tuple(frames))

    def settle(self) -> None:
        """Put all bytes into `data`, wanted number or not."""
        if self._have:
            self._join()

    def drop(self) -> None:
        """Forget all bytes."""
        self.offset = self.end
        self.data = b""
        self.position = 0
        self._parts.clear()
        self._have = 0
        self._want = 0
        self.marks.clear()
