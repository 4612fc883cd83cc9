# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes that nobody meant well: no exception, no invented byte, bounded memory."""

import random
import re
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nmsp_scapy.integrity import Gap, Item, Plain, Undecodable
from nmsp_scapy.tls import KeyLog, KeyStore, TlsEngine
from tests.gear.tls import (
    Recorded,
    again,
    items,
    key_store,
    openssl,
    read,
    renegotiated,
    retried,
)

TALK = [(0, b"hello"), (1, bytes(range(256)) * 4), (0, b"bye")]


@cache
def seeds() -> list[Recorded]:
    return [
        openssl("1.0", "AES128-SHA", talk=TALK),
        openssl("1.2", "ECDHE-RSA-AES128-GCM-SHA256", talk=TALK),
        openssl("1.3", talk=TALK),
        again("1.2")[1],
        again("1.3", early=b"early")[1],
        renegotiated("1.2", "AES128-SHA", 0),
        retried(),
    ]


def mutated(
    flow: list[tuple[int, bytes]], rng: random.Random
) -> list[tuple[int, bytes]]:
    """The flow with a few of its bytes changed, cut out, doubled or moved."""
    found = list(flow)
    for _ in range(rng.randint(1, 4)):
        number = rng.randrange(len(found))
        side, data = found[number]
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            data = data[:at] + rng.randbytes(1) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[at + rng.randint(1, 40) :]
        elif kind == 2:
            data = data[:at] + rng.randbytes(rng.randint(1, 40)) + data[at:]
        elif kind == 3:
            data = data[:at]
        elif kind == 4:
            side = 1 - side
        else:
            other = rng.randrange(len(found))
            found[other], found[number] = found[number], found[other]
            continue
        found[number] = (side, data)
    return [(side, data) for side, data in found if data]


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.sampled_from([None, 5, 64]))
def test_mutated_sessions_never_raise_and_invent_nothing(
    seed: int, size: int | None
) -> None:
    rng = random.Random(seed)
    session = rng.choice(seeds())
    opened = read(items(mutated(session.flow, rng), size), key_store(session))
    for side, item in opened.items:
        if isinstance(item, Plain):
            # A mutation may hand a record to the other side, never change its bytes;
            # one Plain holds the records of one piece, holes between them told apart.
            assert any(item.data in written for written in session.written), side


@settings(max_examples=150, deadline=None)
@given(
    data=st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=300)), max_size=20)
)
@example(data=[(0, b"\x80\x2e\x01\x03\x01" + bytes(43))])
@example(data=[(0, b"\x16\x03\x01\x00\x04\x01\xff\xff\xff"), (0, b"\x16\x03\x01")])
@example(data=[(1, b"\x17\x03\x03\x00\x00"), (0, b"\x17\x03\x03\x00\x00")])
@example(data=[(0, b"\x14\x03\x03\x00\x01\x01\x16\x03\x03\x00\x01\x00")])
def test_noise_is_told_from_tls(data: list[tuple[int, bytes]]) -> None:
    keys = KeyStore()
    opened = read(items([(s, d) for s, d in data if d]), keys)
    assert opened.plain == [b"", b""]


def test_cleartext_is_undecodable() -> None:
    talk = [(0, b"GET / HTTP/1.0\r\n\r\n"), (1, b"HTTP/1.0 200 OK\r\n\r\nhi")]
    opened = read(items(talk), KeyStore())
    assert [(s, type(h), h.length) for s, h in opened.holes] == [
        (side, Undecodable, len(data)) for side, data in talk
    ]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400), size=st.integers(1, 50))
@example(data=b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48 + b"\n", size=7)
def test_noise_in_a_key_log_never_raises(data: bytes, size: int) -> None:
    log = KeyLog(KeyStore(), "noise")
    for at in range(0, len(data), size):
        log.feed(data[at : at + size])
    log.close()


def held(engine_session: object) -> int:
    """Bytes that a session keeps."""
    lanes = engine_session._lanes  # type: ignore[attr-defined]
    return sum(
        len(lane.buffer) + len(lane.messages) + lane.pending_bytes for lane in lanes
    )


@pytest.mark.parametrize(
    "header",
    [
        b"\x16\x03\x03\x40\x00",  # handshake records of full size
        b"\x17\x03\x03\x48\x00",
        b"\x15\x03\x03\x00\x02",
        b"\x99\x99\x99\x99\x99",
    ],
    ids=["handshake", "data", "alert", "noise"],
)
def test_memory_stays_bounded(header: bytes) -> None:
    session = TlsEngine(KeyStore(growing=True)).session()
    length = int.from_bytes(header[3:], "big") % 0x4801
    record = header + b"\x0b\x03\xff\xf0" + bytes(max(0, length - 4))
    offset = 0
    for number in range(400):
        for side in (0, 1):
            session.feed(side, Plain(record, offset, number, (number,)))
        offset += len(record)
    assert held(session) < 3 * 2**20
    session.finish()
    assert held(session) < 2**20
    facts = session.facts
    assert len(facts.alerts) <= 100
    assert len(facts.handshakes) <= 1000


def test_gaps_without_length_and_gaps_alone_are_passed_on() -> None:
    gap = Gap(0, None, 1, (), "nobody knows")
    stream: list[tuple[int, Item]] = [(0, gap), (1, gap), (0, gap)]
    opened = read(iter(stream), KeyStore())
    assert [item for _, item in opened.items] == [gap, gap, gap]


def test_searching_behind_gaps_is_bounded() -> None:
    session = openssl("1.3", talk=TALK)
    keys = key_store(session)
    reader = TlsEngine(keys).session()
    end = 0
    for side, item in items(session.flow[:-2]):
        reader.feed(side, item)
        if side == 1:
            end = item.offset + len(item.data)
    fake = b"\x17\x03\x03\x00\x40" + bytes(64)
    found = []
    for _ in range(200):
        found += reader.feed(1, Gap(end, 2**31, 1, (), "lost"))
        end += 2**31
        found += reader.feed(1, Plain(fake * 3, end, 1, (1,)))
        end += 3 * len(fake)
    found += reader.finish()
    assert not any(isinstance(item, Plain) for _, item in found)
    assert re.search("not found within bounds", reader.facts.closed or "")
