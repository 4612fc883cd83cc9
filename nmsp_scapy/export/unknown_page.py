# SPDX-License-Identifier: GPL-2.0-or-later
"""What is opaque as a heat map: one self-contained page without scripts."""

from collections.abc import Sequence
from itertools import islice

from jinja2 import Environment, PackageLoader, StrictUndefined

from nmsp_scapy.export.printable import printable
from nmsp_scapy.export.unknown import GROUPS, LETTERS, Opaque

ROWS = 48
"""Values that the page shows of a group."""

SHOWN = 128
"""Bytes of a value that the page shows."""


def render(opaque: Opaque, captures: Sequence[str], messages: int) -> str:
    """Write the page.

    Args:
        opaque: what was gathered.
        captures: their names.
        messages: how many were read.
    """
    environment = Environment(
        loader=PackageLoader("nmsp_scapy.export"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    groups = [
        {
            "title": printable(group.title),
            "columns": [
                {
                    "at": at,
                    "letter": LETTERS[column.kind],
                    "kind": column.kind,
                    "entropy": f"{column.entropy:.1f}",
                    "level": min(round(column.entropy), 8),
                    "different": column.different,
                }
                for at, column in enumerate(columns[:SHOWN])
            ],
            "hidden": max(len(columns) - SHOWN, 0),
            "rows": [
                (sample.frame, [f"{byte:02x}" for byte in sample.data[:SHOWN]])
                for sample in islice(group.samples, ROWS)
            ],
            "parts": [
                (
                    part.offset,
                    part.offset + part.width - 1,
                    "counter" if part.kind == "number" else part.kind,
                    printable(part.told),
                )
                for part in parts
            ],
            "snippet": group.snippet(parts, columns),
            "is_message": group.key.what == "message",
        }
        for group, parts, columns in opaque.groups()
    ]
    return environment.get_template("unknown.html.j2").render(
        captures=[printable(name) for name in captures],
        messages=messages,
        groups=groups,
        letters=LETTERS,
        left_out=opaque.left_out,
        most=GROUPS,
    )
