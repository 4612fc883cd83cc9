# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's dissector, made from the Scapy layers.

The template holds the engine; the tables that it walks, and the fields that it
registers, are made here from `fields_desc` and the wire profile.
"""

import inspect
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jinja2

import nmsp_scapy
from nmsp_scapy import layers
from nmsp_scapy.constants import (
    PORT,
    ElementType,
    Grade,
    MessageType,
    SubService,
    response_name,
)
from nmsp_scapy.export.lua_code import lua, straight_code
from nmsp_scapy.layers.base import NMSPPacket
from nmsp_scapy.layers.fields import (
    ElementsField,
    NumberField,
    TrailerField,
    WireField,
)
from nmsp_scapy.layers.geometry import NESTING_LIMIT
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Profile

UNSHOWN = {"reserved", "flags", "slot", "antenna", "length"}
"""Fields that a line about an element has no room for."""


SUB_SERVICE_BITS = {bit.bit_length() - 1: str(bit.name) for bit in SubService}
"""What the number of a bit in a query means."""

ABBREVIATIONS = {"ap", "bssid", "elin", "ids", "mac", "rssi", "snr", "ssid", "udi"}


class Registered(NamedTuple):
    """A field that Wireshark knows.

    Attributes:
        filter: its filter name.
        type: Wireshark's type, in the Lua API's word.
        label: for people.
        unit: of the value.
        names: the table of its values' names; empty where it has none.
    """

    filter: str
    type: str
    label: str
    unit: str = ""
    names: str = ""

    @property
    def key(self) -> str:
        """What the tables call it: two types may share a filter name."""
        return f"{self.filter} {self.type}"

    def make(self) -> str:
        """Write the call that registers it."""
        start = f"{self.type}({lua(self.filter)}, {lua(self.label)}"
        if self.names:
            return f"{start}, base.DEC, names[{lua(self.names)}])"
        if self.unit:
            unit = f" {self.unit}"
            return f"{start}, base.UNIT_STRING, {{{lua(unit)}}})"
        if self.type in ("mac", "ipv4", "ipv6", "bytes", "string", "ether"):
            return f"{start})"
        base = "HEX" if self.type == "uint64" else "DEC"
        return f"{start}, base.{base})"


def word(name: str) -> str:
    """Write a name as Wireshark lets it stand in a filter."""
    kept = (c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)
    return "".join(kept).lower()


def spoken(field: WireField) -> str:
    """Write a field's name for people, its unit left to the value."""
    words = field.name.removesuffix(f"_{field.unit.lower()}").split("_")
    spelt = [word.upper() if word in ABBREVIATIONS else word for word in words]
    label: str = " ".join(spelt)
    return label[:1].upper() + label[1:]


def family_of(cls: type) -> str:
    """Name a class's family: the module that declares it."""
    for base in cls.__mro__:
        if base.__module__.startswith("nmsp_scapy.layers."):
            stem = base.__module__.rpartition(".")[2]
            return "element" if stem in ("elements", "base") else stem
    return "body"


def filter_name(cls: type, field: Any) -> str:
    """Return the filter name of a field of an element."""
    return f"nmsp.{family_of(cls)}.{word(field.name)}"


class Tables:
    """Collects what the dissector registers and walks.

    Attributes:
        fields: what is registered, by key.
        names: names of values by table.
        straight: code for elements of one size, by key.
    """

    def __init__(self) -> None:
        self.fields: dict[str, Registered] = {}
        self.names: dict[str, dict[int, str]] = {}
        self.straight: dict[str, str] = {}

    def profile(self, profile: Profile) -> dict[str, Any]:
        """Write the tables of one wire profile."""
        bound = layers.bind(profile)
        messages = {
            number: self._message(bound, number) for number in bound.message_names
        }
        elements = {}
        for number in bound.element_names:
            cls = bound.element(number)
            if cls is not None:
                elements[number] = self._element(cls, profile)
        kinds = self._named("nmsp.element.type", bound.element_names)
        of_type = Registered("nmsp.element.type", "uint32", "Type", "", kinds)
        return {
            "name": lua(profile.name),
            "type_key": lua(self._add(of_type)),
            "nominal": lua(profile is NOMINAL or profile.name == NOMINAL.name),
            "header": lua(self._header(bound)),
            "element": lua(self._geometry(profile)),
            "messages": [(number, lua(each)) for number, each in messages.items()],
            "elements": [(number, lua(each)) for number, each in elements.items()],
        }

    def _header(self, bound: layers.Binding) -> dict[str, Any]:
        geometry = bound.header_plan.geometry
        table: dict[str, Any] = {
            "size": geometry.size,
            "covers": geometry.covers_from,
            "trailer": geometry.trailer,
            "counted": geometry.trailer_counted,
            "maximum": geometry.maximum,
        }
        for field in geometry.fields:
            short = {"transaction_id": "id"}.get(field.name, field.name)
            if short in ("type", "length", "id", "flags"):
                table[f"{short}_at"] = field.offset
                table[f"{short}_width"] = field.width
                table[f"{short}_little"] = field.byte_order == "little"
        desc = [
            field
            for field in bound.header.fields_desc
            if not isinstance(field, TrailerField)
        ]
        table["fields"] = [
            each | {"show": False} for each in self._placed("nmsp", desc)
        ]
        return table

    @staticmethod
    def _geometry(profile: Profile) -> dict[str, Any] | None:
        e = profile.elements
        if e is None:
            return None
        return {
            "head": e.value_offset,
            "type_at": e.type_offset,
            "type_width": e.type_width,
            "length_at": e.length_offset,
            "length_width": e.length_width,
            "covers": e.covers_from,
            "alignment": e.alignment,
            "common": e == ElementGeometry(grade=e.grade, note=e.note),
            "little": e.byte_order == "little",
            "exact": e.byte_order == "big" and max(e.type_width, e.length_width) <= 4,
        }

    def _message(self, bound: layers.Binding, number: int) -> dict[str, Any]:
        name = bound.message_names[number]
        cls = bound.message(number)
        answered_by = response_name(name)
        grade = grade_of(cls)
        table: dict[str, Any] = {
            "name": name,
            "grade": grade,
            "provisional": grade == Grade.ASSUMED,
            "subscribes": name == MessageType.SERVICE_SUBSCRIBE_REQUEST.name,
        }
        if answered_by:
            table["response"] = answered_by
        elif name.endswith("_RESPONSE"):
            table["answers"] = True
        if cls is not None and name in bound.profile.bodies:
            family = family_of(cls) if name in layers.MESSAGES else "body"
            table["body"] = self._placed(f"nmsp.{family}", cls.fields_desc)
            table["size"] = sum(field.width for field in cls.fields_desc)
        return table

    def _placed(self, prefix: str, desc: Iterable[Any]) -> list[dict[str, Any]]:
        placed, at = [], 0
        for field in desc:
            table = self._field(f"{prefix}.{word(field.name)}", field)
            placed.append(table | {"offset": at})
            at += field.width
        return placed

    def _element(self, cls: type[Any], profile: Profile) -> dict[str, Any]:
        fields = [field.under(profile) for field in cls.value_fields]
        table: dict[str, Any] = {"name": cls._name, "fields": []}
        if any(isinstance(field, ElementsField) for field in fields):
            return table | {"contains": True}
        own = cls._name not in profile.values
        bits = SUB_SERVICE_BITS if own and cls._name == "QUERY" else {}
        table["fields"] = [
            self._field(
                filter_name(cls, field),
                field,
                bits if field.name == "sub_service" else {},
            )
            for field in fields
        ]
        if all(field.width and not field.optional for field in fields):
            table["size"] = sum(field.width for field in fields)
        if not own:
            return table  # What the name means elsewhere need not hold here.
        first = table["fields"][0]
        match ElementType[cls._name]:
            case ElementType.STATUS:
                first["refuses"] = fields[0].name_of(0)
                table |= {"refusable": True, "brief": 2, "names": first["names"]}
            case ElementType.SERVICE:
                table |= {"service": True, "brief": 1, "names": first["names"]}
            case ElementType.QUERY:
                table |= {"brief": 1, "names": first["names"]}
            case ElementType.MAC_ADDRESS:
                table["subject"] = True
        if "size" in table and "refusable" not in table:
            self._straighten(table)
        return table

    def _straighten(self, element: dict[str, Any]) -> None:
        if code := straight_code(element["fields"]):
            key = f"{element['name']} {len(self.straight)}"
            self.straight[key] = code
            element["straight"] = key

    def _field(
        self, filter_: str, field: WireField, names: dict[int, str] | None = None
    ) -> dict[str, Any]:
        """Register a field; write how it is read. It may have names of its own."""
        label = spoken(field)
        table: dict[str, Any] = {"kind": field.kind, "show": field.name not in UNSHOWN}
        if field.width is not None:
            table["width"] = field.width
        if field.optional:
            table["optional"] = True
        match field.kind:
            case "number" if isinstance(field, NumberField):
                table |= self._number(filter_, field, label, names or field.names)
            case "mac":
                table["key"] = self._add(Registered(filter_, "ether", label))
            case "address":
                table["key"] = self._add(Registered(filter_, "ipv4", label))
                sixth = Registered(f"{filter_}_ipv6", "ipv6", label)
                table["key6"] = self._add(sixth)
            case "text":
                table["key"] = self._add(Registered(filter_, "string", label))
            case _:
                table["kind"] = "bytes"
                table["key"] = self._add(Registered(filter_, "bytes", label))
        return table

    def _number(
        self, filter_: str, field: NumberField, label: str, names: Any
    ) -> dict[str, Any]:
        bits = next(
            bits for bits in (8, 16, 24, 32, 64) if 8 * (field.width or 1) <= bits
        )
        exact = field.byte_order == "big" and bits == 8 * (field.width or 0)
        kind = f"{'int' if field.signed else 'uint'}{bits}"
        table: dict[str, Any] = {
            "little": field.byte_order == "little",
            "signed": field.signed,
            "unit": f" {field.unit}" if field.unit else "",
            "exact": exact,
            "plain": exact and not field.is_flags,
        }
        if field.is_flags or not names:
            made = Registered(filter_, kind, label, field.unit)
            if field.is_flags:
                table |= {"flags": True, "names": self._named(filter_, names)}
                if filter_ != "nmsp.flags":
                    each = Registered(f"{filter_}_names", "string", f"{label}, each")
                    table["each"] = self._add(each)
        else:
            table["names"] = self._named(filter_, names)
            made = Registered(filter_, kind, label, "", table["names"])
        return table | {"key": self._add(made)}

    def _add(self, field: Registered) -> str:
        return self.fields.setdefault(field.key, field).key

    def _named(self, filter_: str, names: Any) -> str:
        """Keep a table of names; profiles that differ in one get another."""
        for turn in range(1000):
            key = f"{filter_} {turn}" if turn else filter_
            if self.names.setdefault(key, dict(names)) == dict(names):
                return key
        raise ValueError(f"too many tables for {filter_}")


def grade_of(cls: type[NMSPPacket] | None) -> str:
    """Return the grade that a class's source begins with."""
    source = inspect.cleandoc(cls.__doc__ or "").partition("Source: ")[2] if cls else ""
    return source.partition(":")[0] or Grade.ASSUMED.value


def dissector(profiles: Sequence[Profile] = (NOMINAL,), port: int = PORT) -> str:
    """Return the Lua file; the first profile is the one in use at first."""
    tables = Tables()
    made = [tables.profile(profile) for profile in profiles]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nmsp_scapy.export"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - Lua, whose values lua() writes
        keep_trailing_newline=True,
    )
    return environment.get_template("nmsp.lua.j2").render(
        version=nmsp_scapy.__version__,
        port=port,
        profiles=made,
        nesting=NESTING_LIMIT,
        fields=[
            {"key": lua(field.key), "make": field.make()}
            for field in tables.fields.values()
        ],
        straight={lua(key): code for key, code in tables.straight.items()},
        names={
            lua(key): [(number, lua(name)) for number, name in sorted(names.items())]
            for key, names in tables.names.items()
        },
    )
