# SPDX-License-Identifier: GPL-2.0-or-later
"""The MSE identities that scenarios present, made from the one that is listed.

Only the listed identity must stand in the endpoint's AuthList. The others are made
in memory: they differ from it in one thing each.
"""

import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from nmsp_scapy.authlist.identity import mac_in

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Identity(msgspec.Struct, frozen=True):
    """A private key and the certificate that is presented with it.

    Attributes:
        name: what sets it apart, for transcripts.
    """

    name: str
    key: Key
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def mac(self) -> str | None:
        """12 hex digits of the subject, or None."""
        return mac_in(self.certificate.subject.rfc4514_string())


def read(path: Path) -> Identity:
    """Read a PEM file that holds key and certificate.

    Raises:
        ValueError: it holds not both, or they do not belong together.
    """
    data = path.read_bytes()
    try:
        key = load_pem_private_key(data, None)
        certificate = x509.load_pem_x509_certificate(data)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: no key and certificate in PEM: {error}") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path}: the key is neither RSA nor EC")
    if key.public_key() != certificate.public_key():
        raise ValueError(f"{path}: the key is not the certificate's")
    return Identity("listed", key, certificate)


def made(
    name: str,
    key: Key,
    common_name: str,
    *,
    starts: timedelta = timedelta(days=-1),
    lasts: timedelta = timedelta(days=365),
) -> Identity:
    """Make a self-signed identity around a key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    begin = datetime.now(UTC) + starts
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + lasts)
        .sign(key, hashes.SHA256())
    )
    return Identity(name, key, certificate)


def new_key() -> rsa.RSAPrivateKey:
    """Make an RSA key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _fresh_rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def _fresh_ec() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class Identities:
    """The listed identity and those made from it.

    Attributes:
        listed: stands in the endpoint's AuthList.
    """

    def __init__(self, listed: Identity) -> None:
        self.listed = listed
        self._mac = listed.mac or "000000000000"

    def _other_key(self) -> Key:
        rsa_key = isinstance(self.listed.key, rsa.RSAPrivateKey)
        return _fresh_rsa(2048) if rsa_key else _fresh_ec()

    def unlisted(self) -> Identity:
        """Another MAC and another key."""
        return made("unlisted", self._other_key(), f"MSE-{self._other_mac()}")

    def other_key(self) -> Identity:
        """The listed MAC with the hash of another key."""
        return made("other key", self._other_key(), f"MSE-{self._mac}")

    def other_mac(self) -> Identity:
        """The listed key with another MAC."""
        return made("other MAC", self.listed.key, f"MSE-{self._other_mac()}")

    def no_mac(self) -> Identity:
        """The listed key in a certificate that names no MAC."""
        return made("no MAC", self.listed.key, "MSE")

    def not_yet_valid(self) -> Identity:
        """The listed MAC and key, valid from tomorrow on."""
        return made(
            "not yet valid", self.listed.key, f"MSE-{self._mac}", starts=timedelta(1)
        )

    def expired(self) -> Identity:
        """The listed MAC and key, valid until yesterday."""
        return made(
            "expired",
            self.listed.key,
            f"MSE-{self._mac}",
            starts=timedelta(days=-30),
            lasts=timedelta(days=29),
        )

    def valid(self, begins: timedelta, ends: timedelta) -> Identity:
        """The listed MAC and key, valid between two times from now."""
        return made(
            f"valid from {begins} to {ends}",
            self.listed.key,
            f"MSE-{self._mac}",
            starts=begins,
            lasts=ends - begins,
        )

    def guest(self) -> Identity:
        """A MAC that nobody has, to be listed for the time of a case."""
        return made("guest", self._other_key(), f"MSE-02{secrets.token_hex(5)}")

    def weak(self) -> Identity:
        """The same with an RSA key of 1024 bits."""
        return made("weak key", _fresh_rsa(1024), f"MSE-02{secrets.token_hex(5)}")

    def renewed(self) -> Identity:
        """The listed MAC and key in a new certificate."""
        return made("renewed", self.listed.key, f"MSE-{self._mac}")

    def upper_case(self) -> Identity:
        """The listed key; the MAC in upper case with colons."""
        mac = self._mac.upper()
        pairs = ":".join(mac[i : i + 2] for i in range(0, 12, 2))
        return made("upper-case MAC", self.listed.key, pairs)

    def dotted(self) -> Identity:
        """The listed key; the MAC in groups of four digits."""
        mac = self._mac
        return made("dotted MAC", self.listed.key, f"{mac[:4]}.{mac[4:8]}.{mac[8:]}")

    def stolen(self) -> Identity | None:
        """The listed certificate without its key; None for an EC key.

        The key has the listed public half, and a private one that is wrong, so
        that the proof of possession is.
        """
        if not isinstance(self.listed.key, rsa.RSAPrivateKey):
            return None
        key = unproven(self.listed.key)
        return Identity("stolen certificate", key, self.listed.certificate)

    def _other_mac(self) -> str:
        return f"{(int(self._mac, 16) ^ 0x020000000001) & (2**48 - 1):012x}"


def unproven(key: rsa.RSAPrivateKey) -> rsa.RSAPrivateKey:
    """Return a key with the same public half whose signatures do not hold."""
    true = key.private_numbers()
    return rsa.RSAPrivateNumbers(
        true.p,
        true.q,
        true.d ^ 6,
        true.dmp1 ^ 6,
        true.dmq1 ^ 6,
        true.iqmp,
        true.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)
