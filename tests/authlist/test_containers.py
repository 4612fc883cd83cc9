# SPDX-License-Identifier: GPL-2.0-or-later
import contextlib
import struct
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    load_pem_private_key,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.authlist.containers import (
    PasswordNeededError,
    certificates_in,
)
from nmsp_scapy.authlist.create import new_identity

STORES = Path(__file__).parent / "stores"
KEY, PEM = new_identity("00:50:56:9c:34:89")
DER = x509.load_pem_x509_certificate(PEM).public_bytes(Encoding.DER)


def store(password: bytes | None) -> bytes:
    key = load_pem_private_key(KEY, None)
    assert isinstance(key, RSAPrivateKey)
    how = BestAvailableEncryption(password) if password else NoEncryption()
    cert = x509.load_pem_x509_certificate(PEM)
    return pkcs12.serialize_key_and_certificates(b"mse", key, cert, None, how)


@pytest.mark.parametrize(
    "data",
    [PEM, KEY + PEM, b"Bag Attributes\r\n" + PEM.replace(b"\n", b"\r\n"), DER],
    ids=["pem", "key and certificate", "text around, CRLF", "der"],
)
def test_pem_and_der_are_read(data: bytes) -> None:
    assert certificates_in(data) == [DER]


def test_several_keep_their_order() -> None:
    _, other = new_identity("00:00:00:00:00:01", key="ec")
    assert certificates_in(PEM + other)[0] == DER
    assert len(certificates_in(PEM + other)) == 2


def test_pkcs12_opens_without_and_with_password() -> None:
    assert certificates_in(store(None)) == [DER]
    assert certificates_in(store(b"geheim"), (b"geheim",)) == [DER]


def test_a_sealed_pkcs12_store_says_what_it_needs() -> None:
    with pytest.raises(PasswordNeededError, match="give --password-file"):
        certificates_in(store(b"geheim"))
    with pytest.raises(PasswordNeededError, match="does not open"):
        certificates_in(store(b"geheim"), (b"wrong",))


@pytest.mark.parametrize("name", ["mse.jks", "mse.jceks", "mse.pkcs12"])
def test_stores_of_keytool_hold_what_keytool_takes_out(name: str) -> None:
    exported = certificates_in((STORES / f"{name}.pem").read_bytes())
    data = (STORES / name).read_bytes()
    assert certificates_in(data, (b"changeit",)) == exported


@pytest.mark.parametrize("name", ["mse.jks", "mse.jceks"])
def test_the_old_java_keystore_needs_no_password(name: str) -> None:
    assert certificates_in((STORES / name).read_bytes())


def test_a_java_keystore_that_cannot_be_read_tells_how_to_convert_it() -> None:
    with pytest.raises(ValueError, match="keytool -importkeystore"):
        certificates_in((STORES / "mse.jks").read_bytes()[:400])
    sealed = struct.pack(">III", 0xCECECECE, 2, 1) + struct.pack(">IH", 3, 0) + bytes(8)
    with pytest.raises(ValueError, match="entry of kind 3"):
        certificates_in(sealed)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (KEY, "holds PRIVATE KEY and no certificate"),
        (b"\xff" * 40, "neither PEM, DER, PKCS#12"),
        (b"-----BEGIN ???", "something damaged"),
    ],
)
def test_what_is_no_certificate_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        certificates_in(data)


@given(st.sampled_from([b"\xfe\xed\xfe\xed\0\0\0\2", b"0\x82", b""]), st.binary())
def test_no_bytes_raise_anything_but_value_error(magic: bytes, rest: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert certificates_in(magic + rest)
