# SPDX-License-Identifier: GPL-2.0-or-later
import contextlib
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.authlist import Kind, identity_of, mac_in
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.authlist.identity import key_hashes

# protocol.md section 1: an access point's key, whose SHA-1 a controller lists.
SPKI = bytes.fromhex(
    "30820122300d06092a864886f70d01010105000382010f003082010a0282010100c805cd7d406ea0"
    "cad8df69b366fd4c82fc0df039f2bff7ad425fa7face8f15f356a6b39b87625143b95a3449292e11"
    "038181eb058c782e56f0ad912d61a389f81fa6cecd1f400bb5cf7cef06ba4375dde0648ec4d63259"
    "774ce74e9e2fde190f463f9ec77b79ea65d8639bd63aa0e37dd485db251e2e079cd31041b0734a55"
    "463fbacc1a61502dc54e75f26d28fc6b82315490881e3e3102d371407c9c865a9ef3311bd514795f"
    "7a9bac00d13ff85f97e1a693f9f6c5cb88053e8b7fae6d67ca364f6f76cf78bcbc1acc130d334aa6"
    "031fb2a3b5e572df2c831e7ef765b7e5fe64641fde2a6fe3233117568302b8b81bfae1a8eb076940"
    "280cbed149b2d50ff70203010001"
)


def certificate(
    subject: list[tuple[x509.ObjectIdentifier, str]], issuer: str | None = None
) -> bytes:
    """A certificate of a new P-256 key, DER, with the subject as given."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    by = name
    if issuer is not None:
        by = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer)])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=10))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_the_documented_vector_holds() -> None:
    assert len(SPKI) == 294
    assert key_hashes(SPKI)[0] == "9e4ddd8dfcdd8458ba7b273fc37284b31a384eb9"


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_hashes_are_over_the_key_that_the_certificate_holds(key: str) -> None:
    _, pem = new_identity("00:50:56:9c:34:89", key=key)
    cert = x509.load_pem_x509_certificate(pem)
    spki = cert.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    identity = identity_of(cert.public_bytes(Encoding.DER))
    assert identity.sha256 == hashlib.sha256(spki).hexdigest()
    assert identity.sha1 == hashlib.sha1(spki).hexdigest()  # noqa: S324
    identifier = x509.SubjectKeyIdentifier.from_public_key(cert.public_key())
    assert identity.key_id_sha1 == identifier.digest.hex()
    assert identity.certificate_sha256 == cert.fingerprint(hashes.SHA256()).hex()
    assert identity.mac == "0050569c3489"
    assert identity.mac_colons == "00:50:56:9c:34:89"
    assert identity.kind is Kind.SSC


@pytest.mark.parametrize(
    ("subject", "mac", "source"),
    [
        ([(NameOID.COMMON_NAME, "C1130-00146a1b3744")], "00146a1b3744", "CN"),
        ([(NameOID.COMMON_NAME, "00:50:56:9C:34:89")], "0050569c3489", "CN"),
        ([(NameOID.COMMON_NAME, "mse 0050.569c.3489")], "0050569c3489", "CN"),
        ([(NameOID.COMMON_NAME, "00-50-56-9c-34-89")], "0050569c3489", "CN"),
        (
            [
                (NameOID.COMMON_NAME, "robin"),
                (NameOID.SERIAL_NUMBER, "PID:X SN:0050569c3489"),
            ],
            "0050569c3489",
            "serialNumber",
        ),
        ([(NameOID.COMMON_NAME, "0050569c34890")], None, ""),
        ([(NameOID.COMMON_NAME, "00:50:56:9c:34")], None, ""),
        ([(NameOID.ORGANIZATION_NAME, "0050569c3489")], None, ""),
        ([], None, ""),
    ],
)
def test_the_mac_is_found_in_cn_or_serial_number(
    subject: list[tuple[x509.ObjectIdentifier, str]], mac: str | None, source: str
) -> None:
    identity = identity_of(certificate(subject))
    assert (identity.mac, identity.mac_source) == (mac, source)


@pytest.mark.parametrize(
    ("issuer", "kind"),
    [
        (None, Kind.SSC),
        ("Cisco Systems", Kind.MIC),
        ("Cisco", Kind.MIC),
        ("Example", Kind.ISSUED),
        ("not Cisco", Kind.ISSUED),
    ],
)
def test_the_issuer_tells_the_kind(issuer: str | None, kind: Kind) -> None:
    subject = [(NameOID.COMMON_NAME, "AP-00146a1b3744")]
    assert identity_of(certificate(subject, issuer)).kind is kind


def test_a_name_that_signs_itself_with_another_key_is_no_ssc() -> None:
    name = [(NameOID.ORGANIZATION_NAME, "Example")]
    signed = certificate(name)
    forged = signed[:-1] + bytes([signed[-1] ^ 1])
    assert identity_of(signed).kind is Kind.SSC
    assert identity_of(forged).kind is Kind.ISSUED


def test_validity_has_both_ends() -> None:
    identity = identity_of(certificate([(NameOID.COMMON_NAME, "x")]))
    assert not identity.valid_at(datetime(2023, 12, 31, tzinfo=UTC))
    assert identity.valid_at(datetime(2024, 1, 1, tzinfo=UTC))
    assert not identity.valid_at(datetime(2024, 1, 12, tzinfo=UTC))


GOOD = certificate([(NameOID.COMMON_NAME, "C-00146a1b3744")])


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_certificate_is_refused_kindly_or_read(at: int, byte: int) -> None:
    damaged = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    with contextlib.suppress(ValueError):
        assert len(identity_of(damaged).sha256) == 64


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a readable"):
        identity_of(data)


def test_a_longer_run_of_digits_is_no_mac() -> None:
    assert mac_in("e0afbe2e2abeed5a2f9ffc75f059da6a1bf2bfa0") is None
    assert mac_in("x 00:50:56:9C:34:89 y") == "0050569c3489"
