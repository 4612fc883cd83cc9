# SPDX-License-Identifier: GPL-2.0-or-later
"""The result as one HTML file: matrix, a section a case, ladder, bytes. No script.

All text of an endpoint goes through Jinja2's autoescape.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, select_autoescape

from conformance import requirements
from conformance.report import wire
from conformance.report.console import bytes_of, clipped, top_line
from conformance.result import Run
from conformance.verdict import Verdict, worst
from nmsp_scapy.constants import PORT

NAME = "report.html"
SHOWN = 3
"""Findings of one deviation that are written out."""

SIGNS = {
    Verdict.PASS: "✓",
    Verdict.NOT_APPLICABLE: "○",
    Verdict.INCONCLUSIVE: "?",
    Verdict.FAIL: "✗",
    Verdict.ERROR: "!",
}
"""Beside the word, so that colour tells nothing alone."""

WORDS = {
    Verdict.PASS: "pass",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.INCONCLUSIVE: "not judged",
    Verdict.FAIL: "fail",
    Verdict.ERROR: "error of the suite",
}


class Row(msgspec.Struct):
    """A requirement's row in the matrix: its verdict at each endpoint."""

    id: str
    level: str
    grade: str
    text: str
    cells: list[tuple[str, str]]


def text_of(runs: Sequence[Run]) -> str:
    """Write the document."""
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["told"] = clipped
    page = environment.get_template("report.html.j2")
    return page.render(
        runs=list(enumerate(runs)),
        title=", ".join(run.endpoint for run in runs),
        style=(folder / "report.css").read_text(encoding="utf-8"),
        captures=any(
            part.capture or (case.capture and not run.passive)
            for run in runs
            for case in run.cases
            for part in case.requirements
        ),
        hidden=any(run.pseudonymised for run in runs),
        ports=[port_of(run) for run in runs],
        signs=SIGNS,
        words=WORDS,
        shown=SHOWN,
        limit=wire.LIMIT,
        top_line=top_line,
        rows=matrix(runs),
        anchor=anchor,
        dump=wire.dump,
        bytes_of=bytes_of,
        filter_of=wire.display_filter,
        evidence_of=wire.evidence_of,
        tree=wire.tree,
    )


def anchor(run: int, case: str) -> str:
    """Name a case's section."""
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in case)
    return f"r{run}-{kept}"


def port_of(run: Run) -> int:
    """Port that Wireshark must be told; 0 when it is the usual one."""
    if run.passive:
        return run.port
    port = run.target.rpartition(":")[2]
    return int(port) if port.isdecimal() and int(port) != PORT else 0


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
