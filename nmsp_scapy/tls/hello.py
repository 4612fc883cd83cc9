# SPDX-License-Identifier: GPL-2.0-or-later
"""Handshake messages that a passive reader needs, read from their bodies.

Source: RFC 5246 section 7.4, RFC 8446 section 4, RFC 6347 section 4.2, RFC 5077.
"""

from contextlib import suppress

import msgspec

from nmsp_scapy.tls.registry import RETRY_RANDOM, Extension, Version
from nmsp_scapy.tls.wire import MalformedError, Reader


class ClientHello(msgspec.Struct):
    """A ClientHello.

    Attributes:
        version: legacy version.
        cut: the capture has its beginning only; what it has not is empty.
        versions: of the supported_versions extension, empty without it.
    """

    version: int
    random: bytes
    session_id: bytes
    cookie: bytes
    suites: list[int]
    compressions: list[int]
    extensions: dict[int, bytes]
    cut: bool = False

    @property
    def versions(self) -> list[int]:
        """Versions offered in supported_versions."""
        body = self.extensions.get(Extension.SUPPORTED_VERSIONS)
        return Reader(body).numbers(1, 2) if body else []

    @property
    def server_name(self) -> str | None:
        """The host name of server_name."""
        body = self.extensions.get(Extension.SERVER_NAME)
        if not body:
            return None
        names = Reader(Reader(body).vector(2))
        while names:
            kind, name = names.number(1), names.vector(2)
            if kind == 0:
                return name.decode("ascii", "backslashreplace")
        return None

    @property
    def protocols(self) -> list[str]:
        """Protocols offered by ALPN."""
        body = self.extensions.get(Extension.ALPN)
        names = Reader(body).vectors(2, 1) if body else []
        return [name.decode("ascii", "backslashreplace") for name in names]

    @property
    def ticket(self) -> bytes:
        """The session ticket offered, empty without one."""
        return self.extensions.get(Extension.SESSION_TICKET, b"")


class ServerHello(msgspec.Struct):
    """A ServerHello, or the HelloRetryRequest that looks like one.

    Attributes:
        cut: the capture has its beginning only, and not all of its extensions.
    """

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: dict[int, bytes]
    cut: bool = False

    @property
    def negotiated(self) -> int:
        """The version that holds from here on."""
        body = self.extensions.get(Extension.SUPPORTED_VERSIONS)
        if self.cut and self.suite >> 8 == 0x13:  # suites of TLS 1.3 and no other
            return Version.TLS13
        return Reader(body).number(2) if body else self.version

    @property
    def retry(self) -> bool:
        """Whether it is a HelloRetryRequest."""
        return self.random == RETRY_RANDOM


def _extensions(reader: Reader) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if reader:
        body = Reader(reader.vector(2))
        while body:
            number = body.number(2)
            found.setdefault(number, body.vector(2))
    return found


def read_client_hello(body: bytes, datagram: bool = False) -> ClientHello:
    """Read a ClientHello; DTLS has a cookie in it."""
    reader = Reader(body)
    return ClientHello(
        version=reader.number(2),
        random=reader.take(32),
        session_id=reader.vector(1),
        cookie=reader.vector(1) if datagram else b"",
        suites=reader.numbers(2, 2),
        compressions=list(reader.vector(1)),
        extensions=_extensions(reader),
    )


def read_cut_client_hello(body: bytes) -> ClientHello:
    """Read the beginning of a ClientHello, as a short snap length leaves it.

    Raises:
        MalformedError: not even its random is whole.
    """
    reader = Reader(body)
    version, random = reader.number(2), reader.take(32)
    hello = ClientHello(version, random, b"", b"", [], [], {}, cut=True)
    with suppress(MalformedError):
        hello.session_id = reader.vector(1)
        hello.suites = reader.numbers(2, 2)
        hello.compressions = list(reader.vector(1))
        _cut_extensions(reader, hello.extensions)
    return hello


def _cut_extensions(reader: Reader, found: dict[int, bytes]) -> None:
    reader.number(2)
    while reader:
        number = reader.number(2)
        found.setdefault(number, reader.vector(2))


def read_cut_server_hello(body: bytes) -> ServerHello:
    """Read the beginning of a ServerHello.

    Raises:
        MalformedError: what was chosen is not in it.
    """
    reader = Reader(body)
    version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
    suite, compression = reader.number(2), reader.number(1)
    hello = ServerHello(version, random, session_id, suite, compression, {}, cut=True)
    with suppress(MalformedError):
        _cut_extensions(reader, hello.extensions)
    return hello


def read_sslv2_client_hello(body: bytes) -> ClientHello:
    """Read the SSL 2.0 form of a ClientHello, from behind its message type."""
    reader = Reader(body)
    version = reader.number(2)
    suites, session, challenge = (reader.number(2) for _ in range(3))
    offered = Reader(reader.take(suites))
    numbers = []
    while offered:
        numbers.append(offered.number(3))
    session_id = reader.take(session)
    random = reader.take(challenge)
    if not 16 <= challenge <= 32:
        raise MalformedError(f"challenge of {challenge} bytes")
    return ClientHello(
        version=version,
        random=random.rjust(32, b"\0"),
        session_id=session_id,
        cookie=b"",
        suites=[number for number in numbers if number < 0x10000],
        compressions=[0],
        extensions={},
    )


def read_server_hello(body: bytes) -> ServerHello:
    """Read a ServerHello."""
    reader = Reader(body)
    return ServerHello(
        version=reader.number(2),
        random=reader.take(32),
        session_id=reader.vector(1),
        suite=reader.number(2),
        compression=reader.number(1),
        extensions=_extensions(reader),
    )


def read_certificates(body: bytes, version: int) -> list[bytes]:
    """The DER certificates of a Certificate message, the leaf first."""
    reader = Reader(body)
    if version < Version.TLS13 or version >= Version.DTLS12:
        return reader.vectors(3, 3)
    reader.vector(1)
    entries = Reader(reader.vector(3))
    found = []
    while entries:
        found.append(entries.vector(3))
        entries.vector(2)
    return found


def read_encrypted_extensions(body: bytes) -> dict[int, bytes]:
    """The extensions of EncryptedExtensions."""
    return _extensions(Reader(body))


def read_ticket(body: bytes) -> bytes:
    """The ticket of a NewSessionTicket before TLS 1.3."""
    reader = Reader(body)
    reader.number(4)
    return reader.vector(2)


def read_encrypted_premaster(body: bytes, version: int) -> bytes:
    """The encrypted premaster secret of a ClientKeyExchange for static RSA.

    SSL 3.0 sends it without a length.
    """
    return body if version == Version.SSL3 else Reader(body).vector(2)
