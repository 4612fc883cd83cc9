# SPDX-License-Identifier: GPL-2.0-or-later
"""MACs of records in SSL 3.0 to TLS 1.2.

Source: RFC 6101 section 5.2.3.1 (SSL 3.0), RFC 5246 section 6.2.3.1.
"""

import hashlib
from collections.abc import Callable
from struct import Struct

from cryptography.hazmat.primitives import hashes, hmac

from nmsp_scapy.tls.registry import Version

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
}
_TLS = Struct(">QBHH").pack
_SSL3 = Struct(">QBH").pack

Mac = Callable[[int, int, int, bytes], bytes]
"""From sequence number, type, version and content to the MAC."""


def mac_length(digest: str) -> int:
    """Bytes of a MAC."""
    return _HASHES[digest]().digest_size


def record_mac(digest: str, key: bytes, version: int) -> Mac:
    """The MAC function of one direction."""
    if version == Version.SSL3:
        return _ssl3_mac(digest, key)
    copy = hmac.HMAC(key, _HASHES[digest]()).copy

    def mac(sequence: int, kind: int, version: int, content: bytes) -> bytes:
        state = copy()
        state.update(_TLS(sequence, kind, version, len(content)) + content)
        return state.finalize()

    return mac


def _ssl3_mac(digest: str, key: bytes) -> Mac:
    pad = 48 if digest == "md5" else 40
    inner = hashlib.new(digest, key + b"\x36" * pad, usedforsecurity=False)
    outer = hashlib.new(digest, key + b"\x5c" * pad, usedforsecurity=False)

    def mac(sequence: int, kind: int, version: int, content: bytes) -> bytes:
        first = inner.copy()
        first.update(_SSL3(sequence, kind, len(content)) + content)
        second = outer.copy()
        second.update(first.digest())
        return second.digest()

    return mac
