# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA private keys in files: PEM, DER, PKCS#12, encrypted or not."""

import re
import warnings
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

_PEM = re.compile(
    rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL
)


class KeyFileError(ValueError):
    """A key file cannot be used; the message says why and names the file."""


def read_private_keys(
    data: bytes, source: str, password: bytes | None = None
) -> list[RSAPrivateKey]:
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
    return rsa


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
