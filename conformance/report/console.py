# SPDX-License-Identifier: GPL-2.0-or-later
"""The result on a terminal: what was not checked first, then each deviation once."""

import textwrap
from collections.abc import Iterable, Sequence

from conformance.result import Case, Judged, Run
from conformance.verdict import Evidence, Severity, Verdict

WIDTH = 88
CLIPPED = 2000
"""Characters of one text; an endpoint may send any number."""

SHOWN = 3
"""Findings of one deviation that are written out."""

WORDS = {
    Severity.VIOLATION: "VIOLATION",
    Severity.DIFFERENCE: "DIFFERENCE",
    Severity.WARNING: "WARNING",
    Severity.NOTE: "NOTE",
}


def printable(text: str) -> str:
    """Spell control characters out: an endpoint's bytes may hold any."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def clipped(text: object, limit: int = CLIPPED, keep: str = "") -> str:
    """Spell control characters out and cut what nobody would read to its end.

    Args:
        text: what to tell.
        limit: characters of it.
        keep: a character that stays though it is no printable one.
    """
    whole = str(text)
    cut = len(whole) - limit
    told = whole[:limit].split(keep) if keep else [whole[:limit]]
    more = f" … and {cut} more" if cut > 0 else ""
    return keep.join(map(printable, told)) + more


def wrapped(text: str, indent: str, first: str | None = None) -> str:
    """Wrap a text; `first` stands in place of the first line's indent."""
    return textwrap.fill(
        clipped(text),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def report(runs: Sequence[Run], *, verbose: bool = False) -> str:
    """Write runs for people."""
    return "\n".join(run_text(run, verbose=verbose) for run in runs)


def run_text(run: Run, *, verbose: bool = False) -> str:
    """Write one run."""
    lines = [top_line(run)]
    lines += [wrapped(remark, "  ") for remark in run.remarks]
    lines += [wrapped(f"stale: {text}", "  ") for text in run.stale]
    lines += _deviations(run)
    lines += _errors(run)
    lines += _inconclusive(run)
    if verbose:
        lines.append("")
        lines += [
            f"{case.verdict:14} {case.id:56} {case.duration_s:6.2f} s"
            for case in run.cases
        ]
    return "\n".join(lines) + "\n"


def top_line(run: Run) -> str:
    """Sum a run up in one line: what was not checked stands in it."""
    counts = {verdict: len(run.of(verdict)) for verdict in Verdict}
    many = "case" if len(run.cases) == 1 else "cases"
    told = [f"{len(run.cases)} {many}", f"{counts[Verdict.PASS]} pass"]
    held = sum(1 for _, j in run.deviations if j.severity is not Severity.NOTE)
    noted = len(run.deviations) - held
    told.append(f"{counts[Verdict.FAIL]} fail")
    if noted:
        told.append(f"{noted} deviations only noted")
    told.append(f"{counts[Verdict.INCONCLUSIVE]} not judged")
    if not_run(run):
        told.append(f"{not_run(run)} not run")
    if counts[Verdict.NOT_APPLICABLE]:
        told.append(f"{counts[Verdict.NOT_APPLICABLE]} not applicable")
    if counts[Verdict.ERROR]:
        told.append(f"{counts[Verdict.ERROR]} errors of the suite")
    state = f"{run.role} {run.endpoint}: {', '.join(told)} in {run.duration_s:.1f} s"
    if run.seed:
        state += f", seed {run.seed}"
    return f"{state} (exit {int(run.exit)})"


def not_run(run: Run) -> int:
    """Count the scenarios for the endpoint's role that the run left out."""
    from conformance import scenario

    tried = {case.id.partition("[")[0] for case in run.cases}
    return sum(
        case.role == run.role and case.id not in tried
        for case in scenario.load().values()
    )


def _distinct(
    run: Run,
) -> list[tuple[Judged, list[tuple[Case, Judged]]]]:
    """Group deviations: one block for each requirement and what was found."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[Case, Judged]]] = {}
    for case, part in run.deviations:
        actual = tuple(sorted({f.actual for f in part.findings if not f.met}))
        groups.setdefault((part.requirement, actual), []).append((case, part))
    order = list(Severity)
    found = [(members[0][1], members) for members in groups.values()]
    return sorted(found, key=lambda pair: order.index(pair[0].severity or order[-1]))


def _deviations(run: Run) -> list[str]:
    lines: list[str] = []
    for part, members in _distinct(run):
        lines += ["", *deviation_lines(part, [case for case, _ in members])]
    return lines


def deviation_lines(part: Judged, cases: Sequence[Case]) -> list[str]:
    """Write one deviation: requirement, grade, source, expected, actual, command."""
    word = WORDS[part.severity or Severity.NOTE]
    known = f" ({part.baseline})" if part.baseline else ""
    lines = [
        f"{word}{known} {part.requirement} ({part.level}, {part.grade})",
        wrapped(part.text, "  "),
        wrapped(part.source, " " * 10, "  source  "),
    ]
    seen: set[tuple[str, str]] = set()
    for found in part.findings:
        if found.met or (found.expected, found.actual) in seen:
            continue
        seen.add((found.expected, found.actual))
        if len(seen) > SHOWN:
            continue
        lines.append(wrapped(found.expected, " " * 12, "  expected  "))
        lines.append(wrapped(found.actual, " " * 12, "  actual    "))
    if len(seen) > SHOWN:
        lines.append(f"            and {len(seen) - SHOWN} more like it")
    lines.append(wrapped(_names(case.id for case in cases), " " * 12, "  case      "))
    if cases and cases[0].ends:
        ends = "; ".join(cases[0].ends)
        lines.append(wrapped(ends, " " * 12, "  ended     "))
    lines += _where(part)
    capture = part.capture or (cases[0].capture if cases else "")
    if capture:
        lines.append(f"  capture   {printable(capture)}")
    if cases and cases[0].reproduce:
        lines.append(f"  again     {clipped(cases[0].reproduce)}")
    return lines


def _where(part: Judged) -> list[str]:
    """Say where the first finding lies that lies somewhere."""
    for at in (found.evidence for found in part.unmet):
        if at is None or not (at.frames or at.field or at.length):
            continue
        told = [at.field] if at.field else []
        told += [bytes_of(at)] if at.offset is not None and at.length else []
        told += [f"frame {at.frames[-1]}"] if at.frames else []
        lines = [wrapped(", ".join(told), " " * 12, "  where     ")]
        return lines + ([f"  filter    {printable(at.filter)}"] if at.filter else [])
    return []


def bytes_of(at: Evidence) -> str:
    """Name the bytes of a finding: `byte 8`, `bytes 8-11`."""
    first, length = at.offset or 0, at.length or 1
    return f"byte {first}" if length == 1 else f"bytes {first}-{first + length - 1}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _errors(run: Run) -> list[str]:
    lines: list[str] = []
    for case in run.of(Verdict.ERROR):
        lines += ["", f"ERROR of the suite in {case.id}; please report it"]
        lines += [f"  {clipped(line)}" for line in case.detail.splitlines()[-6:]]
    return lines


def _inconclusive(run: Run) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for case in run.of(Verdict.INCONCLUSIVE):
        key = (str(case.reason or "?"), case.detail)
        groups.setdefault(key, []).append(case.id)
    lines: list[str] = []
    for (reason, detail), ids in sorted(groups.items()):
        lines += ["", wrapped(f"NOT JUDGED {reason}: {detail}", "  ", "")]
        lines.append(wrapped(_names(ids), "  "))
    return lines


def case_text(case: Case) -> str:
    """Write one case's deviations, for pytest's own report."""
    lines = [clipped(f"{case.id}: {case.description}")]
    for part in case.requirements:
        if part.verdict is Verdict.FAIL:
            lines += deviation_lines(part, [case])
    if case.verdict is Verdict.ERROR:
        lines.append(clipped(case.detail, 20_000, "\n"))
    return "\n".join(lines)
