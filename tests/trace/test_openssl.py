# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from nmsp_scapy.trace import openssl


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (0x6000, "before/accept initialization"),
        (0x2111, "read client hello B"),
        (0x2100, "flush data"),
        (0x2182, "read client certificate C"),
        (0x21F0, "write session ticket A"),
        (3, "SSL negotiation finished"),
        (0x2184, "state 0x2184"),
        (0x9999, "state 0x9999"),
        (0, "state 0x0"),
    ],
)
def test_states_have_openssl_s_names(state: int, name: str) -> None:
    assert openssl.state_name(state) == name


@pytest.mark.parametrize(
    ("where", "ret", "names"),
    [
        (0x10, 1, ("handshake start", "returns 1")),
        (0x20, 1, ("handshake done", "returns 1")),
        (0x2001, 1, ("accept loop", "returns 1")),
        (0x2002, 0xFFFFFFFF, ("accept exit", "returns -1")),
        (0x2002, 0xFFFFFFFFFF, ("accept exit", "returns -1")),
        (0x1001, 1, ("connect loop", "returns 1")),
        (0x4008, 0x22E, ("alert written", "fatal certificate_unknown")),
        (0x4004, 0x100, ("alert read", "warning close_notify")),
        (0x4004, 0x2FF, ("alert read", "fatal alert 255")),
    ],
)
def test_where_and_ret_are_spelt(where: int, ret: int, names: tuple[str, str]) -> None:
    assert (openssl.where_name(where), openssl.ret_name(where, ret)) == names


@pytest.mark.parametrize(
    ("code", "reason", "name"),
    [
        (0x140890B2, 178, "no certificate returned"),
        (0x1408A0C1, 193, "no shared cipher"),
        (0x14094416, 1046, "the peer sent alert certificate_unknown"),
        (0x02001002, 2, "library 2, reason 2"),
    ],
)
def test_error_codes_are_taken_apart(code: int, reason: int, name: str) -> None:
    assert openssl.error_name(code) == (reason, name)
