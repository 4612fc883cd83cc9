# SPDX-License-Identifier: GPL-2.0-or-later
"""One exported PDU a message: link type 252, which Wireshark hands to a dissector.

Source: documented, Wireshark's `epan/exported_pdu.h` (tags) and the registry of link
types at tcpdump.org (`LINKTYPE_WIRESHARK_UPPER_PDU`).
"""

from collections.abc import Iterable
from ipaddress import ip_address
from struct import pack
from typing import IO

from nmsp_scapy.capture.exported import LINKTYPE, PortType, Tag
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.conversation import (
    Conversation,
    Direction,
    Endpoint,
    Event,
    Message,
    Result,
)
from nmsp_scapy.export.notes import is_told, note

DISSECTOR = b"nmsp"
"""Name under which our Lua dissector registers."""


MOST = 1000
"""Comments that wait for the next message of their conversation."""


class UpperPduWriter:
    """Writes messages as exported PDUs, with the addresses and times they had.

    Comments on what was lost stand on the next message of the conversation; where
    none follows, on a PDU without bytes.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Begin."""
        self._writer = PcapngWriter(file, comments=["exported by nmsp decrypt"])
        self._writer.interface(LINKTYPE, description="NMSP messages")
        self._heads: dict[tuple[int, Direction], bytes] = {}
        self._comments: dict[int | None, list[str]] = {}

    def write(self, results: Iterable[Result]) -> None:
        """Write a batch."""
        for found in results:
            if isinstance(found, Message):
                self._pdu(
                    found.conversation,
                    found.direction,
                    found.time_ns,
                    found.frames,
                    found.raw,
                )
            elif isinstance(found, Conversation):
                for direction in Direction:
                    self._heads[found.index, direction] = _head(found, direction)
            elif isinstance(found, Event):
                self._event(found)

    def _pdu(
        self,
        conversation: int,
        direction: Direction,
        time_ns: int,
        frames: tuple[int, ...],
        raw: bytes,
    ) -> None:
        comments = self._comments.pop(None, []) + self._comments.pop(conversation, [])
        last = frames[-1] if frames else 0
        tags = _tag(Tag.ORIGINAL_FRAME, pack(">I", last & 0xFFFFFFFF)) if last else b""
        data = self._heads[conversation, direction] + tags + _tag(Tag.END, b"") + raw
        self._writer.packet(data, time_ns, comments=comments)

    def _event(self, event: Event) -> None:
        index = event.conversation
        if event.event == "closed" and index is not None:
            if self._comments.get(index):  # no message follows: they stand on nothing
                way = event.direction or Direction.MSE_TO_WLC
                self._pdu(index, way, event.time_ns or 0, event.frames, b"")
            for direction in Direction:
                self._heads.pop((index, direction), None)
        elif is_told(event):
            comments = self._comments.setdefault(index, [])
            if len(comments) < MOST:
                comments.append(note(event))


def _head(conversation: Conversation, direction: Direction) -> bytes:
    """Build the tags that all messages of a direction share."""
    ends = [conversation.client, conversation.server]
    if direction is Direction.WLC_TO_MSE:
        ends.reverse()
    source, target = ends
    return b"".join(
        (
            _tag(Tag.DISSECTOR, DISSECTOR),
            _address(Tag.IPV4_SOURCE, Tag.IPV6_SOURCE, source),
            _address(Tag.IPV4_TARGET, Tag.IPV6_TARGET, target),
            _tag(Tag.PORT_TYPE, pack(">I", PortType.TCP)),
            _tag(Tag.SOURCE_PORT, pack(">I", source.port)),
            _tag(Tag.TARGET_PORT, pack(">I", target.port)),
        )
    )


def _address(four: Tag, six: Tag, end: Endpoint) -> bytes:
    packed = ip_address(end.address).packed
    return _tag(four if len(packed) == 4 else six, packed)


def _tag(tag: Tag, value: bytes) -> bytes:
    value += b"\0" * (-len(value) % 4)
    return pack(">HH", tag, len(value)) + value
