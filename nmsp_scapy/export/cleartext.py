# SPDX-License-Identifier: GPL-2.0-or-later
"""The conversations without TLS: TCP on the same addresses and ports.

Sequence numbers count the decrypted bytes and checksums are right, so that any tool
follows the streams. At a hole the other side acknowledges what is missing, as far as
its length is known: that frame says so in a comment. What comes behind it is written
as a connection of its own on the same ports, because tools that put segments in order
wait for missing bytes for ever; it begins with the next message, as tools that know
the length of a message by its header cannot find one in the midst of another.
"""

from collections.abc import Iterable
from typing import IO

from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.conversation import Conversation, Event, Message
from nmsp_scapy.decrypt import DIRECTIONS, Opened
from nmsp_scapy.dissect import hole_event
from nmsp_scapy.export.notes import is_told, note
from nmsp_scapy.framing import Framed, Framer
from nmsp_scapy.integrity import BadMac, Gap, NoKey, Plain, Undecodable
from nmsp_scapy.profile import NOMINAL, Profile

UNKNOWN = 2
"""Bytes that a hole of unknown length takes; one alone could be a FIN's."""

ISN_STEP = 0x0101_0101
"""From one connection's initial sequence number to the next one's: odd, so that all
are different, and far apart. A SYN that has the old number again would be a copy."""

WAITING = 1 << 20
"""Bytes that wait for the next message behind a hole; then they are written as is."""


class CleartextWriter:
    """Writes decrypted conversations as a capture."""

    def __init__(self, file: IO[bytes], profile: Profile = NOMINAL) -> None:
        """Begin.

        Args:
            file: where the capture goes.
            profile: tells where a message begins behind a hole.
        """
        self._writer = PcapngWriter(file, comments=["decrypted by nmsp decrypt"])
        self._writer.interface(description="decrypted, framed anew")
        self._profile = profile
        self._talks: dict[int, _Talk] = {}
        self._begun = 0

    def write(self, results: Iterable[Opened]) -> None:
        """Write a batch."""
        for found in results:
            if isinstance(found, tuple):
                conversation, side, item = found
                talk = self._talks.get(conversation.index)
                if talk is None:
                    talk = _Talk(self, conversation, self._profile)
                    self._talks[conversation.index] = talk
                if isinstance(item, Plain):
                    talk.plain(side, item)
                else:
                    talk.hole(side, item)
            elif isinstance(found, Event) and found.conversation in self._talks:
                self._event(found, self._talks[found.conversation])

    def connection(self, conversation: Conversation) -> TcpFrames:
        """Begin the frames of a connection."""
        client, server = conversation.client, conversation.server
        isn = 1000 + self._begun * ISN_STEP
        self._begun += 1
        ends = (client.address, client.port), (server.address, server.port)
        return TcpFrames(*ends, isn=isn)

    def packets(self, frames: list[bytes], time_ns: int, comments: list[str]) -> None:
        """Write frames; the comments go to the first, and out of the list."""
        for frame in frames:
            self._writer.packet(frame, time_ns, comments=comments)
            comments.clear()

    def _event(self, event: Event, talk: "_Talk") -> None:
        if event.event == "closed":
            talk.close(event)
            del self._talks[talk.conversation.index]
        elif event.event == "reset":
            talk.reset(event)
        elif is_told(event):
            talk.comments.append(note(event))


class _Talk:
    """One conversation on its way into the file.

    Attributes:
        conversation: that it is.
        comments: for the next frame.
    """

    def __init__(
        self, writer: CleartextWriter, conversation: Conversation, profile: Profile
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
        # What waits, and where the next message begins by side, None while unsure.
        self._held: list[tuple[int, Plain]] = []
        self._waiting = 0
        self._starts: dict[int, int | None] = {}
        frames = self._frames.resume(UNKNOWN) if midway else self._frames.open()
        self._packets(frames, conversation.time_ns)

    def plain(self, side: int, item: Plain) -> None:
        """Write bytes, or keep them until it is known where a message begins."""
        framed = self._framers[side].feed(item)
        if not self._known:
            self._known = any(isinstance(found, Message) for found in framed)
        if not self._starts:
            self._data(side, item.data, item.time_ns)
            return
        self._held.append((side, item))
        self._waiting += len(item.data)
        self._look(side, framed)
        unsure = None in self._starts.values()
        if not unsure or self._waiting > WAITING:
            self._release()

    def hole(self, side: int, hole: Gap | BadMac | NoKey | Undecodable) -> None:
        """Leave a hole in the sequence numbers, acknowledged by the other side."""
        self._look(side, self._framers[side].feed(hole))
        if self._held:
            self._release()
        self._starts[side] = None
        self._behind = True
        self._frames.skip(side, max(hole.length or 0, UNKNOWN))
        event = hole_event(hole, self.conversation.index, DIRECTIONS[side], "tcp")
        self.comments.append(note(event))
        self._packets(self._frames.acknowledge(1 - side), hole.time_ns)

    def reset(self, event: Event) -> None:
        """Write that a side has reset the connection."""
        side = 0 if event.direction == DIRECTIONS[0] else 1
        self._packets(self._frames.reset(side), event.time_ns or 0)

    def close(self, event: Event) -> None:
        """Write what still waits, and how it ended."""
        for side in list(self._starts):
            self._look(side, self._framers[side].finish())
        self._release()
        made: list[bytes] = []
        if self.conversation.ended == "fin":
            made = [*self._frames.finish(0), *self._frames.finish(1)]
        elif self.comments:
            made = self._frames.acknowledge(0)
        self._packets(made, event.time_ns or 0)

    def _look(self, side: int, framed: list[Framed]) -> None:
        """Learn where the first message behind a hole begins."""
        if self._starts.get(side, 0) is not None:
            return
        place = next((i.offset for s, i in self._held if s == side), None)
        for found in framed:
            if isinstance(found, Message):
                self._starts[side] = place
                return
            if isinstance(found, Undecodable) and found.length:
                place = found.offset + found.length

    def _release(self) -> None:
        """Write what has waited, from the first message of its side on."""
        held, self._held, self._waiting = self._held, [], 0
        starts, self._starts = self._starts, {}
        left = 0
        for side, item in held:
            start = starts.get(side, 0)
            if start is None:  # nothing that has waited is a message for sure
                start = item.offset + self._known * len(item.data)
            skipped = min(max(0, start - item.offset), len(item.data))
            left += skipped
            if skipped == len(item.data):
                continue
            if left:
                self._leave_out(left)
                left = 0
            self._data(side, item.data[skipped:], item.time_ns)
        if left:
            self._leave_out(left)

    def _leave_out(self, count: int) -> None:
        told = f"NMSP: {count} bytes before this are left out: they begin no message"
        self.comments.append(told)

    def _data(self, side: int, data: bytes, time_ns: int) -> None:
        if self._behind:
            self._behind = False
            self._frames = self._writer.connection(self.conversation)
            told = "NMSP: the same connection, behind what is missing"
            self.comments.insert(0, told)
            self._packets(self._frames.resume(UNKNOWN), time_ns)
        self._packets(self._frames.data(side, data), time_ns)

    def _packets(self, frames: list[bytes], time_ns: int) -> None:
        self._writer.packets(frames, time_ns, self.comments)
