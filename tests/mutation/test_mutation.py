# SPDX-License-Identifier: GPL-2.0-or-later
"""The runner makes the mutants that it says, and tells those that matter."""

import pickle
import tomllib
from pathlib import Path

from conformance.observation import Observation
from conformance.verdict import Judge
from tests.mutation.__main__ import CHECKS, REASONS, decides_otherwise
from tests.mutation.operators import mutants
from tests.mutation.recording import (
    MODULES,
    Call,
    Recording,
    _frozen,
    module_of,
    outcome,
)

CHECK = '''
from conformance.verdict import Judge

def short(seen, judge: Judge) -> None:
    """No 7 stands here."""
    if seen.until_s > 1 and not seen.unread:
        judge.require("X", seen.until_s < 3, expected="at 7", actual=f"{7}")
'''


def recorded(*times: float) -> Recording:
    made, function = Recording(), module_of("toy", CHECK).short
    for time_s in times:
        seen, judge = Observation("wlc", until_s=time_s), Judge(["X"])
        given = pickle.dumps(_frozen((seen, judge), {}))
        function(seen, judge)
        said = pickle.dumps(outcome(judge, 0, None))
        made.calls["toy", "short"][given] = Call(given, said)
    return made


def survivors(*times: float) -> set[str]:
    recording = recorded(*times)
    return {
        mutant.change
        for mutant in mutants(CHECK)
        if not decides_otherwise("toy", mutant, recording)
    }


def test_what_only_tells_is_not_changed() -> None:
    changes = [mutant.change for mutant in mutants(CHECK)]
    assert len(changes) == len({mutant.source for mutant in mutants(CHECK)})
    assert not [change for change in changes if change.startswith(("7", "'at"))]
    assert "seen.until_s < 3 -> seen.until_s <= 3" in changes
    assert "not seen.unread -> seen.unread" in changes


def test_a_call_at_each_border_kills_all() -> None:
    assert survivors(0.5, 1.0, 1.5, 2.0, 3.0, 3.5) <= {
        "seen.until_s > 1 and (not seen.unread) -> seen.until_s > 1 or not seen.unread"
    }


def test_a_border_that_is_never_met_lets_a_mutant_live() -> None:
    assert "seen.until_s < 3 -> seen.until_s <= 3" in survivors(0.5, 2.0, 3.5)


def test_no_call_kills_nothing() -> None:
    assert len(survivors()) == len(list(mutants(CHECK)))


def test_each_reason_is_for_a_mutant_that_there_is() -> None:
    reasons = tomllib.loads(REASONS.read_text())
    assert set(reasons) <= set(MODULES)
    for name, table in reasons.items():
        there = {m.name for m in mutants(Path(CHECKS / f"{name}.py").read_text())}
        assert set(table) <= there
        assert all(len(reason) > 20 for reason in table.values())
