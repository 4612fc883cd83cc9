# SPDX-License-Identifier: GPL-2.0-or-later
"""What is still opaque, byte by byte: `nmsp dissect --unknown`.

Bodies and element values that the profile does not explain are grouped by number and
length and laid one under the other. A column then shows what a byte does from one
message to the next, and neighbours that behave like a value are called what they look
like. That is a look, no proof: names are given by people, in the profile.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any, NamedTuple

import msgspec

from nmsp_scapy import layers, records
from nmsp_scapy.calibrate import values
from nmsp_scapy.calibrate.values import Part, Sample
from nmsp_scapy.conversation import Conversation, Event, Message, Result
from nmsp_scapy.export.printable import printable
from nmsp_scapy.profile import NOMINAL, Profile

GROUPS = 256
"""Groups that are kept; of what comes after them only the number is told."""

SAMPLES = 512
"""Values of a group that are kept: at even distances, once there are more."""

WIDTH = 512
"""Bytes of a value that are looked at."""

FEW = 8
"""Different values that a column of few has at the most."""

ROWS = 8
"""Values that the text shows of a group."""

LETTERS = {
    "constant": ".",
    "few values": "e",
    "counter": "c",
    "mac": "m",
    "ipv4": "i",
    "time": "t",
    "dbm": "d",
    "text": "a",
    "varies": "?",
}
"""One for each thing that a column can be."""

KINDS = {"mac": "mac", "ipv4": "ipv4", "time": "time", "dbm": "dbm", "text": "text"}
"""Kinds of a profile's fields, by what a column is; all others are numbers."""


class Key(NamedTuple):
    """What the values of a group have in common.

    Attributes:
        what: `message` or `element`.
        number: of it.
        direction: of messages; empty for elements.
        size: bytes of the value.
    """

    what: str
    number: int
    direction: str
    size: int


class Column(NamedTuple):
    """One byte of all values of a group.

    Attributes:
        kind: a key of `LETTERS`.
        entropy: bits, 0 to 8.
        different: how many values it has.
    """

    kind: str
    entropy: float
    different: int


class Group:
    """Values of one number and length.

    Attributes:
        count: of values seen.
        samples: some of them, in the order of time.
    """

    def __init__(self, key: Key, name: str) -> None:
        self.key, self.name = key, name
        self.count = 0
        self.samples: list[Sample] = []
        self._stride = 1

    def add(self, data: bytes, frame: int, time_ns: int) -> None:
        """Take a value."""
        if self.count % self._stride == 0:
            if len(self.samples) == SAMPLES:
                del self.samples[1::2]
                self._stride *= 2
            if self.count % self._stride == 0:
                self.samples.append(Sample(data[:WIDTH], frame, time_ns))
        self.count += 1

    @property
    def _unnamed(self) -> str:
        """What it is called when the profile has no name for its number."""
        number = str(self.key.number)
        return number if self.key.what == "message" else f"element {number}"

    @property
    def title(self) -> str:
        """Say what it is a group of."""
        way = f", {self.key.direction}" if self.key.direction else ""
        times = f"{self.count} time{'s' * (self.count != 1)}"
        return f"{self.name}{way}: {self.key.size} bytes, {times}"

    def parts(self, known: set[bytes]) -> list[Part]:
        """Find neighbours that behave like one value."""
        size = min(self.key.size, WIDTH)
        found = list(values.parts(self.samples, known))
        taken = {n for one in found for n in range(one.offset, one.offset + one.width)}
        at = 0
        while at < size:
            end = at
            while end < size and end not in taken and self._is_letters(end):
                end += 1
            if end - at >= 4 and self._varies(at, end):
                found.append(Part(at, end - at, "text", "printable in all"))
            at = max(end, at + 1)
        return sorted(found)

    def _is_letters(self, at: int) -> bool:
        return all(32 <= one.data[at] < 127 or not one.data[at] for one in self.samples)

    def _varies(self, at: int, end: int) -> bool:
        own = {one.data[at:end] for one in self.samples}
        letters = sum(32 <= byte < 127 for value in own for byte in value)
        return 2 * letters > len(own) * (end - at)

    def columns(self, parts: Iterable[Part]) -> list[Column]:
        """Say what each byte does."""
        kinds = {
            at: "counter" if part.kind == "number" else part.kind
            for part in parts
            for at in range(part.offset, part.offset + part.width)
        }
        made = []
        for at in range(min(self.key.size, WIDTH)):
            counts = Counter(one.data[at] for one in self.samples)
            whole = len(self.samples)
            shares = [n / whole for n in counts.values()]
            entropy = -sum(share * math.log2(share) for share in shares) + 0.0
            few = len(counts) <= FEW and whole >= 2 * len(counts)
            kind = kinds.get(at) or (
                "constant" if len(counts) == 1 else "few values" if few else "varies"
            )
            made.append(Column(kind, entropy, len(counts)))
        return made

    def snippet(self, parts: Iterable[Part], columns: list[Column]) -> str:
        """Write what a profile could say of it, for a person to name."""
        lines = []
        table = printable(self.name)
        if self.name == self._unnamed:
            table = f"{self.key.what.upper()}_{self.key.number}"
            numbers = f"[{self.key.what}_types]"
            lines += [f"{numbers}  # a table that is there already takes the line"]
            lines += [f"{table} = {self.key.number}", ""]
        fields = "bodies" if self.key.what == "message" else "values"
        for start, width, kind in _fields(parts, columns):
            lines += [
                f"[[{fields}.{table}]]",
                f'name = "unknown_{start}"',
                f"offset = {start}",
                f"width = {width}",
                f'kind = "{kind}"',
                'grade = "assumed"',
                "",
            ]
        return "\n".join(lines)


def _fields(
    parts: Iterable[Part], columns: list[Column]
) -> Iterator[tuple[int, int, str]]:
    """Cut a value into fields: parts, and runs of one kind between them."""
    begins = {part.offset: part for part in parts}
    at = 0
    while at < len(columns):
        part = begins.get(at)
        if part is not None:
            yield at, part.width, part.kind
            at += part.width
            continue
        end = at + 1
        while (
            end < len(columns)
            and end not in begins
            and columns[end].kind == columns[at].kind
            and end - at < 8
        ):
            end += 1
        width = end - at
        yield at, width, "number" if width in (1, 2, 4, 8) else "bytes"
        at = end


class Opaque:
    """Gathers what the profile does not explain. What it holds is bounded.

    Attributes:
        left_out: values of groups beyond `GROUPS`.
    """

    def __init__(self, profile: Profile = NOMINAL) -> None:
        self.left_out = 0
        self._profile = profile
        self._bound = layers.bind(profile)
        self._groups: dict[Key, Group] = {}

    def add(self, message: Message) -> None:
        """Take a message."""
        record = records.decode(message.raw, self._profile)
        if "raw" in record:
            header = self._profile.header
            end = len(message.raw) - header.trailer
            body = message.raw[header.size : end]
            key = Key("message", message.type, str(message.direction), len(body))
            self._take(key, record["name"], body, message)
        for number, value in self._values(record):
            key = Key("element", number, "", len(value))
            name = self._bound.element_names.get(number, f"element {number}")
            self._take(key, name, value, message)

    def _take(self, key: Key, name: str, data: bytes, message: Message) -> None:
        group = self._groups.get(key)
        if group is None:
            if not data or len(self._groups) >= GROUPS:
                self.left_out += bool(data)
                return
            group = self._groups[key] = Group(key, name)
        frame = message.frames[-1] if message.frames else 0
        group.add(data, frame, message.time_ns)

    def _values(
        self, record: dict[str, Any], depth: int = 0
    ) -> Iterator[tuple[int, bytes]]:
        """Yield number and value of each element that has no fields."""
        for element in record.get("elements", ()):
            if "value" in element and self._bound.element(element["type"]) is None:
                yield element["type"], bytes.fromhex(element["value"])
            if "elements" in element and depth < 32:
                yield from self._values(element, depth + 1)

    def groups(self) -> list[tuple[Group, list[Part], list[Column]]]:
        """Return the groups, the most frequent first, with what they look like."""
        ordered = sorted(self._groups.values(), key=lambda one: (-one.count, one.key))
        known = values.addresses([group.samples for group in ordered])
        found = []
        for group in ordered:
            parts = group.parts(known)
            found.append((group, parts, group.columns(parts)))
        return found


class UnknownWriter:
    """Writes what is opaque when all was read: `text`, `ndjson` or `html`."""

    def __init__(
        self, file: IO[bytes], form: str = "text", profile: Profile = NOMINAL
    ) -> None:
        self._file, self._form = file, form
        self._opaque = Opaque(profile)
        self._captures: list[str] = []
        self._messages = 0

    def begin(self, capture: str) -> None:
        """Go on with another capture."""
        self._captures.append(capture)

    def write(self, results: Iterable[Result]) -> None:
        """Take a batch."""
        for found in results:
            if not isinstance(found, Conversation | Event):
                self._messages += 1
                self._opaque.add(found)

    def close(self) -> None:
        """Write."""
        if self._form == "ndjson":
            for line in self._lines():
                self._file.write(msgspec.json.encode(line) + b"\n")
        elif self._form == "html":
            from nmsp_scapy.export.unknown_page import render

            page = render(self._opaque, self._captures, self._messages)
            self._file.write(page.encode())
        else:
            text = "\n".join(_text(self._opaque, self._messages))
            self._file.write(f"{text}\n".encode(errors="backslashreplace"))

    def _lines(self) -> Iterator[dict[str, Any]]:
        for group, parts, columns in self._opaque.groups():
            yield {
                "kind": "unknown",
                **group.key._asdict(),
                "name": group.name,
                "count": group.count,
                "frames": [one.frame for one in islice(group.samples, ROWS)],
                "columns": [
                    {
                        "kind": c.kind,
                        "entropy": round(c.entropy, 2),
                        "values": c.different,
                    }
                    for c in columns
                ],
                "parts": [part._asdict() for part in parts],
                "samples": [one.data.hex() for one in islice(group.samples, ROWS)],
            }


def _text(opaque: Opaque, messages: int) -> Iterator[str]:
    groups = opaque.groups()
    if not groups:
        yield f"nothing in {messages} messages is opaque under this profile"
        return
    yield "  ".join(f"{letter} {kind}" for kind, letter in LETTERS.items())
    for group, parts, columns in groups:
        yield ""
        yield printable(group.title)
        yield from _laid_out(group, columns)
        for part in parts:
            kind = "counter" if part.kind == "number" else part.kind
            last = part.offset + part.width - 1
            place = f"{part.offset}" if part.width == 1 else f"{part.offset}-{last}"
            yield f"  bytes {place}: like {kind}: {printable(part.told)}"
        yield "  for the profile, names to be found:"
        lines = group.snippet(parts, columns).rstrip().split("\n")
        yield from (f"    {line}".rstrip() for line in lines)
    if opaque.left_out:
        yield ""
        yield f"{opaque.left_out} values of more than {GROUPS} groups are not shown"


def _laid_out(group: Group, columns: list[Column]) -> Iterator[str]:
    """Lay the values one under the other, 16 bytes a line."""
    for start in range(0, len(columns), 16):
        own = columns[start : start + 16]
        stop = start + len(own)
        label = f"{start:>6}"
        yield f"{label}  kind     " + " ".join(f"{LETTERS[c.kind]:>2}" for c in own)
        yield f"{'':6}  entropy  " + " ".join(f"{round(c.entropy):>2}" for c in own)
        for sample in islice(group.samples, ROWS):
            yield f"{'':6}  #{sample.frame:<7} {sample.data[start:stop].hex(' ')}"
