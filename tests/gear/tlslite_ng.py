# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions of tlslite-ng, which still makes SSL 3.0, RC4, 3DES and KeyUpdate."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # its face for asyncore
    from tlslite.api import (
        HandshakeSettings,
        TLSConnection,
        X509CertChain,
        parsePEMKey,
    )
    from tlslite.messages import ClientHello
    from tlslite.x509 import X509

from tests.gear.tls import TALK, Identity, Recorded, identity

__all__ = ["ClientHello", "HandshakeSettings", "TlslitePair", "settings", "tlslite"]

VERSIONS = {
    "SSL 3.0": (3, 0),
    "TLS 1.0": (3, 1),
    "TLS 1.1": (3, 2),
    "TLS 1.2": (3, 3),
    "TLS 1.3": (3, 4),
}


class Wire:
    """A socket of one side that records what it sends."""

    def __init__(self, side: int, recorded: Recorded) -> None:
        self.side = side
        self.peer: Wire
        self._recorded = recorded
        self._inbox = bytearray()

    def send(self, data: bytes) -> int:
        self._recorded.flow.append((self.side, bytes(data)))
        self.peer._inbox += data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.send(data)

    def recv(self, count: int) -> bytes:
        if not self._inbox:
            raise BlockingIOError(11, "nothing there")
        data = bytes(self._inbox[:count])
        del self._inbox[:count]
        return data

    def close(self) -> None:
        """Nothing to close."""

    def setsockopt(self, *_: object) -> None:
        """No socket, no options."""


def _chain(who: Identity) -> X509CertChain:
    certificate = X509()
    certificate.parse(who.certificate_pem.decode())
    return X509CertChain([certificate])


def _key(who: Identity) -> Any:
    return parsePEMKey(who.key_pem.decode(), private=True)


def settings(
    version: str, cipher: str, mac: str = "sha", exchange: str = "rsa"
) -> HandshakeSettings:
    """Settings that leave one choice only."""
    made = HandshakeSettings()
    made.minVersion = made.maxVersion = VERSIONS[version]
    made.versions = [VERSIONS[version]]
    made.cipherNames = [cipher]
    made.macNames = [mac, "aead"] if mac != "aead" else ["aead"]
    made.keyExchangeNames = [exchange]
    made.eccCurves = ["secp256r1", "secp384r1"]
    made.keyShares = ["secp256r1"]
    made.useExperimentalTackExtension = False
    return made


class TlslitePair:
    """Two tlslite-ng endpoints joined in memory, run in turns."""

    def __init__(self, choice: HandshakeSettings) -> None:
        self.recorded = Recorded()
        wires = (Wire(0, self.recorded), Wire(1, self.recorded))
        wires[0].peer, wires[1].peer = wires[1], wires[0]
        self.ends = tuple(TLSConnection(wire) for wire in wires)
        self._choice = choice

    def handshake(self, session: Any = None, cache: Any = None) -> "TlslitePair":
        """Run both handshakes."""
        who = identity("server")
        self.run(
            self.ends[0].handshakeClientCert(
                settings=self._choice, session=session, async_=True
            ),
            self.ends[1].handshakeServerAsync(
                certChain=_chain(who),
                privateKey=_key(who),
                settings=self._choice,
                sessionCache=cache,
            ),
        )
        self._log()
        return self

    @staticmethod
    def run(*tasks: Iterator[int]) -> None:
        """Run generators in turns until all have ended."""
        waiting = list(tasks)
        for _ in range(10_000):
            for task in list(waiting):
                try:
                    next(task)
                except StopIteration:
                    waiting.remove(task)
            if not waiting:
                return
        raise AssertionError("the peers stand still")

    def _log(self) -> None:
        client = self.ends[0]
        random = bytes(client._clientRandom).hex()
        found = client.session
        secrets = {"CLIENT_RANDOM": found.masterSecret}
        if client.version == (3, 4):  # it keeps no handshake traffic secrets
            secrets = {
                "CLIENT_TRAFFIC_SECRET_0": found.cl_app_secret,
                "SERVER_TRAFFIC_SECRET_0": found.sr_app_secret,
            }
        for label, secret in secrets.items():
            if secret:
                line = f"{label} {random} {bytes(secret).hex()}"
                self.recorded.key_log.append(line.encode())

    def say(self, side: int, data: bytes) -> None:
        """Write application data and let the other side read it."""
        self.recorded.written[side] += data
        self.run(self.ends[side].writeAsync(data))
        self.read(1 - side, len(data))

    def read(self, side: int, count: int) -> None:
        """Read this much on a side."""
        self.run(self.ends[side].readAsync(min=count, max=count))

    def talk(self, lines: Sequence[tuple[int, bytes]] = TALK) -> "TlslitePair":
        """Write a conversation."""
        for side, data in lines:
            self.say(side, data)
        return self

    def key_update(self, side: int) -> None:
        """Send a KeyUpdate that asks the other side for one too."""
        self.run(self.ends[side].send_keyupdate_request(1))

    def close(self) -> Recorded:
        """Close both sides."""
        self.run(*(end.closeAsync() for end in self.ends))
        return self.recorded


def tlslite(
    version: str,
    cipher: str,
    mac: str = "sha",
    exchange: str = "rsa",
    setup: Callable[[HandshakeSettings], None] | None = None,
    talk: Sequence[tuple[int, bytes]] = TALK[:6],
) -> Recorded:
    """A whole session between two tlslite-ng endpoints."""
    choice = settings(version, cipher, mac, exchange)
    if setup:
        setup(choice)
    return TlslitePair(choice).handshake().talk(talk).close()
