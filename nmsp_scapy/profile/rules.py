# SPDX-License-Identifier: GPL-2.0-or-later
"""What makes a profile one that cannot work.

Each rule yields the place of what is wrong, as a path into the profile, and a clause
that says why.
"""

import re
from collections.abc import Iterator

from nmsp_scapy.profile.model import ElementGeometry, Field, HeaderGeometry, Profile

Path = tuple[str | int, ...]
Fault = tuple[Path, str]

LARGEST_HEADER = 256
LARGEST_FIELD = 64
LARGEST_NUMBER = 8
"""Bytes of a field that is a number; wider ones are bytes or text."""

LARGEST_MESSAGE = 1 << 24
LARGEST_ALIGNMENT = 64
NEEDED = ("type", "length")
NAME_LIMIT = 64
LARGEST_BODY = 1 << 16
"""Bytes of a body or value that fields can stand in."""

HEAD = {"type", "length", "elements", "trailing", "malformed"}
"""Keys that an element's record has besides its fields."""

_RESERVED = re.compile(r"unknown_(\d{1,9})")


def faults(profile: Profile) -> Iterator[Fault]:
    """Find what cannot work, in the order of the profile."""
    yield from _header(profile.header)
    yield from _fields(("header", "fields"), profile.header.fields, profile.header.size)
    for needed in sorted({*NEEDED} - {field.name for field in profile.header.fields}):
        yield ("header", "fields"), f"there is no field {needed!r}"
    if profile.elements is not None:
        yield from _elements(profile.elements)
    yield from _numbers("message_types", profile.message_types, _room(profile))
    width = profile.elements.type_width if profile.elements else LARGEST_NUMBER
    yield from _numbers("element_types", profile.element_types, width)
    yield from _numbers("services", profile.services, LARGEST_NUMBER)
    for name, body in profile.bodies.items():
        if name not in profile.message_types:
            yield ("bodies", name), f"there is no message {name}"
        yield from _fields(("bodies", name), body, None)
    yield from _values(profile)


def _values(profile: Profile) -> Iterator[Fault]:
    for name, fields in profile.values.items():
        if profile.elements is None:
            yield ("values", name), "there are no elements"
        if name not in profile.element_types:
            yield ("values", name), f"there is no element {name}"
        yield from _fields(("values", name), fields, None)
        for at, field in enumerate(fields):
            if field.name in HEAD:
                yield (
                    ("values", name, at, "name"),
                    f"{field.name!r} is part of each element already",
                )


def _room(profile: Profile) -> int:
    """Bytes of the header's type field."""
    widths = [f.width for f in profile.header.fields if f.name == "type"]
    return widths[0] if widths else LARGEST_NUMBER


def _header(header: HeaderGeometry) -> Iterator[Fault]:
    if not 1 <= header.size <= LARGEST_HEADER:
        yield ("header", "size"), f"a header has 1 to {LARGEST_HEADER} bytes"
    if not 0 <= header.covers_from <= header.size:
        yield (
            ("header", "covers_from"),
            f"the length counts from a place in the header, 0 to {header.size}",
        )
    if not 0 <= header.trailer <= LARGEST_HEADER:
        yield ("header", "trailer"), f"a trailer has 0 to {LARGEST_HEADER} bytes"
    smallest = header.size + header.trailer
    if not smallest <= header.maximum <= LARGEST_MESSAGE:
        yield (
            ("header", "maximum"),
            f"the largest message has {smallest} to {LARGEST_MESSAGE} bytes",
        )
    yield from _length(header)


def _length(header: HeaderGeometry) -> Iterator[Fault]:
    """The length must be able to name a message of more than a header."""
    for at, field in enumerate(header.fields):
        if field.name == "length" and 1 <= field.width <= LARGEST_NUMBER:
            largest = header.covers_from + (1 << 8 * field.width) - 1
            if largest < header.size:
                yield (
                    ("header", "fields", at, "width"),
                    f"a length of {field.width} bytes cannot say that there is a "
                    f"header of {header.size}",
                )


def _fields(
    where: Path, fields: tuple[Field, ...], size: int | None
) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for at, field in enumerate(fields):
        place = (*where, at)
        yield from _field(place, field, size)
        if field.name in seen:
            yield (*place, "name"), f"there are two fields {field.name!r}"
        seen[field.name] = at
        for other in fields[:at]:
            if _overlap(field, other):
                yield (
                    (*place, "offset"),
                    f"{field.name!r} (bytes {_span(field)}) overlaps {other.name!r} "
                    f"(bytes {_span(other)})",
                )


def _field(place: Path, field: Field, size: int | None) -> Iterator[Fault]:
    if not _is_name(field.name):
        yield (*place, "name"), "a name is letters, digits and underscores"
    unclaimed = _RESERVED.fullmatch(field.name)
    if unclaimed and int(unclaimed[1]) != field.offset:
        yield (
            (*place, "name"),
            f"{field.name!r} is what bytes at {unclaimed[1]} are called, which "
            "nothing claims",
        )
    if field.offset < 0:
        yield (*place, "offset"), "an offset is 0 or more"
    if field.offset >= LARGEST_BODY:
        yield (*place, "offset"), f"an offset is below {LARGEST_BODY}"
    number = field.kind in {"number", "dbm", "time"}
    most = LARGEST_NUMBER if number else LARGEST_FIELD
    if not 1 <= field.width <= most:
        yield (*place, "width"), f"a {field.kind} has 1 to {most} bytes"
        return
    due = {"mac": 6, "ipv4": 4}.get(field.kind, field.width)
    if field.width != due:
        yield (*place, "width"), f"a {field.kind} has {due} bytes, not {field.width}"
    if size is not None and field.offset + field.width > size:
        yield (
            (*place, "offset"),
            f"{field.name!r} (bytes {_span(field)}) ends behind the header's {size} "
            "bytes",
        )
    if field.value is not None and not 0 <= field.value < 1 << 8 * field.width:
        yield (*place, "value"), f"{field.value} does not fit {field.width} bytes"


def _elements(geometry: ElementGeometry) -> Iterator[Fault]:
    spans = []
    for name in ("type", "length"):
        offset = getattr(geometry, f"{name}_offset")
        width = getattr(geometry, f"{name}_width")
        if not 1 <= width <= LARGEST_NUMBER:
            yield ("elements", f"{name}_width"), f"1 to {LARGEST_NUMBER} bytes"
        elif offset < 0 or offset + width > geometry.value_offset:
            yield (
                ("elements", f"{name}_offset"),
                f"the {name} (bytes {offset} to {offset + width - 1}) is not within "
                f"the element's own header of {geometry.value_offset} bytes",
            )
        spans.append(Field(name, offset, max(width, 1)))
    if _overlap(*spans):
        yield ("elements", "length_offset"), "type and length overlap"
    if not 1 <= geometry.value_offset <= LARGEST_FIELD:
        yield ("elements", "value_offset"), f"1 to {LARGEST_FIELD} bytes"
    if not 0 <= geometry.covers_from <= geometry.value_offset:
        yield (
            ("elements", "covers_from"),
            f"the length counts from a place in the element's own header, 0 to "
            f"{geometry.value_offset}",
        )
    if not 1 <= geometry.alignment <= LARGEST_ALIGNMENT:
        yield ("elements", "alignment"), f"1 to {LARGEST_ALIGNMENT}"


def _numbers(table: str, numbers: dict[str, int], width: int) -> Iterator[Fault]:
    owners: dict[int, str] = {}
    limit = 1 << 8 * min(max(width, 1), LARGEST_NUMBER)
    for name, number in numbers.items():
        if not _is_name(name):
            yield (table, name), "a name is letters, digits and underscores"
        if not 0 <= number < limit:
            yield (table, name), f"{number} does not fit {width} bytes"
        if number in owners:
            yield (table, name), f"{number} is {owners[number]} already"
        owners[number] = name


def _overlap(one: Field, other: Field) -> bool:
    return (
        one.offset < other.offset + other.width
        and other.offset < one.offset + one.width
    )


def _span(field: Field) -> str:
    return f"{field.offset} to {field.offset + field.width - 1}"


def _is_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and len(name) <= NAME_LIMIT
