# SPDX-License-Identifier: GPL-2.0-or-later
"""The endpoint's own counts beside what was seen on the wire."""

from collections import Counter

from conformance.observation import Observation
from conformance.verdict import Judge
from nmsp_scapy.conversation import Direction
from nmsp_scapy.status.reading import Counts

Grown = dict[tuple[Direction, int], int]


def grown(before: Counts, after: Counts) -> Grown:
    """Sum how much each counter has grown, over all peers."""
    sums: Counter[tuple[Direction, int]] = Counter()
    for (peer, direction, number), count in after.items():
        sums[direction, number] += count - before.get((peer, direction, number), 0)
    return dict(sums)


def agree(
    seen: Observation, judge: Judge, before: Counts, after: Counts, *, alone: bool
) -> None:
    """Each counter grows by what was sent; by more only where others talk too.

    Notifications may still be sent while the connection ends, so that of what the
    WLC sends without being asked only too few is wrong.
    """
    sent: Counter[tuple[Direction, int]] = Counter(
        (message.direction, int(message.record.get("type", 0)))
        for message in seen.messages
    )
    names = {int(m.record.get("type", 0)): m.name for m in seen.messages}
    more = grown(before, after)
    wrong = []
    for key in sorted(sent.keys() | (more.keys() if alone else set()), key=str):
        direction, number = key
        told = more.get(key, 0)
        name = names.get(number, str(number))
        exact = alone and not name.endswith("_NOTIFICATION")
        if told < sent[key] or (exact and told != sent[key]):
            wrong.append(f"{name} {direction}: {sent[key]} sent, {told} counted")
    judge.recommend(
        "NMSP-COUNTERS-1",
        not wrong,
        expected="each counter grows by what was sent",
        actual="; ".join(wrong[:4]) or "each did",
        at=seen.whole,
    )
    if not alone:
        judge.note("others talked to the WLC as well: counts too high are not seen")
