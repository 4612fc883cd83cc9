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
from nmsp_scapy.conversation import Conversation, Event
from nmsp_scapy.decrypt import Opened
from nmsp_scapy.export.cleartext_talk import Talk
from nmsp_scapy.export.notes import is_told, note
from nmsp_scapy.integrity import Plain
from nmsp_scapy.profile import NOMINAL, Profile

ISN_STEP = 0x0101_0101
"""From one connection's initial sequence number to the next one's: odd, so that all
are different, and far apart. A SYN that has the old number again would be a copy."""


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
        self._talks: dict[int, Talk] = {}
        self._begun = 0

    def write(self, results: Iterable[Opened]) -> None:
        """Write a batch."""
        for found in results:
            if isinstance(found, tuple):
                conversation, side, item = found
                talk = self._talks.get(conversation.index)
                if talk is None:
                    talk = Talk(self, conversation, self._profile)
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

    def _event(self, event: Event, talk: Talk) -> None:
        if event.event == "closed":
            talk.close(event)
            del self._talks[talk.conversation.index]
        elif event.event == "reset":
            talk.reset(event)
        elif is_told(event):
            talk.comments.append(note(event))
