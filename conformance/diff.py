# SPDX-License-Identifier: GPL-2.0-or-later
"""What sets two results of one endpoint apart, requirement by requirement.

What counts is what a run would hold against the endpoint: a deviation that is only
noted, or known, makes nothing worse. What was judged well and no longer can be judged
is worse, for nobody knows any more.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from conformance.result import Case, Judged, Run
from conformance.verdict import Exit, Reason, Trust, Verdict


class Standing(StrEnum):
    """What a requirement's verdict in a case means for the run, the best first."""

    FINE = "fine"
    NOTED = "noted"
    UNJUDGED = "unjudged"
    HELD = "held"
    ERROR = "error"


LOST = (Standing.FINE, Standing.UNJUDGED)
"""From being judged well to not being judged."""


class Change(StrEnum):
    """What became of a requirement in a case, from one result to the other."""

    NEW = "new deviation"
    FIXED = "fixed"
    WORSE = "worse"
    CHANGED = "changed"
    GONE = "only in A"
    ADDED = "only in B"


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """A requirement in a case, in one of the results.

    Attributes:
        held: whether it fails the run.
        detail: expected and actual, or why it was not judged.
    """

    verdict: Verdict
    severity: str = ""
    baseline: str = ""
    reason: str = ""
    detail: str = ""
    held: bool = False

    def __str__(self) -> str:
        """Write `fail (violation, known)`."""
        more = ", ".join(filter(None, (self.severity, self.baseline, self.reason)))
        return f"{self.verdict} ({more})" if more else f"{self.verdict}"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change.

    Attributes:
        requirement: empty for a case that has none, as an error of ours.
        before, after: None where the result does not have it.
        worse: whether it makes the comparison exit 1.
    """

    change: Change
    case: str
    requirement: str
    before: Side | None = None
    after: Side | None = None
    worse: bool = False


class Comparison(msgspec.Struct, omit_defaults=True):
    """All that sets the results of one endpoint apart.

    Attributes:
        target: the endpoint in B; `before` in A, where it was called otherwise.
        same: requirements in cases whose standing is the same in both.
        remarks: what a reader must know of how the two were made.
    """

    target: str
    role: str
    entries: list[Entry]
    same: int = 0
    before: str = ""
    remarks: list[str] = []

    def of(self, *changes: Change) -> list[Entry]:
        """Entries of some kinds."""
        return [entry for entry in self.entries if entry.change in changes]

    @property
    def worse(self) -> bool:
        """Whether anything got worse."""
        return any(entry.worse for entry in self.entries)

    @property
    def compared(self) -> int:
        """How much stands in both."""
        apart = self.of(Change.GONE, Change.ADDED)
        return self.same + len(self.entries) - len(apart)


class Difference(msgspec.Struct):
    """What `diff --json` writes.

    Attributes:
        exit: the process's exit code.
    """

    comparisons: list[Comparison]
    exit: Exit
    schema_version: int = 1


class ApartError(ValueError):
    """The two results cannot be held against each other."""


def compare(before: Sequence[Run], after: Sequence[Run]) -> Difference:
    """Compare two results.

    Raises:
        ApartError: they are of different roles or endpoints.
    """
    found = [_compare(a, b) for a, b in _pairs(before, after)]
    if any(each.worse for each in found):
        code = Exit.DEVIATION
    elif not any(each.compared for each in found):
        code = Exit.INCONCLUSIVE
    else:
        code = Exit.OK
    return Difference(found, code)


def _pairs(before: Sequence[Run], after: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    if len(before) == len(after) == 1:
        # One endpoint may have another address today.
        one, other = before[0], after[0]
        if one.role != other.role:
            raise ApartError(f"A judges a {one.role}, B a {other.role}")
        yield one, other
        return
    old = {(run.role, run.name or run.target): run for run in before}
    new = {(run.role, run.name or run.target): run for run in after}
    apart = sorted(f"{role} {target}" for role, target in old.keys() ^ new.keys())
    if apart:
        raise ApartError(f"only one of them judges {', '.join(apart)}")
    for key, run in new.items():
        yield old[key], run


def _compare(before: Run, after: Run) -> Comparison:
    old, new = dict(_sides(before)), dict(_sides(after))
    made = Comparison(after.target, after.role, [], remarks=_remarks(before, after))
    made.before = before.target if before.target != after.target else ""
    for key in dict.fromkeys((*new, *old)):
        entry = _entry(key, old.get(key), new.get(key), passive=after.passive)
        if entry is None:
            made.same += 1
        else:
            made.entries.append(entry)
    order = list(Change)
    made.entries.sort(key=lambda e: (not e.worse, order.index(e.change)))
    return made


def _sides(run: Run) -> Iterator[tuple[tuple[str, str], Side]]:
    trust = Trust(run.trust, run.strict)
    for case in run.cases:
        if case.verdict is Verdict.ERROR:
            yield (case.id, ""), Side(case.verdict, detail="a bug of ours")
        for part in case.requirements:
            yield (case.id, part.requirement), _side(part, case, trust)


def _side(part: Judged, case: Case, trust: Trust) -> Side:
    failed = part.verdict is Verdict.FAIL and part.severity is not None
    unmet = next((f for f in part.findings if not f.met), None)
    detail = part.detail
    if failed and unmet is not None:
        detail = f"expected {unmet.expected}; actual {unmet.actual}"
    return Side(
        part.verdict,
        part.severity.value if part.severity else "",
        part.baseline,
        part.reason.value if part.reason else "",
        detail or case.detail,
        failed
        and part.severity is not None
        and trust.fails(part.severity)
        and part.counts,
    )


def _standing(side: Side) -> Standing:
    if side.verdict is Verdict.ERROR:
        return Standing.ERROR
    if side.verdict is Verdict.INCONCLUSIVE:
        return Standing.UNJUDGED
    if side.verdict is Verdict.FAIL:
        return Standing.HELD if side.held else Standing.NOTED
    return Standing.FINE


def _entry(
    key: tuple[str, str], old: Side | None, new: Side | None, *, passive: bool
) -> Entry | None:
    """Tell what became of a requirement in a case; None where nothing did.

    Args:
        key: case and requirement.
        old: in A.
        new: in B.
        passive: whether B stimulated nothing; what a capture does not show is no
            loss.
    """
    if old is None:
        worse = new is not None and _standing(new) in (Standing.HELD, Standing.ERROR)
        change = Change.NEW if worse else Change.ADDED
        return Entry(change, *key, None, new, worse)
    if new is None:
        return Entry(Change.GONE, *key, old)
    before, after = _standing(old), _standing(new)
    if before is after and old.verdict is new.verdict:
        return None
    change, worse = Change.CHANGED, False
    unseen = passive and new.reason == Reason.NO_STIMULUS
    if after is Standing.HELD:
        change, worse = Change.NEW, True
    elif after is Standing.ERROR or ((before, after) == LOST and not unseen):
        change, worse = Change.WORSE, True
    elif new.verdict is Verdict.FAIL and old.verdict is not Verdict.FAIL:
        change = Change.NEW
    elif old.verdict is Verdict.FAIL and new.verdict is Verdict.PASS:
        change = Change.FIXED
    return Entry(change, *key, old, new, worse)


def _remarks(before: Run, after: Run) -> list[str]:
    """Say what was asked differently: it explains much of what changed."""
    asked = (
        ("profile", before.profile, after.profile),
        ("trust", before.trust, after.trust),
        ("strict", before.strict, after.strict),
        ("version of the suite", before.tool_version, after.tool_version),
    )
    told = [f"another {what}: {a} in A, {b} in B" for what, a, b in asked if a != b]
    for name, run in (("A", before), ("B", after)):
        if not run.confirmed:
            told.append(f"in {name} the endpoint did not speak the wire profile")
    return told
