# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSSL contexts of emulated gear: versions, suites, and who is let in.

The AuthList is asked by OpenSSL's verify callback, for the certificate at depth 0
alone. A callback of C (by cffi) sets the error that puts the alert of a WLC on the
wire: 46 certificate_unknown. pyOpenSSL's own Python callback cannot.
"""

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from OpenSSL import SSL, crypto

from conformance.transport import Channel

_OPENSSL: Any = SSL._lib  # type: ignore[attr-defined] # the module's docstring says why

Decide = Callable[[bytes], int]
"""DER of the client certificate to a `VerifyError`."""

VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}


class VerifyError(IntEnum):
    """OpenSSL's verify errors, by the alert that each puts on the wire."""

    ADMITTED = 0
    NOT_YET_VALID = 9
    EXPIRED = 10
    CERTIFICATE_UNKNOWN = 24  # alert 46
    REVOKED = 23  # alert 44
    BAD_CERTIFICATE = 28  # alert 42
    HANDSHAKE_FAILURE = 50  # alert 40


class Policy(msgspec.Struct, frozen=True):
    """What an endpoint offers of TLS.

    Attributes:
        lowest, highest: TLS versions.
        ciphers: OpenSSL's list for TLS 1.2 and below.
        source: grade and origin.
    """

    lowest: str
    highest: str
    ciphers: str
    source: str


POLICIES = {
    "any": Policy(
        "1.0", "1.3", "ALL:!aNULL:!eNULL:@SECLEVEL=0", "assumed: whatever OpenSSL has"
    ),
    "legacy-3850": Policy(
        "1.0",
        "1.0",
        "AES128-SHA:AES256-SHA:@SECLEVEL=0",
        "observed: trace of a 3850 3.3.5SE shows static RSA; the suites are assumed",
    ),
    "c9800": Policy(
        "1.2",
        "1.2",
        "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:AES128-SHA:@SECLEVEL=0",
        "reported: C9800 normal set",
    ),
    "c9800-strong": Policy(
        "1.2",
        "1.2",
        "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:AES128-SHA:"
        "AES256-SHA256:AES256-SHA:AES128-SHA256:@SECLEVEL=0",
        "reported: C9800 strong set",
    ),
    "fips": Policy(
        "1.1",
        "1.3",
        "AES256-GCM-SHA384:AES256-SHA256:AES256-SHA:ECDHE+AES256:@SECLEVEL=0",
        "documented: CMX FIPS, TLS 1.1 or later, AES-256",
    ),
}


class Identity(msgspec.Struct, frozen=True):
    """A private key and the certificate presented with it."""

    key: Any
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """Key (PKCS#8, not encrypted) and certificate."""
        key: bytes = self.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        return key + self.certificate.public_bytes(Encoding.PEM)


def identity(data: bytes) -> Identity:
    """Read key and certificate from one PEM text.

    Raises:
        ValueError: it does not hold both, or they do not belong together.
    """
    try:
        key = load_pem_private_key(data, None)
        certificate = x509.load_pem_x509_certificate(data)
    except (ValueError, TypeError) as error:
        raise ValueError(f"no key and certificate in PEM: {error}") from None
    if key.public_key() != certificate.public_key():
        raise ValueError("the private key is not the certificate's")
    return Identity(key, certificate)


def identity_file(path: str | Path) -> Identity:
    """Read key and certificate from a PEM file.

    Raises:
        ValueError: as `identity`, naming the file.
        OSError: it cannot be read.
    """
    try:
        return identity(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _context(presented: Identity | None, policy: Policy) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(VERSIONS[policy.lowest])
    context.set_max_proto_version(VERSIONS[policy.highest])
    context.set_cipher_list(policy.ciphers.encode())
    context.set_info_callback(_informed)
    context.set_keylog_callback(_secret)
    if presented is not None:
        context.use_privatekey(presented.key)
        context.use_certificate(presented.certificate)
    return context


def _informed(connection: SSL.Connection, where: int, ret: int) -> None:
    channel = connection.get_app_data()
    if isinstance(channel, Channel):
        state = connection.get_state_string().decode("ascii", "replace")
        channel.informed(where, ret, state)


def _secret(connection: SSL.Connection, line: bytes) -> None:
    channel = connection.get_app_data()
    if isinstance(channel, Channel):
        channel.secret(line)


def client_context(presented: Identity | None, policy: Policy) -> SSL.Context:
    """Make a client's context; whatever certificate the server has is accepted."""
    context = _context(presented, policy)
    context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    return context


class ServerContext:
    """A server's context that asks for a client certificate and decides on it.

    Attributes:
        context: for `Channel`; alive as long as this is.
    """

    def __init__(
        self,
        presented: Identity,
        policy: Policy,
        decide: Decide,
        *,
        asks: bool = True,
        insists: bool = True,
    ) -> None:
        """Make it.

        Args:
            presented: the server's own identity.
            policy: versions and suites.
            decide: called once a handshake, at depth 0.
            asks: whether it asks for a client certificate.
            insists: whether a client without one is turned away (by OpenSSL, before
                `decide`).
        """
        self.context = _context(presented, policy)
        self.context.set_session_id(b"nmsp")
        if not asks:
            self.context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
            return
        lib, ffi = _OPENSSL, SSL._ffi  # type: ignore[attr-defined] # see above

        def verify(_ok: int, store: Any) -> int:
            if lib.X509_STORE_CTX_get_error_depth(store) != 0:
                return 1
            verdict = decide(_der(lib.X509_STORE_CTX_get_current_cert(store)))
            lib.X509_STORE_CTX_set_error(store, verdict)
            return int(verdict == VerifyError.ADMITTED)

        # OpenSSL keeps only the address: the object must live as long as it.
        self._verify = ffi.callback("int(int, X509_STORE_CTX *)", verify, error=0)
        mode = SSL.VERIFY_PEER | (SSL.VERIFY_FAIL_IF_NO_PEER_CERT if insists else 0)
        self.context.set_verify(mode, lambda *_: True)
        lib.SSL_CTX_set_verify(self.context._context, mode, self._verify)


def _der(certificate: Any) -> bytes:
    """DER of OpenSSL's own certificate object, which stays OpenSSL's."""
    _OPENSSL.X509_up_ref(certificate)
    owned = crypto.X509._from_raw_x509_ptr(certificate)
    return owned.to_cryptography().public_bytes(Encoding.DER)
