# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix of versions, suites and peers: a thin set made anew, the rest as kept.

`make matrix` makes all of it, with tshark and Scapy beside.
"""

from pathlib import Path

import pytest

from benchmarks.matrix import ours
from benchmarks.sessions import Row, rows
from nmsp_scapy.tls.suites import SUITES
from tests.conftest import program
from tests.gear.tls import key_store, rsa_store

PAGE = Path(__file__).parent.parent.parent / "docs/matrix.md"
PROGRAMS = {"s_client": ("openssl",), "GnuTLS": ("gnutls-cli", "gnutls-serv")}
ALL = list(rows())
LACKING = ("ARIA", "CAMELLIA-128-GCM", "CAMELLIA-256-GCM")
"""Ciphers that the `cryptography` package does not offer."""


def name(row: Row) -> str:
    """A row as its page begins it."""
    return f"{row.version} | {row.what} | {row.peers}"


def lacking(what: str) -> bool:
    return any(part in what for part in LACKING)


@pytest.mark.parametrize("row", [row for row in ALL if row.thin], ids=name)
def test_a_session_of_the_thin_set_comes_out_exactly(row: Row) -> None:
    for needed in PROGRAMS.get(row.peers, ()):
        program(needed)
    recorded = row.make()
    word = "none (says so)" if lacking(row.what) else "exact"
    assert ours(recorded, key_store(recorded), datagram=row.datagram) == word
    if row.rsa:
        assert ours(recorded, rsa_store(), datagram=row.datagram) == word


def test_the_page_has_every_row_and_no_hole_but_what_the_library_lacks() -> None:
    kept = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith(("| TLS", "| SSL", "| DTLS")):
            kept[" | ".join(cells[:3])] = cells[3:5]
    assert list(kept) == [name(row) for row in ALL]
    for row in ALL:
        word = "none (says so)" if lacking(row.what) else "exact"
        assert kept[name(row)] == [word, word if row.rsa else "-"], name(row)


def test_what_the_library_lacks_is_known_by_name() -> None:
    closed = {s.cipher for s in SUITES.values() if s.bulk.mode == "closed"}
    assert {"ARIA_128_GCM", "CAMELLIA_128_GCM"} <= closed
    assert not [c for c in closed if c.startswith(("AES", "3DES", "IDEA", "SEED"))]
