# SPDX-License-Identifier: GPL-2.0-or-later
"""From a capture's runs to what is known of the layout behind them."""

from collections import Counter, defaultdict
from math import log2

import msgspec

from nmsp_scapy.calibrate import order as orders
from nmsp_scapy.calibrate.checksums import Checksum, find_checksum
from nmsp_scapy.calibrate.copied import Copied, find_copied
from nmsp_scapy.calibrate.element_geometry import Account, accounts, children
from nmsp_scapy.calibrate.elements import Elements, find_elements
from nmsp_scapy.calibrate.kinds import Types, find_types
from nmsp_scapy.calibrate.order import Order, Vote
from nmsp_scapy.calibrate.seen import Column, Seen, seen
from nmsp_scapy.calibrate.size import size_without_elements
from nmsp_scapy.calibrate.streams import Run
from nmsp_scapy.calibrate.tiling import Header, Tiling, classes, tilings
from nmsp_scapy.calibrate.walk import Chain, search, walks

ENOUGH_BITS = 40.0
"""Net evidence below which a chain of messages is not believed."""

LOOKED_AT = 32 << 20
"""Bytes of all conversations that are looked at; more tells nothing more."""

TRIED_ALONE = 4
"""Conversations that are looked into alone, the largest first."""

CHAINS = 8
"""Best chains that are looked into."""

MANY, FULL = 100, 0.7
"""Messages, and share of what a byte can say, that make a length look like a byte."""

HOPELESS = "no such structure"


class Layout(msgspec.Struct):
    """All that was found of one layout, before it is put into words.

    Attributes:
        chain, rivals, net: where messages end, other accounts of it, evidence in bits.
        messages: all of them, in order of time.
        types, copied, checksum, found: what was found of each.
        order: byte order, and why.
        size: bytes of the header.
        tilings: accounts of the header, the best first.
        accounts: the same of elements.
    """

    chain: Chain
    rivals: list[Chain]
    net: float
    messages: list[Seen]
    types: Types
    copied: Copied
    checksum: Checksum | None
    order: Order
    size: int
    tilings: list[Tiling]
    elements: Elements | None
    accounts: list[Account]

    @property
    def trailer(self) -> int:
        """Bytes after the body."""
        return self.checksum.width if self.checksum else 0

    @property
    def tiling(self) -> Tiling:
        """The chosen account of the header."""
        return self.tilings[0]

    @property
    def added(self) -> int:
        """What is added to the length to get the whole message."""
        column = self.tiling.length
        return next(
            r.added for r in self.chain.readings
            if (r.offset, r.width, r.byte_order)
            == (column.offset, column.width, column.byte_order)
        )  # fmt: skip


def find_layout(runs: list[Run]) -> Layout | str:
    """Find the layout of what was said, or why there is none.

    All conversations are held to it together. Where that fails, some of them may be
    something else: then the largest that has a layout is, with those that walk by it.
    """
    runs = _largest(runs)
    found = _layout_of(runs)
    by_conversation: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        by_conversation[run.conversation].append(run)
    if not isinstance(found, str) or len(by_conversation) == 1:
        return found
    groups = sorted(
        by_conversation.values(), key=lambda own: -sum(len(run.data) for run in own)
    )
    for group in groups[:TRIED_ALONE]:
        alone = _layout_of(group)
        if not isinstance(alone, str):
            others = [own for own in groups if own is not group]
            fit = [own for own in others if walks(alone.chain.readings, own)]
            joined = _layout_of([*group, *(run for own in fit for run in own)])
            return alone if isinstance(joined, str) else joined
    return found


def _largest(runs: list[Run]) -> list[Run]:
    """Take the largest conversations, as many as are looked at."""
    sizes: Counter[int] = Counter()
    for run in runs:
        sizes[run.conversation] += len(run.data)
    kept: set[int] = set()
    total = 0
    for number, size in sizes.most_common():
        if kept and total + size > LOOKED_AT:
            break
        kept.add(number)
        total += size
    return [run for run in runs if run.conversation in kept]


def _layout_of(runs: list[Run]) -> Layout | str:
    chains, tried = search(runs)
    begins = all(run.begins for run in runs)
    cost = log2(tried)
    nearest = ""
    for number, chain in enumerate(chains[:CHAINS]):
        net = chain.bits - cost
        if net < ENOUGH_BITS:
            break
        messages = seen(chain, runs)
        types = find_types(messages, chain, begins=begins)
        if types is not None:
            rivals = [c for n, c in enumerate(chains) if n != number]
            layout = _layout(chain, rivals, net, messages, types)
            if layout is not None:
                return layout
        nearest = nearest or (
            f": {chain.messages} messages in line by a length of "
            f"{chain.readings[0]}, but nothing in them is a type that goes as "
            "NMSP's: echo in turn, four times at least, and the documented numbers "
            "from their senders; a longer capture may show it"
        )
    return HOPELESS + nearest


def _layout(
    chain: Chain, rivals: list[Chain], net: float, messages: list[Seen], types: Types
) -> Layout | None:
    lengths = [Column(r.offset, r.width, r.byte_order) for r in chain.readings]
    kinds = [types.column, *types.others]
    # The core of a field: the bytes that each of its readings has.
    first = max(_core_end(lengths), _core_end(kinds))
    checksum = find_checksum(messages, first)
    trailer = checksum.width if checksum else 0
    elements = find_elements(messages, first, trailer)
    most = chain.shortest - trailer
    taken = {n for own in (lengths, kinds) for n in _core(own)}
    copied = find_copied(types, messages, [n for n in range(most) if n not in taken])
    votes = orders.by_columns("length", lengths) + orders.by_columns("type", kinds)
    votes += orders.by_upper_bytes(copied.core, copied.stays)
    votes += orders.by_counting(orders.series_of(messages, types.pairs, most))
    if checksum is not None and checksum.width > 1 and checksum.ordered:
        reason = f"the {checksum.name} of the trailer"
        votes.append(Vote(checksum.byte_order, orders.DECISIVE, reason))
    votes += _element_votes(elements, messages)
    heads = [one.raw[:most] for one in messages]
    order = orders.decide(votes)
    if not order.votes:
        order = _by_tilings(heads, kinds, lengths, copied, taken, order)
    own = accounts(elements, messages, order.order) if elements else []
    size = own[0].shape.start if own else most
    if not own:
        known = max([first, *(n + 1 for n in copied.core)])
        size = size_without_elements(chain, messages, trailer, known, types.column)
    header = _header(heads, size, kinds, lengths, copied, taken, order.order)
    found = tilings(header)
    if not found:
        return None
    return Layout(
        chain, rivals, net, messages, types, copied, checksum, order, size, found,
        elements if own else None, own,
    )  # fmt: skip


def _core(columns: list[Column]) -> range:
    low = max(c.offset for c in columns)
    high = min(c.offset + c.width for c in columns)
    return range(low, high)


def _core_end(columns: list[Column]) -> int:
    return _core(columns).stop


def _header(
    heads: list[bytes], size: int, kinds: list[Column], lengths: list[Column],
    copied: Copied, taken: set[int], order: str,
) -> Header:  # fmt: skip
    heads = [head[:size] for head in heads]
    bytes_seen = classes(heads)
    longest = 0
    for column in lengths:
        if (column.width <= 2 and column.byte_order == order) or column.width == 1:
            longest = max(longest, *map(column.of, heads))
    transactions = copied.readings(bytes_seen, {*range(size)} - taken, order)
    narrow = len(heads) >= MANY and FULL * 256 <= longest < 256
    return Header(kinds, lengths, transactions, bytes_seen, order, narrow)


def _element_votes(found: Elements | None, messages: list[Seen]) -> list[Vote]:
    """What elements say of byte order: their cheapest account in each."""
    if found is None:
        return []
    wide = {s.byte_order for s in found.shapes if s.length_width > 1}
    if len(wide) == 1 and all(s.length_width > 1 for s in found.shapes):
        reason = "the length of elements can be read in no other"
        return [Vote(wide.pop(), orders.DECISIVE, reason)]
    cost = {}
    for one in orders.ORDERS:
        own = accounts(found, messages, one)
        cost[one] = own[0].cost if own else 99.0
    best = min(orders.ORDERS, key=lambda one: cost[one])
    lead = max(cost.values()) - min(cost.values())
    if lead < 1:
        return _value_votes(found, messages)
    reason = "zero bytes in elements are the upper ones"
    return [Vote(best, min(lead, orders.STRONG), reason)]


def _value_votes(found: Elements | None, messages: list[Seen]) -> list[Vote]:
    """What the values of elements say of it."""
    own = accounts(found, messages, "big") if found else []
    if not own:
        return []
    values, containers = children(own[0].shape, own[0].geometry, messages)
    return orders.by_values(
        {
            number: [one.data for one in found]
            for number, found in values.items()
            if number not in containers
        }
    )


def _by_tilings(
    heads: list[bytes], kinds: list[Column], lengths: list[Column], copied: Copied,
    taken: set[int], order: Order,
) -> Order:  # fmt: skip
    """Let the header itself decide where nothing else does."""
    cost = {}
    for one in orders.ORDERS:
        size = len(heads[0])
        header = _header(heads, size, kinds, lengths, copied, taken, one)
        found = tilings(header)
        cost[one] = found[0].cost if found else 99.0
    lead = abs(cost["big"] - cost["little"])
    if lead < 1:
        return order
    best = min(orders.ORDERS, key=lambda one: cost[one])
    reason = "the header is told in it with fewer unexplained bytes"
    return orders.decide([Vote(best, min(lead, orders.WEAK), reason)])
