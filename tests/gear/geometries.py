# SPDX-License-Identifier: GPL-2.0-or-later
"""Random wire layouts, and messages in them.

The encoder is its own, so that it is an oracle for the layers and for calibrate:
it knows the profile's data model and nothing else of the package.
"""

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from nmsp_scapy.constants import ElementType
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Field, HeaderGeometry, Profile

Tree = list[tuple[int, "bytes | Tree"]]
"""Elements: type, and value or what it contains."""

START_S = 1_700_000_000
PROVISIONAL = 0xF000
LENGTHS = [1, 1, 2, 2, 2, 2, 3, 4, 4, 4]
"""Bytes of a message's length, as often as they are drawn."""


@dataclass
class Geometry:
    """A layout, with what a profile does not say.

    Attributes:
        profile: what calibrate is to find.
        checksum: how the trailer is made: `crc32`, `sum`, `xor`, `constant`, or empty.
        echo_body: whether echo has a body.
        fixed: bytes of the header that are always the same, by field.
        header_checksum: how the header's field `check` is made, or empty.
    """

    profile: Profile
    checksum: str
    echo_body: bool
    fixed: dict[str, int] = field(default_factory=dict)
    header_checksum: str = ""

    def place(self, name: str) -> Field:
        """A field of the header by its name."""
        return next(one for one in self.profile.header.fields if one.name == name)


def draw_geometry(seed: int, *, renumbered: bool = False) -> Geometry:
    """Draw a layout.

    Args:
        seed: which.
        renumbered: whether messages have other numbers than the documented.
    """
    rng = random.Random(f"geometry {seed}")
    order = rng.choice(["big", "little"])
    widths = {"type": rng.choice([1, 2, 2, 4]), "length": rng.choice(LENGTHS)}
    fixed = {}
    for name, choices, chance in (
        ("version", [1], 0.6), ("flags", [1, 2], 0.5), ("transaction_id", [2, 4], 0.8),
        ("magic", [2, 4], 0.3), ("sequence", [2, 4], 0.3), ("session", [2, 4, 8], 0.2),
        ("reserved", [1, 2], 0.3), ("check", [1, 2], 0.1), ("clock", [4], 0.1),
    ):  # fmt: skip
        if rng.random() < chance:
            widths[name] = rng.choice(choices)
    aligned = rng.random() < 0.6
    fields = _placed(rng, widths, order, aligned=aligned)
    for one in fields:
        if one.name in {"version", "magic", "session"}:
            top = 9 if one.name == "version" else (1 << 8 * one.width) - 1
            fixed[one.name] = rng.randint(1, top)
    end = fields[-1].offset + fields[-1].width
    size = max(4, end + -end % (4 if aligned else 1))
    length = next(f for f in fields if f.name == "length")
    trailer = rng.choice([0, 0, 0, 1, 2, 4])
    header = HeaderGeometry(
        size=size,
        fields=tuple(fields),
        covers_from=rng.choice([0, size, length.offset + length.width]),
        trailer=trailer,
        trailer_counted=rng.random() < 0.5,
    )
    elements = _elements(rng, order) if rng.random() < 0.85 else None
    profile = Profile(
        name="drawn",
        header=header,
        elements=elements,
        message_types=_message_types(rng, widths["type"], renumbered=renumbered),
        element_types=_element_types(rng, elements.type_width if elements else 2),
        services=NOMINAL.services,
    )
    checksum = {0: "", 1: "xor", 2: "sum", 4: "crc32"}[trailer]
    if trailer > 1 and rng.random() < 0.2:
        checksum, fixed["trailer"] = "constant", rng.randrange(1, 1 << 8 * trailer)
    own = rng.choice(["xor", "sum", "internet"][: 1 + widths.get("check", 0)])
    return Geometry(
        profile, checksum, rng.random() < 0.2, fixed, own if "check" in widths else ""
    )


def _placed(
    rng: random.Random, widths: dict[str, int], order: str, *, aligned: bool
) -> list[Field]:
    """Put fields of these widths behind each other, in an order of chance."""
    names = list(widths)
    rng.shuffle(names)
    at, fields = 0, []
    for name in names:
        width = widths[name]
        if aligned:
            at += -at % {1: 1, 2: 2, 3: 1, 4: 4, 8: 4}[width]
        if at + width > 24 and name not in {"type", "length"}:
            del widths[name]
            continue
        fields.append(Field(name, at, width, order))  # type: ignore[arg-type]
        at += width
    return fields


def _message_types(
    rng: random.Random, width: int, *, renumbered: bool
) -> dict[str, int]:
    """Number the messages.

    Those whose number is public have it. Of the others half the layouts have the
    provisional numbers, as far as they fit; the other half, and types of a byte, have
    some number of a byte, as all have if they are renumbered.
    """
    known = dict(NOMINAL.message_types)
    unnumbered = [name for name, number in known.items() if number >= PROVISIONAL]
    small = rng.random() < 0.5 or width == 1
    free = rng.sample(sorted({*range(256)} - {*known.values()}), len(known))
    if renumbered:
        return dict(zip(known, free, strict=True))
    return known | dict(zip(unnumbered, free, strict=False)) if small else known


def _element_types(rng: random.Random, width: int) -> dict[str, int]:
    """Number the elements: as the nominal layout does, or by chance."""
    known = NOMINAL.element_types
    kind = rng.choice(["nominal", "nominal", "small", "large"])
    if kind == "nominal":
        return known
    top = 256 if kind == "small" or width == 1 else 65536
    return dict(zip(known, rng.sample(range(1, top), len(known)), strict=True))


def _elements(rng: random.Random, order: str) -> ElementGeometry:
    kind, length = rng.choice([1, 2, 2, 4]), rng.choice([1, 2, 2, 4])
    first = rng.random() < 0.75
    head = kind + length
    return ElementGeometry(
        type_offset=0 if first else length,
        type_width=kind,
        length_offset=kind if first else 0,
        length_width=length,
        value_offset=head,
        covers_from=rng.choice([0, head, head]),
        byte_order=order,  # type: ignore[arg-type]
        alignment=rng.choice([1, 1, 1, 2, 4]),
    )


class Encoder:
    """Writes messages in a layout."""

    def __init__(self, geometry: Geometry) -> None:
        """Begin; sequence numbers count from here."""
        self.geometry = geometry
        self.sent = [0, 0]

    def message(
        self, side: int, kind: int, transaction: int, body: bytes,
        flags: int = 0, time_s: float = 0.0,
    ) -> bytes:  # fmt: skip
        """Write one message of a side."""
        header = self.geometry.profile.header
        whole = header.size + len(body) + header.trailer
        uncounted = 0 if header.trailer_counted else header.trailer
        values = {
            "type": kind,
            "length": whole - uncounted - header.covers_from,
            "transaction_id": transaction,
            "sequence": self.sent[side],
            "flags": flags,
            "clock": START_S + round(time_s),
        } | self.geometry.fixed
        self.sent[side] += 1
        raw = bytearray(header.size)
        for one in header.fields:
            value = values.get(one.name, 0) % (1 << 8 * one.width)
            if one.name == "length":
                value = values["length"]
            raw[one.offset : one.offset + one.width] = value.to_bytes(
                one.width, one.byte_order
            )
        if self.geometry.header_checksum:
            one = self.geometry.place("check")
            value = SUMS[self.geometry.header_checksum](bytes(raw))
            value %= 1 << 8 * one.width
            raw[one.offset : one.offset + one.width] = value.to_bytes(
                one.width, one.byte_order
            )
        raw += body
        return bytes(raw) + self._trailer(bytes(raw))

    def _trailer(self, raw: bytes) -> bytes:
        width = self.geometry.profile.header.trailer
        order = self.geometry.profile.header.fields[0].byte_order
        made = SUMS.get(self.geometry.checksum)
        value = made(raw) if made else self.geometry.fixed.get("trailer", 0)
        value %= 1 << 8 * width
        return value.to_bytes(width, order)

    def body(self, tree: Tree) -> bytes:
        """Write a body: elements, or the values one behind the other."""
        elements = self.geometry.profile.elements
        if elements is None:
            return b"".join(
                value if isinstance(value, bytes) else self.body(value)
                for _, value in tree
            )
        made = bytearray()
        for kind, value in tree:
            inner = value if isinstance(value, bytes) else self.body(value)
            head = bytearray(elements.value_offset)
            whole = len(head) + len(inner) - elements.covers_from
            number_of = self.geometry.profile.element_types
            own = number_of[ElementType(kind).name]
            for at, width, number in (
                (elements.type_offset, elements.type_width, own),
                (elements.length_offset, elements.length_width, whole),
            ):
                head[at : at + width] = number.to_bytes(width, elements.byte_order)
            made += head + inner
            made += bytes(-len(made) % elements.alignment)
        return bytes(made)


def _internet(raw: bytes) -> int:
    """RFC 1071: the complement of the sum of words in ones' complement."""
    raw += bytes(len(raw) % 2)
    total = sum(int.from_bytes(raw[n : n + 2]) for n in range(0, len(raw), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


SUMS: dict[str, Callable[[bytes], int]] = {
    "crc32": zlib.crc32,
    "sum": sum,
    "xor": lambda raw: reduce(xor, raw, 0),
    "internet": _internet,
}
