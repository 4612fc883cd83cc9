# SPDX-License-Identifier: GPL-2.0-or-later
"""`make mutation`: is there a small fault in a check that nothing would notice?

The kill matrix is run once and each call of a check recorded. A mutant is killed when a
recorded call decides otherwise, or, where a check is given a live connection, when the
scenarios that call it fail other requirements against the same gear.
"""

import argparse
import ast
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

from conformance import matrix, scenario
from tests.mutation.operators import TABLE, Mutant, mutants
from tests.mutation.recording import (
    MODULES,
    Met,
    Recording,
    again,
    module_of,
    record,
)

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "conformance" / "checks"
REASONS = Path(__file__).parent / "survivors.toml"
PAGE = ROOT / "docs" / "mutation.md"
LIVE = 4
"""Meetings that a mutant of a live check is tried in."""


def borders() -> None:
    """Call the checks at their borders; they are imported when these are watched."""
    from tests.conformance.checks.test_borders import BORDERS
    from tests.conformance.checks.test_building import MADE
    from tests.conformance.checks.test_passive import SHOWN

    for border in (*BORDERS, *SHOWN, *MADE):
        border.decided()


def decides_otherwise(name: str, mutant: Mutant, recording: Recording) -> bool:
    """Tell whether a recorded call of the module notices the mutant."""
    try:
        made = module_of(name, mutant.source)
    except Exception:  # noqa: BLE001 - it breaks where it is read
        return True
    table = getattr(made, TABLE, {})
    tabled = [key for of, key in recording.calls if of == name and "-" in key]
    for key in (*reaching(mutant), *tabled):
        for call in recording.calls.get((name, key), {}).values():
            try:
                if again(table.get(key) or getattr(made, key), call) != call.said:
                    return True
            except Exception:  # noqa: BLE001 - a mutant may break in any way
                return True
    return False


def reaching(mutant: Mutant) -> list[str]:
    """Name the functions of the module that may come to a mutant, itself first."""
    functions = {
        node.name: {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        for node in ast.parse(mutant.source).body
        if isinstance(node, ast.FunctionDef)
    }
    found = [mutant.function]
    for name in found:  # it grows while it is walked
        found += [f for f, used in functions.items() if name in used and f not in found]
    return found


def fails_otherwise(
    name: str, mutant: Mutant, recording: Recording, known: dict[Met, frozenset[str]]
) -> bool:
    """Tell whether a scenario that gives the check a connection notices it."""
    met = sorted(m for m in recording.live[name, mutant.function] if m.scenario)
    key = (name, mutant.function)
    made = getattr(module_of(name, mutant.source), mutant.function)
    faulty = [each for each in met if each.fault and failing(each, known)]
    try:
        recording.instead[key] = made
        # Faults of one name stand together: those far apart fail for other reasons.
        apart = faulty[:: max(1, len(faulty) // (LIVE - 1))][: LIVE - 1]
        for each in (apart + [m for m in met if not m.fault])[:LIVE]:
            if failing(each, {}) != failing(each, known):
                return True
    finally:
        recording.instead.clear()
    return False


def failing(met: Met, known: dict[Met, frozenset[str]]) -> frozenset[str]:
    """Meet the gear; returns what failed and what was not judged."""
    if met not in known:
        (case,) = matrix.run(met.fault, met.role, [scenario.load()[met.scenario]])
        known[met] = frozenset(
            f"{p.requirement} {p.verdict}" for p in case.requirements
        )
    return known[met]


def main() -> int:
    """Print what survived; returns 1 when a survivor has no reason."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("modules", nargs="*", default=MODULES, metavar="MODULE")
    parser.add_argument("--no-live", action="store_true", help="recorded calls only")
    parser.add_argument("--kept", type=Path, help="recorded calls, kept between runs")
    given = parser.parse_args()
    recording, began = Recording(), time.monotonic()
    recording.watch()
    if given.kept and given.kept.exists():
        recording.load(given.kept)
    else:
        record(recording)
    if given.kept:
        recording.keep(given.kept)
    borders()
    seconds = time.monotonic() - began
    calls = sum(map(len, recording.calls.values()))
    sys.stdout.write(f"{calls} different calls recorded in {seconds:.0f} s\n")
    counts: dict[str, Counter[str]] = {}
    survivors: list[tuple[str, Mutant]] = []
    known: dict[Met, frozenset[str]] = {}
    for name in given.modules:
        counts[name] = Counter()
        for mutant in mutants((CHECKS / f"{name}.py").read_text()):
            counts[name]["mutants"] += 1
            killed = decides_otherwise(name, mutant, recording)
            if not killed and (name, mutant.function) in recording.live:
                killed = not given.no_live and fails_otherwise(
                    name, mutant, recording, known
                )
            counts[name]["killed"] += killed
            if not killed:
                survivors.append((name, mutant))
                sys.stdout.write(f"survives: {name} {mutant.line} {mutant.name}\n")
        sys.stdout.write(f"{name:14} {dict(counts[name])}\n")
        sys.stdout.flush()
    return tell(counts, survivors, whole=set(given.modules) == set(MODULES))


def tell(
    counts: dict[str, Counter[str]], survivors: list[tuple[str, Mutant]], *, whole: bool
) -> int:
    """Print the survivors, and write the page after a whole run."""
    reasons = tomllib.loads(REASONS.read_text()) if REASONS.exists() else {}
    bare = 0
    lines = []
    for name, mutant in survivors:
        reason = reasons.get(name, {}).get(mutant.name, "")
        bare += not reason
        sys.stdout.write(
            f"{name}.py:{mutant.line} {mutant.name}\n    {reason or 'NO REASON'}\n"
        )
        change = mutant.name.replace("|", "\\|").replace("`", "'")
        lines.append(f"| {name} | `{change}` | {reason or 'none yet'} |")
    total = sum(c["mutants"] for c in counts.values())
    killed = sum(c["killed"] for c in counts.values())
    sys.stdout.write(f"{killed} of {total} killed, {bare} survivors without a reason\n")
    if whole:
        PAGE.write_text(page(counts, lines), encoding="utf-8")
    return 1 if bare else 0


def page(counts: dict[str, Counter[str]], lines: list[str]) -> str:
    """Write `docs/mutation.md`."""
    rows = [f"| {n} | {c['mutants']} | {c['killed']} |" for n, c in counts.items()]
    total = sum(c["mutants"] for c in counts.values())
    killed = sum(c["killed"] for c in counts.values())
    return "\n".join(
        [
            "# Mutants of the checks",
            "",
            "`make mutation` writes this page. It puts one small fault at a time into",
            "`conformance/checks` and asks whether the kill matrix notices: a recorded",
            "call of a check decides otherwise, or a scenario fails other",
            "requirements. What only tells people something is not changed. Why the",
            "runner is our own: [0006](decisions/0006-mutants-on-recorded-calls.md).",
            "",
            "| checks | mutants | killed |",
            "|---|---|---|",
            *rows,
            f"| all | {total} | {killed} |",
            "",
            "## Survivors, and why",
            "",
            "| checks | change | reason |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
