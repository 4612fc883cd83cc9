# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes opened many at a time give what they give one by one."""

import random

import pytest

from nmsp_scapy.integrity import Item, Plain
from nmsp_scapy.tls import TlsEngine
from tests.gear.tls import TALK, Recorded, items, key_store, openssl

SUITES = [
    ("1.0", "AES128-SHA"),
    ("1.2", "AES128-SHA256"),
    ("1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
    ("1.2", "ECDHE-RSA-CHACHA20-POLY1305"),
    ("1.3", None),
]


def one_by_one(recorded: Recorded, stream: list[tuple[int, Plain]]) -> list[Item]:
    session = TlsEngine(key_store(recorded)).session()
    found = [out for side, item in stream for out in session.feed(side, item)]
    return _flat(found + session.finish())


def in_runs(recorded: Recorded, stream: list[tuple[int, Plain]]) -> list[Item]:
    session = TlsEngine(key_store(recorded)).session()
    found: list[tuple[int, Item]] = []
    run: list[Plain] = []
    for at, (side, item) in enumerate(stream):
        run.append(item)
        if at + 1 == len(stream) or stream[at + 1][0] != side:
            found += session.feed_many(side, run)
            run = []
    return _flat(found + session.finish())


def _flat(found: list[tuple[int, Item]]) -> list[Item]:
    """The client's items, then the server's; each byte with its own evidence."""
    flat: list[Item] = []
    for side in (0, 1):
        for owner, item in found:
            if owner != side:
                continue
            if isinstance(item, Plain):
                flat += [
                    Plain(
                        item.data[n : n + 1], item.offset + n, item.time_ns, item.frames
                    )
                    for n in range(len(item.data))
                ]
            else:
                flat.append(item)
    return flat


@pytest.mark.parametrize(("version", "suite"), SUITES)
@pytest.mark.parametrize("size", [1, 7, 300, None])
def test_runs_give_the_same_bytes_frames_and_times(
    version: str, suite: str | None, size: int | None
) -> None:
    recorded = openssl(version, suite, talk=TALK[:14])
    stream = list(items(recorded.flow, size))
    assert in_runs(recorded, stream) == one_by_one(recorded, stream)


@pytest.mark.parametrize(("version", "suite"), SUITES)
def test_damaged_records_are_the_same_holes(version: str, suite: str | None) -> None:
    recorded = openssl(version, suite, talk=TALK[:14])
    chance = random.Random(7)
    for _ in range(12):
        stream = list(items(recorded.flow, 100))
        at = chance.randrange(len(stream) // 2, len(stream))
        side, item = stream[at]
        place = chance.randrange(len(item.data))
        data = bytearray(item.data)
        data[place] ^= 0x40
        stream[at] = (side, Plain(bytes(data), item.offset, item.time_ns, item.frames))
        assert in_runs(recorded, stream) == one_by_one(recorded, stream)
