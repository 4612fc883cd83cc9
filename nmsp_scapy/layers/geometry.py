# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a profile puts things, ready for reading and writing.

Pure arithmetic on offsets, without Scapy: the layers, the records and the
Wireshark dissector all find the ends of messages and of elements here.
"""

from typing import NamedTuple

from nmsp_scapy.profile import ElementGeometry, HeaderGeometry

NESTING_LIMIT = 8
"""Elements deeper than this stay bytes, so that no input can exhaust the stack."""


class Span(NamedTuple):
    """One element of a run, as offsets into what was walked.

    Attributes:
        number: the element's type.
        start, value, end: its first byte, its value's first byte, its end.
        next: where the next one begins; `end` and padding.
    """

    number: int
    start: int
    value: int
    end: int
    next: int


class Walk(NamedTuple):
    """A run of elements.

    Attributes:
        spans: the elements that are whole.
        stop: offset of the first byte that belongs to none.
        reason: why bytes are left from `stop` on; empty when none are.
    """

    spans: list[Span]
    stop: int
    reason: str


class ElementPlan:
    """How elements stand one behind the other.

    Attributes:
        head: bytes of an element before its value.
    """

    def __init__(self, geometry: ElementGeometry) -> None:
        self.geometry = geometry
        self.head = geometry.value_offset
        self._type = slice(
            geometry.type_offset, geometry.type_offset + geometry.type_width
        )
        self._length = slice(
            geometry.length_offset, geometry.length_offset + geometry.length_width
        )

    def walk(self, data: bytes, start: int, stop: int) -> Walk:
        """Find the elements in `data[start:stop]`, none of which is looked into."""
        order, head = self.geometry.byte_order, self.head
        align, covers = self.geometry.alignment, self.geometry.covers_from
        spans: list[Span] = []
        at = start
        while at < stop:
            if at + head > stop:
                return Walk(spans, at, f"element head of {stop - at} bytes, not {head}")
            own = data[at : at + head]
            length = int.from_bytes(own[self._length], order)
            end = at + covers + length
            if end < at + head:
                return Walk(spans, at, f"element length {length} is below its minimum")
            if end > stop:
                missing = end - stop
                return Walk(spans, at, f"element lacks {missing} of its bytes")
            after = min(end + -(end - start) % align, stop)
            number = int.from_bytes(own[self._type], order)
            spans.append(Span(number, at, at + head, end, after))
            at = after
        return Walk(spans, at, "")

    def length_of(self, size: int) -> int:
        """What the length says of an element of `size` bytes, padding aside."""
        return size - self.geometry.covers_from

    def padding(self, size: int) -> int:
        """Bytes that follow an element of `size` bytes to align the next one."""
        return -size % self.geometry.alignment


class Extent(NamedTuple):
    """Where a message has its parts.

    Attributes:
        body: end of the body.
        end: end of the message, trailer included.
        reason: why they are not what the length says; empty when they are.
    """

    body: int
    end: int
    reason: str


class HeaderPlan:
    """Where a message's header and its length put the message's parts.

    Attributes:
        size: bytes of the header.
        trailer: bytes after the body.
    """

    def __init__(self, geometry: HeaderGeometry) -> None:
        self.geometry = geometry
        self.size = geometry.size
        self.trailer = geometry.trailer
        self._uncounted = 0 if geometry.trailer_counted else geometry.trailer

    def extent(self, length: int, present: int) -> Extent:
        """Place a message whose header says `length` in `present` bytes."""
        end = self.geometry.covers_from + length + self._uncounted
        if end < self.size + self.trailer:
            reason = f"length {length} is below its minimum {self.length_of(0)}"
            return Extent(present, present, reason)
        if end > present:
            reason = f"length {length} goes {end - present} bytes beyond the end"
            return Extent(present, present, reason)
        return Extent(end - self.trailer, end, "")

    def length_of(self, body: int) -> int:
        """What the length says of a message with a body of `body` bytes."""
        whole = self.size + body + self.trailer
        return whole - self._uncounted - self.geometry.covers_from
