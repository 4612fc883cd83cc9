# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys: logs read line by line, key files of all forms, and keys that do not fit."""

import os

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    serialize_key_and_certificates,
)

from nmsp_scapy.integrity import NoKey
from nmsp_scapy.tls import KeyFileError, KeyLog, KeyStore, TlsEngine
from tests.gear.tls import (
    Recorded,
    identity,
    items,
    key_store,
    openssl,
    read,
    rsa_store,
)


@pytest.fixture(scope="module")
def static() -> Recorded:
    return openssl("1.2", "AES128-SHA256")


@pytest.fixture(scope="module")
def modern() -> Recorded:
    return openssl("1.3")


# -- key logs


def test_one_bad_line_does_not_spoil_a_key_log(modern: Recorded) -> None:
    good = b"\r\n".join(line.upper().replace(b" 0X", b" ") for line in modern.key_log)
    log = (
        b"\xef\xbb\xbf# a comment\r\n\r\n"
        + b"CLIENT_RANDOM 00\r\n"
        + b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 20 + b"\r\n"
        + b"\xff\xfe\x00nonsense\r\n"
        + b"EARLY_EXPORTER_SECRET " + b"ab" * 32 + b" " + b"cd" * 32 + b"\r\n"
        + b"c0ffee" * 9 + b"\r\n"
        + b"   \t\r\n"
        + good + b"\r\n"
        + good
        + b"\r\nCLIENT_TRAFFIC_SECRET_0 " + b"ab" * 32 + b" cdc"
    )  # fmt: skip
    keys = KeyStore()
    keys.add_keylog(log, "odd.keys")
    opened = read(items(modern.flow), keys)
    assert opened.plain == modern.written
    places = [(problem.source, problem.line) for problem in keys.problems]
    last = 9 + 2 * len(modern.key_log)
    assert places == [("odd.keys", line) for line in (3, 4, 5, 7, last)]


def test_labels_that_open_nothing_are_no_problem() -> None:
    keys = KeyStore()
    rest = b" " + b"ab" * 32 + b" " + b"cd" * 32 + b"\n"
    for label in (
        b"EXPORTER_SECRET",
        b"CLIENT_TRAFFIC_SECRET_N",
        b"QUIC_X",
        b"ECH_SECRET",
    ):
        keys.add_keylog(label + rest, "odd.keys")
    assert not keys.problems
    assert not keys


def test_problems_never_show_what_may_be_a_secret() -> None:
    secret = os.urandom(48).hex()
    keys = KeyStore()
    for line in (
        secret,
        f"CLIENT_RANDOM {secret} {secret}",
        f"CLIENT_RANDOM {'ab' * 32} {secret[:-1]}",
        f"RSA Session-ID:{'ab' * 32} Master-Key:{secret}00",
        f"SOME_LABEL {secret} {secret}",
        f"CLIENT_RANDOM{secret}",
    ):
        keys.add_keylog(line.encode(), "x")
    assert len(keys.problems) == 6
    shown = " ".join(map(str, keys.problems))
    assert not any(secret[at : at + 8] in shown for at in range(len(secret) - 8))


def test_reprs_never_show_a_secret(static: Recorded) -> None:
    keys = key_store(static)
    opened = read(items(static.flow), keys)
    engine_text = repr(vars(keys)) + repr(opened.session.facts)
    for line in static.key_log:
        assert line.split()[2].decode() not in engine_text
        assert repr(bytes.fromhex(line.split()[2].decode()))[2:-1] not in engine_text


def test_a_key_log_may_grow_by_any_pieces(static: Recorded) -> None:
    keys = KeyStore()
    log = KeyLog(keys, "growing.keys")
    text = b"\n".join(static.key_log)
    for at in range(0, len(text), 7):
        log.feed(text[at : at + 7])
    log.close()
    assert not keys.problems
    assert read(items(static.flow), keys).plain == static.written


def test_a_line_without_end_is_bounded() -> None:
    keys = KeyStore()
    log = KeyLog(keys, "x")
    for _ in range(100):
        log.feed(b"a" * 1000)
    log.feed(b"\n")
    log.close()
    assert [problem.line for problem in keys.problems] == [1]


def test_a_session_waits_for_the_secret_of_a_growing_key_log(modern: Recorded) -> None:
    keys = KeyStore(growing=True)
    session = TlsEngine(keys).session()
    found = []
    stream = list(items(modern.flow))
    for side, item in stream[:-2]:
        found += session.feed(side, item)
    assert not found
    keys.add_keylog(b"\n".join(modern.key_log), "late.keys")
    for side, item in stream[-2:]:
        found += session.feed(side, item)
    found += session.finish()
    plain = [
        b"".join(item.data for owner, item in found if owner == side) for side in (0, 1)
    ]
    assert plain == modern.written


def test_a_session_does_not_wait_without_bound() -> None:
    recorded = openssl("1.2", talk=[(1, bytes(2**20)), (1, bytes(2**20))])
    session = TlsEngine(KeyStore(growing=True)).session()
    found = []
    for side, item in items(recorded.flow):
        found += session.feed(side, item)
    assert any(isinstance(item, NoKey) for _, item in found)


def test_a_session_that_never_gets_its_secret_says_so_at_its_end(
    modern: Recorded,
) -> None:
    opened = read(items(modern.flow), KeyStore(growing=True))
    assert {type(item) for _, item in opened.items} == {NoKey}
    assert opened.session.facts.closed == "no key was given"


def test_the_key_log_of_a_session_holds_what_opened_it_and_no_more(
    modern: Recorded,
) -> None:
    keys = key_store(modern)
    keys.add_keylog(b"\n".join(openssl("1.3").key_log), "another.keys")
    opened = read(items(modern.flow), keys)
    again = KeyStore()
    again.add_keylog("\n".join(opened.session.key_log()).encode(), "own")
    assert read(items(modern.flow), again).plain == modern.written
    exported = {line.encode() for line in opened.session.key_log()}
    assert exported == {
        line for line in modern.key_log if not line.startswith(b"EXPORTER")
    }


# -- key files

PASSWORD = b"let me in"
FORMS = [
    (Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
    (Encoding.PEM, PrivateFormat.PKCS8),
    (Encoding.DER, PrivateFormat.TraditionalOpenSSL),
    (Encoding.DER, PrivateFormat.PKCS8),
]


@pytest.mark.parametrize(
    ("encoding", "form", "encrypted"),
    [
        (*form, encrypted)
        for form in FORMS
        for encrypted in (False, True)
        if not (encrypted and form == FORMS[2])  # which has no encryption
    ],
)
def test_keys_in_pem_and_der(
    static: Recorded, encoding: Encoding, form: PrivateFormat, encrypted: bool
) -> None:
    wrap = BestAvailableEncryption(PASSWORD) if encrypted else NoEncryption()
    data = identity().key.private_bytes(encoding, form, wrap)
    keys = KeyStore()
    if encrypted:
        with pytest.raises(KeyFileError, match=r"^x\.key: needs a password$"):
            keys.add_rsa_key(data, "x.key")
        with pytest.raises(KeyFileError, match=r"^x\.key: the password does not fit$"):
            keys.add_rsa_key(data, "x.key", b"wrong")
    keys.add_rsa_key(data, "x.key", PASSWORD)
    assert read(items(static.flow), keys).plain == static.written


@pytest.mark.parametrize("encrypted", [False, True])
def test_keys_in_pkcs12(static: Recorded, encrypted: bool) -> None:
    wrap = BestAvailableEncryption(PASSWORD) if encrypted else NoEncryption()
    who = identity()
    data = serialize_key_and_certificates(b"name", who.key, who.certificate, None, wrap)
    keys = KeyStore()
    if encrypted:
        with pytest.raises(KeyFileError, match="needs a password"):
            keys.add_rsa_key(data, "x.p12")
        with pytest.raises(KeyFileError, match="the password does not fit"):
            keys.add_rsa_key(data, "x.p12", b"wrong")
    else:  # the password is that of another file
        keys.add_rsa_key(data, "x.p12")
        keys = KeyStore()
    keys.add_rsa_key(data, "x.p12", PASSWORD)
    assert read(items(static.flow), keys).plain == static.written


def test_several_keys_and_certificates_in_one_file(static: Recorded) -> None:
    data = b"".join(
        identity(name).certificate_pem + identity(name).key_pem
        for name in ("other", "server")
    )
    keys = KeyStore()
    keys.add_rsa_key(data, "bundle.pem")
    assert read(items(static.flow), keys).plain == static.written


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no private key"),
        (b"\x30\x03\x02\x01\x00", "no private key"),
        (os.urandom(900), "no private key"),
        (identity("client", "ec").key_pem, "not RSA"),
        (identity().certificate_pem, "no private key"),
    ],
    ids=["empty", "der", "noise", "ec", "certificate"],
)
def test_a_file_without_an_rsa_key_is_refused_kindly(data: bytes, reason: str) -> None:
    with pytest.raises(KeyFileError, match=reason):
        KeyStore().add_rsa_key(data, "some.file")


# -- keys that do not fit


def closed(recorded: Recorded, keys: KeyStore) -> str:
    """Why the session stays closed; nothing of it may come out."""
    opened = read(items(recorded.flow, 600), keys)
    assert opened.plain == [b"", b""]
    assert {type(hole) for _, hole in opened.holes} == {NoKey}
    reason = opened.session.facts.closed
    assert reason in {hole.reason for _, hole in opened.holes}
    return reason


def test_a_wrong_rsa_key_is_told_by_the_certificate(static: Recorded) -> None:
    reason = closed(static, rsa_store("other"))
    assert reason == "wrong RSA key: none given is that of the server certificate"


def test_a_wrong_rsa_key_is_told_without_a_certificate() -> None:
    # The certificate in the capture is one that cannot be read, so that every key is
    # tried; the library answers a wrong key with random bytes.
    recorded = openssl("1.2", "AES128-SHA256")
    leaf = identity().certificate_der
    side, flight = recorded.flow[1]
    assert leaf in flight
    recorded.flow[1] = (side, flight.replace(leaf, b"\x31" + leaf[1:]))
    reason = closed(recorded, rsa_store("other"))
    assert reason.startswith("wrong RSA key")


def test_a_wrong_secret_for_the_right_client_random(modern: Recorded) -> None:
    for recorded in (modern, openssl("1.2", "ECDHE-RSA-AES128-GCM-SHA256")):
        log = [
            b" ".join([*line.split()[:2], b"5a" * (len(line.split()[2]) // 2)])
            for line in recorded.key_log
        ]
        keys = KeyStore()
        keys.add_keylog(b"\n".join(log), "bad.keys")
        assert closed(recorded, keys).startswith("wrong secret: key log bad.keys line")


def test_the_right_one_of_several_secrets_is_found(static: Recorded) -> None:
    line = next(line for line in static.key_log if line.startswith(b"CLIENT_RANDOM"))
    label, random, _ = line.split()
    wrong = b" ".join([label, random, b"5a" * 48])
    keys = KeyStore()
    keys.add_keylog(b"\n".join([wrong, line]), "two.keys")
    opened = read(items(static.flow), keys)
    assert opened.plain == static.written
    assert opened.session.facts.key_source == "key log two.keys line 2"


def test_why_a_session_stays_closed(static: Recorded, modern: Recorded) -> None:
    ecdhe = openssl("1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    other = key_store(openssl("1.3"))
    assert closed(static, KeyStore()) == "no key was given"
    assert closed(static, other) == (
        "no key log given holds its client random, and no RSA key was given"
    )
    assert closed(ecdhe, rsa_store()) == (
        "no key log given holds its client random; its key exchange, ECDHE_RSA, "
        "needs one"
    )
    assert closed(modern, rsa_store()) == "no key log given holds its client random"


def test_a_closed_session_still_shows_its_handshake_and_alerts(
    static: Recorded,
) -> None:
    facts = read(items(static.flow), KeyStore()).session.facts
    assert facts.complete
    assert facts.suite == "TLS_RSA_WITH_AES_128_CBC_SHA256"
    assert [(alert.side, alert.level) for alert in facts.alerts] == [
        (0, "closed"),
        (1, "closed"),
    ]
