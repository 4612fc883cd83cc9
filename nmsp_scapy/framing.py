# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 4: the bytes of one direction to messages.

A message says its own length, so framing is a walk from header to header. It is lost
by a hole, and by a length that no message can have. Then nothing is a message before
it has proved to be one:

- its header is plausible (version, type, length, constant fields), its body a run of
  elements, and the messages after it are plausible too, so that three of them stand
  in line; or two, where the first begins, or the last ends, at the border of a TLS
  record (of whatever the stage before hands over at once);
- nothing before the end of a message that the hole has cut is looked at, as far as
  that end is known.

What was left out on the way is an `Undecodable` with its place and length. Every byte
is part of one message or of one such item.
"""

from collections import deque
from collections.abc import Iterator
from itertools import count
from re import Pattern

from nmsp_scapy.conversation import Direction, Message
from nmsp_scapy.integrity import Hole, Item, Plain, Undecodable
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.resync import candidates, constants_of, elements_fit, reader

IN_LINE = 3
"""Messages that must stand in line before the first is believed, after a hole."""

PATIENCE = 4
"""Largest messages' bytes that a candidate may wait for its proof."""

LEARNT = 64
"""Versions and unknown types that are remembered as plausible."""

MARKS = 4096
"""Borders kept apart; what is cut finer is told less exactly."""

Framed = Message | Hole
"""What framing yields: messages, the holes of the stage before, and its own."""


class Framer:
    """Cuts one direction into messages. What it holds is bounded.

    Attributes:
        holed: set when a hole is among what it returns; whoever looks clears it.
    """

    def __init__(
        self,
        profile: Profile = NOMINAL,
        *,
        conversation: int = 0,
        direction: Direction = Direction.MSE_TO_WLC,
        indices: Iterator[int] | None = None,
        synchronised: bool = True,
        datagrams: bool = False,
    ) -> None:
        """Begin.

        Args:
            profile: the wire layout.
            conversation: of the messages.
            direction: of the messages.
            indices: numbers the messages; both directions of a conversation share it.
            synchronised: whether the first byte begins a message.
            datagrams: whether every item begins with a message and holds it whole.
        """
        header = profile.header
        self._profile = profile
        self.holed = False
        self.conversation, self.direction = conversation, direction
        self._indices = indices if indices is not None else count()
        self._datagrams = datagrams
        self._read = reader(header)
        self._constants = constants_of(header)
        self._size = header.size
        uncounted = 0 if header.trailer_counted else header.trailer
        self._added = header.covers_from + uncounted
        self._least, self._most = header.size + header.trailer, header.maximum
        self._known = frozenset(profile.message_types.values())
        self._fixed = {profile.message_types.get(name) for name in profile.bodies}
        self._versions: set[int] = set()
        self._types: set[int] = set()
        # The bytes at hand are `_have`: those of `_data` from `_at` on, and `_parts`.
        # `_base` is the place of `_data[0]` in the stream.
        self._data, self._at, self._base = b"", 0, 0
        self._parts: list[bytes] = []
        self._have = self._need = 0
        self._marks: deque[tuple[int, int, tuple[int, ...]]] = deque()
        self._whole = 0  # bytes of the message at `_at`; 0 where its header is cut
        self._lost = not synchronised
        self._because = "the capture begins inside the stream"
        self._since: int | None = None  # place from which on bytes are left out
        self._carriers: tuple[int, ...] = ()  # first and last frame of those
        self._when = 0
        self._borders: set[int] = set()
        self._floor = 0  # before this place no message begins
        self._cut_end: int | None = None  # where the message ends that a hole has cut
        self._cut_rest = 0  # bytes of it that come after the hole, at least

    @property
    def pending(self) -> int:
        """Bytes at hand of a message that is not whole yet."""
        return 0 if self._lost else self._have

    # -- what comes in -----------------------------------------------------------

    def feed(self, item: Item) -> list[Framed]:
        """Take the next item of the direction; return what it completed."""
        out: list[Framed] = []
        if not isinstance(item, Plain):
            self._hole(item, out)
            return out
        if not item.data:
            return out
        if not (self._have or self._lost):
            data = item.data
            self._data, self._base = data, item.offset
            self._at = self._cut(0, len(data), item.time_ns, item.frames, out)
            self._have = len(data) - self._at
            if self._have:
                self._mark(item)
                self._need = self._whole or self._size
                if self._whole < 0:
                    self._settle(out)
        else:
            self._append(item)
            if self._have >= self._need:
                self._settle(out)
        if self._datagrams and self._have:
            self._abandon("goes beyond the end of its datagram", out)
            self._lost = False
        return out

    def finish(self) -> list[Framed]:
        """End: return what still waited, and what was never completed."""
        out: list[Framed] = []
        if self._lost and self._have:
            self._settle(out, final=True)
        self._abandon("cut by the end of the stream", out)
        return out

    def _append(self, item: Plain) -> None:
        place = item.offset
        counted = place > self._base  # places behind a hole count its bytes
        if not self._have:
            self._data, self._at, self._base = b"", 0, place
            self._marks.clear()
        if self._lost and self._since is None:
            self._since, self._carriers = place, item.frames[:1]
            self._borders = {place}
            self._floor = place + self._cut_rest
            if counted and self._cut_end is not None and self._cut_end > place:
                self._floor = self._cut_end
                self._borders.add(self._cut_end)
        self._parts.append(item.data)
        self._have += len(item.data)
        self._mark(item)

    def _mark(self, item: Plain) -> None:
        """Remember which frames the bytes up to here came in."""
        end, frames = item.offset + len(item.data), item.frames
        if len(self._marks) >= MARKS:
            frames = self._marks.pop()[2][:1] + frames[-1:]
        self._marks.append((end, item.time_ns, frames))
        if self._lost:
            if len(self._borders) >= MARKS:
                here = self._base + self._at
                self._borders = {place for place in self._borders if place >= here}
            self._borders.add(end)

    def _hole(self, hole: Hole, out: list[Framed]) -> None:
        """Pass a hole on, after what it has cut; nothing is sure behind it."""
        if self._lost and self._have:
            self._settle(out, final=True)
        if not self._lost or self._since is not None:
            self._cut_end, self._cut_rest = None, 0
        if not self._lost and self._whole > 0:
            self._cut_end = self._base + self._at + self._whole
            self._cut_rest = self._whole - self._have
        if hole.length is None:
            self._cut_rest = 0
        else:
            self._cut_rest = max(0, self._cut_rest - hole.length)
        self._abandon(f"cut by a hole ({hole.kind})", out)
        self._because = f"after a hole ({hole.kind})"
        self.holed = True
        out.append(hole)

    # -- in step -----------------------------------------------------------------

    def _settle(self, out: list[Framed], *, final: bool = False) -> None:
        """Cut the bytes at hand into messages as far as they go."""
        if self._parts:
            self._data = b"".join([self._data[self._at :], *self._parts])
            self._base += self._at
            self._at = 0
            self._parts.clear()
        while self._have:
            if self._lost and not self._search(out, final=final):
                return
            self._walk(out)
            if self._whole >= 0:
                self._need = self._whole or self._size
                return
            if self._datagrams:
                return
            self._lose()

    def _walk(self, out: list[Framed]) -> None:
        """Cut messages, border by border."""
        marks, base = self._marks, self._base
        while marks:
            end, time_ns, frames = marks[0]
            stop = end - base
            if self._at < stop:
                self._at = self._cut(self._at, stop, time_ns, frames, out)
            if self._at < stop and (self._whole < 0 or not self._across(out)):
                break
            while marks and marks[0][0] - base <= self._at:
                marks.popleft()
        self._have = len(self._data) - self._at

    def _across(self, out: list[Framed]) -> bool:
        """Cut one message that goes over borders; False where it is not whole."""
        left = len(self._data) - self._at
        if not self._whole and left >= self._size:
            self._whole = self._measure(self._data, self._at)
        if not 0 < self._whole <= left:
            return False
        stop = self._at + self._whole
        carriers: dict[int, None] = {}
        time_ns = 0
        for end, when, frames in self._marks:
            time_ns = when
            carriers.update(dict.fromkeys(frames))
            if end - self._base >= stop:
                break
        self._at = self._cut(self._at, stop, time_ns, tuple(carriers), out)
        return True

    def _cut(
        self, at: int, stop: int, time_ns: int, frames: tuple[int, ...],
        out: list[Framed],
    ) -> int:  # fmt: skip
        """Cut the messages that are whole in `_data[at:stop]`; say where it ended.

        `_whole` tells of what is left: the bytes its message has, 0 where the header
        is not all there, -1 where this is no header.
        """
        data, read, size, added = self._data, self._read, self._size, self._added
        least, most, constants = self._least, self._most, self._constants
        conversation, direction = self.conversation, self.direction
        profile, indices, append = self._profile, self._indices, out.append
        start, version, kind = at, 0, 0
        self._whole = 0
        while at + size <= stop:
            version, flags, kind, length, transaction = read(data, at)
            whole = added + length
            if not least <= whole <= most or constants:
                whole = self._measure(data, at)
            end = at + whole
            if end > stop or whole < 0:
                self._whole = whole
                break
            append(
                Message(
                    conversation, next(indices), time_ns, direction, frames,
                    data[at:end], kind, version, flags, length, transaction, profile,
                )
            )  # fmt: skip
            at = end
        if at > start and self._whole >= 0:
            self._learn(version, kind)
        return at

    def _measure(self, data: bytes, at: int) -> int:
        """Bytes of the message at `at`, whose header is all there; -1 for none."""
        whole = self._added + self._read(data, at)[3]
        if not self._least <= whole <= self._most:
            return -1
        for offset, value in self._constants:
            if data[at + offset : at + offset + len(value)] != value:
                return -1
        return whole

    def _objection(self) -> str:
        """Say what makes the header at hand none."""
        data, at = self._data, self._at
        length = self._read(data, at)[3]
        for offset, value in self._constants:
            found = data[at + offset : at + offset + len(value)]
            if found != value:
                return f"no header: {found.hex()} where {value.hex()} belongs"
        return (
            f"length {length} is no message's: with the header one has "
            f"{self._least} to {self._most} bytes"
        )

    def _learn(self, version: int, kind: int) -> None:
        if len(self._versions) < LEARNT:
            self._versions.add(version)
        if kind not in self._known and len(self._types) < LEARNT:
            self._types.add(kind)

    # -- out of step -------------------------------------------------------------

    def _lose(self) -> None:
        """Begin to search behind a header that is none."""
        self._lost, self._because = True, self._objection()
        self._since = self._base + self._at
        self._floor = self._since + 1
        self._carriers = self._marks[0][2][:1]
        self._borders = {end for end, _, _ in self._marks}

    def _abandon(self, reason: str, out: list[Framed]) -> None:
        """Name the bytes at hand, which are no message and never will be."""
        end = self._base + self._at + self._have
        since = self._since if self._lost else self._base + self._at
        if since is not None and end > since:
            if self._marks:
                first = self._carriers[:1] if self._lost else self._marks[0][2][:1]
                self._left_out(first, self._marks[-1])
            if self._whole < 0 and not self._lost:
                self._because = self._objection()
            if self._lost or self._whole < 0:
                text = f"{self._because}: no message can be told with certainty"
            elif self._whole > 0:
                text = f"the first {end - since} of a message's {self._whole} bytes, "
                text += reason
            else:
                text = f"the first bytes of a message's header, {reason}"
            frames = self._carriers
            self.holed = True
            out.append(Undecodable(since, end - since, self._when, frames, text))
        self._parts.clear()
        self._marks.clear()
        self._data, self._at, self._base = b"", 0, end
        self._have = self._need = self._whole = 0
        self._lost, self._since = True, None

    def _left_out(
        self, first: tuple[int, ...], mark: tuple[int, int, tuple[int, ...]]
    ) -> None:
        """Remember the frames and the time of what is left out."""
        last = mark[2][-1:]
        self._carriers = first if first == last else first + last
        self._when = mark[1]

    def _skip(self, at: int) -> None:
        """Leave out all before `at`."""
        self._at = at
        self._have = len(self._data) - at
        place = self._base + at
        while self._marks and self._marks[0][0] <= place:
            self._left_out(self._carriers[:1], self._marks.popleft())

    def _search(self, out: list[Framed], *, final: bool) -> bool:
        """Find the next message that proves itself; leave out what is before it."""
        header, base, data = self._profile.header, self._base, self._data
        types = self._known | self._types
        plausible = candidates(header, frozenset(self._versions), types)
        at = max(self._at, self._floor - base)
        impatient = final or self._have > PATIENCE * self._most
        while match := plausible.search(data, at):
            at = match.start()
            proof = self._proof(plausible, at, final=impatient)
            if proof is not False:
                break
            at += 1
        else:
            self._skip(min(max(at, len(data) - self._size + 1), len(data)))
            self._need = self._have + 1
            return False
        self._skip(at)
        if proof is None:
            return False
        place = base + at
        since = self._since if self._since is not None else place
        if place > since:
            if place not in self._borders and self._marks:
                self._left_out(self._carriers[:1], self._marks[0])
            text = f"{self._because}: left out up to the next message that is sure"
            self.holed = True
            out.append(
                Undecodable(since, place - since, self._when, self._carriers, text)
            )
        self._lost, self._since, self._whole = False, None, 0
        self._borders.clear()
        return True

    def _proof(self, plausible: Pattern[bytes], at: int, *, final: bool) -> bool | None:
        """Tell whether a message begins at `at`; None where more bytes are needed."""
        data, base, first, in_line = self._data, self._base, at, 0
        wanted = IN_LINE - (base + at in self._borders)
        while in_line < wanted:
            if in_line == wanted - 1 and in_line and base + at in self._borders:
                return True
            whole = self._size
            if at + whole <= len(data):
                if not plausible.match(data, at):
                    return False
                whole = self._measure(data, at)
                if whole < 0:
                    return False
            if at + whole > len(data):
                self._need = at + whole - first
                return False if final else None
            if not self._body_fits(at, at + whole):
                return False
            in_line += 1
            at += whole
        return True

    def _body_fits(self, start: int, end: int) -> bool:
        """Tell whether a message's body is what the profile says bodies are."""
        elements = self._profile.elements
        kind = self._read(self._data, start)[2]
        if elements is None or kind in self._fixed or kind not in self._known:
            return True
        end -= self._profile.header.trailer
        return elements_fit(elements, self._data, start + self._size, end)
