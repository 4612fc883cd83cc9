# SPDX-License-Identifier: GPL-2.0-or-later
"""Wire profiles unlike the nominal one, each in its own way."""

from nmsp_scapy.profile import (
    NOMINAL,
    ElementGeometry,
    Field,
    HeaderGeometry,
    Profile,
)

NUMBERS = {
    "message_types": NOMINAL.message_types | {"NEW_NOTIFICATION": 999},
    "element_types": NOMINAL.element_types,
    "services": {name: number + 20 for name, number in NOMINAL.services.items()},
}

LITTLE = Profile(
    name="little",
    header=HeaderGeometry(
        size=16,
        fields=(
            Field("magic", 0, 4, value=0xCAFEF00D),
            Field("length", 4, 2, "little"),
            Field("type", 6, 2, "little"),
            Field("transaction_id", 8, 8, "little"),
        ),
        covers_from=16,
    ),
    elements=ElementGeometry(
        type_offset=2,
        length_offset=0,
        type_width=1,
        length_width=2,
        value_offset=4,
        covers_from=0,
        byte_order="little",
        alignment=4,
    ),
    **NUMBERS,
)
"""Little endian, aligned elements with inclusive lengths, a reserved byte in each."""

TRAILED = Profile(
    name="trailed",
    header=HeaderGeometry(
        size=9,
        fields=(
            Field("type", 0, 2),
            Field("length", 2, 3),
            Field("flags", 5, 1),
            Field("transaction_id", 6, 3),
        ),
        covers_from=5,
        trailer=4,
        trailer_counted=False,
    ),
    elements=ElementGeometry(
        type_width=4, length_offset=4, length_width=3, value_offset=7, covers_from=7
    ),
    **NUMBERS,
)
"""Odd widths, and a trailer that the length does not count."""

FLAT = Profile(
    name="flat",
    header=HeaderGeometry(
        size=6,
        fields=(Field("length", 0, 2), Field("type", 2, 2), Field("time", 4, 2)),
    ),
    elements=None,
    bodies={
        "ECHO_REQUEST": (
            Field("uptime", 0, 4, "little", kind="time"),
            Field("peer", 6, 6, kind="mac"),
            Field("address", 12, 4, kind="ipv4"),
            Field("label", 16, 5, kind="text"),
            Field("level", 21, 1, kind="dbm"),
        )
    },
    **NUMBERS,
)
"""No elements: a body with fields at fixed places, and bodies of bytes."""

ODD = [LITTLE, TRAILED, FLAT]
