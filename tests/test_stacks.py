# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of other stacks, made by other tools, come out exactly.

`tests/captures/README.md` says what each is; nothing here can make them.
"""

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from nmsp_scapy.conversation import Event
from nmsp_scapy.decrypt import Decryption
from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls import KeyStore

ROOT = Path(__file__).parent.parent
STACKS = ROOT / "tests/captures/stacks"
EXPECTED = tomllib.loads((STACKS / "expected.toml").read_text())


def keys_of(name: str) -> KeyStore:
    """The key log beside a capture, and the RSA key of every server."""
    keys = KeyStore()
    keys.add_rsa_key((ROOT / "keys/wlc.pem").read_bytes(), "wlc.pem")
    log = STACKS / f"{name.split('.', maxsplit=1)[0]}.keys"
    if log.exists():
        keys.add_keylog(log.read_bytes(), log.name)
    return keys


def test_every_capture_is_expected_and_has_its_line() -> None:
    kept = {path.name for path in STACKS.iterdir()} - {"expected.toml"}
    assert {name for name in kept if not name.endswith(".keys")} == set(EXPECTED)
    readme = (STACKS.parent / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_it_comes_out_exactly(name: str) -> None:
    decryption = Decryption(keys_of(name))
    said: dict[tuple[int, int], bytes] = defaultdict(bytes)
    for batch in decryption.run(STACKS / name):
        for made in batch:
            if isinstance(made, tuple):
                conversation, side, item = made
                assert isinstance(item, Plain), item
                said[conversation.index, side] += item.data
            elif isinstance(made, Event):
                assert not made.lost, made
    spoken = sorted({index for index, _ in said})
    assert [[said[n, 0].decode(), said[n, 1].decode()] for n in spoken] == (
        EXPECTED[name]["said"]
    )
