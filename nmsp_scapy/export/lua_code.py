# SPDX-License-Identifier: GPL-2.0-or-later
"""Lua, written: values, and straight code for elements that have one size."""

from collections.abc import Sequence
from typing import Any

MOST = 60
"""Bytes of an element that straight code is written for: each takes a register."""

MAC = "%02x:%02x:%02x:%02x:%02x:%02x"


def lua(value: Any) -> str:
    """Write a value as Lua."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return f'"{"".join(map(_character, value))}"'
    if isinstance(value, dict):
        pairs = (f"{key} = {lua(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    return f"{{{', '.join(map(lua, value))}}}"


def _character(character: str) -> str:
    if character.isascii() and character.isprintable() and character not in '"\\':
        return character
    return "".join(f"\\{byte:03d}" for byte in character.encode())


def straight_code(fields: Sequence[dict[str, Any]]) -> str:
    """Write a Lua function that adds the fields of an element, one after the other.

    A loop over a table of fields takes twice the time.

    Args:
        fields: how each is read, as the tables of the dissector have it.

    Returns:
        The function: of node, tvb, its bytes and where the value is; it returns what
        the element's line says. Empty where a field needs more than straight code.
    """
    size = sum(field["width"] for field in fields)
    if not 0 < size <= MOST or not all(map(_is_straight, fields)):
        return ""
    lines, pieces, values, at = [], [], [], 0
    for field in fields:
        place = f"at + {at}" if at else "at"
        span = f"range_of(tvb, {place}, {field['width']})"
        lines.append(f"    add(node, f[{lua(field['key'])}], {span})")
        if field["show"]:
            piece, value = _shown(field, at)
            pieces.append(piece)
            values += value
        at += field["width"]
    read = ", ".join(f"b{number}" for number in range(size))
    said = ", ".join([lua(", ".join(pieces)), *values])
    return "\n".join(
        [
            "function(node, tvb, text, at)",
            f"    local {read} = byte(text, at + 1, at + {size})",
            *lines,
            f"    return format({said})",
            "  end",
        ]
    )


def _is_straight(field: dict[str, Any]) -> bool:
    if field["kind"] == "mac":
        return True
    if field["kind"] != "number" or field["width"] > 4:
        return False
    return bool(field["plain"])


def _shown(field: dict[str, Any], at: int) -> tuple[str, list[str]]:
    """Write a field's part of the line: of the format, and what is put there."""
    read = [f"b{number}" for number in range(at, at + field["width"])]
    if field["kind"] == "mac":
        return MAC, read
    value = read[0]
    for each in read[1:]:
        value = f"({value}) * 256 + {each}"
    if field["signed"]:
        half = 1 << 8 * field["width"] - 1
        value = f"({value} + {half}) % {2 * half} - {half}"
    if "names" in field:
        return "%s", [f"names[{lua(field['names'])}][{value}] or {value}"]
    return f"%d{field['unit'].replace('%', '%%')}", [value]
