# SPDX-License-Identifier: GPL-2.0-or-later
"""How a message's beginning is told from other bytes.

Headers are read by a struct compiled from the profile's geometry. After a hole, the
bytes that could be a header are found by a regular expression compiled from it too,
and then have to prove themselves (`Framer`).
"""

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from struct import Struct

from nmsp_scapy.profile import ElementGeometry, Field, HeaderGeometry, Profile

FIELDS = ("version", "flags", "type", "length", "transaction_id")
"""Header fields that every message is given, 0 where a header lacks one."""

ELEMENTS_WALKED = 64
"""Elements of a body that must fit; the walk of hostile bytes is bounded by it."""

_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_ANY = b"(?s:.)"

Numbers = tuple[int, int, int, int, int]
"""Values of `FIELDS`."""

Read = Callable[[bytes, int], Numbers]
"""Reads the numbers of the header at a position of a buffer that holds it whole."""


def reader(geometry: HeaderGeometry) -> Read:
    """Compile the reading of a header."""
    by_name = {field.name: field for field in geometry.fields}
    fields = [by_name.get(name) for name in FIELDS]
    return _compiled(fields) or _plain_reader(fields)


def _compiled(fields: list[Field | None]) -> Read | None:
    """Read by one struct; None where the fields' widths or order allow none."""
    present = sorted((f for f in fields if f is not None), key=lambda f: f.offset)
    orders = {f.byte_order for f in present if f.width > 1}
    if len(orders) > 1 or any(f.width not in _CODES for f in present):
        return None
    layout, at = "<" if orders == {"little"} else ">", 0
    for field in present:
        if field.offset < at:
            return None
        layout += f"{field.offset - at}x{_CODES[field.width]}"
        at = field.offset + field.width
    unpack: Read = Struct(layout).unpack_from
    if present == fields:
        return unpack
    pick: Callable[[tuple[int, ...]], Numbers] = itemgetter(
        *(len(present) if f is None else present.index(f) for f in fields)
    )
    return lambda data, at: pick((*unpack(data, at), 0))


def _plain_reader(fields: list[Field | None]) -> Read:
    def read(data: bytes, at: int) -> Numbers:
        version, flags, kind, length, transaction = (
            0 if f is None else _number(f, data, at) for f in fields
        )
        return version, flags, kind, length, transaction

    return read


def _number(field: Field, data: bytes, at: int) -> int:
    own = data[at + field.offset : at + field.offset + field.width]
    return int.from_bytes(own, field.byte_order)


def constants_of(geometry: HeaderGeometry) -> tuple[tuple[int, bytes], ...]:
    """List the bytes that every header has: offset and value."""
    return tuple(
        (f.offset, f.value.to_bytes(f.width, f.byte_order))
        for f in geometry.fields
        if f.value is not None
    )


@lru_cache(maxsize=64)
def candidates(
    geometry: HeaderGeometry, versions: frozenset[int], types: frozenset[int]
) -> re.Pattern[bytes]:
    """Compile what a plausible header looks like.

    Args:
        geometry: where its fields are.
        versions: those that are plausible; empty means any.
        types: the same of message types.
    """
    choices: dict[str, frozenset[int]] = {"version": versions, "type": types}
    pattern, at = b"", 0
    for field in sorted(geometry.fields, key=lambda f: f.offset):
        if field.offset < at:
            continue  # overlaps the one before it
        if field.value is not None:
            own = _either(field, frozenset({field.value}))
        elif field.name == "length":
            own = _up_to(field, geometry.maximum)
        elif choices.get(field.name):
            own = _either(field, choices[field.name])
        else:
            own = _ANY * field.width
        pattern += _ANY * (field.offset - at) + own
        at = field.offset + field.width
    pattern += _ANY * (geometry.size - at)
    return re.compile(b"(?=" + pattern + b")")


def _either(field: Field, numbers: frozenset[int]) -> bytes:
    limit = 1 << 8 * field.width
    spelt = [
        re.escape(number.to_bytes(field.width, field.byte_order))
        for number in sorted(numbers)
        if 0 <= number < limit
    ]
    return b"(?:" + b"|".join(spelt) + b")"


def _up_to(field: Field, maximum: int) -> bytes:
    """Match numbers whose leading bytes are no larger than those of `maximum`."""
    spelt = min(maximum, (1 << 8 * field.width) - 1).to_bytes(field.width)
    leading = len(spelt) - len(spelt.lstrip(b"\0"))
    parts = [b"\\x00"] * leading
    if leading < field.width:
        parts += [b"[\\x00-" + re.escape(spelt[leading : leading + 1]) + b"]"]
    parts += [_ANY] * (field.width - leading - 1)
    if field.byte_order == "little":
        parts.reverse()
    return b"".join(parts)


def elements_fit(geometry: ElementGeometry, data: bytes, start: int, stop: int) -> bool:
    """Tell whether elements fill `data[start:stop]` exactly.

    Only the outermost are looked at, and of those the first `ELEMENTS_WALKED`.
    """
    head, order = geometry.value_offset, geometry.byte_order
    for _ in range(ELEMENTS_WALKED):
        if start == stop:
            return True
        if start + head > stop:
            return False
        at = start + geometry.length_offset
        length = int.from_bytes(data[at : at + geometry.length_width], order)
        end = start + geometry.covers_from + length
        if not start + head <= end <= stop:
            return False
        start = min(end + -(end - start) % geometry.alignment, stop)
    return True


def begins_message(profile: Profile, data: bytes) -> bool:
    """Tell whether `data` begins like a message of a known type.

    A length that no message can have tells it from ciphertext, whose first bytes may
    look like a header: those of a record do without their first.
    """
    header = profile.header
    types = frozenset(profile.message_types.values())
    if not candidates(header, frozenset(), types).match(data):
        return False
    uncounted = 0 if header.trailer_counted else header.trailer
    whole = reader(header)(data, 0)[3] + header.covers_from + uncounted
    return header.size + header.trailer <= whole <= header.maximum
