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
from nmsp_scapy.export.notes import note

DISSECTOR = b"nmsp"
"""Name under which our Lua dissector registers."""


class UpperPduWriter:
    """Writes messages as exported PDUs, with the addresses and times they had."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin."""
        self._writer = PcapngWriter(file, comments=["exported by nmsp decrypt"])
        self._writer.interface(LINKTYPE, description="NMSP messages")
        self._heads: dict[tuple[int, Direction], bytes] = {}
        self._comments: list[str] = []

    def write(self, results: Iterable[Result]) -> None:
        """Write a batch."""
        for found in results:
            if isinstance(found, Message):
                head = self._heads[found.conversation, found.direction]
                last = _tag(
                    Tag.ORIGINAL_FRAME, pack(">I", found.frames[-1] & 0xFFFFFFFF)
                )
                data = head + last + _tag(Tag.END, b"") + found.raw
                self._writer.packet(data, found.time_ns, comments=self._comments)
                self._comments = []
            elif isinstance(found, Conversation):
                for direction in Direction:
                    self._heads[found.index, direction] = _head(found, direction)
            elif isinstance(found, Event):
                self._event(found)

    def _event(self, event: Event) -> None:
        if event.event == "closed" and event.conversation is not None:
            for direction in Direction:
                self._heads.pop((event.conversation, direction), None)
        elif event.lost or event.event in {"alert", "overlap"}:
            self._comments.append(note(event))


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
