# SPDX-License-Identifier: GPL-2.0-or-later
"""What all NMSP packets share, and how classes are made from a wire profile.

A class declares what is no geometry: its number's name and the fields of its
value, or the elements that it holds. Its `fields_desc` is made from these and
the profile; `nmsp_scapy.layers.binding` derives the same classes for others.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from scapy.packet import Packet

from nmsp_scapy.constants import VERSION, ElementType, HeaderFlag
from nmsp_scapy.layers.fields import (
    BytesField,
    ElementsField,
    NumberField,
    TrailerField,
    WireField,
    field_of,
)
from nmsp_scapy.layers.geometry import ElementPlan
from nmsp_scapy.profile import NOMINAL, ElementGeometry, HeaderGeometry, Profile
from nmsp_scapy.profile import Field as Place

if TYPE_CHECKING:
    from nmsp_scapy.layers.binding import Binding


class Holds(NamedTuple):
    """An element type that belongs in a message or in a container.

    Attributes:
        element: its type.
        least, most: how many; None is no limit.
    """

    element: ElementType
    least: int = 0
    most: int | None = None

    def __str__(self) -> str:
        """Write `STATUS`, `QUERY ?`, `SERVICE +`, `AP *` or `RSSI_SAMPLE * 16`."""
        match self.least, self.most:
            case 1, 1:
                mark = ""
            case 0, 1:
                mark = " ?"
            case 1, None:
                mark = " +"
            case 0, None:
                mark = " *"
            case _:
                mark = f" * {self.most}"
        return f"{self.element.name}{mark}"


def one(element: ElementType) -> Holds:
    """Exactly one."""
    return Holds(element, 1, 1)


def maybe(element: ElementType) -> Holds:
    """One or none."""
    return Holds(element, 0, 1)


def some(element: ElementType) -> Holds:
    """One or more."""
    return Holds(element, 1)


def many(element: ElementType, most: int | None = None) -> Holds:
    """Any number, up to a limit."""
    return Holds(element, 0, most)


class NMSPPacket(Packet):
    """What all NMSP packets share.

    Attributes:
        profile: the wire profile that the class is made for.
        binding: the classes of that profile.
    """

    match_subclass = True
    profile: ClassVar[Profile] = NOMINAL
    binding: ClassVar["Binding"]

    def do_dissect(self, s: bytes) -> bytes:
        """Read the fields; keep no copy of the bytes, a build writes them anew."""
        rest: bytes = super().do_dissect(s)
        self.raw_packet_cache = None
        return rest


def _named(name: str) -> str:
    """Return a field name that hides nothing of Scapy's packets."""
    taken = name in Packet.__slots__ or name in dir(Packet) or name == "binding"
    return f"{name}_" if taken else name


def _laid_out(places: Sequence[Place], size: int | None) -> Iterator[WireField]:
    """Turn places into fields one behind the other, gaps reserved."""
    at = 0
    for place in sorted(places, key=lambda place: place.offset):
        if place.offset > at:
            yield reserved(at, place.offset - at)
        yield field_of(place, _named(place.name))
        at = place.offset + place.width
    if size is not None and size > at:
        yield reserved(at, size - at)


def reserved(offset: int, width: int) -> BytesField:
    """Make a field for bytes that nothing claims."""
    return BytesField(f"unknown_{offset}", bytes(width), width)


def header_fields(geometry: HeaderGeometry, types: dict[int, str]) -> list[WireField]:
    """Make the header's fields: type by name, length to be filled when built."""
    fields = list(_laid_out(geometry.fields, geometry.size))
    for field in fields:
        if not isinstance(field, NumberField):
            continue
        if field.name == "type":
            field.names = types
        elif field.name == "length":
            field.default, field.unit = None, "bytes"
        elif field.name == "version":
            field.default = field.default or VERSION
        elif field.name == "flags":
            field.registry = HeaderFlag
            field.names = {flag.value: str(flag.name) for flag in HeaderFlag}
    if geometry.trailer:
        fields.append(TrailerField("trailer", None, geometry.trailer))
    return fields


def element_head(
    geometry: ElementGeometry, number: int, types: dict[int, str]
) -> list[WireField]:
    """Make the fields that begin each element."""
    places = (
        Place("type", geometry.type_offset, geometry.type_width, geometry.byte_order),
        Place(
            "length", geometry.length_offset, geometry.length_width, geometry.byte_order
        ),
    )
    fields = list(_laid_out(places, geometry.value_offset))
    for field in fields:
        if isinstance(field, NumberField):
            if field.name == "type":
                field.default, field.names = number, types
            else:
                field.default, field.unit = None, "bytes"
    return fields


def name_by_number(numbers: dict[str, int]) -> dict[int, str]:
    """Turn a profile's table round."""
    return {number: name for name, number in numbers.items()}


class NMSPElement(NMSPPacket):
    """An element: type, length, value.

    Attributes:
        number: its type.
        value_fields: fields of its value.
        contains: what a container holds.
    """

    number: ClassVar[int]
    value_fields: ClassVar[Sequence[WireField | ElementsField]] = ()
    contains: ClassVar[Sequence[Holds]] = ()
    plan: ClassVar[ElementPlan]
    show_summary = False

    def __init_subclass__(cls) -> None:
        """Put the element's head before its value's fields."""
        if "number" not in cls.__dict__ or cls.profile.elements is None:
            return
        names = name_by_number(cls.profile.element_types)
        head = element_head(cls.profile.elements, cls.number, names)
        cls.plan = ElementPlan(cls.profile.elements)
        cls.fields_desc = [
            *head,
            *(field.under(cls.profile) for field in cls.value_fields),
        ]

    @classmethod
    def accepts(cls, size: int) -> bool:
        """Tell whether a value of `size` bytes can be this element's."""
        for field in cls.value_fields:
            if field.width is None:
                return field.accepts(size)
            if not field.optional:
                size -= field.width
        return size >= 0

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        """Fill the length."""
        if self.length is None:
            size = self.plan.length_of(len(pkt) + len(pay))
            pkt = filled(self, pkt, size)
        return pkt + pay

    def mysummary(self) -> str:
        """Name the element."""
        return element_name(self)


def filled(packet: NMSPPacket, built: bytes, length: int) -> bytes:
    """Put the length into the built fields of a packet."""
    at = 0
    for field in packet.fields_desc:
        if field.name == "length":
            value: bytes = field.i2m(packet, length)
            return built[:at] + value + built[at + len(value) :]
        at += field.width
    return built


def element_name(element: NMSPPacket) -> str:
    """Name an element as its profile does, or give its number."""
    field: Any = element.get_field("type")
    return str(field.name_of(element.type))


class NMSPUnknownElement(NMSPElement):
    """An element of a type that the profile does not name.

    Source: assumed: unknown elements are skipped and kept.
    """

    number = 0
    value_fields = (BytesField("value", b""),)


class NMSPMalformedElement(NMSPElement):
    """An element whose value cannot be what its type says, or that is too deep.

    Source: assumed: what cannot be read is kept.
    """

    number = 0
    value_fields = (BytesField("value", b""),)


def fixed_body(places: Sequence[Place]) -> tuple[WireField, ...]:
    """Make the fields of a body that has them at fixed places."""
    return tuple(_laid_out(places, None))
