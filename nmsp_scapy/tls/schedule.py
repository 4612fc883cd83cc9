# SPDX-License-Identifier: GPL-2.0-or-later
"""Key schedules: from a premaster or traffic secret to keys and verify data.

`version` is always the wire number of a TLS version; DTLS callers pass the TLS
version that theirs is built on.

Source: RFC 6101 section 6, RFC 2246 and 5246 section 5 and 8, RFC 7627, RFC 8446
section 7.
"""

import hashlib
import hmac
from typing import Final

from nmsp_scapy.tls.registry import Version

MASTER: Final = 48
"""Bytes of a master secret."""


def _p_hash(name: str, secret: bytes, seed: bytes, count: int) -> bytes:
    out = b""
    state = seed
    while len(out) < count:
        state = hmac.digest(secret, state, name)
        out += hmac.digest(secret, state + seed, name)
    return out[:count]


def prf(
    version: int, digest: str, secret: bytes, label: bytes, seed: bytes, count: int
) -> bytes:
    """The pseudo-random function of TLS 1.0 to 1.2; `digest` matters in 1.2 only."""
    if version >= Version.TLS12:
        return _p_hash(digest, secret, label + seed, count)
    half = (len(secret) + 1) // 2
    one = _p_hash("md5", secret[:half], label + seed, count)
    two = _p_hash("sha1", secret[-half:], label + seed, count)
    mixed = int.from_bytes(one, "big") ^ int.from_bytes(two, "big")
    return mixed.to_bytes(count, "big")


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _ssl3_expand(secret: bytes, seed: bytes, count: int) -> bytes:
    out = b""
    turn = 1
    while len(out) < count:
        salt = bytes([0x40 + turn]) * turn
        out += _md5(secret + _sha1(salt + secret + seed))
        turn += 1
    return out[:count]


def master_secret(
    version: int, digest: str, premaster: bytes, client: bytes, server: bytes
) -> bytes:
    """The master secret from the premaster secret and both randoms."""
    if version == Version.SSL3:
        return _ssl3_expand(premaster, client + server, MASTER)
    seed = client + server
    return prf(version, digest, premaster, b"master secret", seed, MASTER)


def extended_master_secret(
    version: int, digest: str, premaster: bytes, transcript: bytes
) -> bytes:
    """The master secret of RFC 7627, from the handshake up to ClientKeyExchange."""
    seed = transcript_hash(version, digest, transcript)
    return prf(version, digest, premaster, b"extended master secret", seed, MASTER)


def transcript_hash(version: int, digest: str, transcript: bytes) -> bytes:
    """The hash of the handshake that TLS 1.0 to 1.2 put into their PRF."""
    if version >= Version.TLS12:
        return hashlib.new(digest, transcript).digest()
    return _md5(transcript) + _sha1(transcript)


def key_block(
    version: int, digest: str, master: bytes, client: bytes, server: bytes, count: int
) -> bytes:
    """MAC keys, cipher keys and IVs of both sides, in that order."""
    if version == Version.SSL3:
        return _ssl3_expand(master, server + client, count)
    return prf(version, digest, master, b"key expansion", server + client, count)


def verify_data(
    version: int, digest: str, master: bytes, side: int, transcript: bytes
) -> bytes:
    """What the Finished of `side` (0 client, 1 server) must hold."""
    if version == Version.SSL3:
        sender = (b"CLNT", b"SRVR")[side]
        found = b""
        for hashed, pad in ((_md5, 48), (_sha1, 40)):
            inner = hashed(transcript + sender + master + b"\x36" * pad)
            found += hashed(master + b"\x5c" * pad + inner)
        return found
    label = (b"client finished", b"server finished")[side]
    seed = transcript_hash(version, digest, transcript)
    return prf(version, digest, master, label, seed, 12)


def expand_label(
    digest: str, secret: bytes, label: bytes, context: bytes, count: int
) -> bytes:
    """HKDF-Expand-Label of TLS 1.3."""
    full = b"tls13 " + label
    info = count.to_bytes(2, "big") + bytes([len(full)]) + full
    info += bytes([len(context)]) + context
    out = block = b""
    turn = 1
    while len(out) < count:
        block = hmac.digest(secret, block + info + bytes([turn]), digest)
        out += block
        turn += 1
    return out[:count]


def traffic_keys(digest: str, secret: bytes, key: int) -> tuple[bytes, bytes]:
    """Key of `key` bytes and IV of 12 bytes of a TLS 1.3 traffic secret."""
    return (
        expand_label(digest, secret, b"key", b"", key),
        expand_label(digest, secret, b"iv", b"", 12),
    )


def next_secret(digest: str, secret: bytes) -> bytes:
    """The application traffic secret after a KeyUpdate."""
    return expand_label(digest, secret, b"traffic upd", b"", len(secret))


def verify_data_13(digest: str, secret: bytes, transcript: bytes) -> bytes:
    """What the Finished of the owner of a handshake traffic secret must hold."""
    key = expand_label(digest, secret, b"finished", b"", len(secret))
    return hmac.digest(key, hashlib.new(digest, transcript).digest(), digest)
