# SPDX-License-Identifier: GPL-2.0-or-later
"""The result for a pull request: a table, and below it what is needed to look."""

import re
from collections.abc import Iterator, Sequence

from conformance.report.console import bytes_of, clipped, top_line
from conformance.result import Case, Judged, Run
from conformance.verdict import Finding, Verdict

NAME = "report.md"
CELL = 300
"""Characters of a cell; the rest is in the other reports."""


def plain(text: str) -> str:
    """Take from a text all that Markdown or HTML would act upon."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&@:.-])", r"\\\1", clipped(text, CELL))


def code(text: str) -> str:
    """Put a text into a code span that nothing in it can end."""
    told = clipped(text)
    longest = max(map(len, re.findall("`+", told)), default=0)
    fence = "`" * (longest + 1)
    space = " " if told[:1] == "`" or told[-1:] == "`" else ""
    return f"{fence}{space}{told}{space}{fence}"


def text_of(runs: Sequence[Run]) -> str:
    """Write the document."""
    return "\n".join("\n".join(_run(run)) + "\n" for run in runs)


def _run(run: Run) -> Iterator[str]:
    yield f"## {plain(top_line(run))}"
    yield ""
    for text in [*run.remarks, *run.stale]:
        yield f"> {plain(text)}\n"
    if run.deviations:
        yield "| | requirement | case | expected | actual |"
        yield "|---|---|---|---|---|"
    for case, part in run.deviations:
        found = part.unmet[0]
        cells = (
            f"{part.severity or 'note'} {part.baseline}".strip(),
            f"{part.requirement} ({part.level}, {part.grade})",
            case.id,
            found.expected,
            found.actual,
        )
        yield "| " + " | ".join(plain(cell) for cell in cells) + " |"
    for case, part in run.deviations:
        yield from _place(case, part, part.unmet[0])
    yield from _unjudged(run)


def _place(case: Case, part: Judged, found: Finding) -> Iterator[str]:
    at = found.evidence
    told = [f"field {code(at.field)}"] if at and at.field else []
    if at and at.offset is not None and at.length:
        told.append(bytes_of(at))
    if at and at.frames:
        told.append(f"frame {at.frames[-1]}")
    if at and at.filter:
        told.append(f"Wireshark {code(at.filter)}")
    if part.capture:
        told.append(f"capture {code(part.capture)} (real bytes and secrets)")
    if case.reproduce:
        told.append(f"again {code(case.reproduce)}")
    if told:
        yield ""
        yield f"- **{plain(part.requirement)}** {plain(case.id)}: {', '.join(told)}"


def _unjudged(run: Run) -> Iterator[str]:
    unjudged = run.of(Verdict.INCONCLUSIVE)
    if unjudged:
        yield f"\n{len(unjudged)} not judged:\n"
    for case in unjudged:
        yield f"- {plain(case.id)}: {plain(str(case.reason))} {plain(case.detail)}"
    for case in run.of(Verdict.ERROR):
        yield f"\nError of the suite in {plain(case.id)}: {plain(case.detail)}"
