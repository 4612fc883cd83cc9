# SPDX-License-Identifier: GPL-2.0-or-later
"""Real TLS sessions made in memory: what went over the wire, and what was meant."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from OpenSSL import SSL

from nmsp_scapy.integrity import Gap, Item, Plain
from nmsp_scapy.tls import KeyStore, TlsEngine

VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}

TALK: tuple[tuple[int, bytes], ...] = (
    (0, b"capabilities of the client, " * 3),
    (1, b"capabilities of the server, " * 3),
    (0, b"subscribe"),
    (1, b"subscribed"),
    *((1, bytes([number]) * (40 + 13 * number)) for number in range(12)),
    (0, b"echo?"),
    (1, b"echo!"),
    (1, bytes(range(256)) * 100),
    (0, b"bye"),
)
"""What the endpoints say to each other where a test asks for nothing else."""


@dataclass
class Recorded:
    """A session as it went over the wire.

    Attributes:
        flow: (side, bytes) in the order sent; 0 client, 1 server.
        key_log: lines that an endpoint logged.
        written: plaintext that each endpoint wrote.
    """

    flow: list[tuple[int, bytes]] = field(default_factory=list)
    key_log: list[bytes] = field(default_factory=list)
    written: list[bytes] = field(default_factory=lambda: [b"", b""])


@dataclass(frozen=True)
class Identity:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: Any

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def identity(name: str = "server", kind: str = "rsa") -> Identity:
    """A self-signed identity, made once per process, name and kind of key."""
    return _identity(name, kind)


@cache
def _identity(name: str, kind: str) -> Identity:
    key: Any
    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
    elif kind == "dsa":
        key = dsa.generate_private_key(2048)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate, key)


def context(
    side: int,
    version: str,
    ciphers: str | None = None,
    who: Identity | None = None,
    ask: bool = False,
) -> SSL.Context:
    """An OpenSSL context of one side that speaks this version only."""
    made = SSL.Context(SSL.TLS_SERVER_METHOD if side else SSL.TLS_CLIENT_METHOD)
    number = VERSIONS[version]
    made.set_min_proto_version(number)
    made.set_max_proto_version(number)
    if version == "1.3":
        if ciphers:
            made.set_tls13_ciphersuites(ciphers.encode())
            made.set_cipher_list(b"ALL:@SECLEVEL=0")
    else:
        made.set_cipher_list(f"{ciphers or 'ALL'}:@SECLEVEL=0".encode())
    if who:
        made.use_certificate(who.certificate)
        made.use_privatekey(who.key)
    mode = SSL.VERIFY_PEER if ask else SSL.VERIFY_NONE
    made.set_verify(mode, lambda *_: True)
    made.set_keylog_callback(_log)
    return made


def _log(connection: SSL.Connection, line: bytes) -> None:
    log = connection.get_app_data().key_log
    if line not in log:
        log.append(line)


class Pair:
    """Two OpenSSL endpoints joined in memory."""

    def __init__(
        self, client: SSL.Context, server: SSL.Context, session: Any = None
    ) -> None:
        self.recorded = Recorded()
        self.ends = (SSL.Connection(client, None), SSL.Connection(server, None))
        for end in self.ends:
            end.set_app_data(self.recorded)
        self.ends[0].set_connect_state()
        self.ends[1].set_accept_state()
        if session is not None:
            self.ends[0].set_session(session)

    def move(self) -> bool:
        """Carry what either side has to send; whether there was anything."""
        moved = False
        for side in (0, 1):
            try:
                data = self.ends[side].bio_read(2**20)
            except SSL.WantReadError:
                continue
            self.recorded.flow.append((side, data))
            self.ends[1 - side].bio_write(data)
            moved = True
        return moved

    def handshake(self) -> "Pair":
        """Run the handshake of both sides to its end."""
        waiting = {0, 1}
        while waiting:
            for side in sorted(waiting):
                try:
                    self.ends[side].do_handshake()
                    waiting.discard(side)
                except SSL.WantReadError:
                    pass
            if not self.move() and waiting:
                raise AssertionError("the handshake stands still")
        while self.move():
            self.read()
        return self

    def renegotiate(self, side: int = 0) -> None:
        """Run a second handshake within the session, begun by this side."""
        self.ends[side].renegotiate()
        for _ in range(20):
            for end in self.ends:
                with suppress(SSL.WantReadError):
                    end.do_handshake()
            self.read()
            if not self.move():
                return
        raise AssertionError("the renegotiation does not end")

    def early(self, data: bytes) -> None:
        """Write early data of TLS 1.3 and let the server read it."""
        count = SSL._ffi.new("size_t *")
        client, server = (end._ssl for end in self.ends)
        assert SSL._lib.SSL_write_early_data(client, data, len(data), count) == 1
        self.recorded.written[0] += data
        self.move()
        room = SSL._ffi.new("char[]", 2**16)
        assert SSL._lib.SSL_read_early_data(server, room, 2**16, count) > 0

    def read(self) -> None:
        """Let both sides read what they have."""
        for end in self.ends:
            try:
                while end.recv(2**16):
                    pass
            except (SSL.WantReadError, SSL.ZeroReturnError):
                pass

    def say(self, side: int, data: bytes, together: bool = False) -> None:
        """Write application data; `together` leaves it in the side's output."""
        self.recorded.written[side] += data
        self.ends[side].sendall(data)
        if not together:
            self.move()
            self.read()

    def talk(self, lines: Sequence[tuple[int, bytes]] = TALK) -> "Pair":
        """Write a conversation."""
        for side, data in lines:
            self.say(side, data)
        return self

    def close(self) -> Recorded:
        """Shut both sides down."""
        for side in (0, 1):
            self.ends[side].shutdown()
            self.move()
            self.read()
        self.move()
        return self.recorded


def openssl(
    version: str,
    ciphers: str | None = None,
    kind: str = "rsa",
    client: Identity | None = None,
    talk: Sequence[tuple[int, bytes]] = TALK,
    setup: Callable[[SSL.Context, SSL.Context], None] | None = None,
) -> Recorded:
    """A whole session between two OpenSSL endpoints."""
    contexts = (
        context(0, version, ciphers, client),
        context(1, version, ciphers, identity("server", kind), client is not None),
    )
    if setup:
        setup(*contexts)
    return Pair(*contexts).handshake().talk(talk).close()


def again(
    version: str,
    ticket: bool = True,
    ciphers: str | None = None,
    early: bytes = b"",
    talk: Sequence[tuple[int, bytes]] = TALK,
) -> tuple[Recorded, Recorded]:
    """A session and one that resumes it.

    Args:
        ticket: by ticket, else by session id (a stateful ticket in TLS 1.3).
        early: early data of TLS 1.3 in the second.
    """
    client = context(0, version, ciphers)
    server = context(1, version, ciphers, identity())
    server.set_session_id(b"tests")
    server.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    if not ticket:
        server.set_options(SSL.OP_NO_TICKET)
    if early:
        SSL._lib.SSL_CTX_set_max_early_data(server._context, 2**14)
    first = Pair(client, server).handshake().talk(talk)
    session = first.ends[0].get_session()
    recorded = first.close()
    second = Pair(client, server, session)
    if early:
        second.early(early)
    return recorded, second.handshake().talk(talk).close()


def renegotiated(
    version: str,
    ciphers: str,
    side: int,
    talk: Sequence[tuple[int, bytes]] = TALK,
) -> Recorded:
    """A session with a second handshake within it."""
    client = context(0, version, ciphers)
    server = context(1, version, ciphers, identity())
    server.set_options(1 << 8)  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION
    pair = Pair(client, server).handshake().talk(talk)
    pair.renegotiate(side)
    return pair.talk(talk).close()


def retried(talk: Sequence[tuple[int, bytes]] = TALK) -> Recorded:
    """A TLS 1.3 session that begins with a HelloRetryRequest."""
    client, server = context(0, "1.3"), context(1, "1.3", None, identity())
    server.set_tmp_ecdh(ec.SECP384R1())
    return Pair(client, server).handshake().talk(talk).close()


def rsa_store(*names: str) -> KeyStore:
    """A store with the RSA keys of these identities."""
    store = KeyStore()
    for name in names or ("server",):
        store.add_rsa_key(identity(name).key_pem, f"{name}.pem")
    return store


def items(
    flow: Sequence[tuple[int, bytes]], size: int | None = None
) -> Iterator[tuple[int, Plain]]:
    """The flow as a stream stage hands it on, each piece cut to `size` bytes."""
    offsets = [0, 0]
    frame = 0
    for side, data in flow:
        step = size or len(data) or 1
        for start in range(0, len(data), step):
            part = data[start : start + step]
            frame += 1
            yield side, Plain(part, offsets[side], 10**9 + frame, (frame,))
            offsets[side] += len(part)


def key_store(recorded: Recorded) -> KeyStore:
    """A store with the session's key log."""
    store = KeyStore()
    store.add_keylog(b"\n".join(recorded.key_log) + b"\n", "test.keys")
    assert not store.problems
    return store


@dataclass
class Opened:
    """What the engine made of a session."""

    session: Any
    items: list[tuple[int, Item]]

    @property
    def plain(self) -> list[bytes]:
        """Application data of each side."""
        return [
            b"".join(
                item.data
                for owner, item in self.items
                if owner == side and isinstance(item, Plain)
            )
            for side in (0, 1)
        ]

    @property
    def holes(self) -> list[tuple[int, Item]]:
        """Everything that is not plain."""
        return [(s, item) for s, item in self.items if not isinstance(item, Plain)]


def read(
    stream: Iterator[tuple[int, Item]],
    keys: KeyStore,
    engine: TlsEngine | None = None,
) -> Opened:
    """Run a stream through a session to its end."""
    session = (engine or TlsEngine(keys)).session("test")
    found: list[tuple[int, Item]] = []
    for side, item in stream:
        found += session.feed(side, item)
    found += session.finish()
    return Opened(session, found)


def with_holes(
    flow: Sequence[tuple[int, bytes]],
    size: int | None,
    dropped: Callable[[int, Plain], bool],
) -> Iterator[tuple[int, Item]]:
    """The flow in pieces, those that `dropped` names replaced by gaps."""
    for side, item in items(flow, size):
        if dropped(side, item):
            yield (
                side,
                Gap(item.offset, len(item.data), item.time_ns, (), "not captured"),
            )
        else:
            yield side, item


def judge(opened: Opened, written: Sequence[bytes]) -> None:
    """Hold what came out against what was written.

    The pieces must stand in the plaintext, in order, and where something is missing
    between two pieces a hole must have been named.
    """
    for side in (0, 1):
        runs = [b""]
        for owner, item in opened.items:
            if owner == side and isinstance(item, Plain):
                runs[-1] += item.data
            elif owner == side:
                runs.append(b"")
        # Runs between holes, the first at the start and the last at the end: the
        # leftmost place of each is as good as any.
        first, *middle = runs
        assert written[side].startswith(first), (
            f"side {side}: nobody wrote how it begins"
        )
        at = len(first)
        for run in middle[:-1]:
            found = written[side].find(run, at)
            assert found >= 0, f"side {side}: bytes that nobody wrote, {len(run)}"
            at = found + len(run)
        last = middle[-1] if middle else b""
        rest = written[side][at:]
        assert rest.endswith(last) if middle else not rest, f"side {side}: silent end"
