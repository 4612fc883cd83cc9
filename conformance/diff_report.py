# SPDX-License-Identifier: GPL-2.0-or-later
"""A comparison of two results for people: on a terminal, and in a pull request."""

from collections.abc import Iterator

from conformance.diff import Change, Comparison, Difference, Entry
from conformance.report.console import printable, wrapped
from conformance.report.markdown import plain
from conformance.verdict import Exit

SHOWN = 25
"""Entries of one kind that stand in only one of the two, or merely changed."""

BRIEF = (Change.CHANGED, Change.GONE, Change.ADDED)
"""Kinds of which a long list says little."""


def top_line(comparison: Comparison) -> str:
    """Sum a comparison up in one line."""
    entries = comparison.entries
    counts = [
        f"{n} {change.value}{'s' if change is Change.NEW and n != 1 else ''}"
        for change in Change
        if (n := sum(e.change is change for e in entries))
    ]
    told = ", ".join([*counts, f"{comparison.same} the same"])
    verdict = "WORSE" if comparison.worse else "nothing got worse"
    if not comparison.compared:
        verdict = "nothing stands in both"
    was = f" (A: {comparison.before})" if comparison.before else ""
    return printable(f"{comparison.role} {comparison.target}{was}: {verdict}; {told}")


def text_of(difference: Difference) -> str:
    """Write it for a terminal."""
    return "".join("\n".join(_text(c)) + "\n" for c in difference.comparisons)


def _text(comparison: Comparison) -> Iterator[str]:
    yield top_line(comparison)
    for remark in comparison.remarks:
        yield wrapped(remark, "  ")
    for change in Change:
        found = comparison.of(change)
        shown = found[:SHOWN] if change in BRIEF else found
        for entry in shown:
            yield from _entry(entry)
        if len(shown) < len(found):
            yield f"{change.value.upper()} and {len(found) - len(shown)} more (--json)"


def _entry(entry: Entry) -> Iterator[str]:
    name = f"{entry.requirement} in {entry.case}" if entry.requirement else entry.case
    yield printable(f"{entry.change.value.upper()} {name}: {_way(entry)}")
    if entry.after is not None and entry.after.detail and entry.change not in BRIEF:
        yield wrapped(entry.after.detail, "  ")


def _way(entry: Entry) -> str:
    sides = (entry.before, entry.after)
    return " -> ".join(str(side) for side in sides if side is not None)


def markdown_of(difference: Difference) -> str:
    """Write it for a pull request."""
    lines: list[str] = []
    for comparison in difference.comparisons:
        lines += [f"## {plain(top_line(comparison))}", ""]
        lines += [f"> {plain(remark)}\n" for remark in comparison.remarks]
        if comparison.entries:
            lines += ["| | requirement | case | A | B |", "|---|---|---|---|---|"]
        for entry in comparison.entries:
            detail = entry.after.detail if entry.after and entry.worse else ""
            after = f"{entry.after or ''}" + (f": {detail}" if detail else "")
            cells = (
                entry.change.value,
                entry.requirement,
                entry.case,
                f"{entry.before or ''}",
                after,
            )
            lines.append("| " + " | ".join(plain(cell) for cell in cells) + " |")
        lines.append("")
    if difference.exit is Exit.INCONCLUSIVE:
        lines.append("Nothing stands in both results.\n")
    return "\n".join(lines)
