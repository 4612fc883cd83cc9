# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark, with the same keys, finds the same plaintext: byte for byte."""

import pytest

from nmsp_scapy.cli.options import key_store
from nmsp_scapy.decrypt import Decryption
from nmsp_scapy.integrity import Plain
from tests.gear.bundled import ROOT, Bundled, bundled
from tests.gear.shark import plaintext, shark


def keys_of(one: Bundled) -> list[tuple[str, str]]:
    return list(zip(one.options[::2], one.options[1::2], strict=True))


def tshark_keys(one: Bundled) -> list[str]:
    """The options that give tshark the same keys."""
    made: list[str] = []
    for option, name in keys_of(one):
        if option == "--keylog":
            made += ["-o", f"tls.keylog_file:{ROOT / name}"]
        elif option == "--rsa-key":
            made += ["-o", f'uat:rsa_keys:"{ROOT / name}",""']
    return made


def ours(one: Bundled) -> list[list[bytes]]:
    """Plaintext of each conversation: of the client, of the server."""
    named = {
        option: tuple(ROOT / name for o, name in keys_of(one) if o == option)
        for option in ("--keylog", "--rsa-key")
    }
    store = key_store(named["--keylog"], named["--rsa-key"], None)
    found: dict[int, list[bytes]] = {}
    for batch in Decryption(store).run(one.path):
        for item in batch:
            if type(item) is tuple and isinstance(item[2], Plain):
                sides = found.setdefault(item[0].index, [b"", b""])
                sides[item[1]] += item[2].data
    return [found[index] for index in sorted(found)]


@pytest.mark.parametrize("one", bundled(), ids=lambda b: str(b.name))
def test_the_same_plaintext(one: Bundled, tshark: str) -> None:
    options = tshark_keys(one)
    streams = shark(tshark, one.path, "-Tfields", "-e", "tcp.stream")
    theirs = [
        plaintext(tshark, one.path, *options, stream=number)
        for number in sorted({int(s) for s in streams if s})
    ]
    mine = ours(one)
    assert mine == [sides for sides in theirs if any(sides)]
    rejected = "rejected" in one.name
    assert rejected or all(all(sides) for sides in mine)
    assert rejected or len(mine) >= 1
