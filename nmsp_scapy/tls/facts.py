# SPDX-License-Identifier: GPL-2.0-or-later
"""What a session showed of itself, without a secret in it."""

from typing import Literal

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """Where in the capture something stood.

    Attributes:
        time_ns: time of the frame that completed it, ns since 1970.
        frames: the frames that carried it.
    """

    time_ns: int
    frames: tuple[int, ...]


class HandshakeFact(msgspec.Struct):
    """A handshake message, or a ChangeCipherSpec.

    Attributes:
        side: 0 client, 1 server.
        name: `client_hello`, ..., `change_cipher_spec`; `closed` where it was not
            opened.
        encrypted: whether it came under keys.
    """

    time_ns: int
    frames: tuple[int, ...]
    side: int
    name: str
    encrypted: bool


class AlertFact(msgspec.Struct):
    """An alert.

    Attributes:
        side: who sent it, 0 client, 1 server.
        level: `warning`, `fatal` or the number; `closed` where it was not opened.
        number: the description's number, None where it was not opened.
        description: its name, or the number.
    """

    time_ns: int
    frames: tuple[int, ...]
    side: int
    level: str = "closed"
    number: int | None = None
    description: str = "closed"
    encrypted: bool = False


class SessionFacts(msgspec.Struct):
    """What is known of a session so far.

    Attributes:
        transport: `tls` or `dtls`.
        version: name of the negotiated version, `version_number` on the wire.
        suite: name of the negotiated suite, `suite_number` on the wire.
        key_exchange: `RSA`, `ECDHE_RSA`, ...; `(EC)DHE` and `PSK` in TLS 1.3.
        client_random, server_random, session_id: hex.
        offered_versions, offered_suites, offered_protocols: by the client, names.
        server_name: of the client's server_name extension.
        resumed: how an earlier session went on: `session id`, `ticket`, `psk`; None
            for a full handshake.
        client_certificate_requested: by the server.
        client_certificates, server_certificates: DER, the leaf first.
        complete: both Finished were seen, or the closed records that must be they.
        finished_verified: per side, whether the Finished fits the handshake; None
            where it could not be checked.
        early_data: `accepted`, `rejected` or `offered` (not known which).
        records, bad_records: per side, records opened, and not authentic.
        key_source: what opened it; never a secret.
        closed: why it, or what follows, stays closed; None while it does not.
    """

    transport: Literal["tls", "dtls"] = "tls"
    version: str | None = None
    version_number: int | None = None
    suite: str | None = None
    suite_number: int | None = None
    key_exchange: str | None = None
    client_random: str | None = None
    server_random: str | None = None
    session_id: str | None = None
    offered_versions: list[str] = []
    offered_suites: list[str] = []
    offered_protocols: list[str] = []
    server_name: str | None = None
    resumed: str | None = None
    extended_master_secret: bool = False
    encrypt_then_mac: bool = False
    compression: int = 0
    client_certificate_requested: bool = False
    client_certificates: list[bytes] = []
    server_certificates: list[bytes] = []
    handshakes: list[HandshakeFact] = []
    alerts: list[AlertFact] = []
    complete: bool = False
    finished_verified: list[bool | None] = msgspec.field(
        default_factory=lambda: [None, None]
    )
    hello_retry: bool = False
    early_data: str | None = None
    renegotiations: int = 0
    key_updates: int = 0
    tickets: int = 0
    records: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    bad_records: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    key_source: str | None = None
    closed: str | None = None
