# SPDX-License-Identifier: GPL-2.0-or-later
"""Every check can fail for its own reason; honest gear passes, null peers do not."""

import pytest

from conformance import matrix, requirements, scenario
from conformance.emulator.faults import FAULTS, MSE_FAULTS, QUIRKS
from conformance.identities import Identities
from conformance.peer import Timing
from conformance.runner import Settings, run_case
from conformance.scenario import Scenario
from conformance.verdict import Reason, Verdict
from tests.gear.null_peers import KINDS, NullPeer

PAIRS = [
    pytest.param(role, fault, id=f"{role}-{fault}")
    for role, table in (("wlc", matrix.WLC), ("mse", matrix.MSE))
    for fault in table
]
BY_ROLE = {
    role: [case for case in scenario.load().values() if case.role == role]
    for role in ("wlc", "mse")
}
FAMILIES = [
    pytest.param(role, family, id=f"{role}-{family}")
    for role, cases in BY_ROLE.items()
    for family in dict.fromkeys(case.family for case in cases)
]
LEAVES_ALONE = {"transport.negotiates_by_its_policy"}
"""Not applicable to gear that claims nothing."""


def test_no_requirement_is_without_a_fault() -> None:
    assert not matrix.uncovered()


def test_no_fault_is_without_a_requirement_or_a_reason() -> None:
    assert not matrix.unplaced()
    assert set(matrix.UNJUDGED) == set(QUIRKS)
    assert set(matrix.WLC) - {"policy"} <= set(FAULTS)
    assert set(matrix.MSE) <= set(MSE_FAULTS)


@pytest.mark.parametrize(("role", "fault"), PAIRS)
def test_a_fault_fails_its_requirements_and_no_others(role: str, fault: str) -> None:
    table = matrix.WLC if role == "wlc" else matrix.MSE
    results = matrix.run(fault, role, matrix.cases(role, table[fault]))
    assert [case.detail for case in results if case.verdict is Verdict.ERROR] == []
    assert matrix.failed(results) == set(table[fault])


@pytest.mark.parametrize(("role", "family"), FAMILIES)
def test_honest_gear_passes_everything(role: str, family: str) -> None:
    chosen = [case for case in BY_ROLE[role] if case.family == family]
    results = matrix.run("", role, chosen)
    found = {
        case.id: f"{case.verdict} {case.reason} {case.detail} "
        + "; ".join(
            f.actual for part in case.requirements for f in part.findings if not f.met
        )
        for case in results
        if case.verdict is not Verdict.PASS and case.id not in LEAVES_ALONE
    }
    assert found == {}


def may_pass(case: Scenario, kind: str) -> bool:
    """What a null peer does as it should: it says nothing in the clear, say."""
    del kind
    return case.id in LEAVES_ALONE


@pytest.mark.parametrize("kind", KINDS)
def test_null_peers_earn_nothing(kind: str) -> None:
    timing = Timing().scaled(0.01)
    earned, failed = [], []
    with NullPeer(kind) as peer:
        settings = Settings(
            Identities(matrix.listed().listed),
            target=("127.0.0.1", peer.port),
            timing=timing,
        )
        for case in BY_ROLE["wlc"]:
            result = run_case(case, settings)
            assert result.verdict is not Verdict.ERROR, result.detail
            if result.verdict is Verdict.PASS and not may_pass(case, kind):
                earned.append(case.id)
            if result.verdict is Verdict.FAIL:
                failed += [p.requirement for p in result.requirements]
    assert earned == []
    # Echoed bytes are no TLS from the WLC: these two rest on no profile.
    allowed = {"NMSP-TRANSPORT-1", "NMSP-TRANSPORT-4"} if kind == "echoing" else set()
    assert set(failed) <= allowed


def test_a_requirement_above_tls_waits_for_the_profile() -> None:
    wire = [each for each in requirements.load().values() if each.wire]
    assert len(wire) > 60
    with NullPeer("echoing") as peer:
        settings = Settings(
            Identities(matrix.listed().listed),
            target=("127.0.0.1", peer.port),
            timing=Timing().scaled(0.02),
        )
        result = run_case(scenario.load()["echo.answers_echo"], settings)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.reason in set(Reason)
