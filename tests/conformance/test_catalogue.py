# SPDX-License-Identifier: GPL-2.0-or-later
"""Requirements and scenarios hold together."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import requirements, scenario, selection
from conformance.cli.main import COMMANDS, main
from conformance.report import json as json_report
from conformance.scenario import Risk

KNOWN = requirements.load()
CASES = scenario.load()


def test_there_are_as_many_as_the_catalogue_promises() -> None:
    assert len(KNOWN) >= 80
    assert len(CASES) >= 100
    assert {case.role for case in CASES.values()} == {"wlc", "mse"}


def test_every_requirement_has_a_scenario_or_a_reason() -> None:
    tried = {name for case in CASES.values() for name in case.requirements}
    assert {r.id for r in KNOWN.values() if not r.excluded} == tried


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_scenario_names_requirements_of_its_role(case: scenario.Scenario) -> None:
    assert {KNOWN[name].role for name in case.requirements} == {case.role}
    assert case.description.endswith(".")


@pytest.mark.parametrize("each", KNOWN.values(), ids=KNOWN.keys())
def test_a_requirement_is_worded_by_its_level(each: requirements.Requirement) -> None:
    assert each.level.lower() in each.text
    assert each.text.endswith(".")
    assert each.source


@pytest.mark.parametrize(
    "selector",
    [
        "echo",
        "wlc",
        "mse",
        "MUST",
        "safe",
        "documented",
        "NMSP-ECHO-*",
        "echo.answers_*",
    ],
)
def test_a_selector_of_each_kind_matches(selector: str) -> None:
    found = selection.select(list(CASES.values()), [selector])
    assert 0 < len(found) < len(CASES)


def test_selectors_of_one_kind_add_and_of_two_narrow() -> None:
    def ids(*selectors: str) -> set[str]:
        found = selection.select(list(CASES.values()), selectors)
        return {case.id for case in found}

    assert ids("echo", "capability") == ids("echo") | ids("capability")
    assert ids("echo", "mse") == ids("echo") & ids("mse")


@pytest.mark.parametrize("bad", [["ecko"], ["echo.answers_echo", "mse"], ["@nowhere"]])
def test_a_selector_that_matches_nothing_is_an_error(bad: list[str]) -> None:
    with pytest.raises(selection.SelectorError):
        selection.select(list(CASES.values()), bad)


def test_shards_hold_every_case_once() -> None:
    every = selection.chosen("wlc", [])
    parts = [selection.chosen("wlc", [], shard=f"{i}/3") for i in (1, 2, 3)]
    assert sorted(c.id for part in parts for c in part) == sorted(c.id for c in every)


def test_only_safe_cases_run_unless_asked() -> None:
    assert {case.risk for case in selection.chosen("wlc", [])} == {Risk.SAFE}
    with pytest.raises(selection.SelectorError, match="--risk"):
        selection.chosen("wlc", ["robustness.survives_deep_nesting"])


def test_list_and_coverage_speak_json() -> None:
    listed = CliRunner().invoke(main, ["list", "--json"])
    assert len(json.loads(listed.output)["scenarios"]) == len(CASES)
    covered = CliRunner().invoke(main, ["coverage", "--json"])
    assert covered.exit_code == 0
    assert len(json.loads(covered.output)["requirements"]) == len(KNOWN)


def test_explain_says_what_it_knows_and_what_is_near() -> None:
    told = CliRunner().invoke(main, ["explain", "NMSP-ECHO-1"])
    assert "echo.answers_echo" in told.output
    missed = CliRunner().invoke(main, ["explain", "echo.answer_echo"])
    assert missed.exit_code == 2
    assert "echo.answers_echo" in missed.output


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    told = CliRunner().invoke(main, [name, "--help"])
    assert told.exit_code == 0


def test_the_published_schema_is_that_of_the_result() -> None:
    root = Path(__file__).parents[2]
    published = json.loads((root / "docs/schema/result.json").read_text())
    assert published == json.loads(json.dumps(json_report.schema()))
