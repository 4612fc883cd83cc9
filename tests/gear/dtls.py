# SPDX-License-Identifier: GPL-2.0-or-later
"""Real DTLS sessions made in memory, datagram by datagram."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from OpenSSL import SSL

from nmsp_scapy.integrity import Item, Plain
from nmsp_scapy.tls import KeyStore, TlsEngine
from tests.gear.tls import TALK, Identity, Opened, Recorded, _log, identity

VERSIONS = {"DTLS 1.0": 0xFEFF, "DTLS 1.2": 0xFEFD}


def _context(side: int, version: str, suite: str, who: Identity | None) -> SSL.Context:
    made = SSL.Context(SSL.DTLS_SERVER_METHOD if side else SSL.DTLS_CLIENT_METHOD)
    made.set_min_proto_version(VERSIONS[version])
    made.set_max_proto_version(VERSIONS[version])
    made.set_cipher_list(f"{suite}:@SECLEVEL=0".encode())
    made.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    made.set_keylog_callback(_log)
    made.set_options(1 << 8)  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION
    made.set_cookie_generate_callback(lambda _: b"a cookie")
    made.set_cookie_verify_callback(lambda _, cookie: cookie == b"a cookie")
    if who:
        made.use_certificate(who.certificate)
        made.use_privatekey(who.key)
    return made


def _datagrams(data: bytes, most: int) -> Iterator[bytes]:
    """Cut what a memory BIO runs together at records, several a datagram."""
    datagram = b""
    while data:
        length = 13 + int.from_bytes(data[11:13], "big")
        if datagram and len(datagram) + length > most:
            yield datagram
            datagram = b""
        datagram += data[:length]
        data = data[length:]
    yield datagram


def _take(end: SSL.Connection) -> None:
    """Go on with a handshake, and read what there is."""
    with suppress(SSL.WantReadError):
        end.do_handshake()
    with suppress(SSL.WantReadError):
        end.recv(2**16)


class DatagramPair:
    """Two OpenSSL endpoints that hand each other datagrams in memory."""

    def __init__(self, version: str, suite: str, kind: str, mtu: int) -> None:
        self.recorded = Recorded()
        self.mtu = mtu
        self.ends = []
        for side in (0, 1):
            who = identity("server", kind) if side else None
            end = SSL.Connection(_context(side, version, suite, who), None)
            end.set_app_data(self.recorded)
            (end.set_accept_state if side else end.set_connect_state)()
            end.set_ciphertext_mtu(mtu)
            self.ends.append(end)

    def move(self, act: Callable[[SSL.Connection], object]) -> None:
        """Carry what is to be sent, and let the other side act on each datagram."""
        for side in (0, 1):
            with suppress(SSL.WantReadError):
                data = self.ends[side].bio_read(2**16)
                for part in _datagrams(data, self.mtu):
                    self.recorded.flow.append((side, part))
                    self.ends[1 - side].bio_write(part)
                    with suppress(SSL.WantReadError):
                        act(self.ends[1 - side])

    def handshake(self, cookie: bool) -> None:
        """Run the handshake, with a HelloVerifyRequest first if asked for."""
        server = self.ends[1]

        def listen(end: SSL.Connection) -> None:
            if end is server:
                end.DTLSv1_listen()
            else:
                end.do_handshake()

        for turn in range(2 * cookie + 24):
            with suppress(SSL.WantReadError):
                self.ends[turn % 2 if turn > 1 else 0].do_handshake()
            self.move(listen if turn < 2 * cookie else SSL.Connection.do_handshake)

    def renegotiate(self, side: int) -> None:
        """Run a second handshake within the association, begun by this side."""
        self.ends[side].renegotiate()
        for turn in range(24):
            with suppress(SSL.WantReadError):
                self.ends[(turn + side) % 2].do_handshake()
            self.move(_take)

    def say(self, side: int, data: bytes) -> None:
        """Write application data, 400 bytes a datagram."""
        for at in range(0, len(data), 400):
            part = data[at : at + 400]
            self.recorded.written[side] += part
            self.ends[side].send(part)
            self.move(lambda end: end.recv(2**16))

    def close(self) -> Recorded:
        """Shut both sides down."""
        for end in self.ends:
            end.shutdown()
            with suppress(SSL.ZeroReturnError):
                self.move(lambda other: other.recv(2**16))
        return self.recorded


def openssl_dtls(
    version: str,
    suite: str,
    kind: str = "rsa",
    cookie: bool = True,
    talk: Sequence[tuple[int, bytes]] = TALK,
    mtu: int = 600,
) -> Recorded:
    """A whole association between two OpenSSL endpoints."""
    pair = DatagramPair(version, suite, kind, mtu)
    pair.handshake(cookie)
    for side, data in talk:
        pair.say(side, data)
    return pair.close()


def datagrams(flow: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, Plain]]:
    """The flow as items, one a datagram."""
    offsets = [0, 0]
    for frame, (side, data) in enumerate(flow, 1):
        yield side, Plain(data, offsets[side], 10**9 + frame, (frame,))
        offsets[side] += len(data)


def read_dtls(
    stream: Iterator[tuple[int, Item]], keys: KeyStore, engine: TlsEngine | None = None
) -> Opened:
    """Run datagrams through a session to its end."""
    session = (engine or TlsEngine(keys)).datagram_session("test")
    found = []
    for side, item in stream:
        found += session.feed(side, item)
    found += session.finish()
    return Opened(session, found)
