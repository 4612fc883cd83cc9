# SPDX-License-Identifier: GPL-2.0-or-later
"""A check that judges captures fails on the capture of a fault, and passes without.

The captures are of faulty gear that was really played; what no fault of ours does is
put into what was read from a capture in `pcaps/`.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from conformance import matrix, requirements, scenario
from conformance.capture import CHECKS, check, observe
from conformance.claims import POLICIES
from conformance.cli.main import main
from conformance.emulator.authlist import AuthList
from conformance.handshake import openssl_suite
from conformance.result import Case
from conformance.runner import run_case
from conformance.scenario import Scenario
from conformance.verdict import Exit, Reason, Trust, Verdict
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result
from nmsp_scapy.dissect import dissect
from tests.gear.foreign_tls import listed

PCAPS = Path(__file__).parents[2] / "pcaps"
TABLES = {"wlc": matrix.WLC, "mse": matrix.MSE}


def cases_of(identifier: str) -> list[Scenario]:
    known = scenario.load().values()
    return [case for case in known if identifier in case.requirements]


def faults_of(identifier: str) -> list[tuple[str, str]]:
    return [
        (role, fault)
        for role, table in TABLES.items()
        for fault, names in table.items()
        if identifier in names
    ]


def captured(
    case: Scenario, role: str, fault: str, identifier: str, folder: Path
) -> Verdict:
    """Play a case against a fault, and judge its capture; the worst conversation."""
    gear = matrix.wlc(fault) if role == "wlc" else matrix.mse(fault)
    with gear as plain:
        settings = msgspec.structs.replace(plain, output=folder)
        played = run_case(case, settings)
        port = settings.target[1] or (
            settings.listener.port if settings.listener is not None else 0
        )
    results = dissect(str(folder / played.capture), ports=frozenset([port]))
    policy = POLICIES["c9800"] if fault == "policy" else None
    run = check(
        observe(results, AuthList.of(listed().der)),
        capture="x",
        trust=Trust(),
        chosen=[identifier],
        policy=policy,
    )
    verdicts = [found.verdict for found in run.cases]
    return Verdict.FAIL if Verdict.FAIL in verdicts else max(verdicts, default="")


def late_alert(result: Result) -> Result:
    if isinstance(result, Conversation) and result.tls is not None:
        for alert in result.tls.alerts:
            alert.time_ns += 6_000_000_000
    return result


def compressed(result: Result) -> Result:
    if isinstance(result, Conversation) and result.tls is not None:
        result.tls.compression = 1
    return result


def half_second_too_early(result: Result) -> Result:
    if isinstance(result, Message) and result.direction is Direction.WLC_TO_MSE:
        result.time_ns -= 500_000_000
    return result


def never_closed(result: Result) -> Result | None:
    fin = isinstance(result, Event) and result.event == "fin"
    return None if fin and result.direction is Direction.WLC_TO_MSE else result


def silent_for_long(result: Result) -> Result | None:
    if isinstance(result, Message) and result.type == 1:
        return None
    if isinstance(result, Event) and result.event == "closed" and result.time_ns:
        result.time_ns += 130_000_000_000
    return result


MUTATED: dict[str, tuple[str, Callable[[Result], Result | None]]] = {
    "NMSP-TRANSPORT-3": ("tls13", half_second_too_early),
    "NMSP-TRANSPORT-13": ("tls13", never_closed),
    "NMSP-TRANSPORT-18": ("tls13", compressed),
    "NMSP-AUTHLIST-15": ("tls13-rejected", late_alert),
    "NMSP-ECHO-9": ("tls13", silent_for_long),
}


def judged(
    name: str, identifier: str, mutate: Callable[[Result], Result | None] | None = None
) -> Case:
    read = list(dissect(str(PCAPS / f"{name}.pcapng")))
    if mutate is not None:
        read = [kept for kept in map(mutate, read) if kept is not None]
    run = check(observe(iter(read)), capture=name, trust=Trust(), chosen=[identifier])
    (case,) = run.cases
    return case


@cache
def _warm() -> None:
    """Make the keys before they are counted as anybody's time."""
    matrix.listed(), matrix.presented()


@pytest.mark.parametrize("identifier", sorted(CHECKS.keys() - MUTATED.keys()))
def test_a_check_fails_on_the_capture_of_a_fault(
    identifier: str, tmp_path: Path
) -> None:
    _warm()
    assert any(
        captured(case, role, fault, identifier, tmp_path) is Verdict.FAIL
        for role, fault in faults_of(identifier)
        for case in cases_of(identifier)
        if case.role == role
    )


@pytest.mark.parametrize("identifier", sorted(MUTATED))
def test_a_check_fails_on_a_mutated_capture(identifier: str) -> None:
    name, mutate = MUTATED[identifier]
    assert judged(name, identifier, mutate).verdict is Verdict.FAIL
    assert judged(name, identifier).verdict is Verdict.PASS


def test_every_capture_of_honest_gear_is_free_of_deviations() -> None:
    assert len(list(PCAPS.glob("*.pcapng"))) > 5
    for path in PCAPS.glob("*.pcapng"):
        run = check(observe(dissect(str(path))), capture="x", trust=Trust())
        # They were made with a short interval, so that they stay small.
        found = {part.requirement for _, part in run.deviations}
        assert found <= {"NMSP-NOTIFICATIONS-2"}, path.name


def test_what_lies_below_tls_is_judged_without_keys() -> None:
    below = [name for name in CHECKS if not requirements.load()[name].wire]
    run = check(
        observe(dissect(str(PCAPS / "tls12-ecdhe.pcapng"))),
        capture="x",
        trust=Trust(),
    )
    passed = {c.requirements[0].requirement for c in run.of(Verdict.PASS)}
    assert {"NMSP-TRANSPORT-2", "NMSP-TRANSPORT-9", "NMSP-TRANSPORT-20"} <= passed
    assert passed <= set(below)
    hidden = judged("tls12-ecdhe", "NMSP-TRANSPORT-3")
    assert (hidden.verdict, hidden.reason) == (Verdict.INCONCLUSIVE, Reason.NO_KEYS)


def test_a_list_says_who_should_have_been_let_in(tmp_path: Path) -> None:
    line = ["check", str(PCAPS / "tls10-rsa-rejected.pcapng"), "NMSP-AUTHLIST-1"]
    unknown = CliRunner().invoke(main, line)
    assert unknown.exit_code == Exit.INCONCLUSIVE
    keys = PCAPS.parent / "keys" / "authlist.txt"
    refused = CliRunner().invoke(main, [*line, "--authlist", str(keys)])
    assert refused.exit_code == Exit.DEVIATION
    assert "alert 46" in refused.output
    empty = tmp_path / "empty"
    empty.write_text("nothing\n")
    wrong = CliRunner().invoke(main, [*line, "--authlist", str(empty)])
    assert wrong.exit_code == Exit.USAGE
    assert "--authlist" in wrong.output


@pytest.mark.parametrize(
    ("registry", "ours"),
    [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"),
        ("TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA"),
        ("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
    ],
)
def test_suites_have_the_policies_names(registry: str, ours: str) -> None:
    assert openssl_suite(registry) == ours
    assert any(ours in policy.suites for policy in POLICIES.values())


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["echo", "mse"], {"NMSP-ECHO-9", "NMSP-ECHO-10"}),
        (["NMSP-ECHO-1*", "--exclude", "mse"], {"NMSP-ECHO-1"}),
        (["must", "documented", "echo"], {"NMSP-ECHO-1", "NMSP-ECHO-9"}),
    ],
)
def test_checks_are_selected_as_scenarios_are(
    selectors: list[str], expected: set[str], tmp_path: Path
) -> None:
    line = ["check", str(PCAPS / "tls13.pcapng"), "-o", str(tmp_path), *selectors]
    assert CliRunner().invoke(main, line).exit_code == Exit.OK
    (run,) = json.loads((tmp_path / "result.json").read_text())["runs"]
    judged_ = {part["requirement"] for c in run["cases"] for part in c["requirements"]}
    assert judged_ == expected


@pytest.mark.parametrize("wrong", ["nothing", "NMSP-ROBUSTNESS-1", "may-crash"])
def test_a_selector_that_no_capture_can_show_is_a_usage_error(wrong: str) -> None:
    line = ["check", str(PCAPS / "tls13.pcapng"), wrong]
    assert CliRunner().invoke(main, line).exit_code == Exit.USAGE
