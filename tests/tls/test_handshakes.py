# SPDX-License-Identifier: GPL-2.0-or-later
"""Handshakes beyond the ordinary: resumed, renewed, retried, early, updated."""

import pytest

from nmsp_scapy.integrity import NoKey, Plain
from nmsp_scapy.tls import KeyStore, TlsEngine
from tests.gear.tls import (
    Pair,
    Recorded,
    again,
    context,
    identity,
    items,
    key_store,
    openssl,
    read,
    renegotiated,
    retried,
    rsa_store,
)
from tests.gear.tlslite_ng import TlslitePair, settings, tlslite

LEGACY = [
    ("SSL 3.0", "rc4", "md5"),
    ("SSL 3.0", "3des", "sha"),
    ("SSL 3.0", "aes256", "sha"),
    ("TLS 1.0", "rc4", "sha"),
    ("TLS 1.0", "3des", "sha"),
    ("TLS 1.1", "3des", "sha"),
    ("TLS 1.2", "rc4", "md5"),
    ("TLS 1.2", "null", "sha256"),
]


def exact(recorded: Recorded, keys: KeyStore, engine: TlsEngine | None = None):
    opened = read(items(recorded.flow, 999), keys, engine)
    assert opened.plain == recorded.written
    assert not opened.holes
    return opened.session.facts


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
@pytest.mark.parametrize("ticket", [True, False], ids=["ticket", "session-id"])
def test_a_resumed_session_opens_by_key_log_and_by_rsa_key(
    version: str, ticket: bool
) -> None:
    first, second = again(version, ticket, "AES128-SHA")
    how = "ticket" if ticket else "session id"
    assert exact(second, key_store(second)).resumed == how
    engine = TlsEngine(rsa_store())
    assert exact(first, engine.keys, engine).resumed is None
    facts = exact(second, engine.keys, engine)
    assert facts.resumed == how
    assert facts.key_source.startswith("RSA key server.pem")


def test_a_resumed_session_opens_by_the_key_log_of_its_first_alone() -> None:
    first, second = again("1.2", True, "ECDHE-RSA-AES128-GCM-SHA256")
    engine = TlsEngine(key_store(first))
    exact(first, engine.keys, engine)
    exact(second, engine.keys, engine)


def test_a_resumed_session_without_its_first_says_so() -> None:
    _, second = again("1.2", True, "AES128-SHA")
    opened = read(items(second.flow), rsa_store())
    assert opened.plain == [b"", b""]
    assert opened.session.facts.closed.startswith("resumed by ticket: no key log")


def test_a_session_opens_by_the_premaster_of_its_encrypted_form() -> None:
    recorded = openssl("1.2", "AES128-SHA")
    recorded.key_log = [line for line in recorded.key_log if line.startswith(b"RSA ")]
    assert len(recorded.key_log) == 1
    exact(recorded, key_store(recorded))


def test_a_session_opens_by_session_id_and_master_key() -> None:
    first, _ = again("1.2", False, "AES128-SHA")
    facts = exact(first, key_store(first))
    line = next(line for line in first.key_log if line.startswith(b"CLIENT_RANDOM"))
    master = line.split()[2].decode()
    keys = KeyStore()
    log = f"RSA Session-ID:{facts.session_id} Master-Key:{master}"
    keys.add_keylog(log.encode(), "s_client")
    assert exact(first, keys).key_source == "key log s_client line 1"


@pytest.mark.parametrize("ticket", [True, False], ids=["stateless", "stateful"])
def test_tls_1_3_resumes_by_psk(ticket: bool) -> None:
    _, second = again("1.3", ticket)
    facts = exact(second, key_store(second))
    assert facts.resumed == "psk"
    assert facts.key_exchange == "PSK with (EC)DHE"
    assert facts.finished_verified == [True, True]


@pytest.mark.parametrize("side", [0, 1], ids=["by-client", "by-server"])
@pytest.mark.parametrize(
    ("version", "suite"),
    [("1.0", "AES128-SHA"), ("1.2", "AES128-SHA256"), ("1.2", "AES128-GCM-SHA256")],
)
def test_renegotiation_opens_by_key_log_and_by_rsa_key(
    version: str, suite: str, side: int
) -> None:
    recorded = renegotiated(version, suite, side)
    for keys in (key_store(recorded), rsa_store()):
        facts = exact(recorded, keys)
        assert facts.renegotiations == 1
        assert facts.finished_verified == [True, True]


def test_hello_retry_request() -> None:
    recorded = retried()
    facts = exact(recorded, key_store(recorded))
    assert facts.hello_retry
    assert facts.finished_verified == [True, True]


def test_early_data_opens() -> None:
    early = b"early! " * 500
    _, second = again("1.3", early=early)
    facts = exact(second, key_store(second))
    assert facts.early_data == "accepted"
    assert facts.finished_verified == [True, True]


def test_early_data_without_its_secret_is_named_and_the_rest_opens() -> None:
    early = b"early! " * 500
    _, second = again("1.3", early=early)
    second.key_log = [line for line in second.key_log if b"_EARLY_" not in line]
    opened = read(items(second.flow), key_store(second))
    client, server = second.written
    assert opened.plain == [client.removeprefix(early), server]
    assert {type(hole) for _, hole in opened.holes} == {NoKey}
    assert {hole.reason for _, hole in opened.holes} == {
        "no key log given holds the early data's secret"
    }


def test_key_updates_of_both_sides_are_followed() -> None:
    pair = TlslitePair(settings("TLS 1.3", "aes128gcm", "aead", "ecdhe_rsa"))
    pair.handshake().talk()
    for side in (0, 1, 0):
        pair.key_update(side)
        pair.talk()
    recorded = pair.close()
    opened = read(items(recorded.flow), key_store(recorded))
    assert opened.plain == recorded.written
    assert opened.session.facts.key_updates == 6
    # tlslite-ng keeps no handshake secrets: only the handshake stays closed.
    assert {hole.reason for _, hole in opened.holes} == {
        "no key log given holds the handshake's secret"
    }


@pytest.mark.parametrize(("version", "cipher", "mac"), LEGACY)
def test_what_openssl_no_longer_makes_opens(
    version: str, cipher: str, mac: str
) -> None:
    recorded = tlslite(version, cipher, mac)
    for keys in (key_store(recorded), rsa_store()):
        facts = exact(recorded, keys)
        assert facts.version == version
        assert facts.finished_verified == [True, True]


def record_lengths(recorded: Recorded, side: int) -> list[int]:
    """Lengths of the application data records of a side."""
    data = b"".join(part for owner, part in recorded.flow if owner == side)
    found = []
    while data:
        stop = 5 + int.from_bytes(data[3:5], "big")
        if data[0] == 23:
            found.append(stop - 5)
        data = data[stop:]
    return found


def test_tls_1_0_with_an_empty_record_before_each() -> None:
    talk = [(0, b"a message"), (1, b"another"), (0, b"the last")]
    recorded = openssl("1.0", "AES128-SHA", talk=talk)
    assert len(record_lengths(recorded, 0)) == 4
    opened = read(items(recorded.flow), key_store(recorded))
    assert [(side, item.data) for side, item in opened.items] == talk


def test_hellos_in_fragments_of_a_few_bytes() -> None:
    recorded = openssl("1.2")
    side, hello = recorded.flow[0]
    body = hello[5:]
    pieces = [body[at : at + 11] for at in range(0, len(body), 11)]
    recorded.flow[0] = (
        side,
        b"".join(hello[:3] + len(piece).to_bytes(2) + piece for piece in pieces),
    )
    facts = exact(recorded, key_store(recorded))
    assert facts.finished_verified == [True, True]


def test_every_record_can_be_asked_for() -> None:
    recorded = openssl("1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    keys = key_store(recorded)
    engine = TlsEngine(keys, every_record=True)
    opened = read(items(recorded.flow), keys, engine)
    assert opened.plain == recorded.written
    pieces = [item for _, item in opened.items if isinstance(item, Plain)]
    assert len(pieces) == sum(opened.session.facts.records)


def test_application_offsets_count_on() -> None:
    recorded = openssl("1.3")
    opened = read(items(recorded.flow, 500), key_store(recorded))
    at = [0, 0]
    for side, item in opened.items:
        assert item.offset == at[side]
        at[side] += len(item.data)


def test_server_name_and_offers_are_facts() -> None:
    pair = Pair(context(0, "1.3"), context(1, "1.3", None, identity()))
    pair.ends[0].set_tlsext_host_name(b"wlc.example")
    recorded = pair.handshake().talk().close()
    facts = exact(recorded, key_store(recorded))
    assert facts.server_name == "wlc.example"
    assert facts.offered_versions == ["TLS 1.3"]
    assert "TLS_AES_128_GCM_SHA256" in facts.offered_suites
    names = [fact.name for fact in facts.handshakes if fact.side == 1]
    assert names[0] == "server_hello"
    assert "encrypted_extensions" in names
