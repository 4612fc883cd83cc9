# SPDX-License-Identifier: GPL-2.0-or-later
"""One conversation on its way into a cleartext export, holes and all.

What comes behind a hole waits until it is known where the next message begins, and a
hole until the other side's message is whole: a new connection cuts no message.
"""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nmsp_scapy.conversation import Conversation, Event, Message
from nmsp_scapy.decrypt import DIRECTIONS
from nmsp_scapy.dissect import hole_event
from nmsp_scapy.export.notes import note
from nmsp_scapy.framing import Framed, Framer
from nmsp_scapy.integrity import BadMac, Gap, Item, NoKey, Plain, Undecodable
from nmsp_scapy.profile import Profile

if TYPE_CHECKING:
    from nmsp_scapy.export.cleartext import CleartextWriter

UNKNOWN = 2
"""Bytes that a hole of unknown length takes; one alone could be a FIN's."""

WAITING = 1 << 20
"""Bytes that wait for the next message behind a hole; then they are written as is."""

PIECES = 4096
"""The same, in pieces."""

NOWHERE = 1 << 63
"""Behind every byte: no message begins in what has waited."""


class Held:
    """Bytes or a hole of one side that wait.

    Attributes:
        skip: bytes to leave out at their beginning; None while that is not known, and
            of a hole while the other side's message is not whole.
    """

    __slots__ = ("item", "side", "skip")

    def __init__(self, side: int, item: Item, skip: int | None = 0) -> None:
        self.side, self.item, self.skip = side, item, skip


class Talk:
    """One conversation on its way into the file.

    Attributes:
        conversation: that it is.
        comments: for the next frame.
    """

    def __init__(
        self, writer: "CleartextWriter", conversation: Conversation, profile: Profile
    ) -> None:
        self.conversation = conversation
        self.comments: list[str] = []
        self._writer = writer
        self._frames = writer.connection(conversation)
        datagrams = conversation.transport in {"dtls", "udp", "pdu"}
        midway = conversation.transport == "tcp" and conversation.began != "syn"
        self._framers = [
            Framer(profile, direction=way, datagrams=datagrams, synchronised=not midway)
            for way in DIRECTIONS
        ]
        self._known = False  # whether this profile has told a message
        self._behind = False  # a hole: what follows is another connection
        self._lost: set[int] = set()  # sides whose next message is looked for
        self._awaited: int | None = None  # side whose message a hole must not cut
        self._held: deque[Held] = deque()
        self._waiting = self._left = 0
        self._reset: Event | None = None
        frames = self._frames.resume(UNKNOWN) if midway else self._frames.open()
        self._packets(frames, conversation.time_ns)

    def plain(self, side: int, item: Plain) -> None:
        """Write bytes, or keep them until it is known where a message begins."""
        framed = self._framers[side].feed(item)
        if not self._known:
            self._known = any(isinstance(found, Message) for found in framed)
        if side == self._awaited:
            item = self._complete(side, item)
            if not item.data:
                return
        if not self._held and side not in self._lost:
            self._data(side, item.data, item.time_ns)
            return
        self._held.append(Held(side, item, None if side in self._lost else 0))
        self._waiting += len(item.data)
        self._look(side, framed)
        if self._waiting > WAITING or len(self._held) > PIECES:
            self._give_up({0, 1}, known=False)
            self._wait_no_more()
        self._release()

    def hole(self, side: int, hole: Gap | BadMac | NoKey | Undecodable) -> None:
        """Leave a hole in the sequence numbers, acknowledged by the other side."""
        self._look(side, self._framers[side].feed(hole))
        self._give_up({side}, known=self._known)
        self._release()
        if side == self._awaited:
            self._wait_no_more()
        elif 1 - side not in self._lost and self._framers[1 - side].pending:
            self._awaited = 1 - side
        waits = self._awaited is not None
        self._held.append(Held(side, hole, None if waits else 0))
        self._release()
        self._lost.add(side)

    def reset(self, event: Event) -> None:
        """Remember that a side has reset the connection; what waits comes first."""
        self._reset = self._reset or event

    def close(self, event: Event) -> None:
        """Write what still waits, and how it ended."""
        for side in tuple(self._lost):
            self._look(side, self._framers[side].finish())
        self._give_up({0, 1}, known=self._known)
        self._wait_no_more()
        self._release()
        self._tell_left()
        made: list[bytes] = []
        if self._reset is not None:
            event = self._reset
            made = self._frames.reset(int(event.direction == DIRECTIONS[1]))
        elif self.conversation.ended == "fin":
            made = [*self._frames.finish(0), *self._frames.finish(1)]
        elif self.comments:
            made = self._frames.acknowledge(0)
        self._packets(made, event.time_ns or 0)

    # -- where a message begins --------------------------------------------------

    def _look(self, side: int, framed: list[Framed]) -> None:
        """Learn where the first message behind a hole begins."""
        place = next((held.item.offset for held in self._unsure(side)), None)
        if side not in self._lost or place is None:
            return
        for found in framed:
            if isinstance(found, Message):
                self._begins(side, place)
                return
            if isinstance(found, Undecodable) and found.length:
                place = found.offset + found.length

    def _give_up(self, sides: set[int], *, known: bool) -> None:
        """Leave out what is no message for sure, where the layout is known."""
        for side in sides & self._lost:
            self._begins(side, NOWHERE if known else 0)

    def _begins(self, side: int, start: int) -> None:
        self._lost.discard(side)
        for held in self._unsure(side):
            held.skip = max(0, start - held.item.offset)

    def _unsure(self, side: int) -> Iterator[Held]:
        for held in self._held:
            if held.side == side and held.skip is None and isinstance(held.item, Plain):
                yield held

    def _complete(self, side: int, item: Plain) -> Plain:
        """Write what belongs to a message that a hole must not cut; return the rest."""
        size, pending = len(item.data), self._framers[side].pending
        own = size if pending > size else size - pending
        if own:
            self._data(side, item.data[:own], item.time_ns)
        if pending <= size:
            self._wait_no_more()
            self._release()
        return Plain(item.data[own:], item.offset + own, item.time_ns, item.frames)

    def _wait_no_more(self) -> None:
        self._awaited = None
        for held in self._held:
            if not isinstance(held.item, Plain):
                held.skip = 0

    def _release(self) -> None:
        """Write what need not wait any more, in its order."""
        while self._held and self._held[0].skip is not None:
            held = self._held.popleft()
            item = held.item
            if not isinstance(item, Plain):
                self._hole(held.side, item)
                continue
            self._waiting -= len(item.data)
            data = item.data[held.skip :]
            self._left += len(item.data) - len(data)
            if data:
                self._data(held.side, data, item.time_ns)

    # -- frames ------------------------------------------------------------------

    def _hole(self, side: int, hole: Gap | BadMac | NoKey | Undecodable) -> None:
        self._behind = True
        self._frames.skip(side, max(hole.length or 0, UNKNOWN))
        event = hole_event(hole, self.conversation.index, DIRECTIONS[side], "tcp")
        self.comments.append(note(event))
        self._packets(self._frames.acknowledge(1 - side), hole.time_ns)

    def _tell_left(self) -> None:
        if self._left:
            told = f"NMSP: {self._left} bytes before this are left out: they begin no"
            self.comments.append(f"{told} message")
            self._left = 0

    def _data(self, side: int, data: bytes, time_ns: int) -> None:
        self._tell_left()
        if self._behind:
            self._behind = False
            self._frames = self._writer.connection(self.conversation)
            told = "NMSP: the same connection, behind what is missing"
            self.comments.insert(0, told)
            self._packets(self._frames.resume(UNKNOWN), time_ns)
        self._packets(self._frames.data(side, data), time_ns)

    def _packets(self, frames: list[bytes], time_ns: int) -> None:
        self._writer.packets(frames, time_ns, self.comments)
