# SPDX-License-Identifier: GPL-2.0-or-later
"""Write docs/protocol/ from the layers: `python scripts/protocol_pages.py`.

A test holds the pages equal to what this writes.
"""

import inspect
import sys
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from nmsp_scapy import constants, layers  # noqa: E402 - needs the path
from nmsp_scapy.layers import base, geometry, header  # noqa: E402
from nmsp_scapy.layers.fields import NumberField  # noqa: E402

PAGES = ROOT / "docs" / "protocol"

INDEX = """# The messages of NMSP, as this project has them

NMSP's byte layout is not public. What these pages say of bytes is the **nominal wire
profile**: assumed, and consistent with every byte count that is public. Each page
gives the grade of each statement: *documented* by a public vendor document, *observed*
in a trace, log or screen, *reported* to stand in a document that was not at hand,
*inferred* from these, or *assumed*, this project's choice. Another layout is another
profile (`nmsp_scapy/profile.py`); the classes follow it.

The pages are made from the classes in `nmsp_scapy/layers` by
`scripts/protocol_pages.py`.

- [The header](header.md)
- [Elements that several families use](elements.md)
{families}

## Rules of the body

A body is a run of elements: type, length, value. The length counts the value alone,
there is no padding, and some elements hold elements. An element of an unknown type is
kept as it is; so are bytes behind the known fields of a value (`trailing`), an element
whose value cannot be what its type says (`malformed`), and bytes at the end of a run
that are no whole element. Nothing is ever raised for what stands on the wire. Elements
that are nested more than {nesting} deep are not looked into.

In the diagrams `?` is one or none, `*` any number, `+` one or more, `* n` up to n,
and no mark exactly one.

## Message ids

| id | message | grade of the id |
|---|---|---|
{messages}

## Element types, one numbering space (assumed)

| type | element | value |
|---|---|---|
{elements}
"""


def described(cls: type) -> Iterator[str]:
    """Turn a docstring into Markdown: text, diagram, attributes, source."""
    for part in inspect.cleandoc(cls.__doc__ or "").split("\n\n"):
        title, _, rest = part.partition("\n")
        if title == "::":
            continue
        if title == "Attributes:":
            lines = inspect.cleandoc(rest).splitlines()
            for line in lines:
                name, colon, text = line.partition(": ")
                own = not line.startswith(" ")
                yield f"- `{name}`: {text}" if colon and own else f"  {line.strip()}"
            yield ""
        elif part.startswith("Source:"):
            yield f"*{' '.join(part.split())}*\n"
        elif part.lstrip().startswith(("+", "0 ")):
            yield f"```\n{part}\n```\n"
        else:
            yield f"{part}\n"


def registry_of(field: NumberField) -> Iterator[str]:
    """List the names of a field's values."""
    registry = field.registry
    if registry in (None, constants.Service, constants.SubService):
        return
    bits = issubclass(registry, IntFlag)
    yield f"`{field.name}` | name\n---|---"
    for member in registry:
        yield (
            f"{member.value:#x} | {member.name}"
            if bits
            else (f"{member.value} | {member.name}")
        )
    yield ""


def section(cls: type[base.NMSPPacket], number: str) -> Iterator[str]:
    """Write what a page says of one class."""
    yield f"## {cls._name}{number}\n"
    yield f"Class `{cls.__name__}`.\n"
    yield from described(cls)
    for field in getattr(cls, "value_fields", ()):
        if isinstance(field, NumberField) and field.registry:
            yield from registry_of(field)


def spelt(name: str, number: int) -> str:
    """Spell a number: provisional ids are known by their hex digits."""
    return f"{number:#06x}" if number >= 0xF000 else str(number)


def page(module: object, title: str) -> str:
    """Write the page of a module."""
    parts = [f"# {title}\n"]
    for cls in vars(module).values():
        own = getattr(cls, "__module__", "") == getattr(module, "__name__", None)
        if not (own and isinstance(cls, type) and issubclass(cls, base.NMSPPacket)):
            continue
        number = ""
        if issubclass(cls, base.NMSPElement):
            number = f" (element {cls.number})"
        elif cls.__name__[4:] and hasattr(cls, "number"):
            number = f" (message {spelt(cls._name, cls.number)})"
        if cls.__name__ != "NMSPTruncated":
            parts.extend(section(cls, number))
    return "\n".join(parts).rstrip() + "\n"


def registry_table(registry: type[IntEnum | IntFlag]) -> list[str]:
    """Write a registry as a table."""
    doc = " ".join(inspect.cleandoc(registry.__doc__ or "").split())
    rows = [f"## {registry.__name__}\n", f"{doc}\n", "| value | name |", "|---|---|"]
    for member in registry:
        rows.append(f"| {member.value:#x} | {member.name} |")
    return [*rows, ""]


def pages() -> dict[str, str]:
    """Return the text of each page by its name."""
    made = {}
    families = []
    for module in layers.FAMILIES:
        stem = module.__name__.rpartition(".")[2]
        title = (module.__doc__ or "").strip().rstrip(".")
        families.append(f"- [{title}]({stem}.md)")
        made[f"{stem}.md"] = page(module, title)
    made["header.md"] = page(header, "The header")
    services = [
        *registry_table(constants.Service),
        *registry_table(constants.SubService),
    ]
    made["elements.md"] = (
        page(layers.elements, "Elements that several families use")
        + "\n"
        + "\n".join(services)
    )
    rows = []
    for name, message in layers.MESSAGES.items():
        source = inspect.cleandoc(message.__doc__ or "").partition("Source: ")[2]
        rows.append(
            f"| {spelt(name, message.number)} | {name} | {source.partition(':')[0]} |"
        )
    kinds = []
    for element in sorted(layers.ELEMENTS.values(), key=lambda cls: cls.number):
        if element.contains:
            value = ", ".join(str(holds) for holds in element.contains)
        else:
            value = ", ".join(
                f"{field.name} {field.width or '...'}" for field in element.value_fields
            )
        kinds.append(f"| {element.number} | {element._name} | {value} |")
    made["README.md"] = INDEX.format(
        families="\n".join(families),
        nesting=geometry.NESTING_LIMIT,
        messages="\n".join(rows),
        elements="\n".join(kinds),
    )
    return made


if __name__ == "__main__":
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (PAGES / name).write_text(text)
