# SPDX-License-Identifier: GPL-2.0-or-later
"""Ordinary sessions of every version come out exactly as their endpoints wrote them."""

import pytest

from tests.gear.tls import identity, items, key_store, openssl, read, rsa_store

SUITES = [
    ("1.0", "AES128-SHA", "rsa"),
    ("1.0", "ECDHE-RSA-AES256-SHA", "rsa"),
    ("1.1", "AES256-SHA", "rsa"),
    ("1.1", "DHE-RSA-AES128-SHA", "rsa"),
    ("1.2", "AES128-SHA256", "rsa"),
    ("1.2", "AES128-GCM-SHA256", "rsa"),
    ("1.2", "AES256-CCM8", "rsa"),
    ("1.2", "ECDHE-RSA-AES256-SHA384", "rsa"),
    ("1.2", "ECDHE-RSA-AES128-GCM-SHA256", "rsa"),
    ("1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "ec"),
    ("1.2", "ECDHE-ECDSA-AES128-CCM", "ec"),
    ("1.2", "ECDHE-ECDSA-CHACHA20-POLY1305", "ec"),
    ("1.2", "DHE-RSA-CHACHA20-POLY1305", "rsa"),
    ("1.2", "CAMELLIA128-SHA256", "rsa"),
    ("1.3", "TLS_AES_128_GCM_SHA256", "ec"),
    ("1.3", "TLS_AES_256_GCM_SHA384", "rsa"),
    ("1.3", "TLS_CHACHA20_POLY1305_SHA256", "ec"),
    ("1.3", "TLS_AES_128_CCM_SHA256", "ec"),
    ("1.3", "TLS_AES_128_CCM_8_SHA256", "ec"),
]


@pytest.mark.parametrize("size", [None, 1, 333])
@pytest.mark.parametrize(("version", "suite", "kind"), SUITES)
def test_a_session_comes_out_exactly_with_its_key_log(
    version: str, suite: str, kind: str, size: int | None
) -> None:
    recorded = openssl(version, suite, kind)
    opened = read(items(recorded.flow, size), key_store(recorded))
    assert opened.plain == recorded.written
    assert not opened.holes
    facts = opened.session.facts
    assert facts.version == f"TLS {version}"
    assert facts.complete
    assert facts.finished_verified == [True, True]
    assert facts.closed is None
    assert facts.key_source.startswith("key log test.keys line ")


@pytest.mark.parametrize(
    ("version", "suite", "kind"),
    [case for case in SUITES if case[1].startswith(("AES", "CAMELLIA"))],
)
def test_static_rsa_opens_with_the_servers_private_key(
    version: str, suite: str, kind: str
) -> None:
    recorded = openssl(version, suite, kind, client=identity("client", "ec"))
    opened = read(items(recorded.flow), rsa_store("other", "server"))
    assert opened.plain == recorded.written
    assert not opened.holes
    facts = opened.session.facts
    assert facts.finished_verified == [True, True]
    assert facts.key_source.startswith("RSA key server.pem")
    assert facts.extended_master_secret
    assert opened.session.key_log()[0].encode() in recorded.key_log


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_client_certificates_are_kept(version: str) -> None:
    client = identity("client", "ec")
    recorded = openssl(version, client=client)
    facts = read(items(recorded.flow), key_store(recorded)).session.facts
    assert facts.client_certificate_requested
    assert facts.client_certificates == [client.certificate_der]
    assert facts.server_certificates == [identity("server").certificate_der]
