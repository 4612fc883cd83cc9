# SPDX-License-Identifier: GPL-2.0-or-later
"""A layout put into words: the findings with their evidence, and the profile."""

import msgspec

from nmsp_scapy.calibrate.describing import (
    describe_bodies,
    describe_columns,
    describe_values,
)
from nmsp_scapy.calibrate.element_geometry import LEAST_LEAD, children
from nmsp_scapy.calibrate.finding import Finding
from nmsp_scapy.calibrate.geometry import Layout, find_layout
from nmsp_scapy.calibrate.kinds import KNOWN
from nmsp_scapy.calibrate.seen import Column
from nmsp_scapy.calibrate.streams import Run
from nmsp_scapy.calibrate.tiling import Tiling
from nmsp_scapy.constants import Grade
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Field, HeaderGeometry, Profile

MARGIN_BITS = 20.0
"""How far the next best chain must be behind."""

SHOWN_FRAMES = 5


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
    layout = find_layout(runs)
    if isinstance(layout, str):
        return Calibration(None, [], layout)
    every = len({run.conversation for run in runs})
    return _Told(layout).calibration(name, every)


class _Told:
    """Makes findings, and the profile of them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.order = layout.order.order
        self.frames = _frames([one.frame for one in layout.messages[:40]])
        self.echoes = [n.frame for pair in layout.types.pairs[:3] for n in pair]
        self.findings: list[Finding] = []

    def calibration(self, name: str, every: int) -> Calibration:
        layout, tiling = self.layout, self.layout.tiling
        self._conversations(every)
        self._length()
        self._type()
        self._order()
        self._extent()
        self._transaction()
        fields = [
            self._field("type", tiling.kind), self._field("length", tiling.length)
        ]  # fmt: skip
        if tiling.transaction is not None:
            fields.append(self._field("transaction_id", tiling.transaction))
        taken = {n for f in fields for n in range(f.offset, f.offset + f.width)}
        free = [n for n in range(layout.size) if n not in taken]
        unknown, told = describe_columns(layout.messages, free, layout.size, self.order)
        self.findings += told
        elements, names = self._elements()
        numbers = self._numbers()
        bodies = self._bodies(numbers) if elements is None else {}
        covers, counted = _coverage(layout.added, layout.size, layout.trailer)
        header = HeaderGeometry(
            size=layout.size,
            fields=tuple(sorted([*fields, *unknown], key=lambda f: f.offset)),
            covers_from=covers,
            trailer=layout.trailer,
            trailer_counted=counted,
        )
        profile = Profile(
            name=name,
            header=header,
            elements=elements,
            message_types=numbers,
            bodies=bodies,
            element_types=names,
            services=NOMINAL.services,
            note=f"measured by nmsp calibrate on {len(layout.messages)} messages",
            statements={one.statement: one.stated() for one in self.findings},
        )
        return Calibration(profile, self.findings, "", len(layout.messages))

    def _numbers(self) -> dict[str, int]:
        """Number the messages: as documented, as far as that fits the type."""
        limit = 1 << 8 * self.layout.tiling.kind.width
        documented = NOMINAL.message_types.items()
        return self.layout.types.names or {n: v for n, v in documented if v < limit}

    def _bodies(self, numbers: dict[str, int]) -> dict[str, tuple[Field, ...]]:
        layout, names = self.layout, {v: n for n, v in numbers.items()}
        told, bodies = describe_bodies(
            layout.messages, names.get, layout.tiling.kind, layout.size,
            layout.trailer, self.order,
        )  # fmt: skip
        self.findings += told
        return bodies

    def _conversations(self, every: int) -> None:
        messages = self.layout.messages
        own = len({one.conversation for one in messages})
        sides = {one.side for one in messages}
        alone = (
            ""
            if len(sides) == 2
            else "; of the MSE alone"
            if 0 in sides
            else ("; of the WLC alone")
        )
        self.findings.append(
            Finding(
                "conversations", f"{own} of {every}", own == every and not alone,
                f"{len(messages)} messages walk by this layout{alone}",
            )
        )  # fmt: skip

    def _length(self) -> None:
        layout, tiling = self.layout, self.layout.tiling
        chosen = next(
            r for r in layout.chain.readings
            if Column(r.offset, r.width, r.byte_order) == tiling.length
        )  # fmt: skip
        others = [f"reads the same: {r}" for r in layout.chain.readings if r != chosen]
        behind = [c for c in layout.rivals if c.bits > 0][:1]
        lead = layout.chain.bits - behind[0].bits if behind else None
        if lead is not None:
            others.append(f"{lead:.0f} bits behind: {behind[0].readings[0]}")
        sure = len(layout.chain.readings) == 1 and (lead is None or lead > MARGIN_BITS)
        hit, of = layout.chain.aligned
        self.findings.append(
            Finding(
                "header.length", str(chosen), sure,
                f"all bytes walk out exactly, {layout.chain.messages} messages; "
                f"{hit} of {of} records begin with one",
                layout.net, others, self.frames, self._convention("length"),
            )
        )  # fmt: skip

    def _type(self) -> None:
        types, kind = self.layout.types, self.layout.tiling.kind
        every = [types.column, *types.others]
        others = [f"reads the same: {c}" for c in every if c != kind]
        others += [f"reads the documented numbers the same: {c}" for c in types.parts]
        messages = self.layout.messages
        evidence = f"{len(types.pairs)} echo pairs in turn, {types.spacing}"
        if not types.pairs:
            evidence = f"one direction alone: its echo is {types.spacing}"
        if types.documented:
            evidence += (
                f"; {types.known} of {len(messages)} messages have documented "
                f"numbers, {types.legal} of those from the sender that is documented"
            )
        sure = types.documented and bool(types.pairs) and not others
        self.findings.append(
            Finding(
                "header.type", str(kind), sure, evidence, None, others, self.echoes,
                self._convention("kind"),
            )
        )  # fmt: skip
        if not types.documented:
            self._renumbered()
            return
        new = {types.column.of(one.raw) for one in messages} - KNOWN
        if new:
            shown = ", ".join(map(str, sorted(new)[:20]))
            own = [o.frame for o in messages if types.column.of(o.raw) in new]
            self.findings.append(
                Finding(
                    "message_types", f"not in the table: {shown}", False,
                    "numbers that were seen and that no public document names",
                    frames=_frames(own),
                )
            )  # fmt: skip

    def _renumbered(self) -> None:
        types = self.layout.types
        shown = ", ".join(f"{name} {number}" for name, number in types.names.items())
        seen = {types.column.of(one.raw) for one in self.layout.messages}
        self.findings.append(
            Finding(
                "message_types", f"not the documented numbers: {shown}", False,
                "what is so numbered goes as echo does: among the shortest, in "
                f"turn, {types.spacing}; what the other {len(seen) - 2} numbers are "
                "is not known",
                frames=self.echoes,
            )
        )  # fmt: skip

    def _convention(self, name: str) -> str:
        """Say why a field was chosen among its equals, and how far the next is."""
        best = self.layout.tiling
        own = getattr(best, name)
        rivals = [t for t in self.layout.tilings if getattr(t, name) != own]
        if not rivals:
            return ""
        lead = rivals[0].cost - best.cost
        return f"{_why(best)}; {getattr(rivals[0], name)} is {lead:.1f} bits behind"

    def _order(self) -> None:
        order = self.layout.order
        votes = [f"{vote.reason} ({vote.order})" for vote in order.votes]
        self.findings.append(
            Finding(
                "byte_order", order.order, order.sure,
                "; ".join(votes) or "nothing speaks for either order",
                convention="" if votes else "network byte order",
            )
        )  # fmt: skip

    def _extent(self) -> None:
        layout, checksum = self.layout, self.layout.checksum
        whole = (
            layout.elements is not None
            and layout.size + layout.trailer == layout.chain.shortest
        )
        self.findings.append(
            Finding(
                "header.size", str(layout.size), whole and checksum is not None,
                "elements begin there in every body" if layout.elements
                else "the shortest message; its last bytes may be a body",
                frames=self.frames,
            )
        )  # fmt: skip
        if checksum is None:
            told = Finding(
                "header.trailer", "0", False, "no checksum was found that fits"
            )
        else:
            constant = checksum.name.startswith("constant")
            told = Finding(
                "header.trailer", f"{layout.trailer} ({checksum.name})", not constant,
                f"all {checksum.messages} messages end with it" if constant else
                f"is the {checksum.name} of all before it in {checksum.messages} "
                "different messages",
                8.0 * checksum.width * checksum.messages, [], self.frames,
            )  # fmt: skip
        self.findings.append(told)

    def _transaction(self) -> None:
        layout, column = self.layout, self.layout.tiling.transaction
        if column is None:
            told = Finding(
                "header.transaction_id", "none", False,
                "nothing in the header is copied from request to response",
            )  # fmt: skip
            self.findings.append(told)
            return
        every = {t.transaction for t in layout.tilings if t.transaction != column}
        others = [f"reads the same: {c}" for c in sorted(map(str, every - {None}))]
        pairs = layout.copied.pairs
        seen = len(layout.copied.core) + len(layout.copied.stays)
        sure = layout.copied.sure and 1 < seen == column.width and not others
        self.findings.append(
            Finding(
                "header.transaction_id", str(column), sure,
                f"copied from request to response in {len(pairs)} pairs, and "
                "different in each",
                None, others, [n.frame for pair in pairs[:3] for n in pair],
                self._convention("transaction"),
            )
        )  # fmt: skip

    def _field(self, name: str, column: Column) -> Field:
        told = next(f for f in self.findings if f.statement == f"header.{name}")
        order = column.byte_order if column.width > 1 else self.order
        stated = told.stated()
        frames = ", ".join(map(str, told.frames))
        return Field(
            name, column.offset, column.width, order,  # type: ignore[arg-type]
            grade=stated.grade, note=f"{stated.note}; frames {frames}",
        )  # fmt: skip

    def _elements(self) -> tuple[ElementGeometry | None, dict[str, int]]:
        layout = self.layout
        if layout.elements is None:
            self.findings.append(
                Finding(
                    "elements", "none", False,
                    "no layout of elements fills every body exactly",
                )
            )  # fmt: skip
            return None, NOMINAL.element_types
        best, *rest = layout.accounts
        found = layout.elements
        others = [f"{one.cost - best.cost:.1f} bits behind: {one}" for one in rest]
        convention = "the plainest of the layouts that fill all" if rest else ""
        if layout.checksum is None:
            # A run of elements can be read n bytes earlier too, each with its last n
            # bytes before the type of the next: only a known end excludes it.
            others.append("reads the same: n bytes earlier, where the trailer has n")
            convention = convention or "no trailer was found, so that there is none"
        told = Finding(
            "elements", str(best), not convention,
            f"{found.shapes[best.shape]} elements fill every body exactly "
            f"({found.tried} layouts tried)",
            found.bits, others, self.frames, convention,
        )  # fmt: skip
        self.findings.append(told)
        geometry = msgspec.structs.replace(
            best.geometry, grade=told.grade, note=told.stated().note
        )
        values, containers = children(best.shape, geometry, layout.messages)
        more, names = describe_values(values, containers, 1 << 8 * geometry.type_width)
        self.findings += more
        return geometry, names


def _why(tiling: Tiling) -> str:
    aligned = "fields are aligned" if tiling.aligned else "fields stand close"
    return f"{aligned} and the fewest zero bytes are left without a reason"


def _frames(frames: list[int]) -> list[int]:
    return sorted(set(frames))[:SHOWN_FRAMES]


def _coverage(added: int, size: int, trailer: int) -> tuple[int, bool]:
    """Tell where the length counts from, and whether it counts the trailer."""
    if added == size and trailer:
        return size, True
    uncounted = trailer and (added == size + trailer or added == trailer)
    if uncounted or added > size:
        return max(added - trailer, 0), False
    return added, True


__all__ = ["LEAST_LEAD", "Calibration", "Grade", "calibrate"]
