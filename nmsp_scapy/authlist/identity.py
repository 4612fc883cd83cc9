# SPDX-License-Identifier: GPL-2.0-or-later
"""MAC address and key hashes of one certificate."""

import hashlib
import re
from datetime import datetime
from enum import StrEnum

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

MAC = re.compile(
    r"(?<![0-9a-f])(?:"
    r"(?:[0-9a-f]{2}([:.-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"
    r"|[0-9a-f]{4}([.:-])[0-9a-f]{4}\2[0-9a-f]{4}"
    r"|[0-9a-f]{12}"
    r")(?![0-9a-f])",
    re.IGNORECASE,
)
"""12 hex digits: bare, in pairs, or in Cisco's groups of four."""


class Kind(StrEnum):
    """Certificate types as an MSE names them; the third is ours.

    Documented (`show server-auth-info`): SSC self-signed, MIC manufacturer-installed.
    That a MIC is told by Cisco as its issuer is inferred.
    """

    SSC = "SSC"
    MIC = "MIC"
    ISSUED = "issued by another authority"


class Identity(msgspec.Struct, frozen=True):
    """What an AuthList knows of a certificate, and what an operator asks of it.

    Attributes:
        mac: 12 lower-case hex digits, None where the subject holds none. Taken from
            the subject's CN or serialNumber (inferred).
        mac_source: `CN` or `serialNumber`; empty without a MAC.
        sha1, sha256: lower-case hex over the DER SubjectPublicKeyInfo. SHA-1 is
            documented by a vector; SHA-256 (`SHA2`) over the same bytes is inferred.
        certificate_sha1, certificate_sha256: fingerprints of the whole certificate,
            which are often mistaken for the key hash.
        key_id_sha1: SHA-1 over the public key's bits alone (subject key identifier),
            another frequent mistake.
        not_before, not_after: UTC.
        key: `RSA 2048`, `P-256`, ...
    """

    mac: str | None
    mac_source: str
    sha1: str
    sha256: str
    kind: Kind
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key: str
    certificate_sha1: str
    certificate_sha256: str
    key_id_sha1: str

    @property
    def mac_colons(self) -> str | None:
        """`00:50:56:9c:34:89`, or None."""
        mac = self.mac
        return mac and ":".join(mac[i : i + 2] for i in range(0, 12, 2))

    def valid_at(self, when: datetime) -> bool:
        """Tell whether the certificate is in its validity at a UTC time."""
        return self.not_before <= when <= self.not_after


def mac_in(text: str) -> str | None:
    """Find the first MAC address in a text: 12 lower-case hex digits, or None."""
    found = MAC.search(text)
    return re.sub(r"[:.-]", "", found[0]).lower() if found else None


def key_hashes(spki: bytes) -> tuple[str, str]:
    """Hash a DER SubjectPublicKeyInfo as the AuthList does: (SHA-1, SHA-256)."""
    return hashlib.sha1(spki, usedforsecurity=False).hexdigest(), (
        hashlib.sha256(spki).hexdigest()
    )


def identity_of(cert_der: bytes) -> Identity:
    """Read a certificate's identity.

    Args:
        cert_der: one X.509 certificate, DER.

    Raises:
        ValueError: it is not a certificate that can be read.
    """
    try:
        cert = x509.load_der_x509_certificate(cert_der)
        spki, bits = _spki(cert.tbs_certificate_bytes)
        subject, issuer = cert.subject, cert.issuer
        not_before, not_after = cert.not_valid_before_utc, cert.not_valid_after_utc
    except (ValueError, IndexError) as error:
        raise ValueError(f"not a readable X.509 certificate: {error}") from None
    sha1, sha256 = key_hashes(spki)
    mac, source = _mac_of(subject)
    return Identity(
        mac=mac,
        mac_source=source,
        sha1=sha1,
        sha256=sha256,
        kind=_kind(cert),
        subject=subject.rfc4514_string(),
        issuer=issuer.rfc4514_string(),
        serial=f"{cert.serial_number:x}",
        not_before=not_before,
        not_after=not_after,
        key=_key(cert),
        certificate_sha1=hashlib.sha1(cert_der, usedforsecurity=False).hexdigest(),
        certificate_sha256=hashlib.sha256(cert_der).hexdigest(),
        key_id_sha1=hashlib.sha1(bits, usedforsecurity=False).hexdigest(),
    )


def _mac_of(subject: x509.Name) -> tuple[str | None, str]:
    for source, oid in (
        ("CN", NameOID.COMMON_NAME),
        ("serialNumber", NameOID.SERIAL_NUMBER),
    ):
        for attribute in subject.get_attributes_for_oid(oid):
            value = attribute.value
            mac = mac_in(value if isinstance(value, str) else value.decode("latin-1"))
            if mac:
                return mac, source
    return None, ""


def _kind(cert: x509.Certificate) -> Kind:
    if cert.issuer == cert.subject:
        try:
            cert.verify_directly_issued_by(cert)
        except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
            return Kind.ISSUED
        return Kind.SSC
    organisations = cert.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    makers = (str(name.value).lower() for name in organisations)
    return Kind.MIC if any(m.startswith("cisco") for m in makers) else Kind.ISSUED


def _key(cert: x509.Certificate) -> str:
    try:
        key = cert.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name
    return type(key).__name__.removeprefix("_").removesuffix("PublicKey")


def _spki(tbs: bytes) -> tuple[bytes, bytes]:
    """Cut the SubjectPublicKeyInfo out as the certificate holds it.

    Encoding the parsed key anew could change bytes that the hash is over.

    Returns:
        The SPKI element, and the contents of its bit string without the count of
        unused bits.
    """
    at, _ = _value(tbs, 0)
    if tbs[at] == 0xA0:  # the version is there unless it is 1
        at = _end(tbs, at)
    for _field in ("serial", "signature", "issuer", "validity", "subject"):
        at = _end(tbs, at)
    spki = tbs[at : _end(tbs, at)]
    algorithm, _ = _value(spki, 0)
    start, end = _value(spki, _end(spki, algorithm))
    return spki, spki[start + 1 : end]


def _value(der: bytes, at: int) -> tuple[int, int]:
    """Where the value of the element at `at` begins and ends."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(der[start : start + count])
        start += count
    if start + length > len(der):
        raise ValueError("a DER element is longer than what holds it")
    return start, start + length


def _end(der: bytes, at: int) -> int:
    return _value(der, at)[1]
