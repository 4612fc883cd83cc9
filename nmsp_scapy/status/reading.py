# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the text of `show nmsp statistics connection` back: counts by peer.

The layout is the vendor's (documented: CLI samples): a block a peer, in it tables of
Rx and Tx with a line `ID  Name  Count` a message. What is neither is passed over, so
that a whole session's log may be given.
"""

import re

from nmsp_scapy.conversation import Direction

Counts = dict[tuple[str, Direction, int], int]
"""Count by peer address, direction and message id."""

_PEER = re.compile(r"(?:CMX|MSE) IP Address\s*:\s*([^\s,]+)", re.IGNORECASE)
_TABLE = re.compile(r"\s*(Rx|Tx) (?:Message Counters|message counters)", re.IGNORECASE)
_ROW = re.compile(r"\s*(\d{1,5})\s+(\S.*?)\s+(\d{1,20})\s*$")
_END = re.compile(r"\S*[#>]")
LINE_LIMIT = 400


def read_statistics(text: str) -> Counts:
    """Read the counters; a message that is not listed was not counted.

    A peer's block without a line yields nothing: no counter has begun.
    """
    counts: Counts = {}
    peer, direction = "", None
    for whole in text.splitlines():
        line = whole[:LINE_LIMIT]
        if found := _PEER.search(line):
            peer, direction = found[1], None
        elif found := _TABLE.match(line):
            rx = found[1].lower() == "rx"
            direction = Direction.MSE_TO_WLC if rx else Direction.WLC_TO_MSE
        elif _END.match(line):
            direction = None
        elif direction is not None and (found := _ROW.match(line)):
            key = peer, direction, int(found[1])
            counts[key] = counts.get(key, 0) + int(found[3])
    return counts
