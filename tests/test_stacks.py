# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of other stacks and networks, made by other tools, come out exactly.

`tests/captures/README.md` says what each is; nothing here can make them.
"""

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from nmsp_scapy.conversation import Event
from nmsp_scapy.decrypt import Decryption
from nmsp_scapy.integrity import Gap, Item, Plain, Undecodable
from nmsp_scapy.tls import KeyStore

ROOT = Path(__file__).parent.parent
CAPTURES = ROOT / "tests/captures"
FOLDERS = ("stacks", "networks")
EXPECTED = {
    f"{folder}/{name}": expected
    for folder in FOLDERS
    for name, expected in tomllib.loads(
        (CAPTURES / folder / "expected.toml").read_text()
    ).items()
}


def keys_of(name: str) -> KeyStore:
    """The key log beside a capture, and the RSA key of every server."""
    keys = KeyStore()
    keys.add_rsa_key((ROOT / "keys/wlc.pem").read_bytes(), "wlc.pem")
    log = CAPTURES / f"{name.split('.', maxsplit=1)[0]}.keys"
    if log.exists():
        keys.add_keylog(log.read_bytes(), log.name)
    return keys


def opened(name: str) -> tuple[list[list[str]], list[Item]]:
    """What was said in each conversation, and the holes."""
    decryption = Decryption(keys_of(name))
    said: dict[tuple[int, int], bytes] = defaultdict(bytes)
    holes: list[Item] = []
    for batch in decryption.run(CAPTURES / name):
        for made in batch:
            if isinstance(made, tuple):
                conversation, side, item = made
                if isinstance(item, Plain):
                    said[conversation.index, side] += item.data
                else:
                    holes.append(item)
            elif isinstance(made, Event):
                assert not made.lost, made
    spoken = sorted({index for index, _ in said})
    return [[said[n, 0].decode(), said[n, 1].decode()] for n in spoken], holes


def test_every_capture_is_expected_and_has_its_line() -> None:
    kept = {
        f"{folder}/{path.name}"
        for folder in FOLDERS
        for path in (CAPTURES / folder).iterdir()
        if path.suffix != ".keys" and path.name != "expected.toml"
    }
    assert kept == set(EXPECTED)
    readme = (CAPTURES / "README.md").read_text()
    assert all(f"`{name.split('/')[1]}`" in readme for name in EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_it_comes_out_exactly(name: str) -> None:
    said, holes = opened(name)
    assert said == EXPECTED[name]["said"]
    assert bool(holes) == EXPECTED[name].get("cut", False)


@pytest.mark.parametrize("kept", [128, 200])
def test_a_snap_length_of_tcpdump_costs_what_it_cuts_and_no_more(kept: int) -> None:
    _, holes = opened(f"networks/tcpdump-s{kept}.pcap")
    cut = [hole for hole in holes if isinstance(hole, Gap)]
    rest = [hole for hole in holes if isinstance(hole, Undecodable)]
    assert {hole.reason for hole in cut} == {"cut off by the snap length"}
    # Of records that were cut, what stands before: each without 66 bytes of headers.
    assert {hole.length % (kept - 66) for hole in rest if hole.length} == {0}
    assert len(cut) + len(rest) == len(holes)
