# SPDX-License-Identifier: GPL-2.0-or-later
"""Seals one record as the owner of a session's keys would, for tests of endpoints.

A TLS library sends the alerts that it thinks right, and no others. Whoever is a party
to a session, and has kept its bytes and its secrets, can make the next record of his
own direction here; his library does not hear of it, and can send nothing after it.

Source: RFC 2246, 4346 and 5246 section 6.2.3, RFC 7366, RFC 8446 section 5.2.
"""

import secrets
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls.aead import EXTRA, HEADER, Aead12, Aead13, aead_cipher
from nmsp_scapy.tls.cbc import Cbc, block_cipher
from nmsp_scapy.tls.engine import TlsEngine
from nmsp_scapy.tls.keys import KeyStore
from nmsp_scapy.tls.mac import record_mac
from nmsp_scapy.tls.protection import Protection
from nmsp_scapy.tls.registry import Record, Version


def next_record(
    flow: Iterable[tuple[int, bytes]],
    key_log: Iterable[bytes],
    side: int,
    kind: int,
    content: bytes,
) -> bytes | None:
    """Make the record that `side` sends next.

    Args:
        flow: what went over the wire: side (0 client, 1 server) and bytes, in order.
        key_log: lines of the session's secrets.
        side: who sends the record; a record of his must have been sealed before.
        kind: content type.
        content: what the record holds.

    Returns:
        The record, header included; None where this suite cannot be sealed here.
    """
    keys = KeyStore()
    keys.add_keylog(b"".join(line + b"\n" for line in key_log), "the session's own")
    session = TlsEngine(keys).session()
    sent = [b"", b""]
    for each, data in flow:
        session.feed(each, Plain(data, len(sent[each]), 0, ()))
        sent[each] += data
    protection = session.protection(side)
    return None if protection is None else seal(protection, kind, content, sent[side])


def seal(
    protection: Protection, kind: int, content: bytes, sent: bytes
) -> bytes | None:
    """Seal a record behind those that `protection` has opened.

    Args:
        protection: of the direction; it is not changed.
        kind: content type.
        content: of the record.
        sent: the bytes before it; TLS 1.0 chains its blocks over them.
    """
    if isinstance(protection, Aead13):
        return _aead13(protection, kind, content)
    if isinstance(protection, Aead12):
        return _aead12(protection, kind, content)
    if isinstance(protection, Cbc):
        return _cbc(protection, kind, content, sent)
    return None


def _record(kind: int, version: int, fragment: bytes) -> bytes:
    return HEADER(kind, version, len(fragment)) + fragment


def _aead13(protection: Aead13, kind: int, content: bytes) -> bytes:
    bulk, key, iv = protection.recipe
    inner = content + bytes([kind])
    nonce = (int.from_bytes(iv) ^ protection.sequence).to_bytes(12)
    head = HEADER(Record.APPLICATION_DATA, Version.TLS12, len(inner) + bulk.tag)
    return head + aead_cipher(bulk, key).encrypt(nonce, inner, head)


def _aead12(protection: Aead12, kind: int, content: bytes) -> bytes:
    bulk, key, iv, version = protection.recipe
    if len(iv) < 12:
        # The library counts its explicit nonces; a drawn one is none of them.
        explicit = secrets.token_bytes(12 - len(iv))
        nonce = iv + explicit
    else:
        explicit = b""
        nonce = (int.from_bytes(iv) ^ protection.sequence).to_bytes(12)
    extra = EXTRA(protection.sequence, kind, version, len(content))
    sealed = aead_cipher(bulk, key).encrypt(nonce, content, extra)
    return _record(kind, version, explicit + sealed)


def _cbc(protection: Cbc, kind: int, content: bytes, sent: bytes) -> bytes:
    cipher, digest, key, iv, mac_key, version, encrypt_then_mac = protection.recipe
    mac = record_mac(digest, mac_key, version)
    number, size = protection.sequence, len(iv)
    plain = content
    if not encrypt_then_mac:
        plain += mac(number, kind, version, content)
    pad = size - 1 - len(plain) % size
    plain += bytes([pad]) * (pad + 1)
    chained = version < Version.TLS11
    start = sent[-size:] if chained else secrets.token_bytes(size)
    if chained and encrypt_then_mac:
        start = sent[-size - len(mac(0, kind, version, b"")) :][:size]
    encryptor = Cipher(block_cipher(cipher, key), modes.CBC(start)).encryptor()
    fragment = (b"" if chained else start) + encryptor.update(plain)
    if encrypt_then_mac:
        fragment += mac(number, kind, version, fragment)
    return _record(kind, version, fragment)
