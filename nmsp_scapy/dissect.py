# SPDX-License-Identifier: GPL-2.0-or-later
"""Stages 1 to 4 composed: a capture to conversations, messages and events."""

from collections.abc import Iterator
from itertools import count
from typing import cast

from nmsp_scapy.constants import PORT
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result
from nmsp_scapy.decrypt import DIRECTIONS, Decryption, Opened, Source
from nmsp_scapy.framing import Framed, Framer
from nmsp_scapy.integrity import Hole, Item
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.share import Key
from nmsp_scapy.tls import KeyStore


def dissect(
    source: Source,
    *,
    keys: KeyStore | None = None,
    profile: Profile = NOMINAL,
    ports: frozenset[int] = frozenset({PORT}),
    first: int = 0,
) -> Iterator[Result]:
    """Read a capture: its conversations, messages and events in its order.

    Memory is bounded, whatever the size of the capture. Bytes that could not be read
    are events with `lost` set; nothing is left out silently.

    Args:
        source: a path, `-` for standard input, or an open binary file.
        keys: what opens TLS sessions; secrets inside the capture are added to it.
        profile: the wire layout.
        ports: of the WLC.
        first: index of the first conversation.

    Raises:
        CaptureError: it cannot be opened, or is no capture.
    """
    work = Decryption(keys, profile=profile, ports=ports, first=first)
    for batch in Dissection(work, profile).run(source):
        yield from batch


class Dissection:
    """What `dissect` does, many results at a time or packet by packet."""

    def __init__(self, decryption: Decryption, profile: Profile = NOMINAL) -> None:
        """Begin.

        Args:
            decryption: stages 1 to 3; its `unread` tells in the end whether all was
                read.
            profile: the wire layout.
        """
        self._decryption = decryption
        self._profile = profile
        self._framers: dict[int, tuple[Framer, Framer]] = {}

    def run(self, source: Source) -> Iterator[list[Result]]:
        """Read a capture to its end.

        Raises:
            CaptureError: it cannot be opened, or is no capture.
        """
        return map(self._frame, self._decryption.run(source))

    def shared(self, source: Source) -> Iterator[list[tuple[Key, list[Result]]]]:
        """Read a share of a capture, in parts whose keys give their order.

        Raises:
            CaptureError: it cannot be opened, or is no capture.
        """
        for parts in self._decryption.parts(source):
            yield [(key, self._frame(opened)) for key, opened in parts]

    def packet(
        self, linktype: int, data: bytes, frame: int, time_ns: int
    ) -> list[Result]:
        """Read one packet that comes from no file; see `Decryption.packet`."""
        return self._frame(self._decryption.packet(linktype, data, frame, time_ns))

    def close(self) -> list[Result]:
        """End what came packet by packet."""
        return self._frame(self._decryption.close())

    def _frame(self, batch: list[Opened]) -> list[Result]:
        """Cut what stage 3 has opened into messages."""
        out: list[Result] = []
        framers = self._framers
        for found in batch:
            if type(found) is tuple:
                conversation, side, item = found
                pair = framers.get(conversation.index)
                if pair is None:
                    pair = self._begin(conversation)
                self._add(out, pair[side], pair[side].feed(item), item)
            elif isinstance(found, Conversation):
                out.append(found)
            elif isinstance(found, Event):
                if found.event == "closed" and found.conversation in framers:
                    for framer in framers.pop(found.conversation):
                        self._add(out, framer, framer.finish(), None)
                out.append(found)
        return out

    def _begin(self, conversation: Conversation) -> tuple[Framer, Framer]:
        synchronised = conversation.transport != "tcp" or conversation.began == "syn"
        indices = count()
        mse, wlc = (
            Framer(
                self._profile,
                conversation=conversation.index,
                direction=direction,
                indices=indices,
                synchronised=synchronised,
                datagrams=conversation.transport in {"dtls", "udp", "pdu"},
            )
            for direction in DIRECTIONS
        )
        self._framers[conversation.index] = mse, wlc
        return mse, wlc

    def _add(
        self, out: list[Result], framer: Framer, framed: list[Framed], item: Item | None
    ) -> None:
        """Add messages as they are, and holes as events."""
        if not framer.holed:
            out += cast("list[Message]", framed)
            return
        framer.holed = False
        for found in framed:
            if isinstance(found, Message):
                out.append(found)
            else:
                self._decryption.unread = True
                stream = "tcp" if found is item else "data"
                place = (framer.conversation, framer.direction)
                out.append(hole_event(found, *place, stream))


def hole_event(
    hole: Hole, conversation: int, direction: Direction, stream: str
) -> Event:
    """Make a hole of a direction an event."""
    return Event(
        hole.kind, conversation, direction, hole.offset, hole.length, hole.time_ns,
        hole.frames, hole.reason, True, stream,
    )  # fmt: skip
