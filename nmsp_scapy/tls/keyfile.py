# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA private keys in files: PEM, DER, PKCS#12, encrypted or not."""

import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from nmsp_scapy.tls.keys import KeyFileError
from nmsp_scapy.tls.schedule import MASTER

_PEM = re.compile(
    rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL
)


class RsaKey:
    """An RSA private key that can open static RSA key exchanges.

    Attributes:
        modulus: its public modulus, which a certificate is matched by.
        source: `RSA key FILE (SHA-256 of its SPKI)`.
    """

    def __init__(self, key: RSAPrivateKey, origin: str) -> None:
        self._key = key
        public = key.public_key()
        self.modulus = public.public_numbers().n
        self.source = f"RSA key {origin} (SHA-256 {fingerprint(public)[:16]})"

    def __repr__(self) -> str:
        return f"RsaKey({self.source})"

    def premaster(self, encrypted: bytes, versions: Iterable[int]) -> bytes | None:
        """The premaster secret, None where this is not the key.

        A wrong key does not make the library fail: it answers with random bytes. So
        the length and the client's version inside are checked here, and the records'
        MACs decide later.
        """
        try:
            found = self._key.decrypt(encrypted, PKCS1v15())
        except ValueError:
            return None
        if len(found) != MASTER or int.from_bytes(found[:2], "big") not in versions:
            return None
        return found


def fingerprint(key: RSAPublicKey) -> str:
    """SHA-256 over the DER SubjectPublicKeyInfo, in hex."""
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).hexdigest()


def read_rsa_keys(
    data: bytes, source: str, password: bytes | None = None
) -> list[RsaKey]:
    """Every RSA private key of a file.

    Args:
        data: the file's content.
        source: its name, for messages.
        password: for an encrypted file; ignored where nothing is encrypted.

    Raises:
        KeyFileError: there is none, or the password is missing or wrong.
    """
    keys = _pem_keys(data, password, source)
    if not keys and b"-----BEGIN" not in data:
        keys = [_binary_key(data, password, source)]
    rsa = [key for key in keys if isinstance(key, RSAPrivateKey)]
    if not rsa:
        held = "a key that is not RSA" if keys else "no private key"
        raise KeyFileError(f"{source}: {held}; only an RSA key opens recorded sessions")
    return [RsaKey(key, source) for key in rsa]


def _pem_keys(data: bytes, password: bytes | None, source: str) -> list[Any]:
    return [
        _load(load_pem_private_key, found.group(), password, source)
        for found in _PEM.finditer(data)
    ]


def _binary_key(data: bytes, password: bytes | None, source: str) -> Any:
    try:
        return _load(load_der_private_key, data, password, source)
    except KeyFileError as problem:
        try:
            found = load_pkcs12(data, password)
        except ValueError as error:
            if password is not None:
                with suppress(ValueError):  # nothing in it may be encrypted
                    return load_pkcs12(data, None).key
            if "password" in str(error).lower():
                need = "the password does not fit" if password else "needs a password"
                raise KeyFileError(f"{source}: {need}") from None
            raise problem from None
        return found.key


def _load(
    load: Callable[..., Any], data: bytes, password: bytes | None, source: str
) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about old encryptions of the file
        try:
            return load(data, password)
        except TypeError:
            if password is None:
                raise KeyFileError(f"{source}: needs a password") from None
            return _load(load, data, None, source)
        except ValueError:
            reason = "the password does not fit" if password else "no private key"
            raise KeyFileError(f"{source}: {reason}") from None
        except Exception as error:  # noqa: BLE001 - UnsupportedAlgorithm and its kin
            raise KeyFileError(f"{source}: {type(error).__name__}") from None
