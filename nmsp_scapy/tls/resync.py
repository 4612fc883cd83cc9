# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a record may begin in bytes whose boundaries are not known."""

import re

from nmsp_scapy.tls.registry import MAX_FRAGMENT

_ANY = re.compile(rb"[\x14-\x18]\x03[\x00-\x04]", re.DOTALL)
_EXACT = {
    version: re.compile(
        b"[\x14-\x18]\x03" + bytes([min(version, 0x0303) & 0xFF]), re.DOTALL
    )
    for version in range(0x0300, 0x0305)
}


def plausible(data: bytes, start: int) -> bool:
    """Whether a record header may stand at `start`, as far as its bytes are there."""
    have = len(data) - start
    if not 20 <= data[start] <= 24:
        return False
    if have > 1 and data[start + 1] != 3:
        return False
    if have > 2 and data[start + 2] > 4:
        return False
    return have < 5 or (data[start + 3] << 8 | data[start + 4]) <= MAX_FRAGMENT


def find_header(data: bytes, start: int, version: int) -> int:
    """Index of the first place at or behind `start` where a header may stand.

    Answers where the last bytes are too few to tell, `len(data)` where nothing is.
    `version` is the negotiated one, 0 where it is not known.
    """
    search = _EXACT.get(version, _ANY).search
    while found := search(data, start):
        start = found.start()
        if plausible(data, start):
            return start
        start += 1
    for at in range(max(start, len(data) - 2), len(data)):
        if plausible(data, at):
            return at
    return len(data)
