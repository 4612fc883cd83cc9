# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages as records, without a Scapy packet for each: depth 2 of the pipeline.

A record is JSON: `to_json` writes it, `decode` is what a JSON parser makes of it.
Its keys are the layers' field names, by tables that are made from `fields_desc`:

- a message: `type`, `name`, the header's other fields in wire order, then
  `elements` (a list), or `body` (an object, where the profile gives the body fixed
  fields), or `raw` (hex digits, where nothing is known of it);
- an element: `type`, `name`, `length`, its value's fields; `value` (hex digits) for
  one that is unknown or malformed;
- a number with a registry is followed by its name, `code` by `code_name`; a set of
  bits by a list of names, `sub_services` by `sub_services_names`;
- bytes are hex digits, text that is not UTF-8 is `{"bytes": hex digits}`, an
  optional field that is absent is null;
- `trailing` holds bytes behind the known fields of a value, and `malformed` the
  reason why something could not be read, and the bytes that could not.

Most messages of a conversation differ in values alone. What their types and lengths
have in common, a `Shape`, is kept.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from json.encoder import encode_basestring as quoted
from typing import Any

import msgspec

from nmsp_scapy import layers
from nmsp_scapy.layers.fields import NumberField, WireField
from nmsp_scapy.layers.geometry import NESTING_LIMIT
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.shapes import HOLE, Convert, Run, Shape, Slots

SHAPES = 512
"""Shapes that are kept for a profile."""

ALIKE = 8
"""Shapes of one length and type that are tried."""

RECURRING = 4096
"""Values that are kept for a field."""

ADDRESSES = 1 << 15
"""Addresses whose text is kept."""

LARGEST = 2048
"""Messages longer than this are not expected to come again in the same shape."""


def decode(raw: bytes, profile: Profile = NOMINAL) -> dict[str, Any]:
    """Return a message's record; what is wrong with it stands inside."""
    record: dict[str, Any] = msgspec.json.decode(to_json(raw, profile))
    return record


def to_json(raw: bytes, profile: Profile = NOMINAL) -> str:
    """Return a message's record as JSON, on one line."""
    return reader(profile).to_json(raw)


def reader(profile: Profile = NOMINAL) -> "Reader":
    """Return what reads messages under a profile; it is kept with its classes."""
    binding = layers.bind(profile)
    if binding.reader is None:
        binding.reader = Reader(binding)
    made: Reader = binding.reader
    return made


class Reader:
    """Reads messages under one wire profile."""

    def __init__(self, binding: layers.Binding) -> None:
        self.binding = binding
        self.order = "!"
        if binding.element_plan and binding.element_plan.geometry.byte_order != "big":
            self.order = "<"
        header = binding.header_plan.geometry
        at = next(field for field in header.fields if field.name == "type")
        self._type = slice(at.offset, at.offset + at.width)
        self._header_size = header.size
        self._shapes: dict[tuple[int, bytes], list[Shape]] = {}
        self._kept = 0
        self._elements: dict[tuple[int, int, bool], Slots | None] = {}
        self._macs = MacTexts()

    def to_json(self, raw: bytes) -> str:
        """Write a message's record."""
        if len(raw) < self._header_size:
            reason = f"{len(raw)} bytes of a header of {self._header_size}"
            return "{" + malformed(reason, raw)[1:] + "}"
        return self._shape(raw).to_json(raw)

    def to_json_many(self, raws: Sequence[bytes], heads: Sequence[str]) -> list[str]:
        """Write the records of messages, as `to_json` would one by one, but faster.

        Args:
            raws: the messages.
            heads: what stands in place of the opening brace of each.
        """
        alike: dict[tuple[int, bytes], list[int]] = {}
        kind = self._type
        for at, raw in enumerate(raws):
            key = (len(raw), raw[kind])
            if key in alike:
                alike[key].append(at)
            else:
                alike[key] = [at]
        lines = [""] * len(raws)
        for key, places in alike.items():
            if key[0] < self._header_size:
                for at in places:
                    lines[at] = heads[at] + self.to_json(raws[at])[1:]
            else:
                self._write(self._shape(raws[places[0]]), places, raws, heads, lines)
        return lines

    def _write(
        self,
        shape: Shape,
        places: list[int],
        raws: Sequence[bytes],
        heads: Sequence[str],
        lines: list[str],
    ) -> None:
        """Write messages of one length and type to their places in `lines`."""
        own = [raws[at] for at in places]
        texts = shape.to_json_many(own, [heads[at] for at in places])
        if texts is not None:
            for at, text in zip(places, texts, strict=True):
                lines[at] = text
            return
        shapes: dict[Shape, list[int]] = {}
        for at in places:
            shapes.setdefault(self._shape(raws[at]), []).append(at)
        for one, its in shapes.items():
            self._write(one, its, raws, heads, lines)

    def _shape(self, raw: bytes) -> Shape:
        """Return the shape of a message whose header is all there."""
        key = (len(raw), raw[self._type])
        for shape in self._shapes.get(key, ()):
            if shape.fits(raw):
                return shape
        shape = Outline(self, raw).shape()
        if shape.general and len(raw) <= LARGEST:
            self._keep(key, shape)
        return shape

    def _keep(self, key: tuple[int, bytes], shape: Shape) -> None:
        if self._kept == SHAPES:
            self._shapes.clear()
            self._kept = 0
        alike = self._shapes.setdefault(key, [])
        alike.insert(0, shape)
        if len(alike) > ALIKE:
            alike.pop()
        else:
            self._kept += 1

    def slots(self, fields: Iterable[Any], size: int) -> Slots:
        """Make the slots of the fields of `size` bytes, and of bytes behind them."""
        runs: list[Neighbours] = []
        absent, at = "", 0
        for field in fields:
            width = size - at if field.width is None else field.width
            if field.optional and at + width > size:
                absent += f",{key_of(field)}:null"
                continue
            if not (runs and runs[-1].takes(field, width)):
                runs.append(Neighbours())
            runs[-1].add(field, width)
            at += width
        made = [run.slot(self.order, self._macs) for run in runs]
        template = "".join(text for _, text, _ in made) + absent
        if at < size:
            made.append((f"{size - at}s", "", bytes.hex))
            template += ',"trailing":"\0"'
        codes = "".join(code for code, _, _ in made)
        return Slots(codes, size, template, tuple(convert for _, _, convert in made))

    def header_slots(self, fields: Iterable[Any]) -> Slots:
        """Make the slots of header fields; the trailer comes later."""
        plain = [unnamed(field) for field in fields if field.kind != "trailer"]
        return self.slots(plain, sum(field.width or 0 for field in plain))

    def element(self, number: int, size: int, deep: bool) -> Slots | None:
        """Return the slots of an element's value; None for a container's."""
        key = (number, size, deep)
        if key not in self._elements:
            if len(self._elements) > 4 * SHAPES:
                self._elements.clear()
            depth = NESTING_LIMIT + deep
            cls = self.binding.element_class(number, size, depth)
            fields = [field.under(self.binding.profile) for field in cls.value_fields]
            slots = None if cls.contains else self.slots(fields, size)
            if slots and cls is self.binding.malformed_element:
                why = "nested too deep" if deep else f"no value has {size} bytes"
                slots = slots._replace(template=slots.template + malformed(why))
            self._elements[key] = slots
        return self._elements[key]


class Outline:
    """A message's shape in the making.

    Attributes:
        sound: whether the shape says all; else the template quotes the message.
    """

    def __init__(self, reader: Reader, raw: bytes) -> None:
        self.reader, self.raw = reader, raw
        self.sound = True
        self._runs: list[Run] = []
        self._template: list[str] = []
        self._wrong: list[tuple[str, bytes]] = []
        self._message()

    def shape(self) -> Shape:
        """Return the shape."""
        template = "".join(self._template)
        order, size = self.reader.order, len(self.raw)
        return Shape(order, size, self._runs, template, general=self.sound)

    def _message(self) -> None:
        binding, raw = self.reader.binding, self.raw
        plan = binding.header_plan
        number, length = self._header()
        extent = plan.extent(length, len(raw))
        self._body(number, plan.size, extent.body)
        if plan.trailer:
            trailer = f"{extent.end - extent.body}s"
            slots = Slots(trailer, 0, ',"trailer":"\0"', (bytes.hex,))
            self._add(slots._replace(size=extent.end - extent.body), extent.body)
        if extent.reason:
            self._wrong.append((extent.reason, b""))
        elif extent.end < len(raw):
            left = raw[extent.end :]
            self._wrong.append((f"{len(left)} bytes behind the end", left))
        self._malformed()
        self._template.append("}")

    def _header(self) -> tuple[int, int]:
        """Add the header; return the message's type and length."""
        binding = self.reader.binding
        places, at = [], 0
        for field in binding.header.fields_desc:
            places.append((field, at))
            at += field.width
        known = {
            field.name: field.m2i(None, self.raw[at : at + field.width])
            for field, at in places
            if field.name in ("type", "length")
        }
        number = known["type"]
        name = quoted(binding.message_names.get(number, str(number)))
        self._template.append(f'{{"type":{number},"name":{name}')
        for is_known, run in groupby(places, lambda place: place[0].name in known):
            fields, starts = zip(*run, strict=True)
            if not is_known:
                self._add(self.reader.header_slots(fields), starts[0])
                continue
            self._fix(starts[0], starts[-1] + fields[-1].width)
            if "length" in (field.name for field in fields):
                self._template.append(f',"length":{known["length"]}')
        return number, known["length"]

    def _body(self, number: int, start: int, stop: int) -> None:
        binding = self.reader.binding
        cls = binding.body_class(number, stop - start)
        if binding.has_elements(cls):
            self._template.append(',"elements":[')
            self._run(start, stop, 1)
        elif cls is binding.message(number):
            slots = first_in(self.reader.slots(cls.fields_desc, stop - start))
            text = f',"body":{{{slots.template}}}'
            self._add(slots._replace(template=text), start)
        elif stop > start:
            size = stop - start
            self._add(Slots(f"{size}s", size, ',"raw":"\0"', (bytes.hex,)), start)

    def _run(self, start: int, stop: int, depth: int) -> None:
        """Add a run of elements, the end of its list, and what is left of it."""
        binding = self.reader.binding
        plan = binding.element_plan
        if plan is None:
            return
        walk = plan.walk(self.raw, start, stop)
        for place, span in enumerate(walk.spans):
            self._fix(span.start, span.value)
            self._template.append("," if place else "")
            self._template.append(self._head(span.number, span.start))
            deep = depth > NESTING_LIMIT
            slots = self.reader.element(span.number, span.end - span.value, deep)
            if slots is not None:
                self._add(slots, span.value)
            else:
                self._template.append(',"elements":[')
                self._run(span.value, span.end, depth + 1)
                self._malformed()
            self._template.append("}")
        self._template.append("]")
        if walk.reason:
            self._wrong.append((walk.reason, self.raw[walk.stop : stop]))

    def _head(self, number: int, start: int) -> str:
        """Write the head of an element: no two of a shape differ in it."""
        binding = self.reader.binding
        name = binding.element_names.get(number, str(number))
        text, at = f'{{"type":{number},"name":{quoted(name)}', start
        for field in binding.unknown_element.fields_desc:
            if field.width is None:
                break
            value = field.m2i(None, self.raw[at : at + field.width])
            at += field.width
            if field.name != "type":
                spelt = value if isinstance(value, int) else f'"{value.hex()}"'
                text += f",{quoted(field.name)}:{spelt}"
        return text

    def _fix(self, start: int, stop: int) -> None:
        """Make bytes part of what the shape's messages have in common."""
        size = stop - start
        own = Slots(f"{size}s", size, "", ())
        self._runs.append(Run(start, own, self.raw[start:stop]))

    def _add(self, slots: Slots, start: int) -> None:
        self._runs.append(Run(start, slots))
        self._template.append(slots.template)

    def _malformed(self) -> None:
        """Say what was wrong with what ends here."""
        if self._wrong:
            self.sound = False
            reasons = "; ".join(reason for reason, _ in self._wrong)
            left = b"".join(left for _, left in self._wrong)
            self._template.append(malformed(reasons, left))
            self._wrong.clear()


def first_in(slots: Slots) -> Slots:
    """Leave out the comma before the first field: nothing stands before it."""
    if not slots.template.startswith(HOLE):
        return slots._replace(template=slots.template[1:])
    convert, *others = slots.converts

    def without(value: Any) -> str:
        return convert(value)[1:]

    return slots._replace(converts=(without, *others))


def malformed(reason: str, left: bytes | None = None) -> str:
    """Write why something could not be read, and the bytes that could not."""
    kept = "" if left is None else f',"bytes":"{left.hex()}"'
    return f',"malformed":{{"reason":{quoted(reason)}{kept}}}'


def key_of(field: WireField) -> str:
    """Write a field's key."""
    return quoted(field.name)


def unnamed(field: WireField) -> WireField:
    """Return the field without names of its values."""
    if isinstance(field, NumberField):
        plain: NumberField = field.copy()
        plain.names, plain.registry = {}, None
        return plain
    return field


class MacTexts(dict[bytes, str]):
    """Addresses as text, by their bytes, made when first seen."""

    def __missing__(self, address: bytes) -> str:
        """Write an address with colons."""
        if len(self) >= ADDRESSES:
            self.clear()
        text = self[address] = address.hex(":")
        return text


class Neighbours:
    """Fields one behind the other that are read at once.

    Narrow numbers and numbers with names recur. What they look like as JSON is looked
    up by their bytes; narrow neighbours share an entry.
    """

    def __init__(self) -> None:
        self.fields: list[tuple[WireField, int]] = []
        self.width = 0

    def takes(self, field: WireField, width: int) -> bool:
        """Tell whether the field can share an entry with those before."""
        narrow = all(
            isinstance(each, NumberField) and size <= 2
            for each, size in (*self.fields, (field, width))
        )
        return narrow and self.width + width <= 4

    def add(self, field: WireField, width: int) -> None:
        """Add a field."""
        self.fields.append((field, width))
        self.width += width

    def slot(self, order: str, macs: MacTexts) -> tuple[str, str, Convert]:
        """Return the `struct` code, the template, and what converts the value."""
        field, width = self.fields[0]
        key = f",{key_of(field)}:"
        if isinstance(field, NumberField) and width > 2 and not field.names:
            code = number_code(field, width, order)
            if code[-1] != "s":
                return code, f"{key}\0", str
            return code, f"{key}\0", lambda value: str(field.m2i(None, value))
        if field.kind == "mac":
            return f"{self.width}s", f'{key}"\0"', macs.__getitem__
        if isinstance(field, NumberField):
            return f"{self.width}s", "\0", Recurring(self.fields).__getitem__
        if field.kind == "bytes":
            return f"{width}s", f'{key}"\0"', bytes.hex
        return f"{width}s", f"{key}\0", lambda value: value_json(field, value)


class Recurring(dict[bytes, str]):
    """JSON of a few fields by their bytes, made when first seen."""

    def __init__(self, fields: list[tuple[WireField, int]]) -> None:
        super().__init__()
        self._fields = fields

    def __missing__(self, data: bytes) -> str:
        """Write the fields."""
        text, at = "", 0
        for field, width in self._fields:
            value = field.m2i(None, data[at : at + width])
            text += f",{quoted(field.name)}:{value_json(field, value)}"
            at += width
        if len(self) >= RECURRING:
            self.clear()
        self[data] = text
        return text


def value_json(field: WireField, value: Any) -> str:
    """Write a field's value, and its name where it has one."""
    if isinstance(value, bytes):
        value = field.m2i(None, value) if field.kind in ("text", "address") else value
    if isinstance(field, NumberField):
        if field.is_flags:
            names = "[" + ",".join(map(quoted, field.names_of(value))) + "]"
            return f"{value},{quoted(field.name + '_names')}:{names}"
        if field.names:
            name = quoted(field.name_of(value))
            return f"{value},{quoted(field.name + '_name')}:{name}"
        return str(value)
    if isinstance(value, bytes):
        return f'{{"bytes":"{value.hex()}"}}'
    spelt: str = quoted(value)
    return spelt


def number_code(field: NumberField, width: int, order: str) -> str:
    """Return the `struct` code of a number, or that of bytes where there is none."""
    code = {1: "b", 2: "h", 4: "i", 8: "q"}.get(width, "")
    if not code or (field.byte_order == "big") != (order == "!"):
        return f"{width}s"
    return code if field.signed else code.upper()
