# SPDX-License-Identifier: GPL-2.0-or-later
"""From a capture's runs to a profile and the findings behind it."""

from math import log2

import msgspec

from nmsp_scapy.calibrate.checksums import Checksum, find_checksum
from nmsp_scapy.calibrate.elements import Elements, Shape, children, find_elements
from nmsp_scapy.calibrate.finding import Finding
from nmsp_scapy.calibrate.kinds import (
    KNOWN,
    Column,
    Seen,
    Types,
    choose,
    find_transaction,
    find_types,
    seen,
)
from nmsp_scapy.calibrate.streams import Run
from nmsp_scapy.calibrate.values import describe_columns, describe_values
from nmsp_scapy.calibrate.walk import Chain, search
from nmsp_scapy.constants import Grade
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Field, HeaderGeometry, Profile

ENOUGH_BITS = 40.0
"""Net evidence below which a chain of messages is not believed."""

MARGIN_BITS = 20.0
"""How far the next best chain must be behind."""


class Calibration(msgspec.Struct):
    """What came of it.

    Attributes:
        profile: None where there is no such structure.
        findings: every statement with its evidence.
        reason: why there is no profile; empty where there is one.
        messages: how many were seen.
    """

    profile: Profile | None
    findings: list[Finding]
    reason: str = ""
    messages: int = 0


def calibrate(runs: list[Run], name: str = "calibrated") -> Calibration:
    """Find the layout of what was said.

    Args:
        runs: decrypted bytes of both directions.
        name: of the profile.
    """
    if {run.side for run in runs} != {0, 1}:
        return Calibration(None, [], "both directions are needed: one has no bytes")
    chains, tried = search(runs)
    cost = log2(tried)
    nearest = ""
    for number, chain in enumerate(chains[:8]):
        net = chain.bits - cost
        if net < ENOUGH_BITS:
            break
        order = _order(chain)
        messages = seen(chain, runs)
        types = find_types(messages, chain, order)
        if types is None:
            nearest = (
                f": {chain.messages} messages in line by a length of "
                f"{chain.readings[0]}, but nothing in them is a type that goes as "
                "NMSP's: echo in turn, and the documented numbers from their senders"
            )
            continue
        rivals = [c for n, c in enumerate(chains) if n != number]
        order = _vote(chain, types, messages, order)
        return _Made(chain, rivals, net, messages, types, order).result(name)
    return Calibration(None, [], f"no such structure{nearest}")


def _order(chain: Chain) -> str:
    orders = {r.byte_order for r in chain.readings if r.width > 1}
    return orders.pop() if len(orders) == 1 else "big"


def _vote(chain: Chain, types: Types, messages: list[Seen], order: str) -> str:
    """Decide the byte order where the length has the same value in both.

    A header and its elements have one order: the one that more of them can be read
    in with more than a byte.
    """
    if len({r.byte_order for r in chain.readings if r.width > 1}) == 1:
        return order
    columns = [types.column, *types.others]
    widest = {
        one: max((c.width for c in columns if c.byte_order == one), default=1)
        for one in ("big", "little")
    }
    lengths = {
        one: max((r.width for r in chain.readings if r.byte_order == one), default=1)
        for one in ("big", "little")
    }
    score = {one: (widest[one] > 1) + (lengths[one] > 1) for one in ("big", "little")}
    first = max(
        max(r.offset for r in chain.readings) + 1, max(c.offset for c in columns) + 1
    )
    found = find_elements(messages, first, 0, "")
    if found is not None and found.shape.length_width > 1:
        score[found.shape.byte_order] += 2
    return max(("big", "little"), key=lambda one: score[one])


class _Made:
    """Makes the profile of what was found."""

    def __init__(
        self, chain: Chain, rivals: list[Chain], net: float, messages: list[Seen],
        types: Types, order: str,
    ) -> None:  # fmt: skip
        self.chain, self.rivals, self.net = chain, rivals, net
        self.messages, self.types, self.order = messages, types, order
        self.frames = sorted({one.frame for one in messages[:40]})[:5]
        self.findings: list[Finding] = []

    def result(self, name: str) -> Calibration:
        length, added = self._length()
        columns = [self.types.column, *self.types.others]
        self.types.column = choose(columns, self.order)
        self.types.others = [c for c in columns if c != self.types.column]
        kind = self._type()
        first = max(length.offset + length.width, kind.offset + kind.width)
        checksum = find_checksum(self.messages, first)
        trailer = checksum.width if checksum else 0
        shortest = self.chain.shortest
        found = find_elements(self.messages, first, trailer, self.order)
        size = found.shape.start if found else shortest - trailer
        self._extent(size, trailer, checksum, found)
        fields = [self._field("type", kind), self._field("length", length)]
        taken = {n for f in fields for n in range(f.offset, f.offset + f.width)}
        free = [n for n in range(size) if n not in taken]
        copied = find_transaction(self.types, self.messages, free, self.order)
        fields += self._transaction(copied)
        taken = {n for f in fields for n in range(f.offset, f.offset + f.width)}
        free = [n for n in range(size) if n not in taken]
        unknown, told = describe_columns(self.messages, free, self.order)
        self.findings += told
        elements, names = self._elements(found)
        covers, counted = _coverage(added, size, trailer)
        header = HeaderGeometry(
            size=size,
            fields=tuple(sorted([*fields, *unknown], key=lambda f: f.offset)),
            covers_from=covers,
            trailer=trailer,
            trailer_counted=counted,
        )
        limit = 1 << 8 * kind.width
        profile = Profile(
            name=name,
            header=header,
            elements=elements,
            message_types={n: v for n, v in NOMINAL.message_types.items() if v < limit},
            element_types=names,
            services=NOMINAL.services,
            note=f"measured by nmsp calibrate on {len(self.messages)} messages",
        )
        return Calibration(profile, self.findings, "", len(self.messages))

    def _length(self) -> tuple[Column, int]:
        readings = self.chain.readings
        columns = [Column(r.offset, r.width, r.byte_order) for r in readings]
        natural = [c for c in columns if c.width != 3] or columns
        fit = [c for c in natural if c.byte_order == self.order] or natural
        best = max(fit, key=lambda c: (c.offset % c.width == 0, c.width, -c.offset))
        chosen = readings[columns.index(best)]
        hit, of = self.chain.aligned
        behind = [c for c in self.rivals if c.bits > 0][:1]
        lead = self.chain.bits - behind[0].bits if behind else None
        sure = len(readings) == 1 and (lead is None or lead > MARGIN_BITS)
        others = [f"reads the same: {r}" for r in readings if r != chosen]
        others += [
            f"{lead:.0f} bits behind: {c.readings[0]}"
            for c in behind
            if lead is not None
        ]
        self.findings.append(
            Finding(
                "header.length", str(chosen), sure,
                f"both directions walk out exactly, {self.chain.messages} messages; "
                f"{hit} of {of} records begin with one",
                self.net, others, self.frames,
            )
        )  # fmt: skip
        return best, chosen.added

    def _type(self) -> Column:
        types = self.types
        self.findings.append(
            Finding(
                "header.type", str(types.column), not types.others,
                f"{len(types.pairs)} echo pairs in turn; {types.known} of "
                f"{len(self.messages)} messages have documented numbers, "
                f"{types.legal} of those from the sender that is documented",
                None, [f"reads the same: {c}" for c in types.others],
                [one.frame for pair in types.pairs[:3] for one in pair],
            )
        )  # fmt: skip
        new = {types.column.of(one.raw) for one in self.messages} - KNOWN
        if new:
            shown = ", ".join(map(str, sorted(new)[:20]))
            self.findings.append(
                Finding(
                    "message_types", f"not in the table: {shown}", False,
                    "numbers that were seen and that no public document names",
                )
            )  # fmt: skip
        return types.column

    def _extent(
        self, size: int, trailer: int, checksum: Checksum | None,
        found: Elements | None,
    ) -> None:  # fmt: skip
        whole = found is not None and size + trailer == self.chain.shortest
        evidence = (
            "elements begin there in every body"
            if found
            else ("the shortest message; its last bytes may be a body")
        )
        self.findings.append(
            Finding("header.size", str(size), whole and checksum is not None, evidence)
        )
        if checksum is None:
            told = Finding(
                "header.trailer", "0", False, "no checksum was found that fits"
            )
        else:
            told = Finding(
                "header.trailer", f"{trailer} ({checksum.name})", True,
                f"is the {checksum.name} of all before it in {checksum.messages} "
                "different messages",
                8.0 * checksum.width * checksum.messages,
            )  # fmt: skip
        self.findings.append(told)

    def _field(self, name: str, column: Column) -> Field:
        told = next(f for f in self.findings if f.statement == f"header.{name}")
        frames = ", ".join(map(str, told.frames))
        note = f"{told.evidence}; frames {frames}"
        if not told.determined:
            note += f"; not determined, {len(told.others)} other readings"
        order = column.byte_order if column.width > 1 else self.order
        return Field(
            name, column.offset, column.width, order,  # type: ignore[arg-type]
            grade=Grade.OBSERVED, note=note,
        )  # fmt: skip

    def _transaction(self, copied: tuple[Column, list[Column]] | None) -> list[Field]:
        if copied is None:
            self.findings.append(
                Finding(
                    "header.transaction_id", "none", False,
                    "nothing in the header is copied from request to response",
                )
            )  # fmt: skip
            return []
        column, others = copied
        same = [o for o in others if o.byte_order == column.byte_order]
        self.findings.append(
            Finding(
                "header.transaction_id", str(column), not same,
                f"copied from request to response in {len(self.types.pairs)} echo "
                "pairs, and different in each",
                None, [f"reads the same: {c}" for c in same],
                [one.frame for pair in self.types.pairs[:3] for one in pair],
            )
        )  # fmt: skip
        return [self._field("transaction_id", column)]

    def _elements(
        self, found: Elements | None
    ) -> tuple[ElementGeometry | None, dict[str, int]]:
        if found is None:
            self.findings.append(
                Finding(
                    "elements", "none", False,
                    "no layout of elements fills every body exactly",
                )
            )  # fmt: skip
            return None, NOMINAL.element_types
        geometry, sure = _geometry(found.shape, self.messages, self.order)
        others = [f"fills them too: {_told(shape)}" for shape in found.others[:6]]
        self.findings.append(
            Finding(
                "elements", _told(found.shape), sure and not found.others,
                f"{found.count} elements fill every body exactly "
                f"({found.tried} layouts tried)",
                found.bits, others, self.frames,
            )
        )  # fmt: skip
        values, containers = children(
            found.shape, geometry.value_offset, self.messages,
            (geometry.type_offset, geometry.type_width),
        )  # fmt: skip
        told, names = describe_values(values, containers, 1 << 8 * geometry.type_width)
        self.findings += told
        note = f"{found.count} elements fill every body exactly"
        note += f"; {len(found.others)} other layouts do too" * bool(found.others)
        return msgspec.structs.replace(geometry, note=note), names


def _told(shape: Shape) -> str:
    return (
        f"length of {8 * shape.length_width} bits at {shape.length_offset}, "
        f"{shape.byte_order}-endian, whole element = length + {shape.added}, "
        f"aligned to {shape.alignment}"
    )


def _coverage(added: int, size: int, trailer: int) -> tuple[int, bool]:
    """Tell where the length counts from, and whether it counts the trailer."""
    if added == size and trailer:
        return size, True
    uncounted = trailer and (added == size + trailer or added == trailer)
    if uncounted or added > size:
        return max(added - trailer, 0), False
    return added, True


def _geometry(
    shape: Shape, messages: list[Seen], order: str
) -> tuple[ElementGeometry, bool]:
    """Place an element's fields; tell whether the type's width is certain."""
    if shape.length_width > 1:
        order = shape.byte_order
    sure, after = True, shape.length_offset + shape.length_width
    if shape.length_offset:
        at, width, head = 0, shape.length_offset, after
        if width == 3:
            width = 2
    else:
        at = after
        sure = shape.added - after in (1, 2, 4)
        width = _type_width(shape, messages, after, order)
        head = after + width
    # A byte as length does not tell the order in which the type is written.
    sure = sure and (shape.length_width > 1 or width == 1)
    made = ElementGeometry(
        type_offset=at,
        type_width=width,
        length_offset=shape.length_offset,
        length_width=shape.length_width,
        value_offset=head,
        covers_from=min(shape.added, head),
        byte_order=order,  # type: ignore[arg-type]
        alignment=shape.alignment,
        grade=Grade.OBSERVED,
    )
    return made, sure


def _type_width(shape: Shape, messages: list[Seen], after: int, order: str) -> int:
    """Bytes of a type that stands behind the length."""
    told = shape.added - after
    if told in (1, 2, 4):
        return told
    heads = []
    for one in messages[:500]:
        spans = shape.starts(one.raw, shape.start, len(one.raw) - shape.trailer)
        heads += [one.raw[at + after : min(end, at + after + 4)] for at, end in spans]
    heads = [head for head in heads if head]
    least = min(map(len, heads), default=1)
    zero = [all(head[n] == 0 for head in heads) for n in range(least)]
    if order == "big":
        leading = next((n for n, z in enumerate(zero) if not z), 0)
        return {0: 1, 1: 2, 3: 4}.get(leading, 2)
    following = next((n for n, z in enumerate(zero[1:]) if not z), len(zero) - 1)
    return {0: 1, 1: 2, 2: 2}.get(following, 4)


__all__ = ["Calibration", "calibrate", "choose"]
