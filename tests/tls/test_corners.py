# SPDX-License-Identifier: GPL-2.0-or-later
"""Corners of the protocol that few sessions visit."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from OpenSSL import SSL

from benchmarks.sessions import talk_around
from nmsp_scapy.integrity import Plain
from tests.conftest import program
from tests.gear.dtls import DatagramPair, datagrams, read_dtls
from tests.gear.processes import openssl_processes
from tests.gear.tls import (
    TALK,
    Pair,
    Recorded,
    context,
    identity,
    items,
    key_store,
    openssl,
    read,
    rsa_store,
)
from tests.gear.tlslite_ng import ClientHello, TlslitePair, settings

ENCRYPT_THEN_MAC_OFF = 1 << 19
LINES = [(n % 2, bytes([n]) * (20 + n)) for n in range(12)]


def exact(recorded: Recorded, *, rsa: bool = False, size: int | None = 7) -> Any:
    """Hold a session to what was written; its facts."""
    keys = rsa_store() if rsa else key_store(recorded)
    opened = read(items(recorded.flow, size), keys)
    assert opened.plain == recorded.written
    assert not opened.holes
    return opened.session.facts


def with_old_hello(version: str) -> Recorded:
    """A session that begins as clients did that could still speak SSL 2.0."""
    choice = settings(version, "aes128")
    choice.useExtendedMasterSecret = choice.useEncryptThenMAC = False
    pair = TlslitePair(choice)
    client = pair.ends[0]
    plain = client._sendMsg

    def send(message: Any, *more: Any, **how: Any) -> Iterator[int]:
        layer = client._recordLayer
        before = layer.version
        if isinstance(message, ClientHello):
            message.ssl2 = True
            layer.version = (2, 0)
        yield from plain(message, *more, **how)
        if isinstance(message, ClientHello):
            layer.version = before

    client._sendMsg = send
    return pair.handshake().talk(TALK[:6]).close()


@pytest.mark.parametrize("size", [1, 7, None])
@pytest.mark.parametrize("version", ["SSL 3.0", "TLS 1.0", "TLS 1.2"])
def test_a_client_hello_of_ssl_2_0(version: str, size: int | None) -> None:
    recorded = with_old_hello(version)
    assert recorded.flow[0][1][:4] == b"\x80\x2f\x01\x03"
    for rsa in (False, True):
        facts = exact(recorded, rsa=rsa, size=size)
        assert facts.version == version
        assert facts.finished_verified == [True, True]


@pytest.mark.parametrize("outside", [True, False], ids=["outside", "inside"])
@pytest.mark.parametrize(
    ("version", "suite"),
    [
        ("1.0", "AES128-SHA"),
        ("1.1", "AES256-SHA"),
        ("1.2", "AES128-SHA"),
        ("1.2", "AES128-SHA256"),
        ("1.2", "ECDHE-RSA-AES256-SHA384"),
        ("1.2", "CAMELLIA256-SHA256"),
    ],
)
def test_the_mac_outside_and_inside_with_each_hash(
    version: str, suite: str, outside: bool
) -> None:
    def choose(*contexts: SSL.Context) -> None:
        for made in contexts:
            made.set_options(0 if outside else ENCRYPT_THEN_MAC_OFF)

    facts = exact(openssl(version, suite, setup=choose, talk=LINES))
    assert facts.encrypt_then_mac == outside
    assert facts.finished_verified == [True, True]


def refused(retry: bool) -> Recorded:
    """A resumed TLS 1.3 session whose early data the server passes over.

    Args:
        retry: by a HelloRetryRequest.
    """
    client, server = context(0, "1.3"), context(1, "1.3", None, identity())
    server.set_session_id(b"tests")
    SSL._lib.SSL_CTX_set_max_early_data(server._context, 2**14)
    first = Pair(client, server).handshake().talk(LINES)
    session = first.ends[0].get_session()
    first.close()
    if not retry:
        SSL._lib.SSL_CTX_set_max_early_data(server._context, 0)
    second = Pair(client, server, session)
    if retry:
        assert SSL._lib.SSL_set1_curves_list(second.ends[1]._ssl, b"P-384") == 1
    count = SSL._ffi.new("size_t *")
    word = b"too early"
    end = second.ends[0]._ssl
    assert SSL._lib.SSL_write_early_data(end, word, len(word), count) == 1
    second.recorded.written[0] += word
    second.move()
    return second.handshake().talk(LINES).close()


@pytest.mark.parametrize("retry", [False, True], ids=["passed-over", "retried"])
def test_early_data_that_is_rejected(retry: bool) -> None:
    facts = exact(refused(retry))
    assert facts.early_data == "rejected"
    assert facts.hello_retry == retry
    assert facts.finished_verified == [True, True]


@pytest.mark.parametrize(("command", "count"), [(b"K\n", 4), (b"k\n", 2)])
def test_openssl_changes_its_keys(command: bytes, count: int) -> None:
    program("openssl")
    lines = talk_around(command)
    facts = exact(openssl_processes("-tls1_3", lines=lines), size=333)
    assert facts.key_updates == count


def exact_datagrams(recorded: Recorded, *, rsa: bool = False) -> Any:
    keys = rsa_store() if rsa else key_store(recorded)
    opened = read_dtls(datagrams(recorded.flow), keys)
    assert opened.plain == recorded.written
    assert not opened.holes
    return opened.session.facts


@pytest.mark.parametrize("mtu", [250, 400, 1400])
@pytest.mark.parametrize("version", ["DTLS 1.0", "DTLS 1.2"])
def test_handshakes_in_fragments(version: str, mtu: int) -> None:
    pair = DatagramPair(version, "AES128-SHA", "rsa", mtu)
    pair.handshake(cookie=True)
    for side, data in LINES:
        pair.say(side, data)
    recorded = pair.close()
    facts = exact_datagrams(recorded, rsa=True)
    assert facts.finished_verified == [True, True]


@pytest.mark.parametrize("seed", range(12))
def test_handshake_datagrams_in_any_order(seed: int) -> None:
    pair = DatagramPair("DTLS 1.2", "AES128-SHA", "rsa", 300)
    pair.handshake(cookie=False)
    for side, data in LINES:
        pair.say(side, data)
    recorded = pair.close()
    rng = random.Random(seed)
    flow = list(datagrams(recorded.flow))
    body = len(flow) - len(LINES) - 2
    head = [pair for pair in flow[:body] for _ in range(rng.choice((1, 1, 2)))]
    for _ in range(5):
        at = rng.randrange(len(head) - 1)
        head[at], head[at + 1] = head[at + 1], head[at]
    opened = read_dtls(iter(head + flow[body:]), key_store(recorded))
    assert opened.plain == recorded.written
    assert not opened.holes


@pytest.mark.parametrize("side", [0, 1], ids=["by-client", "by-server"])
@pytest.mark.parametrize("suite", ["AES128-SHA", "ECDHE-RSA-AES128-GCM-SHA256"])
def test_dtls_renegotiates(suite: str, side: int) -> None:
    pair = DatagramPair("DTLS 1.2", suite, "rsa", 600)
    pair.handshake(cookie=False)
    for owner, data in LINES:
        pair.say(owner, data)
    pair.renegotiate(side)
    for owner, data in LINES:
        pair.say(owner, data)
    recorded = pair.close()
    for rsa in {False, suite == "AES128-SHA"}:
        facts = exact_datagrams(recorded, rsa=rsa)
        assert facts.renegotiations == 1


def test_a_datagram_is_one_plain() -> None:
    pair = DatagramPair("DTLS 1.2", "AES128-SHA", "rsa", 600)
    pair.handshake(cookie=False)
    for side, data in LINES:
        pair.say(side, data)
    recorded = pair.close()
    opened = read_dtls(datagrams(recorded.flow), key_store(recorded))
    said = [(side, item.data) for side, item in opened.items if type(item) is Plain]
    assert said == LINES
