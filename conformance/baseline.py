# SPDX-License-Identifier: GPL-2.0-or-later
"""The third axis: deviations that are known, new, or known and no longer there.

A known deviation has a reason and may expire. One that does not occur any more though
its cases were judged is stale and fails the run, so that no list of them rots.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from conformance.claims import Known
from conformance.result import Run
from conformance.verdict import Verdict


def apply(run: Run, known: Sequence[Known], today: date) -> None:
    """Mark a run's deviations as `known` or `new`, and list stale entries.

    Args:
        run: changed in place.
        known: what is accepted.
        today: for entries that expire.
    """
    current = [k for k in known if k.expires is None or k.expires >= today]
    for case, part in run.deviations:
        accepted = any(_covers(k, case.id, part.requirement) for k in current)
        part.baseline = "known" if accepted else "new"
    run.stale = [
        *(f"{_name(k)} expired on {k.expires}" for k in known if k not in current),
        *(
            f"{_name(k)} no longer occurs: take it off the list ({k.reason})"
            for k in current
            if _fixed(run, k)
        ),
    ]


def entries(run: Run, reason: str) -> str:
    """Write a run's deviations as the `known` part of a claims file."""
    lines = []
    for identifier in dict.fromkeys(p.requirement for _, p in run.deviations):
        lines += ["[[known]]", f'requirement = "{identifier}"', f'reason = "{reason}"']
        lines.append("")
    return "\n".join(lines)


def _name(known: Known) -> str:
    return f"{known.requirement} {known.case}".strip()


def _covers(known: Known, case: str, requirement: str) -> bool:
    return known.requirement == requirement and known.case in ("", case)


def _fixed(run: Run, known: Known) -> bool:
    """Tell whether what is known was judged and did not occur."""
    verdicts = [
        part.verdict
        for case in run.cases
        for part in case.requirements
        if _covers(known, case.id, part.requirement)
    ]
    judged = [v for v in verdicts if v in (Verdict.PASS, Verdict.FAIL)]
    return bool(judged) and Verdict.FAIL not in judged


def scored(run: Run, names: Iterable[str]) -> None:
    """Let only the frozen set of requirements count; others are marked as known."""
    frozen = set(names)
    for _, part in run.deviations:
        if frozen and part.requirement not in frozen:
            part.baseline = "known"
