# SPDX-License-Identifier: GPL-2.0-or-later
"""A message as a tree of parts, each field with its value and its bytes' place.

Values are those of `nmsp_scapy.records`, places are computed from the same layers.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from nmsp_scapy import layers, records
from nmsp_scapy.layers.fields import NumberField
from nmsp_scapy.profile import Profile

HEADER = "HEADER"
"""Name of the part that is no element."""

LONGEST = 64
"""Hex digits that are shown of bytes nobody can name."""

UNSAID = frozenset({"type", "name", "length", "elements", "malformed", "trailer"})
"""Keys of a record that are no field of a value."""


class Leaf(msgspec.Struct, frozen=True):
    """One field.

    Attributes:
        text: the value for people: its name, where a registry has one.
        offset, length: bytes in the message; None where it has no place of its own.
        enumerated: whether the value is one of a registry's.
    """

    name: str
    value: Any
    text: str
    offset: int | None = None
    length: int | None = None
    enumerated: bool = False


class Part(msgspec.Struct):
    """The header, or an element.

    Attributes:
        name: as the profile names it; its number when unknown.
        path: where it stands in the record, as `elements.0.elements.2`.
        inside: names of the elements around it and its own, joined by dots.
        offset, length: its bytes in the message.
    """

    name: str
    path: str
    inside: str
    offset: int
    length: int
    leaves: list[Leaf] = []
    parts: list["Part"] = []

    @property
    def identity(self) -> str:
        """The MAC address that it is about; empty without one."""
        for leaf in self.leaves:
            if leaf.name == "mac":
                return str(leaf.value)
        inner = (p for p in self.parts if p.name == "MAC_ADDRESS")
        return next((p.identity for p in inner), "")

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all inside."""
        yield self
        for part in self.parts:
            yield from part.walk()


def anatomy(raw: bytes, record: dict[str, Any], profile: Profile) -> Part:
    """Take a message apart.

    Args:
        raw: the message.
        record: `records.decode` of it.
        profile: the wire layout of both.

    Returns:
        The header, with the elements as its parts.
    """
    binding = layers.bind(profile)
    plan = binding.header_plan
    end = max(plan.size, len(raw) - plan.trailer)
    whole = Part(HEADER, "", "", 0, min(plan.size, len(raw)))
    whole.leaves = _leaves(binding.header.fields_desc, record, 0)
    whole.leaves += _loose(record, plan.size, end)
    if "body" in record:
        cls = binding.body_class(record.get("type", -1), end - plan.size)
        whole.leaves += _leaves(cls.fields_desc, record["body"], plan.size)
    reader = _Elements(binding, raw)
    whole.parts = reader.run(record.get("elements", ()), plan.size, end, "", "", 1)
    return whole


class _Elements:
    """Finds the bytes of a message's elements."""

    def __init__(self, binding: layers.Binding, raw: bytes) -> None:
        self._binding, self._raw = binding, raw
        self._profile = binding.profile

    def run(
        self,
        elements: Sequence[dict[str, Any]],
        start: int,
        stop: int,
        path: str,
        inside: str,
        depth: int,
    ) -> list[Part]:
        """Take a run of elements apart."""
        plan = self._binding.element_plan
        if plan is None:
            return []
        found = []
        spans = plan.walk(self._raw, start, stop).spans
        for at, (span, element) in enumerate(zip(spans, elements, strict=False)):
            name = str(element["name"])
            part = Part(
                name,
                f"{path}elements.{at}",
                f"{inside}{name}",
                span.start,
                span.end - span.start,
            )
            part.leaves = _loose(element, span.value, span.end)
            if "elements" in element:
                deeper = (f"{part.path}.", f"{part.inside}.", depth + 1)
                inner = element["elements"]
                part.parts = self.run(inner, span.value, span.end, *deeper)
            else:
                size = span.end - span.value
                cls = self._binding.element_class(span.number, size, depth)
                fields = [field.under(self._profile) for field in cls.value_fields]
                part.leaves += _leaves(fields, element, span.value, size)
            found.append(part)
        return found


def _leaves(
    fields: Sequence[Any], record: dict[str, Any], at: int, size: int | None = None
) -> list[Leaf]:
    """Give each field of a run its value and its place."""
    found, start = [], at
    for field in fields:
        width = getattr(field, "width", None)
        if width is None:
            width = 0 if size is None else size - (at - start)
        value = record.get(field.name)
        if field.name not in UNSAID and field.name in record:
            here = None if value is None else at
            named = isinstance(field, NumberField) and bool(field.names)
            flags = named and field.is_flags
            found.append(
                Leaf(
                    field.name,
                    value,
                    _text(value, record.get(f"{field.name}_name")),
                    here,
                    None if here is None else width,
                    named and not flags,
                )
            )
        at += width if value is not None else 0
    return found


def _loose(record: dict[str, Any], start: int, end: int) -> list[Leaf]:
    """Make leaves of bytes that no field claims, and of what could not be read."""
    found = []
    for key in ("raw", "trailing"):
        if key in record:
            size = len(record[key]) // 2
            text = record[key][:LONGEST]
            text += f"... ({size} bytes)" if len(record[key]) > LONGEST else ""
            found.append(Leaf(key, record[key], text, end - size, size))
    if "malformed" in record:
        reason = record["malformed"]["reason"]
        found.append(Leaf("malformed", reason, reason, start, max(0, end - start)))
    return found


def _text(value: Any, name: str | None) -> str:
    if value is None:
        return "absent"
    if isinstance(value, dict):
        return f"0x{value.get('bytes', '')}"
    return f"{value} ({name})" if name else f"{value}"


def decoded(raw: bytes, profile: Profile) -> Part:
    """Decode a message and take it apart."""
    return anatomy(raw, records.decode(raw, profile), profile)
