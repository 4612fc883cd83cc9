# SPDX-License-Identifier: GPL-2.0-or-later
"""The target that is NMSP: any bytes in any layout are messages and named holes."""

import json
from collections.abc import Iterator
from functools import cache

from nmsp_scapy import records
from nmsp_scapy.conversation import Message
from nmsp_scapy.framing import Framed, Framer
from nmsp_scapy.integrity import Gap, Item, Plain
from nmsp_scapy.profile import NOMINAL, Profile
from tests.gear.geometries import draw_geometry
from tests.gear.odd_profiles import ODD

DRAWN = 60
"""Layouts that are drawn besides those that are written down."""


@cache
def layout(number: int) -> Profile:
    """The layout of this number."""
    known = [NOMINAL, *ODD]
    number %= len(known) + DRAWN
    if number < len(known):
        return known[number]
    return draw_geometry(number).profile


def _items(data: bytes, step: int) -> Iterator[Item]:
    """Bytes in pieces; behind each of 250 bytes that begins with 255 stands a gap."""
    place = 0
    for number, at in enumerate(range(0, len(data), 250), 1):
        part = data[at : at + 250]
        for start in range(0, len(part), step):
            piece = part[start : start + step]
            yield Plain(piece, place, number, (number,))
            place += len(piece)
        if part[0] == 255:
            yield Gap(place, 40, number, (), "lost")
            place += 40


def framed(data: bytes, profile: Profile, step: int, **how: bool) -> list[Framed]:
    """What framing makes of it; every byte is part of one thing."""
    framer = Framer(profile, **how)
    items = list(_items(data, step))
    out = [made for item in items for made in framer.feed(item)] + framer.finish()
    place = 0
    for made in out:
        if isinstance(made, Message):
            assert made.raw
            place += len(made.raw)
        else:
            assert made.length
            assert made.offset == place
            place += made.length
    assert place == sum(
        len(item.data) if isinstance(item, Plain) else item.length or 0
        for item in items
    )
    return out


def messages(data: bytes) -> None:
    """Two bytes choose layout and mode; the rest is one direction."""
    if len(data) < 3:
        return
    profile, mode, rest = layout(data[0]), data[1], data[2:]
    how = {"synchronised": bool(mode & 1), "datagrams": bool(mode & 2)}
    for step in (250, 1 + mode % 40):
        for made in framed(rest, profile, step, **how):
            if isinstance(made, Message):
                text = records.to_json(made.raw, profile)
                assert json.loads(text) == records.decode(made.raw, profile)
    records.decode(rest, profile)
