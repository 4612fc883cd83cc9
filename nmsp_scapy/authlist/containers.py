# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates out of what they are kept in: PEM, DER, PKCS#12, Java keystore."""

import base64
import binascii
import re
import struct

from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

PEM = re.compile(
    rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----\s*(.*?)\s*-----END \1-----",
    re.DOTALL,
)
JKS_MAGIC = 0xFEEDFEED
JCEKS_MAGIC = 0xCECECECE
CONVERT = (
    "convert it: keytool -importkeystore -srckeystore OLD.jks -destkeystore NEW.p12 "
    "-deststoretype PKCS12"
)
LIMIT = 64


class PasswordNeededError(ValueError):
    """A PKCS#12 store that none of the passwords opens."""


def certificates_in(data: bytes, passwords: tuple[bytes, ...] = ()) -> list[bytes]:
    """Find the certificates in a file's bytes, in the file's order.

    Args:
        data: PEM (several, other text around them), DER, PKCS#12, or a Java
            keystore; the old JKS form keeps certificates readable without its
            password.
        passwords: tried on a PKCS#12 store after none and the empty one.

    Returns:
        DER, one a certificate, at most 64.

    Raises:
        PasswordNeededError: a PKCS#12 store stays shut.
        ValueError: no certificate is in it; the message says what it looks like.
    """
    if b"-----BEGIN" in data:
        return _pem(data)
    if len(data) >= 12 and struct.unpack(">I", data[:4])[0] in (JKS_MAGIC, JCEKS_MAGIC):
        return _java_keystore(data)
    if data[:1] == b"\x30":
        return _der_or_pkcs12(data, passwords)
    if not data:
        raise ValueError("the file is empty")
    raise ValueError("neither PEM, DER, PKCS#12 nor a Java keystore")


def _pem(data: bytes) -> list[bytes]:
    found = []
    for match in PEM.finditer(data):
        try:
            found.append(base64.b64decode(match[2], validate=False))
        except binascii.Error as error:
            raise ValueError(f"PEM is damaged: {error}") from None
    if not found:
        label = re.search(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----", data)
        what = label[1].decode() if label else "something damaged"
        raise ValueError(f"PEM, but it holds {what} and no certificate")
    return found[:LIMIT]


def _der_or_pkcs12(data: bytes, passwords: tuple[bytes, ...]) -> list[bytes]:
    # A PKCS#12 store begins with INTEGER 3, a certificate with a SEQUENCE.
    start = 2 + (data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0)
    if data[start : start + 3] != b"\x02\x01\x03":
        return [data]
    reason: Exception | None = None
    for password in (None, b"", *passwords):
        try:
            store = pkcs12.load_pkcs12(data, password)
        except ValueError as error:
            reason = error
            continue
        entries = [store.cert, *store.additional_certs]
        found = [e.certificate.public_bytes(Encoding.DER) for e in entries if e]
        if not found:
            raise ValueError("the PKCS#12 store holds no certificate")
        return found[:LIMIT]
    if passwords:
        raise PasswordNeededError(
            f"the password does not open the PKCS#12 store: {reason}"
        )
    raise PasswordNeededError("a PKCS#12 store with a password: give --password-file")


def _java_keystore(data: bytes) -> list[bytes]:
    """Walk a JKS store: only its private keys are sealed."""
    reader = _Reader(data)
    reader.number(">I")
    version, count = reader.number(">I"), reader.number(">I")
    found: list[bytes] = []
    try:
        if version not in (1, 2):
            raise ValueError(f"version {version}")
        for _ in range(min(count, LIMIT)):
            tag = reader.number(">I")
            reader.text()
            reader.take(8)
            chain = 1
            if tag == 1:
                reader.take(reader.number(">I"))
                chain = reader.number(">I")
            elif tag != 2:
                raise ValueError(f"entry of kind {tag}")
            for _ in range(min(chain, LIMIT)):
                if version == 2:
                    reader.text()
                found.append(reader.take(reader.number(">I")))
    except ValueError as error:
        if not found:
            raise ValueError(
                f"an old Java keystore that cannot be read ({error}); {CONVERT}"
            ) from None
    if not found:
        raise ValueError("the Java keystore holds no certificate")
    return found[:LIMIT]


class _Reader:
    """Takes bytes from the front and refuses to run over the end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise ValueError("it ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, layout: str) -> int:
        value: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def text(self) -> None:
        self.take(self.number(">H"))
