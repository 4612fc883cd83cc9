# SPDX-License-Identifier: GPL-2.0-or-later
"""The result as one HTML file: matrix, a section a case, ladder, bytes. No script.

All text of an endpoint goes through Jinja2's autoescape.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, select_autoescape

from conformance import requirements
from conformance.report.console import printable, top_line
from conformance.result import Case, Line, Run
from conformance.verdict import Evidence, Verdict, worst
from nmsp_scapy.constants import MessageType

NAME = "report.html"
HEX_COLUMNS = 16


class Row(msgspec.Struct):
    """A requirement's row in the matrix: its verdict at each endpoint."""

    id: str
    level: str
    grade: str
    text: str
    cells: list[tuple[str, str]]


def text_of(runs: Sequence[Run]) -> str:
    """Write the document."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = printable
    page = environment.get_template("report.html.j2")
    return page.render(
        runs=list(enumerate(runs)),
        top_line=top_line,
        rows=matrix(runs),
        anchor=anchor,
        dump=dump,
        filter_of=display_filter,
        evidence_of=evidence_of,
        tree=tree,
    )


def anchor(run: int, case: str) -> str:
    """Name a case's section."""
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in case)
    return f"r{run}-{kept}"


def matrix(runs: Sequence[Run]) -> list[Row]:
    """Requirements by endpoints; a cell is a verdict and where its case stands."""
    rows: list[Row] = []
    for each in requirements.load().values():
        cells = [_cell(at, run, each.id) for at, run in enumerate(runs)]
        if any(verdict for verdict, _ in cells):
            rows.append(
                Row(each.id, each.level.value, each.grade.value, each.text, cells)
            )
    return rows


def _cell(at: int, run: Run, identifier: str) -> tuple[str, str]:
    found = [
        (part.verdict, case.id)
        for case in run.cases
        for part in case.requirements
        if part.requirement == identifier
    ]
    if not found:
        return "", ""
    verdict = worst(v for v, _ in found)
    return verdict.value, anchor(at, next(c for v, c in found if v is verdict))


def evidence_of(case: Case, line: Line) -> list[Evidence]:
    """What failed in a line of the transcript."""
    return [
        found.evidence
        for part in case.requirements
        if part.verdict is Verdict.FAIL
        for found in part.findings
        if not found.met
        and found.evidence is not None
        and line.message is not None
        and found.evidence.message == line.message
    ]


def dump(raw: str, marks: Sequence[Evidence]) -> list[list[tuple[str, bool]]]:
    """Lay a message's bytes out in rows; the second of each pair marks a byte."""
    marked: set[int] = set()
    for mark in marks:
        if mark.offset is not None:
            marked |= set(range(mark.offset, mark.offset + (mark.length or 1)))
    pairs = [(raw[i : i + 2], i // 2 in marked) for i in range(0, len(raw), 2)]
    return [pairs[i : i + HEX_COLUMNS] for i in range(0, len(pairs), HEX_COLUMNS)]


def tree(record: dict[str, Any] | None) -> list[tuple[int, str, str]]:
    """Lay a decoded message out: depth, name, value."""
    lines: list[tuple[int, str, str]] = []

    def walk(value: dict[str, Any], depth: int) -> None:
        for key, inner in value.items():
            if key == "elements" and isinstance(inner, list):
                for element in inner:
                    lines.append((depth, str(element.get("name", "?")), ""))
                    walk(element, depth + 1)
            elif not (depth and key in ("type", "name", "length")):
                lines.append((depth, key, str(inner)))

    walk(record or {}, 0)
    return lines


def display_filter(line: Line) -> str:
    """Write the Wireshark display filter that finds a message."""
    record = line.record or {}
    number = record.get("type")
    if number is None:
        return "nmsp"
    known = {m.value for m in MessageType}
    made = f"nmsp.type == {number}" if number in known else f"nmsp.type == {number:#x}"
    if record.get("transaction_id"):
        made += f" && nmsp.transaction_id == {record['transaction_id']}"
    return made
