# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections and the order of what flows over them."""

from conformance.observation import Observation
from conformance.verdict import Judge


def speaks(seen: Observation, judge: Judge) -> None:
    """Something well-formed comes from the WLC."""
    names = ", ".join(dict.fromkeys(m.name for m in seen.theirs()))
    judge.require(
        "NMSP-SESSION-1",
        seen.confirmed,
        expected="a well-formed NMSP message",
        actual=names or "; ".join(seen.unread) or f"nothing ({seen.end})",
    )
