# SPDX-License-Identifier: GPL-2.0-or-later
"""What protects the records of one direction, once its keys are known.

Four kinds: AEAD with the nonces of TLS 1.2 and of TLS 1.3, CBC with a MAC, and a
stream cipher (or none) with a MAC. All have the face of `Protection`; none yields a
byte whose MAC or tag does not verify.
"""

from typing import Protocol

import msgspec

from nmsp_scapy.tls.schedule import key_block, traffic_keys
from nmsp_scapy.tls.suites import Suite

Opened = tuple[int, bytes]
"""Content type and content of an authentic record."""

Inner = tuple[int, bytes, int, int]
"""Content type, content, and where in the buffer its record begins and ends."""

SHORTEST = 22
"""Bytes of the shortest protected record of any suite, header included."""


class Search(msgspec.Struct):
    """What is known of the place of a record behind a hole.

    Attributes:
        before: bytes of the stream just before the record, as far as the capture has
            them (a cipher that chains needs them).
        lost: bytes of the stream, headers included, since the last record that was
            opened ended.
        farthest: how many records may be lost at most.
        budget: trial decryptions that may still be spent; counted down.
        unkeyed: whether bytes from before the keys may be among the lost.
    """

    before: bytes
    lost: int
    farthest: int
    budget: int
    unkeyed: bool = False


class Protection(Protocol):
    """Opens the records of one direction in order.

    Attributes:
        sequence: number of the next record.
    """

    sequence: int

    def open(self, kind: int, version: int, fragment: bytes) -> Opened | None:
        """Open the next record; None where it is not authentic.

        The sequence number advances either way.
        """

    def run(
        self,
        data: bytes,
        start: int,
        end: int,
        out: list[bytes],
        bad: list[tuple[int, int, int]],
        stops: list[int],
    ) -> tuple[int, Inner | None]:
        """Open the whole application data records that `data[start:end]` begins with.

        Contents go to `out`; a record that is not authentic to `bad` as (index in
        `out`, its start, its end); where each ends, authentic or not, to `stops`, but
        for one that is handed on. Answers where it stopped: at the end, before a
        record of another type or one that is not whole. A TLS 1.3 record that turns
        out to hold something else ends the run and is handed on.
        """

    def seek(
        self, kind: int, version: int, fragment: bytes, search: Search
    ) -> Opened | None:
        """Find the sequence number that makes a record authentic; go on behind it."""


def split_key_block(
    suite: Suite,
    version: int,
    master: bytes,
    client_random: bytes,
    server_random: bytes,
    side: int,
    mac: int,
) -> tuple[bytes, bytes, bytes]:
    """MAC key of `mac` bytes, cipher key and IV of `side`."""
    bulk = suite.bulk
    sizes = (mac, bulk.key, bulk.iv)
    block = key_block(
        version, suite.prf, master, client_random, server_random, 2 * sum(sizes)
    )
    found = []
    start = 0
    for size in sizes:
        at = start + side * size
        found.append(block[at : at + size])
        start += 2 * size
    return found[0], found[1], found[2]


def protection(
    suite: Suite,
    version: int,
    master: bytes,
    client_random: bytes,
    server_random: bytes,
    side: int,
    encrypt_then_mac: bool,
) -> Protection:
    """The protection of `side` (0 client, 1 server) in SSL 3.0 to TLS 1.2."""
    from nmsp_scapy.tls.aead import Aead12
    from nmsp_scapy.tls.cbc import Cbc
    from nmsp_scapy.tls.mac import mac_length
    from nmsp_scapy.tls.stream import Stream

    bulk = suite.bulk
    aead = bulk.tag > 0
    size = 0 if aead else mac_length(suite.hash)
    mac, key, iv = split_key_block(
        suite, version, master, client_random, server_random, side, size
    )
    if aead:
        return Aead12(bulk, key, iv, version)
    if bulk.mode == "cbc":
        return Cbc(suite.cipher, suite.hash, key, iv, mac, version, encrypt_then_mac)
    return Stream(key, suite.hash, mac, version)


def protection_13(suite: Suite, secret: bytes) -> Protection:
    """The protection that a TLS 1.3 traffic secret stands for."""
    from nmsp_scapy.tls.aead import Aead13

    bulk = suite.bulk
    key, iv = traffic_keys(suite.prf, secret, bulk.key)
    return Aead13(bulk, key, iv)
