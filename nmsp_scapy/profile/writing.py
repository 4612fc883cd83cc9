# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles as TOML, and what sets two of them apart."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from nmsp_scapy.profile.model import Field, Profile


def written(profile: Profile) -> str:
    """Write a profile as TOML; `reading.parsed` gives the same profile back."""
    return "\n".join(_lines(profile)) + "\n"


def _lines(profile: Profile) -> Iterator[str]:
    yield f"name = {_value(profile.name)}"
    if profile.note:
        yield f"note = {_value(profile.note)}"
    yield "elements = false\n" if profile.elements is None else ""
    yield "[header]"
    for key, value in msgspec.to_builtins(profile.header).items():
        if key != "fields":
            yield f"{key} = {_value(value)}"
    for field in profile.header.fields:
        yield "\n[[header.fields]]"
        yield from _field(field)
    if profile.elements is not None:
        yield "\n[elements]"
        elements = msgspec.to_builtins(profile.elements)
        yield from (f"{k} = {_value(v)}" for k, v in elements.items() if v != "")
    for table in ("message_types", "element_types", "services"):
        yield f"\n[{table}]"
        for name, number in getattr(profile, table).items():
            yield f"{name} = {number}"
    yield from _placed("bodies", profile.bodies)
    yield from _placed("values", profile.values)
    yield from _statements(profile)


def _placed(table: str, placed: dict[str, tuple[Field, ...]]) -> Iterator[str]:
    for name, fields in placed.items():
        for field in fields:
            yield f"\n[[{table}.{name}]]"
            yield from _field(field)


def _statements(profile: Profile) -> Iterator[str]:
    for name, told in profile.statements.items():
        yield f"\n[statements.{_value(name)}]"
        for key, value in msgspec.to_builtins(told).items():
            if value:
                yield f"{key} = {_value(value)}"


def _field(field: Field) -> Iterator[str]:
    always = {"name", "offset", "width", "grade"}
    defaults = msgspec.to_builtins(Field("", 0, 0))
    for key, value in msgspec.to_builtins(field).items():
        if key in always or value != defaults[key]:
            yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    # A JSON string is a TOML basic string, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def differences(one: Profile, other: Profile) -> list[tuple[str, Any, Any]]:
    """List what sets two profiles apart: place, value in one, value in the other.

    A field of the header is found by its name, whatever its place in the list. How
    surely something is known is no difference between layouts.
    """
    left, right = _flat(one), _flat(other)
    return [
        (place, left.get(place), right.get(place))
        for place in [*left, *(place for place in right if place not in left)]
        if left.get(place) != right.get(place)
    ]


def _flat(profile: Profile) -> dict[str, Any]:
    data = msgspec.to_builtins(profile)
    del data["statements"]
    data["header"]["fields"] = {f["name"]: f for f in data["header"]["fields"]}
    for table in ("bodies", "values"):
        data[table] = {
            name: {field["name"]: field for field in fields}
            for name, fields in data[table].items()
        }
    flat: dict[str, Any] = {}

    def walk(place: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{place}.{key}" if place else key, inner)
        else:
            flat[place] = value

    walk("", data)
    return flat


def schema() -> dict[str, Any]:
    """JSON Schema of a profile file, for editors.

    It describes what is read after inheritance; a file that inherits may leave
    everything out.
    """
    made = msgspec.json.schema(Profile)
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "NMSP wire profile"
    whole = made["$defs"]["Profile"]
    whole["properties"]["inherits"] = {"type": "string"}
    elements = whole["properties"]["elements"]
    elements["anyOf"] = [
        {"const": False} if part == {"type": "null"} else part
        for part in elements["anyOf"]
    ]
    whole["anyOf"] = [{"required": ["inherits"]}, {"required": whole.pop("required")}]
    return made
