# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages and wire profiles that Hypothesis draws: well formed, damaged, odd."""

import struct

from hypothesis import strategies as st

from nmsp_scapy import layers
from nmsp_scapy.layers.fields import (
    AddressField,
    ElementsField,
    MacField,
    NumberField,
    TextField,
)
from nmsp_scapy.profile import (
    NOMINAL,
    ElementGeometry,
    Field,
    HeaderGeometry,
    Profile,
)


@st.composite
def element_geometries(draw):
    order = st.permutations([0, 1])
    type_width = draw(st.sampled_from([1, 2, 3, 4]))
    length_width = draw(st.sampled_from([2, 3, 4]))
    gap = draw(st.sampled_from([0, 0, 1, 2]))
    if draw(order)[0] == 0:
        type_offset, length_offset = 0, type_width + gap
    else:
        length_offset, type_offset = 0, length_width + gap
    head = type_width + length_width + gap + draw(st.sampled_from([0, 0, 2]))
    return ElementGeometry(
        type_offset=type_offset,
        type_width=type_width,
        length_offset=length_offset,
        length_width=length_width,
        value_offset=head,
        covers_from=draw(st.sampled_from([0, head])),
        byte_order=draw(st.sampled_from(["big", "little"])),
        alignment=draw(st.sampled_from([1, 1, 2, 4, 8])),
    )


@st.composite
def header_geometries(draw):
    names = draw(
        st.permutations(
            ["type", "length", "transaction_id", "version", "flags", "time"]
        )
    )
    needed = {"type": [2, 3, 4], "length": [2, 3, 4], "transaction_id": [2, 4, 8]}
    order = draw(st.sampled_from(["big", "little"]))
    at, fields = 0, []
    for name in names:
        if name not in ("type", "length") and draw(st.booleans()):
            continue
        at += draw(st.sampled_from([0, 0, 0, 1, 3]))
        width = draw(st.sampled_from(needed.get(name, [1, 2])))
        fields.append(Field(name, at, width, order))
        at += width
    size = at + draw(st.sampled_from([0, 0, 2]))
    return HeaderGeometry(
        size=size,
        fields=tuple(fields),
        covers_from=draw(st.sampled_from([0, size])),
        trailer=draw(st.sampled_from([0, 0, 2, 4])),
        trailer_counted=draw(st.booleans()),
    )


BODY = (
    Field("uptime", 0, 4, "little", kind="time"),
    Field("peer", 6, 6, kind="mac"),
    Field("address", 12, 4, kind="ipv4"),
    Field("label", 16, 5, kind="text"),
    Field("level", 21, 1, kind="dbm"),
    Field("magic", 22, 9, kind="bytes"),
)


@st.composite
def profiles(draw):
    """Draw a profile that could be measured somewhere."""
    shift = draw(st.sampled_from([0, 0, 100]))
    types = {name: number % 256 for name, number in NOMINAL.element_types.items()}
    return Profile(
        name="drawn",
        header=draw(header_geometries()),
        elements=draw(st.one_of(element_geometries(), element_geometries(), st.none())),
        message_types={
            n: v + shift for n, v in NOMINAL.message_types.items() if v < 999
        }
        | {n: v for n, v in NOMINAL.message_types.items() if v >= 999}
        | {"NEW_NOTIFICATION": 999},
        element_types=types,
        services={n: v + 1 for n, v in NOMINAL.services.items()},
        bodies=draw(st.sampled_from([{}, {"ECHO_REQUEST": BODY}])),
    )


def values(field):
    """Draw what a field can hold."""
    match field:
        case NumberField():
            bits = 8 * field.width
            low = -(1 << bits - 1) if field.signed else 0
            drawn = st.integers(low, low + (1 << bits) - 1)
            if field.names:
                drawn = st.sampled_from(list(field.names)) | drawn
            return drawn | st.none() if field.optional else drawn
        case MacField():
            return st.binary(min_size=6, max_size=6)
        case AddressField():
            return st.ip_addresses()
        case TextField():
            return st.text('aZ 9é漢😀\0"\\\n<', max_size=20) | st.binary(max_size=8)
    return st.binary(max_size=12)


@st.composite
def elements(draw, bound, depth=2):
    """Draw an element of a binding, sometimes an unknown one or a foreign child."""
    name = draw(st.sampled_from(sorted(layers.ELEMENTS)))
    cls = bound.element(name)
    if draw(st.integers(0, 9)) == 0 or (cls.contains and depth == 0):
        return bound.unknown_element(
            type=draw(st.integers(120, 255)), value=draw(st.binary(max_size=9))
        )
    made = {}
    for field in cls.value_fields:
        if isinstance(field, ElementsField):
            made[field.name] = draw(st.lists(elements(bound, depth - 1), max_size=4))
        else:
            made[field.name] = draw(values(field))
    element = cls(**made)
    if draw(st.integers(0, 9)) == 0 and all(f.width for f in cls.value_fields):
        return element / draw(st.binary(min_size=1, max_size=5))
    return element


@st.composite
def messages(draw, profile=NOMINAL):
    """Draw the bytes of a well-formed message."""
    bound = layers.bind(profile)
    body = bound.message(draw(st.sampled_from(sorted(profile.message_types))))
    header = bound.header()
    if "transaction_id" in header.fieldtype:
        header.transaction_id = draw(st.integers(0, 65535))
    made = {}
    for field in body.fields_desc:
        if isinstance(field, ElementsField):
            made[field.name] = draw(st.lists(elements(bound), max_size=4))
    return bytes(header / body(**made))


@st.composite
def damaged(draw, profile=NOMINAL):
    """Draw a message, cut, lengthened, or with some bytes changed."""
    raw = bytearray(draw(messages(profile)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(raw) - 1))
        raw[at] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(raw)))
    return draw(
        st.sampled_from(
            [bytes(raw), bytes(raw[:cut]), bytes(raw) + draw(st.binary(max_size=9))]
        )
    )


def hostile(depth):
    """Containers in containers, as deep as one wishes."""
    body = b""
    for _ in range(depth):
        body = struct.pack("!HH", 16, len(body)) + body
    return struct.pack("!BBHLL", 1, 0, 15, 12 + len(body), 0) + body
