# SPDX-License-Identifier: GPL-2.0-or-later
"""The third axis: deviations that are known, new, or known and no longer there.

A known deviation has a reason and may expire. One that does not occur any more though
its cases were judged is stale and fails the run, so that no list of them rots.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from conformance.claims import Known
from conformance.result import UNSCORED, Run
from conformance.verdict import Trust, Verdict


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


def held(run: Run) -> list[tuple[str, str]]:
    """Name the deviations that fail a run, as (requirement, case), each once.

    In a capture's result the case is left out: it counts conversations, which come as
    they come.
    """
    trust = Trust(run.trust, run.strict)
    found = [
        (part.requirement, "" if run.passive else case.id)
        for case, part in run.deviations
        if part.severity is not None and trust.fails(part.severity) and part.counts
    ]
    return list(dict.fromkeys(found))


class State(StrEnum):
    """What became of an entry."""

    OCCURS = "occurs"
    STALE = "stale"
    EXPIRED = "expired"
    UNSEEN = "not judged"
    LISTED = "listed"


def state_of(known: Known, runs: Sequence[Run], today: date) -> State:
    """Tell what became of an entry; `LISTED` where there is no result to ask."""
    failed = any(
        _covers(known, case.id, part.requirement)
        for run in runs
        for case, part in run.deviations
    )
    fixed = any(_fixed(run, known) for run in runs) and not failed
    if fixed:
        return State.STALE
    if known.expires is not None and known.expires < today:
        return State.EXPIRED
    if not runs:
        return State.LISTED
    return State.OCCURS if failed else State.UNSEEN


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
    """Let only the frozen set count, by requirement or scenario; mark all else."""
    frozen = set(names)
    for case in run.cases:
        own = case.id.partition("[")[0] in frozen
        for part in case.requirements:
            if frozen and not own and part.requirement not in frozen:
                part.baseline = UNSCORED
