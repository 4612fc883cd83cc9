# SPDX-License-Identifier: GPL-2.0-or-later
"""One real session of each TLS version and class of cipher, its records known."""

from collections.abc import Callable, Sequence
from functools import cache

from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls import TlsEngine
from tests.gear.tls import (
    Recorded,
    again,
    identity,
    key_store,
    openssl,
    read,
    renegotiated,
    retried,
)
from tests.gear.tlslite_ng import HandshakeSettings, TlslitePair, settings, tlslite

KINDS = {
    "ssl3-cbc": ("tlslite", "SSL 3.0", "aes128"),
    "ssl3-rc4": ("tlslite", "SSL 3.0", "rc4"),
    "tls10-rc4": ("tlslite", "TLS 1.0", "rc4"),
    "tls10-cbc": ("openssl", "1.0", "AES128-SHA"),
    "tls10-cbc-etm": ("openssl", "1.0", "AES128-SHA"),
    "tls10-3des": ("tlslite", "TLS 1.0", "3des"),
    "tls11-3des": ("tlslite", "TLS 1.1", "3des"),
    "tls11-cbc": ("openssl", "1.1", "AES256-SHA"),
    "tls12-cbc": ("openssl", "1.2", "AES128-SHA256"),
    "tls12-cbc-etm": ("openssl", "1.2", "AES256-SHA256"),
    "tls12-gcm": ("openssl", "1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
    "tls12-chacha": ("openssl", "1.2", "ECDHE-RSA-CHACHA20-POLY1305"),
    "tls12-ccm8": ("openssl", "1.2", "AES128-CCM8"),
    "tls12-ccm": ("openssl", "1.2", "ECDHE-ECDSA-AES256-CCM"),
    "tls13-ccm8": ("openssl", "1.3", "TLS_AES_128_CCM_8_SHA256"),
    "tls13-gcm": ("openssl", "1.3", "TLS_AES_128_GCM_SHA256"),
    "tls13-chacha": ("openssl", "1.3", "TLS_CHACHA20_POLY1305_SHA256"),
}
"""Peer, version and cipher of each kind."""

CHAINED = {"ssl3-cbc", "tls10-3des", "tls10-cbc", "tls10-cbc-etm"}
"""Kinds in which a record's first block needs the block before the record."""

FEATURES: dict[str, Callable[[Sequence[tuple[int, bytes]]], Recorded]] = {
    "tls10-again": lambda said: again("1.0", ticket=False, talk=said)[1],
    "tls12-again": lambda said: again("1.2", talk=said)[1],
    "tls12-renewed": lambda said: renegotiated("1.2", "AES128-SHA", 0, said),
    "tls12-client": lambda said: openssl(
        "1.2", client=identity("client", "ec"), talk=said
    ),
    "tls13-again": lambda said: again("1.3", talk=said)[1],
    "tls13-early": lambda said: again("1.3", early=b"early data", talk=said)[1],
    "tls13-retried": retried,
    "tls13-updated": lambda said: updated(said),  # noqa: PLW0108 - defined below
}
"""Sessions with more than one ordinary handshake."""

LENGTHS = [4, 40, 100, 300, 1200, 100, 8, 5000, 60, 60, 60, 700, 20_000, 16, 100, 90]


def talk(lengths: Sequence[int]) -> list[tuple[int, bytes]]:
    """A conversation in which no four bytes come twice, mostly of the server."""
    found = []
    count = 0
    for number, length in enumerate(lengths):
        words = range(count, count + length // 4)
        count += length // 4
        data = b"".join(word.to_bytes(4, "big") for word in words)
        found.append((int(number % 4 != 2), data))
    return found


def updated(said: Sequence[tuple[int, bytes]]) -> Recorded:
    """A session in which both sides change their keys, again and again."""
    pair = TlslitePair(settings("TLS 1.3", "aes128gcm", "aead", "ecdhe_rsa"))
    pair.handshake()
    for number, (side, data) in enumerate(said):
        pair.say(side, data)
        if number % 4 == 1:
            pair.key_update(number // 4 % 2)
    return pair.close()


def _mac_inside(choice: HandshakeSettings) -> None:
    choice.useEncryptThenMAC = False


@cache
def recorded(kind: str) -> Recorded:
    """The session of a kind or feature."""
    if kind in FEATURES:
        return FEATURES[kind](talk(LENGTHS))
    peer, version, cipher = KINDS[kind]
    if peer == "tlslite":
        return tlslite(version, cipher, talk=talk(LENGTHS), setup=_mac_inside)

    def plain_mac(*contexts) -> None:
        for made in contexts:
            made.set_options(0 if kind.endswith("etm") else 1 << 19)

    key = "ec" if "ECDSA" in cipher else "rsa"
    return openssl(version, cipher, key, talk=talk(LENGTHS), setup=plain_mac)


def whole_records(flow: Sequence[tuple[int, bytes]]) -> list[tuple[int, Plain]]:
    """The flow cut at record boundaries; `frames` holds each record's place."""
    found = []
    buffers = [b"", b""]
    places = [0, 0]
    for side, data in flow:
        buffers[side] += data
        while len(buffers[side]) >= 5:
            length = 5 + int.from_bytes(buffers[side][3:5], "big")
            if len(buffers[side]) < length:
                break
            part, buffers[side] = buffers[side][:length], buffers[side][length:]
            start = places[side]
            found.append((side, Plain(part, start, 1, (start, start + length))))
            places[side] += length
    return found


@cache
def contents(kind: str) -> dict[tuple[int, int, int], int]:
    """Bytes of application data by side and place of their record, in order."""
    session = recorded(kind)
    keys = key_store(session)
    engine = TlsEngine(keys, every_record=True)
    opened = read(iter(whole_records(session.flow)), keys, engine)
    assert opened.plain == session.written
    return {
        (side, *item.frames): len(item.data)
        for side, item in opened.items
        if isinstance(item, Plain)
    }
