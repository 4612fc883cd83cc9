# SPDX-License-Identifier: GPL-2.0-or-later
"""The frozen set: what is not scored is told, and changes no exit code."""

import shlex
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import baseline, claims, matrix, plugin, scenario
from conformance.cli import options
from conformance.cli.main import main
from conformance.result import Case, Judged, Run
from conformance.runner import run_case
from conformance.verdict import Exit, Reason, Severity, Verdict
from nmsp_scapy.constants import Grade
from nmsp_scapy.profile import NOMINAL


def case(name: str, requirement: str, verdict: Verdict) -> Case:
    part = Judged(requirement, verdict, "MUST", Grade.DOCUMENTED, "text", "source")
    made = Case(name, "echo", "wlc", "safe", "", verdict, requirements=[part])
    if verdict is Verdict.FAIL:
        part.severity = Severity.VIOLATION
    if verdict is Verdict.INCONCLUSIVE:
        made.reason = part.reason = Reason.TIMEOUT
    return made


def run(*cases: Case) -> Run:
    return Run("wlc:16113", "wlc", "nominal", Grade.OBSERVED, False, list(cases))


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.FAIL, Exit.DEVIATION),
        (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE),
        (Verdict.ERROR, Exit.BUG),
    ],
)
@pytest.mark.parametrize("frozen", ["NMSP-ECHO-1", "echo.old"])
def test_a_new_check_turns_no_green_run_red(
    verdict: Verdict, code: Exit, frozen: str
) -> None:
    made = run(
        case("echo.old", "NMSP-ECHO-1", Verdict.PASS),
        case("echo.new", "NMSP-ECHO-9", verdict),
    )
    baseline.apply(made, [], date(2026, 1, 1))
    assert made.exit is code
    baseline.scored(made, [frozen])
    assert made.exit is Exit.OK
    assert made.cases[1].requirements[0].baseline == "unscored"
    assert baseline.held(made) == []


def test_what_is_scored_still_counts() -> None:
    made = run(case("echo.old", "NMSP-ECHO-1", Verdict.FAIL))
    baseline.scored(made, ["NMSP-ECHO-1"])
    assert made.exit is Exit.DEVIATION


def test_a_run_of_which_nothing_is_scored_is_not_green() -> None:
    made = run(case("echo.new", "NMSP-ECHO-9", Verdict.PASS))
    baseline.scored(made, ["NMSP-ECHO-1"])
    assert made.exit is Exit.INCONCLUSIVE


def test_a_scenario_may_be_scored_and_an_unknown_one_not(tmp_path: Path) -> None:
    path = tmp_path / "claims.toml"
    path.write_text('scored = ["echo.answers_echo", "NMSP-ECHO-1"]')
    assert claims.read(path).scored == ("echo.answers_echo", "NMSP-ECHO-1")
    path.write_text('scored = ["echo.answers_nothing"]')
    with pytest.raises(ValueError, match="no requirement or scenario echo"):
        claims.read(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('services = ["RADAR"]', "no service or sub-service 'RADAR'"),
        ('role = "cmx"', "role"),
        ("limits = {message_bytes = 1}", "message_bytes"),
        ("limits = {sessions = 0}", "sessions"),
        ("limits = {mood = 1}", "mood"),
    ],
)
def test_a_claim_that_is_none_is_refused(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=why):
        claims.read(path)


def test_services_are_claimed_whole_or_by_sub_service(tmp_path: Path) -> None:
    path = tmp_path / "claims.toml"
    path.write_text('services = ["IDS", "RSSI_TAG", "RSSI", "RSSI_ROGUE"]')
    assert claims.read(path).offered == {9: 0, 1: 0b110}


def test_limits_bound_what_is_tried() -> None:
    most = claims.Limits(message_bytes=1000, sessions=1)
    one = claims.Claims(limits=most)
    assert one.within(NOMINAL).header.maximum == 1000
    assert claims.Claims().within(NOMINAL) is NOMINAL
    with matrix.wlc() as settings:
        settings.claims = one
        found = run_case(scenario.load()["session.serves_two_mses_at_once"], settings)
    assert found.verdict is Verdict.NOT_APPLICABLE


def test_claims_of_the_other_role_are_a_usage_error(
    listed_pem: Path, tmp_path: Path
) -> None:
    path = tmp_path / "claims.toml"
    path.write_text('role = "mse"')
    line = ["run", "127.0.0.1:1", "--identity", str(listed_pem), "--claims", str(path)]
    told = CliRunner().invoke(main, line)
    assert told.exit_code == 2
    assert "claims to be of an mse" in told.output


def test_the_options_name_the_policies() -> None:
    assert set(options.POLICIES) == set(claims.POLICIES)
    assert set(plugin.OPTIONS["--nmsp-tls"]["choices"]) == set(claims.POLICIES)


def test_a_case_is_repeated_by_the_policy_of_its_endpoint(
    listed_pem: Path, tmp_path: Path
) -> None:
    """An inventory says it; the command that is told is for this endpoint alone."""
    with matrix.wlc("policy") as met:
        host, port = met.target
        inventory = tmp_path / "site.toml"
        inventory.write_text(
            f'[[endpoint]]\nname = "one"\naddress = "{host}"\nport = {port}\n'
            f'tls = "c9800"\nidentity = "{listed_pem}"\n'
        )
        line = ["run", "--inventory", str(inventory), "NMSP-TRANSPORT-16"]
        told = CliRunner().invoke(main, [*line, "--show-identities"])
        (again,) = [t for t in told.output.splitlines() if t.startswith("  again ")]
        repeated = CliRunner().invoke(main, shlex.split(again)[2:])
    assert (told.exit_code, repeated.exit_code) == (1, 1)
    assert "--tls c9800" in again
