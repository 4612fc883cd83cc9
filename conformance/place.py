# SPDX-License-Identifier: GPL-2.0-or-later
"""Where in a message a field path lies, and how Wireshark finds the same bytes.

A path is a header field (`transaction_id`), `elements` for the whole body, an element
by its place or its name in small letters (`elements.2`, `elements.status`), one inside
another, and last a field of the element (`elements.status.code`). A field may also
stand for its only element (`elements.sub_services`).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from conformance.verdict import Evidence
from nmsp_scapy import layers
from nmsp_scapy.layers.fields import ElementsField
from nmsp_scapy.profile import NOMINAL, Profile

UNNAMED = "nmsp"
"""Wireshark's filter for a message as a whole."""


class Place(NamedTuple):
    """Bytes of a message.

    Attributes:
        offset, length: in the message.
        filter: Wireshark's name of the field.
    """

    offset: int
    length: int
    filter: str = UNNAMED


class _Part(NamedTuple):
    """An element as it lies in a message."""

    name: str
    place: Place
    fields: dict[str, Place]
    inner: list["_Part"]


def locate(raw: bytes, path: str, profile: Profile = NOMINAL) -> Place:
    """Find the bytes that a path names.

    What cannot be told apart is not: a path that fits several places gives the body,
    and one that fits none the message.
    """
    whole = Place(0, len(raw))
    for field in profile.header.fields:
        if field.name == path:
            return Place(field.offset, field.width, f"{UNNAMED}.{field.name}")
    first, _, rest = path.partition(".")
    size = profile.header.size
    if first != "elements" or len(raw) <= size:
        return whole
    body = Place(size, len(raw) - size - profile.header.trailer, "nmsp.element")
    if not rest:
        return body
    parts = list(_parts(layers.bind(profile), raw, size, size + body.length))
    found = _matching(parts, rest.split("."))
    return found[0] if len(found) == 1 else body


def pointed(
    at: Evidence, raw: bytes, frames: tuple[int, ...], profile: Profile = NOMINAL
) -> tuple[Evidence, Place]:
    """Complete evidence that names a message: its bytes, its frames, the filter.

    Args:
        at: what a check said.
        raw: the message.
        frames: that carry it; empty where they are not known.
        profile: the wire layout.
    """
    place = locate(raw, at.field, profile)
    if at.offset is not None:
        place = Place(at.offset, at.length or 1, place.filter)
    semantic = place.filter if place.filter != UNNAMED else f"{UNNAMED}.type"
    terms = [f"frame.number == {frames[-1]}"] if frames else []
    told = msgspec.structs.replace(
        at,
        offset=place.offset,
        length=place.length,
        frames=frames,
        filter=" && ".join([*terms, semantic]),
    )
    return told, place


def _matching(parts: list[_Part], path: list[str]) -> list[Place]:
    step, rest = path[0], path[1:]
    if step.isdecimal():
        here = [parts[int(step)]] if int(step) < len(parts) else []
    else:
        here = [p for p in _all(parts) if p.name == step]
    if not rest:
        fields = [p.fields[step] for p in _all(parts) if step in p.fields]
        return [p.place for p in here] or fields
    if len(rest) == 1:
        fields = [p.fields[rest[0]] for p in here if rest[0] in p.fields]
        if fields:
            return fields
    return [place for p in here for place in _matching(p.inner, rest)]


def _all(parts: list[_Part]) -> Iterator[_Part]:
    for part in parts:
        yield part
        yield from _all(part.inner)


def _parts(bound: Any, raw: bytes, start: int, stop: int) -> Iterator[_Part]:
    from nmsp_scapy.export.lua import filter_name

    if bound.element_plan is None:
        return
    for span in bound.element_plan.walk(raw, start, stop).spans:
        name = bound.element_names.get(span.number, str(span.number)).lower()
        cls = bound.element(span.number)
        fields: dict[str, Place] = {}
        inner: list[_Part] = []
        at = span.value
        for field in cls.value_fields if cls is not None else ():
            if isinstance(field, ElementsField):
                inner = list(_parts(bound, raw, span.value, span.end))
                break
            width = field.width if field.width is not None else span.end - at
            if at + width <= span.end:
                fields[field.name] = Place(at, width, filter_name(cls, field))
                at += width
        place = Place(span.start, span.end - span.start, "nmsp.element")
        yield _Part(name, place, fields, inner)
