# SPDX-License-Identifier: GPL-2.0-or-later
"""The conversations without TLS: TCP on the same addresses and ports.

Sequence numbers count the decrypted bytes and checksums are right, so that any tool
follows the streams. A hole is a gap in the sequence numbers, its length that of the
encrypted bytes where it is known, and the next frame has a comment.
"""

from collections.abc import Iterable
from typing import IO

from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.conversation import Conversation, Event
from nmsp_scapy.decrypt import Opened
from nmsp_scapy.integrity import Plain

UNKNOWN = 1
"""Bytes that a hole of unknown length takes of the sequence numbers."""


class CleartextWriter:
    """Writes decrypted conversations as a capture."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin."""
        self._writer = PcapngWriter(file, comments=["decrypted by nmsp decrypt"])
        self._writer.interface(description="decrypted, framed anew")
        self._frames: dict[int, TcpFrames] = {}
        self._comments: dict[int, list[str]] = {}

    def write(self, results: Iterable[Opened]) -> None:
        """Write a batch."""
        for found in results:
            if isinstance(found, tuple):
                conversation, side, item = found
                frames = self._frames.get(conversation.index)
                if frames is None:
                    frames = self._begin(conversation)
                if isinstance(item, Plain):
                    made = frames.data(side, item.data)
                    self._packets(conversation.index, made, item.time_ns)
                else:
                    frames.skip(side, item.length or UNKNOWN)
                    place = "" if item.length is None else f" of {item.length} bytes"
                    self._comments.setdefault(conversation.index, []).append(
                        f"NMSP: {item.kind}{place} before this: {item.reason}"
                    )
            elif isinstance(found, Event) and found.conversation is not None:
                self._event(found, found.conversation)

    def _begin(self, conversation: Conversation) -> TcpFrames:
        client, server = conversation.client, conversation.server
        frames = TcpFrames((client.address, client.port), (server.address, server.port))
        self._frames[conversation.index] = frames
        self._packets(conversation.index, frames.open(), conversation.time_ns)
        return frames

    def _event(self, event: Event, conversation: int) -> None:
        frames = self._frames.get(conversation)
        if frames is None:
            return
        time_ns = event.time_ns or 0
        if event.event == "closed":
            left = self._comments.get(conversation)
            made = (
                []
                if "reset" in event.reason
                else [
                    *frames.finish(0),
                    *frames.finish(1),
                ]
            )
            if made or left:
                made = made or frames.reset(1)
                self._packets(conversation, made, time_ns)
            del self._frames[conversation]
            self._comments.pop(conversation, None)
        elif event.event == "reset":
            side = 0 if event.direction == "mse->wlc" else 1
            self._packets(conversation, frames.reset(side), time_ns)
        elif event.event not in {"fin", "stray"}:
            self._comments.setdefault(conversation, []).append(
                f"NMSP: {event.event}: {event.reason}"
            )

    def _packets(self, conversation: int, frames: list[bytes], time_ns: int) -> None:
        comments = self._comments.pop(conversation, [])
        for frame in frames:
            self._writer.packet(frame, time_ns, comments=comments)
            comments = []
