# SPDX-License-Identifier: GPL-2.0-or-later
"""New identities for tests: a key and a self-signed certificate with a MAC."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from nmsp_scapy.authlist.identity import mac_in


def new_identity(
    mac: str,
    *,
    name: str = "MSE",
    key: str = "rsa",
    not_before: datetime | None = None,
    days: int = 3650,
) -> tuple[bytes, bytes]:
    """Make a private key and a self-signed certificate.

    The subject is `CN=<name>-<mac>`, the shape of access points' certificates; that
    of an MSE's is unknown (inferred).

    Args:
        mac: 12 hex digits, separators allowed.
        name: what stands before the MAC in the CN.
        key: `rsa` (2048 bits) or `ec` (P-256).
        not_before: UTC; a day ago unless given.
        days: validity.

    Returns:
        Key (PKCS#8) and certificate, both PEM, neither encrypted.

    Raises:
        ValueError: no MAC, or an unknown kind of key.
    """
    digits = mac_in(mac)
    if digits is None:
        raise ValueError(f"not a MAC address: {mac!r} (12 hex digits)")
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if key == "rsa":
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif key == "ec":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        raise ValueError(f"unknown kind of key {key!r}: rsa or ec")
    start = not_before or datetime.now(UTC) - timedelta(days=1)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}-{digits}")])
    cert = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, cert.public_bytes(Encoding.PEM)
