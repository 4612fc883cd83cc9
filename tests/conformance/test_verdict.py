# SPDX-License-Identifier: GPL-2.0-or-later
"""Three axes: the worst verdict wins, severity has two sources, exits are an API."""

import itertools

import pytest

from conformance import requirements
from conformance.requirements import Requirement
from conformance.result import Case, Judged, Run, judged
from conformance.verdict import (
    Exit,
    InconclusiveError,
    Judge,
    Level,
    Reason,
    Severity,
    Trust,
    Verdict,
    worst,
)
from nmsp_scapy.constants import Grade

ID = "NMSP-ECHO-1"
KNOWN = requirements.load()[ID]


def of(judge: Judge, *, confirmed: bool = True, known: Requirement = KNOWN) -> Judged:
    return judged(known, judge, Trust(), None, confirmed=confirmed)


def test_the_worst_verdict_wins() -> None:
    order = list(Verdict)
    for one, other in itertools.combinations(order, 2):
        assert worst([one, other]) is other


def test_nothing_at_all_is_never_green() -> None:
    assert worst([]) is Verdict.INCONCLUSIVE


def test_a_judge_that_evaluated_nothing_is_inconclusive() -> None:
    part = of(Judge([ID]))
    assert (part.verdict, part.reason) == (Verdict.INCONCLUSIVE, Reason.NO_STIMULUS)


def test_one_unmet_finding_fails_however_many_are_met() -> None:
    judge = Judge([ID])
    for met in (True, False, True):
        judge.require(ID, met, expected="a", actual="b")
    assert of(judge).verdict is Verdict.FAIL


def test_assume_ends_the_case_with_its_reason() -> None:
    with pytest.raises(InconclusiveError) as caught:
        Judge([ID]).assume(False, Reason.TIMEOUT, "late")
    assert (caught.value.reason, caught.value.text) == (Reason.TIMEOUT, "late")


def test_a_note_changes_no_verdict() -> None:
    judge = Judge([ID])
    judge.require(ID, True, expected="a", actual="a")
    judge.note("odd")
    assert of(judge).verdict is Verdict.PASS


def test_recommend_warns_where_require_would_violate() -> None:
    judge = Judge([ID])
    judge.recommend(ID, False, expected="a", actual="b")
    assert of(judge).severity is Severity.WARNING
    judge.require(ID, False, expected="a", actual="b")
    assert of(judge).severity is Severity.VIOLATION


def test_a_requirement_that_the_scenario_does_not_name_is_refused() -> None:
    with pytest.raises(ValueError, match="does not name"):
        Judge([ID]).require("NMSP-ECHO-2", True, expected="", actual="")


@pytest.mark.parametrize("met", [True, False])
def test_nothing_above_tls_is_judged_before_the_profile_is_seen(met: bool) -> None:
    judge = Judge([ID])
    judge.require(ID, met, expected="a", actual="b")
    part = of(judge, confirmed=False)
    assert (part.verdict, part.reason) == (Verdict.INCONCLUSIVE, Reason.UNCONFIRMED)
    assert part.findings == []


def test_what_rests_on_tls_needs_no_profile() -> None:
    known = requirements.load()["NMSP-AUTHLIST-2"]
    judge = Judge([known.id])
    judge.require(known.id, False, expected="a", actual="b")
    assert of(judge, confirmed=False, known=known).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("level", "grade", "trust", "severity"),
    [
        (Level.MUST, Grade.DOCUMENTED, Grade.OBSERVED, Severity.VIOLATION),
        (Level.MUST, Grade.OBSERVED, Grade.OBSERVED, Severity.DIFFERENCE),
        (Level.SHOULD, Grade.DOCUMENTED, Grade.OBSERVED, Severity.WARNING),
        (Level.MAY, Grade.DOCUMENTED, Grade.ASSUMED, Severity.NOTE),
        (Level.MUST, Grade.REPORTED, Grade.OBSERVED, Severity.NOTE),
        (Level.MUST, Grade.ASSUMED, Grade.INFERRED, Severity.NOTE),
        (Level.MUST, Grade.INFERRED, Grade.INFERRED, Severity.DIFFERENCE),
        (Level.MUST, Grade.ASSUMED, Grade.ASSUMED, Severity.DIFFERENCE),
    ],
)
def test_level_grade_and_trust_weigh_a_deviation(
    level: Level, grade: Grade, trust: Grade, severity: Severity
) -> None:
    assert Trust(trust).severity(level, grade) is severity


def case(verdict: Verdict, severity: Severity | None = None, known: str = "") -> Case:
    part = Judged(ID, verdict, "MUST", Grade.DOCUMENTED, "", "", severity=severity)
    part.baseline = known
    reason = Reason.TIMEOUT if verdict is Verdict.INCONCLUSIVE else None
    return Case(
        "a.b", "a", "wlc", "safe", "", verdict, reason=reason, requirements=[part]
    )


def run_of(*cases: Case, strict: bool = False, stale: bool = False) -> Run:
    run = Run("t", "wlc", "nominal", Grade.OBSERVED, strict, list(cases))
    run.stale = ["x"] if stale else []
    return run


PASSED = case(Verdict.PASS)
OPEN = case(Verdict.INCONCLUSIVE)
VIOLATED = case(Verdict.FAIL, Severity.VIOLATION)
WARNED = case(Verdict.FAIL, Severity.WARNING)
NOTED = case(Verdict.FAIL, Severity.NOTE)
KNOWN_ONE = case(Verdict.FAIL, Severity.VIOLATION, "known")
BROKEN = case(Verdict.ERROR)


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (run_of(PASSED), Exit.OK),
        (run_of(), Exit.INCONCLUSIVE),
        (run_of(PASSED, OPEN), Exit.INCONCLUSIVE),
        (run_of(PASSED, VIOLATED, OPEN), Exit.DEVIATION),
        (run_of(PASSED, WARNED), Exit.OK),
        (run_of(PASSED, WARNED, strict=True), Exit.DEVIATION),
        (run_of(PASSED, NOTED, strict=True), Exit.OK),
        (run_of(PASSED, KNOWN_ONE), Exit.OK),
        (run_of(PASSED, stale=True), Exit.DEVIATION),
        (run_of(VIOLATED, BROKEN), Exit.BUG),
        (run_of(case(Verdict.NOT_APPLICABLE)), Exit.INCONCLUSIVE),
    ],
)
def test_the_exit_code_follows_from_the_result(run: Run, code: Exit) -> None:
    assert run.exit is code
