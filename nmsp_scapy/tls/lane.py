# SPDX-License-Identifier: GPL-2.0-or-later
"""One direction of a session: its bytes, its keys, and what comes out of it."""

from collections import deque
from enum import IntEnum
from typing import Final

import msgspec

from nmsp_scapy.integrity import BadMac, Gap, Item, NoKey, Plain, Undecodable
from nmsp_scapy.tls.buffer import RecordBuffer
from nmsp_scapy.tls.facts import Evidence
from nmsp_scapy.tls.negotiation import Candidate
from nmsp_scapy.tls.protection import Inner, Opened, Protection
from nmsp_scapy.tls.resync import plausible

Out = list[tuple[int, Item]]

BEHIND: Final = 128
"""Bytes before a record that a chaining cipher and its MAC may need."""


class Mode(IntEnum):
    """How the next bytes of a direction are to be read."""

    CLEAR = 0  # records without protection
    ARMED = 1  # new keys hold from the next record on
    PROVE = 2  # candidates are at hand, the next record chooses
    OPEN = 3  # the keys are proved
    LOST = 4  # a record boundary must be found again
    SEALED = 5  # nothing opens it
    WAIT = 6  # news must come first


class Span(msgspec.Struct):
    """A run of bytes of the stream, and the frames at its ends."""

    start: int
    stop: int
    first: Evidence
    last: Evidence

    def extend(self, stop: int, seen: Evidence) -> None:
        """Make it longer."""
        self.stop = stop
        self.last = seen

    @property
    def seen(self) -> Evidence:
        """The time of its last bytes, the frames of its first and last."""
        if self.first is self.last:
            return self.last
        frames = dict.fromkeys(self.first.frames + self.last.frames)
        return Evidence(self.last.time_ns, tuple(frames))


Kind = type[BadMac] | type[Gap] | type[NoKey] | type[Undecodable]


def hole(
    kind: Kind, start: int, stop: int, seen: Evidence, reason: str
) -> BadMac | Gap | NoKey | Undecodable:
    """A hole from `start` to `stop` of the stream."""
    return kind(start, stop - start, seen.time_ns, seen.frames, reason)


class Lane:
    """One direction.

    Attributes:
        side: 0 client, 1 server.
        out: where results go.
        every_record: whether each record is handed on by itself.
        produced: bytes of application data that came out.
        started: whether a record of it was read.
        epoch: of TLS 1.3, 0 before any.
        candidate: where the proved keys come from.
        found: the record that ended being lost, opened already, and where it ends.
        doubts: records that no candidate opened so far.
        messages: handshake bytes that do not make a message yet.
        lost_from: place in the stream where the last good record ended.
        behind: the last bytes that were skipped, back to the hole at most.
        skip_to: place of a record boundary behind a gap, where it is known.
        watched: it is sealed, but its record boundaries are known.
        waiting_mode: the mode that waits; `waiting_mark`: the news it has.
        pending: what came while it waits.
        reason: why it is sealed, or what it waits for.
        records, bad_records: opened, and not authentic.
    """

    def __init__(self, side: int, every_record: bool) -> None:
        self.side = side
        self.out: Out = []
        self.buffer = RecordBuffer()
        self.mode = Mode.CLEAR
        self.started = False
        self.epoch = 0
        self.protection: Protection | None = None
        self.candidate: Candidate | None = None
        self.candidates: list[Candidate] = []
        self.found: tuple[int, Opened] | None = None
        self.doubts: list[Span] = []
        self.messages = bytearray()
        self.messages_seen: list[Evidence] = []
        self.lost_from = 0
        self.behind = b""
        self.skip_to = 0
        self.watched = False
        self.waiting_mode = Mode.CLEAR
        self.waiting_mark = (0, 0)
        self.pending: deque[Item] = deque()
        self.pending_bytes = 0
        self.reason = ""
        self.records = 0
        self.bad_records = 0
        self.every_record = every_record
        self.produced = 0
        self._skipped: Span | None = None
        self._told = False
        self._sealed: Span | None = None

    def span(self, start: int, stop: int) -> Span:
        """`data[start:stop]` of the buffer as a run of the stream."""
        seen = self.buffer.evidence(start, stop)
        base = self.buffer.offset
        return Span(base + start, base + stop, seen, seen)

    def forget_messages(self) -> None:
        """Drop the handshake message under way."""
        self.messages.clear()
        self.messages_seen.clear()

    # -- application data -----------------------------------------------------------

    def emit(self, contents: list[bytes], seen: Evidence | Plain) -> None:
        """Hand on application data of the same frames."""
        if len(contents) > 1 and not self.every_record:
            contents = [b"".join(contents)]
        for data in contents:
            if data:
                produced = self.produced
                self.out.append(
                    (self.side, Plain(data, produced, seen.time_ns, seen.frames))
                )
                self.produced = produced + len(data)

    def open_at_once(self, item: Plain, protection: Protection) -> Inner | None:
        """Open the application data records that an item brings to an empty buffer.

        What is left of it goes into the buffer. Answers what `Protection.run` does
        when a record holds something else.
        """
        data = item.data
        size = len(data)
        contents: list[bytes] = []
        bad: list[tuple[int, int, int]] = []
        stop, inner = protection.run(data, 0, size, contents, bad, [])
        if stop == size and not (bad or inner or self.every_record):
            self.records += len(contents)
            body = contents[0] if len(contents) == 1 else b"".join(contents)
            if body:
                made = Plain(body, self.produced, item.time_ns, item.frames)
                self.out.append((self.side, made))
                self.produced += len(body)
            return None
        buffer = self.buffer
        buffer.append(item)
        if stop:
            self.emit_run(0, stop, contents, bad)
            buffer.position = stop
        return inner

    def emit_run(
        self,
        start: int,
        stop: int,
        contents: list[bytes],
        bad: list[tuple[int, int, int]],
    ) -> None:
        """Hand on what a run of records in `data[start:stop]` gave."""
        self.records += len(contents)
        seen = self.buffer.evidence(start, stop)
        if not bad:
            self.emit(contents, seen)
            return
        done = 0
        for index, first, last in bad:
            self.emit(contents[done:index], seen)
            self.bad(self.span(first, last))
            done = index
        self.emit(contents[done:], seen)

    # -- holes ----------------------------------------------------------------------

    def bad(self, span: Span) -> None:
        """A record is not authentic."""
        self.bad_records += 1
        reason = "the record's MAC or tag does not verify"
        self.out.append(
            (self.side, hole(BadMac, span.start, span.stop, span.seen, reason))
        )

    def settle_doubts(self, missing: str = "") -> None:
        """Records in doubt were damaged or foreign, since others are authentic.

        Args:
            missing: which key they may have come under, where it is not known.
        """
        doubts, self.doubts = self.doubts, []
        for doubt in doubts:
            if missing:
                made = hole(NoKey, doubt.start, doubt.stop, doubt.seen, missing)
                self.out.append((self.side, made))
            else:
                self.bad(doubt)

    def skip(self, to: int) -> None:
        """Leave out bytes of the buffer that no record can be found in."""
        buffer = self.buffer
        if to <= buffer.position:
            return
        if self._skipped is None:
            self._skipped = self.span(buffer.position, to)
        else:
            seen = buffer.evidence(buffer.position, to)
            self._skipped.extend(buffer.offset + to, seen)
        start = max(buffer.position, to - BEHIND)
        self.behind = (self.behind + buffer.data[start:to])[-BEHIND:]
        buffer.position = to

    def end_skipped(self) -> None:
        """Say what was left out."""
        span, self._skipped = self._skipped, None
        if span is None:
            return
        reason = "the rest of records that a hole cut" if self.started else "no TLS"
        self.out.append(
            (self.side, hole(Undecodable, span.start, span.stop, span.seen, reason))
        )

    def seal_bytes(self, span: Span) -> None:
        """Bytes stay closed: the first are told at once, the rest as one run."""
        if not self._told:
            self._told = True
            made = hole(NoKey, span.start, span.stop, span.seen, self.reason)
            self.out.append((self.side, made))
        elif self._sealed is None:
            self._sealed = span
        else:
            self._sealed.extend(span.stop, span.last)

    def end_sealed(self) -> None:
        """Say what stayed closed since it was last told."""
        span, self._sealed = self._sealed, None
        if span is not None:
            made = hole(NoKey, span.start, span.stop, span.seen, self.reason)
            self.out.append((self.side, made))

    def record_end(self) -> int:
        """Place in the stream where the record under way ends; 0 unknown."""
        buffer = self.buffer
        buffer.settle()
        data, start = buffer.data, buffer.position
        if len(data) - start < 5 or not plausible(data, start):
            return 0
        return buffer.place + 5 + (data[start + 3] << 8 | data[start + 4])
