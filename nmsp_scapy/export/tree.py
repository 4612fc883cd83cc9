# SPDX-License-Identifier: GPL-2.0-or-later
"""A message as a tree, with offsets and bytes (`-v`)."""

from collections.abc import Iterator
from typing import Any

from nmsp_scapy import layers
from nmsp_scapy.conversation import Message
from nmsp_scapy.export.printable import printable
from nmsp_scapy.layers.geometry import Walk
from nmsp_scapy.profile import Profile

BYTES = 16
"""Bytes on a line of the dump."""

Record = dict[str, Any]


def tree(message: Message, record: Record) -> Iterator[str]:
    """Yield the lines of a message's tree, then its bytes."""
    yield f"0000  header{_fields(record, 0)}"
    size = message.profile.header.size
    if "elements" in record:
        end = len(message.raw) - message.profile.header.trailer
        yield from _elements(message, record["elements"], size, end, 1)
    for key, value in record.get("body", {}).items():
        yield f"{size:04x}  {key}={_value(value)}"
    if "malformed" in record:
        yield f"      MALFORMED: {record['malformed']['reason']}"
    yield from dump(message.raw)


def _elements(
    message: Message, elements: list[Record], start: int, end: int, depth: int
) -> Iterator[str]:
    walk = _walk(message.profile, message.raw, start, end)
    for span, element in zip(walk.spans, elements, strict=False):
        yield f"{span.start:04x}  {'  ' * depth}{element['name']}{_fields(element, 4)}"
        if "elements" in element:
            inner = element["elements"]
            yield from _elements(message, inner, span.value, span.end, depth + 1)
        if "malformed" in element:
            yield f"      {'  ' * depth}MALFORMED: {element['malformed']['reason']}"


def _walk(profile: Profile, raw: bytes, start: int, end: int) -> Walk:
    plan = layers.bind(profile).element_plan
    return Walk([], start, "") if plan is None else plan.walk(raw, start, end)


def _fields(record: Record, indent: int) -> str:
    told = [
        f"{key}={_value(value)}"
        for key, value in record.items()
        if key not in {"elements", "malformed", "body"}
        and not (indent and key == "name")
    ]
    return f"  {' '.join(told)}" if told else ""


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ",".join(map(str, value)) + "}"
    if isinstance(value, dict):
        return f"0x{value.get('bytes', '')}"
    return printable(str(value))


def dump(raw: bytes) -> Iterator[str]:
    """Yield lines of offset, hexadecimal digits and what is printable."""
    for at in range(0, len(raw), BYTES):
        own = raw[at : at + BYTES]
        letters = "".join(chr(b) if 32 <= b < 127 else "." for b in own)
        yield f"{at:04x}  {own.hex(' '):<{BYTES * 3}} {letters}"
