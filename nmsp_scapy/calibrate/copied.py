# SPDX-License-Identifier: GPL-2.0-or-later
"""Which bytes responses copy from their requests: the transaction id."""

import itertools
from typing import NamedTuple

from nmsp_scapy.calibrate.echo import ECHOES, Pairs
from nmsp_scapy.calibrate.kinds import LEGAL_REQUESTS, NOTIFIED, Types
from nmsp_scapy.calibrate.seen import ORDERS, Column, Seen
from nmsp_scapy.constants import MessageType

LARGEST_GAP = 2
"""Zero bytes within a number."""


class Copied(NamedTuple):
    """What responses copy from requests.

    Attributes:
        core: bytes that differ from pair to pair, and those between them.
        stays: bytes beside it that all pairs share and that are zero elsewhere: upper
            bytes of a number that did not count so far.
        pairs: requests with their responses.
        sure: whether what stands beside it cannot be of it: other messages show so.
    """

    core: list[int]
    stays: list[int]
    pairs: Pairs
    sure: bool = False

    def readings(self, bytes_seen: str, free: set[int], order: str) -> list[Column]:
        """List the columns that hold all of it and nothing that is not zero."""
        needed = {*self.core, *self.stays}
        if not needed:
            return []
        needed = {*range(min(needed), max(needed) + 1)}
        found = []
        for width in (1, 2, 4, 8):
            for offset in range(max(needed) - width + 1, min(needed) + 1):
                own = set(range(offset, offset + width))
                upper = {n for n in own if _is_upper(n, needed, order)}
                if not needed <= own <= free or own - needed - upper:
                    continue
                if all(bytes_seen[n] == "z" for n in upper):
                    found.append(Column(offset, width, order))
        return found


def _is_upper(place: int, needed: set[int], order: str) -> bool:
    return place < min(needed) if order == "big" else place > max(needed)


def find_copied(types: Types, messages: list[Seen], free: list[int]) -> Copied:
    """Find what responses copy from their requests and what varies over them."""
    pairs, rest = types.pairs, []
    if types.documented:
        pairs = [*pairs, *_other_pairs(types.column, messages)]
        rest = [one for one in messages if types.column.of(one.raw) in NOTIFIED]
    if not pairs:
        return Copied([], [], [])
    varies, stays = set(), set()
    for at in free:
        if any(a.raw[at] != b.raw[at] for a, b in pairs):
            continue
        values = {a.raw[at] for a, _ in pairs}
        if len(values) > 1:
            varies.add(at)
        elif values != {0} and rest and {one.raw[at] for one in rest} == {0}:
            stays.add(at)
    zero = {at for at in free if not any(one.raw[at] for one in messages)}
    stretches = _stretches(varies, stays, zero)
    stretches = [own for own in stretches if not _is_clock(messages, own)]
    best = max(stretches, key=lambda own: _different(pairs, own), default=[])
    core = [n for n in best if n in varies]
    if not core or 2 * _different(pairs, core) <= len(pairs):
        return Copied([], [], pairs)
    core = list(range(core[0], core[-1] + 1))
    return Copied(core, [n for n in best if n not in core], pairs, bool(rest))


def _stretches(varies: set[int], stays: set[int], zero: set[int]) -> list[list[int]]:
    """Put together what stands side by side, over zero bytes where what stays does."""
    found: list[list[int]] = []
    for place in sorted(varies | stays):
        last = found[-1][-1] if found else place - LARGEST_GAP - 2
        between = {*range(last + 1, place)}
        bridged = len(between) <= LARGEST_GAP and between <= zero
        if bridged and (not between or {last, place} & stays):
            found[-1].append(place)
        else:
            found.append([place])
    return found


def _is_clock(messages: list[Seen], places: list[int]) -> bool:
    """Whether a number never falls, whoever speaks: time does that, no id does."""
    low, high = places[0], places[-1] + 1
    for order in ORDERS:
        values = [int.from_bytes(one.raw[low:high], order) for one in messages]
        falls = sum(a > b for a, b in itertools.pairwise(values))
        if 50 * falls <= len(values) and len(set(values)) > ECHOES:
            return True
    return False


def _different(pairs: Pairs, places: list[int]) -> int:
    return len({bytes(a.raw[n] for n in places) for a, _ in pairs})


def _other_pairs(column: Column, messages: list[Seen]) -> Pairs:
    """Pair requests with the response that comes before the next request."""
    pairs: Pairs = []
    waiting = None
    answers = {
        MessageType.SERVICE_SUBSCRIBE_REQUEST: MessageType.SERVICE_SUBSCRIBE_RESPONSE,
        MessageType.INFORMATION_REQUEST: MessageType.INFORMATION_RESPONSE,
        MessageType.STATISTICS_REQUEST: MessageType.STATISTICS_RESPONSE,
        MessageType.MEASUREMENT_REQUEST: MessageType.MEASUREMENT_RESPONSE,
    }
    expected = None
    for one in messages:
        kind = column.of(one.raw)
        if one.side == 0 and kind in LEGAL_REQUESTS:
            # Two requests on their way at once say nothing of order.
            expected = answers.get(MessageType(kind)) if waiting is None else None
            waiting = one
        elif one.side == 1 and waiting is not None and kind == expected:
            pairs.append((waiting, one))
            waiting = None
        elif one.side == 1 and kind == MessageType.ECHO_RESPONSE:
            waiting = None
    return pairs
