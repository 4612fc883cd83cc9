# SPDX-License-Identifier: GPL-2.0-or-later
"""What a wire profile consists of, and the nominal one."""

from typing import Literal

import msgspec

from nmsp_scapy.constants import (
    MESSAGE_LIMIT,
    ElementType,
    Grade,
    MessageType,
    Service,
)

ByteOrder = Literal["big", "little"]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field at a fixed place.

    Attributes:
        name: `type`, `length`, `transaction_id`, `version`, `flags`, or a name
            of the user's choice.
        offset: bytes from the start of what holds it.
        width: bytes.
        value: what a constant field always holds (a magic number); None varies.
        kind: how the value is shown.
    """

    name: str
    offset: int
    width: int
    byte_order: ByteOrder = "big"
    value: int | None = None
    kind: Literal["number", "mac", "ipv4", "text", "bytes", "time", "dbm"] = "number"
    grade: Grade = Grade.ASSUMED
    note: str = ""


class HeaderGeometry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a message's header has its fields, and where the message ends.

    Attributes:
        size: bytes of the header; the body follows.
        fields: in wire order, `type` and `length` among them; bytes that no
            field claims are reserved.
        covers_from: offset of the first byte that `length` counts. 0: the whole
            message; `size`: the body alone.
        trailer: bytes after the body that belong to the message (a checksum).
        trailer_counted: whether `length` counts the trailer too.
        maximum: largest message a receiver accepts, bytes.
    """

    size: int
    fields: tuple[Field, ...]
    covers_from: int = 0
    trailer: int = 0
    trailer_counted: bool = True
    maximum: int = MESSAGE_LIMIT


class ElementGeometry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an element names its type and its size.

    Attributes:
        type_offset, type_width, length_offset, length_width: bytes.
        covers_from: offset of the first byte that the length counts. 0: the
            whole element; `value_offset`: the value alone.
        value_offset: bytes of the element's own header.
        alignment: each element begins at a multiple of this, from the start of
            what holds it; padding is not counted by the length.
    """

    type_offset: int = 0
    type_width: int = 2
    length_offset: int = 2
    length_width: int = 2
    value_offset: int = 4
    covers_from: int = 4
    byte_order: ByteOrder = "big"
    alignment: int = 1
    grade: Grade = Grade.ASSUMED
    note: str = ""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How surely something in a profile is known, and why.

    Attributes:
        value: what is stated, for people.
        note: the evidence, and the readings that it does not exclude.
        frames: some that show it.
    """

    value: str
    grade: Grade = Grade.ASSUMED
    note: str = ""
    frames: list[int] = []


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One wire layout: geometry and numbers.

    Attributes:
        elements: None where bodies are not runs of elements.
        message_types, element_types, services: number by name.
        bodies: fields at fixed places, by message name, for messages whose body
            is no run of elements.
        values: fields at fixed places of an element's value, by element name.
        statements: what was measured, as `header.length`, `elements`, `element 5`;
            nothing is read by them.
    """

    name: str
    header: HeaderGeometry
    elements: ElementGeometry | None
    message_types: dict[str, int]
    element_types: dict[str, int]
    services: dict[str, int]
    bodies: dict[str, tuple[Field, ...]] = {}
    values: dict[str, tuple[Field, ...]] = {}
    note: str = ""
    statements: dict[str, Statement] = {}


NOMINAL = Profile(
    name="nominal",
    header=HeaderGeometry(
        size=12,
        fields=(
            Field("version", 0, 1),
            Field("flags", 1, 1),
            Field("type", 2, 2),
            Field("length", 4, 4, note="whole message, header included"),
            Field("transaction_id", 8, 4),
        ),
    ),
    elements=ElementGeometry(),
    message_types={m.name: m.value for m in MessageType},
    element_types={e.name: e.value for e in ElementType},
    services={s.name: s.value for s in Service},
    note="assumed; consistent with every byte count that is public",
)
"""The layout of this project where nothing public exists."""
