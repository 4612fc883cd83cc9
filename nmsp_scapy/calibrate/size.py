# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a header ends whose bodies are no runs of elements.

It ends with the shortest message, as a rule an echo without a body. Two things say that
the shortest message has a body: a length that counts from some byte before its end, and
last bytes that go with the kind of message, as those of a body do and those of a
header do not.
"""

from collections import defaultdict

from nmsp_scapy.calibrate.seen import Column, Seen
from nmsp_scapy.calibrate.tiling import classes
from nmsp_scapy.calibrate.walk import Chain

OFTEN, SOME, MANY = 5, 3, 4
"""Messages of a kind that count; values that are some; values that are many."""


def size_without_elements(
    chain: Chain, messages: list[Seen], trailer: int, known: int, kind: Column
) -> int:
    """Find the header's size.

    Args:
        chain: where messages end.
        messages: all of them.
        trailer: bytes after the body.
        known: bytes that are of the header for certain.
        kind: the message type.
    """
    most = chain.shortest - trailer
    size = _counted_from(chain, messages, trailer, known)
    if size is not None:
        return size
    by_kind: dict[int, list[Seen]] = defaultdict(list)
    for one in messages:
        by_kind[kind.of(one.raw)].append(one)
    often = [own for own in by_kind.values() if len(own) >= OFTEN]
    size = most
    while size > known and _goes_with_kind(often, size - 1):
        size -= 1
    return size


def _counted_from(
    chain: Chain, messages: list[Seen], trailer: int, known: int
) -> int | None:
    """The byte from which the length counts, if that can be the body's first."""
    most = chain.shortest - trailer
    end = max(r.offset + r.width for r in chain.readings)
    added = chain.readings[0].added
    if added - trailer == end:
        return None
    for size in (added - trailer, added):
        if max(known, end + 1) <= size < most:
            rest = classes([one.raw[size:most] for one in messages])
            if "k" not in rest:
                return size
    return None


def _goes_with_kind(often: list[list[Seen]], place: int) -> bool:
    """Whether a byte has one value in some kinds of message and many in others."""
    values = [{one.raw[place] for one in own} for own in often]
    fixed, free = (any(len(own) == 1 for own in values), max(map(len, values)) >= SOME)
    return fixed and free and len(set().union(*values)) >= MANY
