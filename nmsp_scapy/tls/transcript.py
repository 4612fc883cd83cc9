# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of one handshake, in the order that both sides hash them in.

The capture may show the directions shifted against each other, so each is kept apart
and the order is made from what the protocol prescribes.
"""

import hashlib
from typing import Final

from nmsp_scapy.tls.registry import Handshake

MOST_BYTES: Final = 2**20
"""Bytes of handshake messages that are kept for hashing."""


class Transcript:
    """Handshake messages with their headers, by side.

    Attributes:
        broken: per side, whether messages of it are missing.
    """

    def __init__(self) -> None:
        self.broken = [False, False]
        self._said: tuple[list[bytes], list[bytes]] = ([], [])
        self._size = 0

    def restart(self, side: int) -> None:
        """Forget this side's messages: a new hello begins."""
        self._size -= sum(map(len, self._said[side]))
        self._said[side].clear()

    def add(self, side: int, raw: bytes) -> None:
        """Take the side's next message."""
        if self._size + len(raw) > MOST_BYTES:
            self.broken[side] = True
            return
        self._size += len(raw)
        self._said[side].append(raw)

    def up_to_key_exchange(self) -> bytes | None:
        """ClientHello to ClientKeyExchange, which an extended master secret hashes."""
        client, server = self._said
        kinds = [raw[0] for raw in client]
        if any(self.broken) or not server:
            return None
        if Handshake.CLIENT_KEY_EXCHANGE not in kinds:
            return None
        upto = kinds.index(Handshake.CLIENT_KEY_EXCHANGE) + 1
        return b"".join([client[0], *self._flight(), *client[1:upto]])

    def _flight(self) -> list[bytes]:
        """The server's messages up to its ServerHelloDone; all without one."""
        server = self._said[1]
        for count, raw in enumerate(server, 1):
            if raw[0] == Handshake.SERVER_HELLO_DONE:
                return server[:count]
        return server

    def before_finished(self) -> bytes | None:
        """All messages so far, in the order of SSL 3.0 to TLS 1.2."""
        client, server = self._said
        if any(self.broken) or not client or not server:
            return None
        flight = self._flight()
        rest = server[len(flight) :]
        return b"".join([client[0], *flight, *client[1:], *rest])

    def before_finished_13(self, side: int, digest: str) -> bytes | None:
        """All messages before the Finished of this side, in the order of TLS 1.3."""
        client, server = self._said
        hellos = [raw for raw in client if raw[0] == Handshake.CLIENT_HELLO]
        if any(self.broken) or not hellos or not server:
            return None
        # A server may send tickets before the client has finished.
        kinds = [raw[0] for raw in server]
        if side == 0 and Handshake.FINISHED in kinds:
            server = server[: kinds.index(Handshake.FINISHED) + 1]
        parts = [hellos[0], *server]
        if len(hellos) == 2:  # a HelloRetryRequest: the first hello goes in hashed
            first = hashlib.new(digest, hellos[0]).digest()
            parts = [b"\xfe\0\0" + bytes([len(first)]) + first]
            parts += [server[0], hellos[1], *server[1:]]
        if side == 0:
            parts += client[len(hellos) :]
        return b"".join(parts)
