# SPDX-License-Identifier: GPL-2.0-or-later
"""DTLS: exact when all is there; what is lost, doubled or moved costs only itself."""

import io
import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmsp_scapy.capture.frames import ethernet, udp_datagram
from nmsp_scapy.conversation import Conversation, Event, Message
from nmsp_scapy.dissect import dissect
from nmsp_scapy.integrity import BadMac, Gap, Item, NoKey, Plain, Undecodable
from nmsp_scapy.tls import KeyStore, TlsEngine
from tests.gear.captures import pcapng
from tests.gear.dtls import datagrams, openssl_dtls, read_dtls
from tests.gear.tls import Recorded, key_store, rsa_store

SUITES = [
    ("DTLS 1.0", "AES128-SHA", "rsa"),
    ("DTLS 1.0", "ECDHE-RSA-AES256-SHA", "rsa"),
    ("DTLS 1.2", "AES128-SHA256", "rsa"),
    ("DTLS 1.2", "AES128-CCM8", "rsa"),
    ("DTLS 1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "ec"),
    ("DTLS 1.2", "ECDHE-RSA-CHACHA20-POLY1305", "rsa"),
]
TALK = [(n % 3 // 2, n.to_bytes(4, "big") * (3 + n % 7)) for n in range(60)]


@cache
def recorded(version: str, suite: str, kind: str, cookie: bool = True) -> Recorded:
    return openssl_dtls(version, suite, kind, cookie, TALK)


@pytest.mark.parametrize("cookie", [True, False])
@pytest.mark.parametrize(("version", "suite", "kind"), SUITES)
def test_a_session_comes_out_exactly(
    version: str, suite: str, kind: str, cookie: bool
) -> None:
    session = recorded(version, suite, kind, cookie)
    stores = [key_store(session)]
    if suite.startswith("AES"):
        stores.append(rsa_store())
    for keys in stores:
        opened = read_dtls(datagrams(session.flow), keys)
        assert opened.plain == session.written
        assert not opened.holes
        facts = opened.session.facts
        assert (facts.transport, facts.version) == ("dtls", version)
        assert facts.complete
        assert facts.finished_verified == [True, True]
        names = [fact.name for fact in facts.handshakes]
        assert ("hello_verify_request" in names) == cookie


@pytest.mark.parametrize(("version", "suite", "kind"), SUITES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_lost_doubled_and_moved_datagrams_cost_only_themselves(
    version: str, suite: str, kind: str, seed: int
) -> None:
    rng = random.Random(seed)
    session = recorded(version, suite, kind)
    flow = list(datagrams(session.flow))
    first = len(flow) - len(TALK) - 2
    head, body = flow[:first], flow[first:]
    lost = [pair for pair in body if rng.random() < 0.1]
    kept = [pair for pair in body if pair not in lost]
    for _ in range(6):
        at = rng.randrange(len(kept) - 1)
        kept[at], kept[at + 1] = kept[at + 1], kept[at]
    kept += [rng.choice(kept) for _ in range(5)]
    opened = read_dtls(iter(head + kept), key_store(session))
    said = [data for _, data in TALK]
    pieces = [item.data for _, item in opened.items if isinstance(item, Plain)]
    assert sorted(pieces) == sorted(
        said[flow.index(pair) - first]
        for pair in set_of(kept)
        if flow.index(pair) - first < len(said)
    )
    assert {type(hole) for _, hole in opened.holes} <= {Gap}
    # The last numbers of a direction may be lost without a trace.
    last = {side: max(flow.index(p) for p in kept if p[0] == side) for side in (0, 1)}
    silent = [pair for pair in lost if flow.index(pair) > last[pair[0]]]
    counted = sum(int(hole.reason.split()[0]) for _, hole in opened.holes)
    assert counted == len(lost) - len(silent)


def set_of(pairs: list[tuple[int, Plain]]) -> list[tuple[int, Plain]]:
    """The pairs without those that come again."""
    return [pair for at, pair in enumerate(pairs) if pair not in pairs[:at]]


def test_a_damaged_record_is_named() -> None:
    session = recorded(*SUITES[4])
    flow = list(datagrams(session.flow))
    side, item = flow[-20]
    item.data = item.data[:-1] + bytes([item.data[-1] ^ 1])
    opened = read_dtls(iter(flow), key_store(session))
    assert (side, BadMac) in [(s, type(hole)) for s, hole in opened.holes]
    assert opened.session.facts.bad_records[side] == 1


def test_why_a_session_stays_closed() -> None:
    session = recorded(*SUITES[2])
    opened = read_dtls(datagrams(session.flow), KeyStore())
    assert {type(item) for _, item in opened.items} == {NoKey}
    assert opened.session.facts.closed == "no key was given"
    assert opened.session.facts.complete
    opened = read_dtls(datagrams(session.flow), rsa_store("other"))
    assert opened.session.facts.closed.startswith("wrong RSA key")
    late = list(datagrams(session.flow))[-40:]
    opened = read_dtls(iter(late), key_store(session))
    assert opened.plain == [b"", b""]
    assert opened.session.facts.closed is not None


def test_a_wrong_secret_is_told() -> None:
    session = recorded(*SUITES[4])
    keys = KeyStore()
    label, random_, secret = session.key_log[0].split()
    keys.add_keylog(b" ".join([label, random_, secret[::-1]]), "bad.keys")
    opened = read_dtls(datagrams(session.flow), keys)
    assert opened.plain == [b"", b""]
    assert opened.session.facts.closed.startswith("wrong secret: key log bad.keys")


def test_what_is_no_record_is_undecodable() -> None:
    stream: list[tuple[int, Item]] = [(0, Plain(b"not DTLS at all", 0, 1, (1,)))]
    opened = read_dtls(iter(stream), KeyStore())
    assert [type(hole) for _, hole in opened.holes] == [Undecodable]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_mutated_datagrams_never_raise_and_invent_nothing(seed: int) -> None:
    rng = random.Random(seed)
    session = recorded(*rng.choice(SUITES))
    flow = [list(pair) for pair in session.flow]
    for _ in range(rng.randint(1, 5)):
        pair = rng.choice(flow)
        at = rng.randrange(len(pair[1]))
        cut = at + rng.randint(0, 3)
        pair[1] = pair[1][:at] + rng.randbytes(rng.randint(0, 4)) + pair[1][cut:]
    opened = read_dtls(datagrams([(s, d) for s, d in flow]), key_store(session))
    said = [data for _, data in TALK]
    for _, item in opened.items:
        assert not isinstance(item, Plain) or item.data in said


def test_records_held_for_a_key_are_bounded() -> None:
    session = TlsEngine(KeyStore(growing=True)).datagram_session()
    source = recorded(*SUITES[4])
    for side, item in datagrams(source.flow):
        session.feed(side, item)
    assert not session.facts.closed
    data = source.flow[-3][1]
    for number in range(600):
        session.feed(1, Plain(data, 10**6 + number * len(data), 1, (1,)))
    assert len(session._sides[1].held) <= 256
    session.finish()
    assert session.facts.closed is not None


def test_messages_come_out_of_a_capture_of_dtls() -> None:
    requests = [b"\1\0\0\1" + (12).to_bytes(4) + n.to_bytes(4) for n in range(1, 6)]
    session = openssl_dtls(*SUITES[4], talk=[(0, request) for request in requests])
    ends = ((bytes([10, 0, 0, 1]), 40_000), (bytes([10, 0, 0, 2]), 16_113))
    frames = [
        ethernet(udp_datagram(ends[side], ends[1 - side], data), side=side)
        for side, data in session.flow
    ]
    secrets = b"\n".join(session.key_log) + b"\n"
    found = list(dissect(io.BytesIO(pcapng(frames, secrets=secrets))))
    conversations = [one for one in found if isinstance(one, Conversation)]
    assert [(c.transport, c.tls.version) for c in conversations] == [
        ("dtls", "DTLS 1.2")
    ]
    messages = [one for one in found if isinstance(one, Message)]
    assert [message.raw for message in messages] == requests
    assert not [one for one in found if isinstance(one, Event) and one.lost]
