# SPDX-License-Identifier: GPL-2.0-or-later
"""Stages 1 to 4 composed: a capture to conversations, messages and events."""

from collections.abc import Iterator
from itertools import count

from nmsp_scapy.constants import PORT
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result
from nmsp_scapy.decrypt import DIRECTIONS, Decryption, Source
from nmsp_scapy.framing import Framed, Framer
from nmsp_scapy.integrity import Hole, Item
from nmsp_scapy.profile import NOMINAL, Profile
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
    decryption = Decryption(keys, profile=profile, ports=ports, first=first)
    for batch in dissected(decryption, source, profile):
        yield from batch


def dissected(
    decryption: Decryption, source: Source, profile: Profile = NOMINAL
) -> Iterator[list[Result]]:
    """Yield what `dissect` does, many at a time: for those in a hurry."""
    framers: dict[int, tuple[Framer, Framer]] = {}
    for batch in decryption.run(source):
        out: list[Result] = []
        for found in batch:
            if type(found) is tuple:
                conversation, side, item = found
                pair = framers.get(conversation.index)
                if pair is None:
                    pair = framers[conversation.index] = _framers(conversation, profile)
                framed = pair[side].feed(item)
                if _add(out, framed, item, conversation.index, DIRECTIONS[side]):
                    decryption.unread = True
            elif isinstance(found, Conversation):
                out.append(found)
            elif isinstance(found, Event):
                if found.event == "closed" and found.conversation in framers:
                    for framer in framers.pop(found.conversation):
                        left = framer.finish()
                        if _add(out, left, None, found.conversation, framer.direction):
                            decryption.unread = True
                out.append(found)
        yield out


def _framers(conversation: Conversation, profile: Profile) -> tuple[Framer, Framer]:
    synchronised = conversation.transport != "tcp" or conversation.began == "syn"
    indices = count()
    mse, wlc = (
        Framer(
            profile,
            conversation=conversation.index,
            direction=direction,
            indices=indices,
            synchronised=synchronised,
            datagrams=conversation.transport in {"dtls", "udp", "pdu"},
        )
        for direction in DIRECTIONS
    )
    return mse, wlc


def _add(
    out: list[Result],
    framed: list[Framed],
    item: Item | None,
    conversation: int,
    direction: Direction,
) -> bool:
    """Add messages as they are, and holes as events; tell whether there were any."""
    lost = False
    for found in framed:
        if isinstance(found, Message):
            out.append(found)
        else:
            lost = True
            stream = "tcp" if found is item else "data"
            out.append(hole_event(found, conversation, direction, stream))
    return lost


def hole_event(
    hole: Hole, conversation: int, direction: Direction, stream: str
) -> Event:
    """Make a hole of a direction an event."""
    return Event(
        hole.kind, conversation, direction, hole.offset, hole.length, hole.time_ns,
        hole.frames, hole.reason, True, stream,
    )  # fmt: skip
