# SPDX-License-Identifier: GPL-2.0-or-later
"""The wire diagram of a class, drawn from its `fields_desc`.

Run as a program it redraws the diagrams in the layers' docstrings.
"""

import itertools
import re
import textwrap
from pathlib import Path

from nmsp_scapy import layers
from nmsp_scapy.layers.fields import ElementsField, TrailerField

ROW = 32
RULER = (
    " 0                   1                   2                   3",
    " 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1",
)


def rows_of(fields):
    """Cut fields into rows of (name, bits, goes on below); a name stands once."""
    rows, row, free = [], [], ROW
    for field in fields:
        left = ROW if field.width is None else 8 * field.width
        name = field.name
        if field.width is None:
            left = free
        while left:
            bits = min(left, free)
            left, free = left - bits, free - bits
            row.append((name, bits, left))
            name = ""
            if not free:
                rows.append(row)
                row, free = [], ROW
    return [*rows, row] if row else rows


def rule(above, below):
    """Draw the line between two rows, open where a field goes on."""
    open_bits = 0
    if above and above[-1][2] and below:
        open_bits = min(above[-1][2], ROW)
    closed_to = sum(bits for _, bits, _ in above) if above else 0
    width = max(closed_to, sum(bits for _, bits, _ in below))
    goes_on = sum(bits for _, bits, _ in above[:-1]) if open_bits else ROW
    line = "+"
    for bit in range(width):
        inside = bit >= goes_on and bit < open_bits
        line += " " if inside else "-"
        following = bit + 1
        line += " " if goes_on < following < open_bits else "+"
    return line.rstrip()


def fixed(fields):
    rows = rows_of(fields)
    lines = [rule([], rows[0])] if rows else []
    for row, below in itertools.zip_longest(rows, rows[1:], fillvalue=[]):
        text = "|"
        for name, bits, _ in row:
            text += name.center(2 * bits - 1) + "|"
        if below == [] and fields[-1].width is None:
            text = text[:-1] + "/"
        lines += [text, rule(row, below)]
    return lines


def contents(cls):
    """List what a run of elements holds, as wide as a row."""
    inside = ", ".join(str(holds) for holds in cls.contains)
    wide = 2 * ROW - 3
    text = f"elements: {inside}" if inside else "elements"
    lines = textwrap.wrap(text, wide, break_long_words=False)
    return [f"| {line.ljust(wide)} |" for line in lines]


def diagram(cls):
    """Draw a class of the nominal profile."""
    fields = [f for f in cls.fields_desc if not isinstance(f, TrailerField)]
    inside = any(isinstance(field, ElementsField) for field in fields)
    head = fixed([f for f in fields if not isinstance(f, ElementsField)])
    lines = [*RULER, *head] if head else [fixed_edge()]
    if inside:
        lines += [*contents(cls), fixed_edge()]
    return lines


def fixed_edge():
    return "+" + "-+" * ROW


def drawn_in(cls):
    """Return the diagram that a docstring shows, as its lines."""
    lines = [line.strip() for line in (cls.__doc__ or "").splitlines()]
    return [line for line in lines if re.match(r"[+|/\d]", line)]


def redraw():
    for module in (layers.header, layers.elements, *layers.FAMILIES):
        path = Path(module.__file__)
        text = path.read_text()
        for cls in vars(module).values():
            if getattr(cls, "__module__", "") != module.__name__:
                continue
            if not isinstance(cls, type) or cls.__name__ not in layers.CLASSES:
                continue
            if cls.__name__ == "NMSPTruncated":
                continue
            drawn = "::\n\n" + textwrap.indent("\n".join(diagram(cls)), " " * 8)
            head = rf"(class {cls.__name__}\(.*?\"\"\".*?\n\n)"
            old = r"    (?:DIAGRAM|::\n\n(?:        [^\n]*\n)+)\n*"
            text = re.sub(
                head + old,
                lambda match, drawn=drawn: f"{match[1]}    {drawn}\n\n",
                text,
                count=1,
                flags=re.S,
            )
        path.write_text(text)


if __name__ == "__main__":
    redraw()
