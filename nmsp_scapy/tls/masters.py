# SPDX-License-Identifier: GPL-2.0-or-later
"""Which master secrets may be that of a session of SSL 3.0 to TLS 1.2, and why none.

In the order of trust: a key log's line for this client random, a premaster secret
that a log or an RSA private key gives, the session that this one resumes.
"""

import msgspec

from nmsp_scapy.tls.hello import (
    ClientHello,
    ServerHello,
    read_encrypted_premaster,
)
from nmsp_scapy.tls.keylog import Label
from nmsp_scapy.tls.keys import KeyStore, Secret
from nmsp_scapy.tls.memory import Memory
from nmsp_scapy.tls.registry import Version
from nmsp_scapy.tls.schedule import extended_master_secret, master_secret
from nmsp_scapy.tls.suites import Suite
from nmsp_scapy.tls.transcript import Transcript
from nmsp_scapy.tls.wire import MalformedError


class Agreement(msgspec.Struct):
    """What both hellos say together.

    Attributes:
        version: negotiated, as on the wire.
        resumed: `session id`, `ticket`, `psk` or None.
        extended: extended master secret.
    """

    client: ClientHello
    server: ServerHello
    version: int
    suite: Suite
    resumed: str | None = None
    extended: bool = False
    encrypt_then_mac: bool = False

    @property
    def macs_outside(self) -> tuple[bool, ...]:
        """Whether the MAC may stand outside; a ServerHello that is cut hides it."""
        unsure = self.server.cut and self.suite.bulk.mode == "cbc"
        unsure = unsure and not self.encrypt_then_mac
        return (False, True) if unsure else (self.encrypt_then_mac,)

    @property
    def schedule_version(self) -> int:
        """The TLS version whose key schedule this is."""
        if self.version == Version.DTLS10:
            return Version.TLS11
        return Version.TLS12 if self.version == Version.DTLS12 else self.version


class Exchange(msgspec.Struct):
    """What the key exchange showed.

    Attributes:
        client: the ClientKeyExchange's body, None before it came.
        certificate: the server's, DER, None before it came.
    """

    client: bytes | None = None
    certificate: bytes | None = None


class Masters:
    """Finds master secrets."""

    def __init__(self, keys: KeyStore, memory: Memory) -> None:
        self._keys = keys
        self._memory = memory

    def find(
        self, agreed: Agreement, exchange: Exchange, transcript: Transcript
    ) -> list[Secret] | str:
        """The secrets that may fit, or why there is none."""
        random = agreed.client.random
        found = list(self._keys.secrets(Label.MASTER, random))
        premasters = list(self._keys.secrets(Label.PREMASTER, random))
        reason = ""
        if exchange.client is not None and agreed.suite.key_exchange == "RSA":
            opened = self._rsa(agreed, exchange.client, exchange.certificate)
            if isinstance(opened, str):
                reason = opened
            else:
                premasters += opened
        for premaster in premasters:
            master = _master(agreed, premaster, transcript)
            if master is None:
                reason = "the extended master secret needs a handshake without holes"
            else:
                found.append(master)
        found += self._resumable(agreed)
        return found or reason or self.why_none(agreed)

    def _rsa(
        self, agreed: Agreement, body: bytes, certificate: bytes | None
    ) -> list[Secret] | str:
        """Premaster secrets of static RSA, or why there is none."""
        try:
            encrypted = read_encrypted_premaster(body, agreed.version)
        except MalformedError:
            return "its ClientKeyExchange is malformed"
        found = list(self._keys.secrets(Label.PREMASTER_BY_ID, encrypted[:8]))
        keys = self._keys.rsa_keys
        if certificate is not None and keys:
            fitting = self._keys.rsa_key(_modulus(certificate))
            if fitting is None and not found:
                return "wrong RSA key: none given is that of the server certificate"
            keys = [fitting] if fitting else []
        versions = {agreed.client.version, agreed.version}
        for key in keys:
            premaster = key.premaster(encrypted, versions)
            if premaster is not None:
                found.append(Secret(premaster, key.source))
        if keys and not found:
            return "wrong RSA key: the premaster secret does not open with it"
        return found

    def _resumable(self, agreed: Agreement) -> list[Secret]:
        """Master secrets of the session that this one may go on."""
        found = []
        session_id = agreed.server.session_id
        if agreed.resumed:
            for name in (session_id, agreed.client.ticket):
                known = self._memory.recall(name)
                if known:
                    found.append(known)
        if session_id:
            found += self._keys.secrets(Label.MASTER_BY_SESSION, session_id)
        return found

    def why_none(self, agreed: Agreement) -> str:
        """Why no secret fits a session of any version."""
        if not self._keys:
            return "no key was given"
        missing = "no key log given holds its client random"
        if agreed.version == Version.TLS13:
            return missing
        if agreed.resumed:
            return (
                f"resumed by {agreed.resumed}: {missing}, and its first session was "
                "not opened"
            )
        exchange = agreed.suite.key_exchange
        if exchange == "RSA":
            return f"{missing}, and no RSA key was given"
        return f"{missing}; its key exchange, {exchange}, needs one"


def _master(
    agreed: Agreement, premaster: Secret, transcript: Transcript
) -> Secret | None:
    """The master secret of a premaster secret; None where a hole hides it."""
    version, digest = agreed.schedule_version, agreed.suite.prf
    if agreed.server.cut and not agreed.extended:
        return None  # nobody can tell whether it is
    if not agreed.extended:
        client, server = agreed.client.random, agreed.server.random
        value = master_secret(version, digest, premaster.value, client, server)
    else:
        hashed = transcript.up_to_key_exchange()
        if hashed is None:
            return None
        value = extended_master_secret(version, digest, premaster.value, hashed)
    return Secret(value, premaster.source)


def _modulus(certificate: bytes) -> int:
    """The RSA modulus of a DER certificate; 0 where it has none."""
    # Asked for only where an RSA key was given.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except Exception:  # noqa: BLE001 - any bytes may stand in a Certificate message
        return 0
    return key.public_numbers().n if isinstance(key, RSAPublicKey) else 0
