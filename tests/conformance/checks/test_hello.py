# SPDX-License-Identifier: GPL-2.0-or-later
"""The ClientHello of SSL 3.0 is one: each length is that of what follows (RFC 6101)."""

from conformance.checks.transport import SSL3_CLIENT_HELLO


def test_each_length_is_that_of_what_follows() -> None:
    record = SSL3_CLIENT_HELLO
    assert record[:3] == b"\x16\x03\x00"
    assert int.from_bytes(record[3:5]) == len(record) - 5
    assert record[5] == 1
    assert int.from_bytes(record[6:9]) == len(record) - 9
    body = record[9:]
    assert body[:2] == b"\x03\x00"
    session = body[2 + 32]
    suites = body[35 + session :]
    size = int.from_bytes(suites[:2])
    assert (session, size % 2) == (0, 0)
    assert suites[2 : 2 + size] == bytes.fromhex("0035002f000a00050004")
    assert suites[2 + size :] == b"\x01\x00"
