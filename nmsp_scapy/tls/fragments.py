# SPDX-License-Identifier: GPL-2.0-or-later
"""Handshake messages of DTLS put together from their fragments.

Source: RFC 6347 section 4.2.2 and 4.2.3.
"""

from typing import Final

from nmsp_scapy.tls.facts import Evidence
from nmsp_scapy.tls.registry import Handshake
from nmsp_scapy.tls.wire import Reader

MOST_MESSAGES: Final = 16
"""Messages that are put together at a time."""

LONGEST_MESSAGE: Final = 2**17
"""Bytes of a message; what claims to be longer is not read."""


class _Message:
    """A message under way."""

    def __init__(self, kind: int, length: int) -> None:
        self.kind = kind
        self.body = bytearray(length)
        self.have = bytearray(length)
        self.seen: list[Evidence] = []

    @property
    def whole(self) -> bool:
        return 0 not in self.have


class Fragments:
    """Orders one direction's messages by their number."""

    def __init__(self) -> None:
        self._next = 0
        self._parts: dict[int, _Message] = {}

    def add(self, content: bytes, seen: Evidence) -> list[tuple[bytes, Evidence]]:
        """Take a record's content; answer the messages that it completes, in order.

        A message comes as the transcript hashes it: with the header that it would
        have in one fragment.

        Raises:
            MalformedError: a fragment contradicts itself.
        """
        reader = Reader(content)
        while reader:
            kind, length, number = (reader.number(n) for n in (1, 3, 2))
            offset, body = reader.number(3), reader.vector(3)
            if kind == Handshake.CLIENT_HELLO and number == 0 and self._next > 2:
                self._next = 0  # a renegotiation counts anew
                self._parts.clear()
            if kind in (Handshake.HELLO_REQUEST, Handshake.SERVER_HELLO):
                self._restart(kind, number)
            self._place(kind, length, number, offset, body, seen)
        return self._complete()

    def _restart(self, kind: int, number: int) -> None:
        """Follow the server's count when it begins a handshake anew."""
        if self._next > 2 and number <= 1 and kind == Handshake.SERVER_HELLO:
            self._next = number
            self._parts.clear()

    def _place(
        self,
        kind: int,
        length: int,
        number: int,
        offset: int,
        body: bytes,
        seen: Evidence,
    ) -> None:
        ahead = number - self._next
        if not 0 <= ahead < MOST_MESSAGES or length > LONGEST_MESSAGE:
            return
        message = self._parts.setdefault(number, _Message(kind, length))
        stop = offset + len(body)
        if message.kind == kind and len(message.body) == length and stop <= length:
            message.body[offset:stop] = body
            message.have[offset:stop] = b"\1" * len(body)
            message.seen.append(seen)

    def _complete(self) -> list[tuple[bytes, Evidence]]:
        found = []
        while (message := self._parts.get(self._next)) and message.whole:
            del self._parts[self._next]
            size = len(message.body).to_bytes(3, "big")
            head = bytes([message.kind]) + size + self._next.to_bytes(2, "big")
            frames = dict.fromkeys(f for part in message.seen for f in part.frames)
            last = max((part.time_ns for part in message.seen), default=0)
            raw = head + b"\0\0\0" + size + bytes(message.body)
            found.append((raw, Evidence(last, tuple(frames))))
            self._next += 1
        return found
