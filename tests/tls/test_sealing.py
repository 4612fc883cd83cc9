# SPDX-License-Identifier: GPL-2.0-or-later
"""A record that is sealed here is authentic to OpenSSL, in its place and no other."""

import pytest
from OpenSSL import SSL

from nmsp_scapy.tls.registry import Record
from nmsp_scapy.tls.sealing import next_record
from tests.gear.tls import Pair, context, identity

SUITES = [
    ("1.3", "TLS_AES_128_GCM_SHA256"),
    ("1.3", "TLS_AES_256_GCM_SHA384"),
    ("1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    ("1.3", "TLS_AES_128_CCM_SHA256"),
    ("1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
    ("1.2", "AES256-CCM8"),
    ("1.2", "ECDHE-RSA-CHACHA20-POLY1305"),
    ("1.2", "AES128-SHA"),
    ("1.2", "AES256-SHA256"),
    ("1.2", "DHE-RSA-CAMELLIA128-SHA"),
    ("1.1", "AES128-SHA"),
    ("1.0", "AES128-SHA"),
    ("1.0", "AES256-SHA"),
]
NO_ENCRYPT_THEN_MAC = 1 << 19
TALK = ((0, b"capability"), (1, b"capability"), (0, b"echo?"), (1, b"echo!"))


def joined(version: str, ciphers: str, options: int = 0) -> tuple[Pair, list[int]]:
    """Join two ends, and hear of every alert that one of them reads."""
    heard: list[int] = []
    ends = context(0, version, ciphers), context(1, version, ciphers, identity())
    for end in ends:
        end.set_options(options)
        end.set_info_callback(
            lambda _, where, ret: heard.append(ret) if where == 0x4004 else None
        )
    return Pair(*ends).handshake().talk(TALK), heard


@pytest.mark.parametrize("side", [0, 1], ids=["client", "server"])
@pytest.mark.parametrize("options", [0, NO_ENCRYPT_THEN_MAC], ids=["etm", "mte"])
@pytest.mark.parametrize(("version", "ciphers"), SUITES)
def test_an_alert_is_read_as_what_it_is(
    version: str, ciphers: str, options: int, side: int
) -> None:
    pair, heard = joined(version, ciphers, options)
    recorded = pair.recorded
    record = next_record(
        recorded.flow, recorded.key_log, side, Record.ALERT, bytes((2, 46))
    )
    assert record is not None
    pair.ends[1 - side].bio_write(record)
    with pytest.raises(SSL.Error):
        pair.ends[1 - side].recv(100)
    assert heard == [0x22E]


@pytest.mark.parametrize(("version", "ciphers"), SUITES)
def test_application_data_is_read_as_what_it_is(version: str, ciphers: str) -> None:
    pair, _ = joined(version, ciphers)
    recorded = pair.recorded
    data = b"not from the library " * 20
    record = next_record(
        recorded.flow, recorded.key_log, 0, Record.APPLICATION_DATA, data
    )
    assert record is not None
    pair.ends[1].bio_write(record)
    assert pair.ends[1].recv(1000) == data


def test_a_record_in_the_place_of_another_is_not_authentic() -> None:
    pair, heard = joined("1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    recorded = pair.recorded
    early = recorded.flow[:-2]
    record = next_record(early, recorded.key_log, 0, Record.ALERT, bytes((2, 46)))
    assert record is not None
    pair.ends[1].bio_write(record)
    with pytest.raises(SSL.Error, match="bad record mac"):
        pair.ends[1].recv(100)
    assert heard == []


def test_what_cannot_be_sealed_yields_nothing() -> None:
    pair, _ = joined("1.2", "NULL-SHA256")
    recorded = pair.recorded
    content = bytes((2, 46))
    assert next_record(recorded.flow, recorded.key_log, 0, 21, content) is None
    assert next_record(recorded.flow[:1], [], 0, 21, content) is None
