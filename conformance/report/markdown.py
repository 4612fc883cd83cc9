# SPDX-License-Identifier: GPL-2.0-or-later
"""The result for a pull request."""

import re
from collections.abc import Sequence

from conformance.report.console import printable, top_line
from conformance.result import Run
from conformance.verdict import Verdict

NAME = "report.md"


def plain(text: str) -> str:
    """Take from a text all that Markdown or HTML would act upon."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&-])", r"\\\1", printable(text))


def text_of(runs: Sequence[Run]) -> str:
    """Write the document."""
    return "\n".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    lines = [f"## {plain(top_line(run))}", ""]
    lines += [f"> {plain(text)}\n" for text in run.remarks]
    if run.deviations:
        lines += [
            "| | requirement | case | expected | actual |",
            "|---|---|---|---|---|",
        ]
    for case, part in run.deviations:
        found = next(f for f in part.findings if not f.met)
        cells = (
            f"{part.severity} {part.baseline}".strip(),
            f"{part.requirement} ({part.level}, {part.grade})",
            case.id,
            found.expected,
            found.actual,
        )
        lines.append("| " + " | ".join(plain(cell) for cell in cells) + " |")
    unjudged = run.of(Verdict.INCONCLUSIVE)
    if unjudged:
        lines += ["", f"{len(unjudged)} not judged:", ""]
        for case in unjudged:
            lines.append(f"- {plain(case.id)}: {plain(str(case.reason))}")
    return "\n".join(lines) + "\n"
