# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSSL and GnuTLS in place of the TLS half get the verdicts that they deserve.

Both take any certificate and know nothing of NMSP. So what concerns TLS alone passes,
what the AuthList should have refused fails, and nothing above TLS is ever judged.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import matrix, requirements, scenario
from conformance.claims import POLICIES, Claims
from conformance.cli.main import main
from conformance.peer import Timing
from conformance.result import Case
from conformance.runner import Settings, run_case
from conformance.scenario import Scenario
from conformance.tcp import Listener
from conformance.verdict import Exit, Reason, Verdict
from tests.gear import foreign_tls

TIMING = Timing(1.0, 2.0, 0.2, 0.15, 0.2, dial=2.0, echo=0.2)
"""OpenSSL's server needs half a second between two clients."""

THREADS = 6
ANY_CERTIFICATE = {
    "openssl": ("-Verify", "1"),
    "gnutls": ("--require-client-cert",),
}
ADMITTED = {
    "authlist.rejects_hash_of_another_key",
    "authlist.rejects_hash_of_another_key_in_tls12",
    "authlist.rejects_unlisted_mac",
    "authlist.rejects_unlisted_mse",
    "authlist.rejects_certificate_not_yet_valid",
    "authlist.rejects_expired_certificate",
    "authlist.rejects_certificate_without_mac",
    "authlist.judges_the_proved_certificate",
    "authlist.judges_dates_by_one_clock",
}
"""Cases of who should not have been let in."""

NOT_REFUSED = {
    "authlist.signals_refusal_with_alert_46",
    "authlist.sends_nothing_to_refused_mse",
    "authlist.serves_listed_mse_after_refusals",
    "authlist.serves_listed_mse_after_ten_refusals",
    "authlist.decides_in_time",
    "authlist.ends_connection_after_refusal",
    "authlist.alerts_in_the_handshake_of_tls12",
    "authlist.alerts_at_the_end_of_the_handshake",
}
"""Cases of how a refusal goes: there is none."""

SAYS_NOTHING = {"session.serves_a_listed_mse", "session.dials_and_speaks"}


def sample(role: str) -> list[Scenario]:
    """All cases of TLS, and the first three of every other family."""
    chosen: list[Scenario] = []
    for case in scenario.load().values():
        below = case.family in ("transport", "authlist")
        others = [c for c in chosen if c.family == case.family]
        if case.role == role and (below or len(others) < 3):
            chosen.append(case)
    return chosen


def judge_servers(kind: str, folder: Path, *options: str) -> dict[str, Case]:
    def one(case: Scenario) -> Case:
        with foreign_tls.server(kind, folder, *options) as port:
            settings = Settings(
                matrix.listed(), target=("127.0.0.1", port), timing=TIMING
            )
            return run_case(case, settings)

    matrix.listed(), matrix.presented()
    with ThreadPoolExecutor(THREADS) as pool:
        return {case.id: case for case in pool.map(one, sample("wlc"))}


def wire(case: Case) -> bool:
    """Whether it rests on the profile; counters no operator shows: not applicable."""
    known = requirements.load()
    return case.family != "counters" and all(
        known[part.requirement].wire for part in case.requirements
    )


def nothing_above_tls(cases: dict[str, Case]) -> None:
    judged = {
        name: case.verdict
        for name, case in cases.items()
        if wire(case) and case.verdict is not Verdict.INCONCLUSIVE
    }
    assert judged == {}
    assert not any(case.confirmed for case in cases.values())
    reasons = {case.reason for case in cases.values() if wire(case)}
    assert reasons <= {Reason.UNCONFIRMED, Reason.TIMEOUT, Reason.PEER_CLOSED}
    assert Reason.UNCONFIRMED in reasons


@pytest.mark.parametrize("kind", ANY_CERTIFICATE)
def test_a_server_that_takes_any_certificate(kind: str, tmp_path: Path) -> None:
    cases = judge_servers(kind, tmp_path, *ANY_CERTIFICATE[kind])
    nothing_above_tls(cases)
    failed = {name for name, case in cases.items() if case.verdict is Verdict.FAIL}
    # GnuTLS renegotiates when it is asked to, OpenSSL since 3.0 does not.
    renegotiates = {"transport.does_not_renegotiate"} if kind == "gnutls" else set()
    assert failed == ADMITTED | {"session.serves_a_listed_mse"} | renegotiates
    unrefused = {n for n, c in cases.items() if c.reason is Reason.DEPENDENCY}
    assert unrefused == NOT_REFUSED
    passed = {name for name, case in cases.items() if case.verdict is Verdict.PASS}
    below = {n for n, c in cases.items() if not wire(c)}
    claims_nothing = {"transport.negotiates_by_its_policy"}
    assert passed == below - failed - unrefused - claims_nothing - {
        n for n in below if cases[n].verdict is Verdict.NOT_APPLICABLE
    }
    assert "authlist.rejects_client_without_certificate" in passed
    assert "authlist.rejects_stolen_certificate" in passed


def test_each_stack_refuses_an_empty_certificate_in_its_own_words(
    tmp_path: Path,
) -> None:
    alerts = {}
    for kind, options in ANY_CERTIFICATE.items():
        with foreign_tls.server(kind, tmp_path, *options) as port:
            settings = Settings(
                matrix.listed(), target=("127.0.0.1", port), timing=TIMING
            )
            case = run_case(
                scenario.load()["authlist.rejects_no_certificate_in_tls12"], settings
            )
        assert case.verdict is Verdict.PASS
        alerts[kind] = case.requirements[0].findings[0].actual
    assert "alert 40" in alerts["openssl"]  # handshake_failure
    assert "alert 50" in alerts["gnutls"]  # decode_error


@pytest.mark.parametrize("kind", ANY_CERTIFICATE)
def test_a_server_that_asks_for_no_certificate(kind: str, tmp_path: Path) -> None:
    option = () if kind == "openssl" else ("--disable-client-cert",)
    with foreign_tls.server(kind, tmp_path, *option) as port:
        settings = Settings(matrix.listed(), target=("127.0.0.1", port), timing=TIMING)
        found = {
            name: run_case(scenario.load()[name], settings).verdict
            for name in (
                "transport.asks_for_a_certificate",
                "authlist.rejects_client_without_certificate",
                "authlist.rejects_stolen_certificate",
                "authlist.rejects_unlisted_mse",
            )
        }
    assert set(found.values()) == {Verdict.FAIL}


@pytest.mark.parametrize(
    ("options", "fits"),
    [
        (("-tls1_2", "-cipher", "AES128-SHA"), {"c9800", "c9800-strong"}),
        (("-tls1_2", "-cipher", "AES256-SHA"), {"c9800-strong", "fips"}),
        (("-tls1_2", "-cipher", "AES256-GCM-SHA384"), {"fips"}),
        (("-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"), {"legacy-3850"}),
        (("-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"), set()),
    ],
    ids=["normal", "strong", "aes256", "tls1", "tls13"],
)
def test_a_tls_policy_is_held_against_what_was_negotiated(
    options: tuple[str, ...], fits: set[str], tmp_path: Path
) -> None:
    case = scenario.load()["transport.negotiates_by_its_policy"]
    found = {}
    with foreign_tls.server("openssl", tmp_path, "-Verify", "1", *options) as port:
        for name in POLICIES:
            settings = Settings(
                matrix.listed(),
                target=("127.0.0.1", port),
                timing=TIMING,
                claims=Claims(tls=name),
            )
            found[name] = run_case(case, settings).verdict
    assert set(found.values()) <= {Verdict.PASS, Verdict.FAIL}
    assert {name for name, verdict in found.items() if verdict is Verdict.PASS} == fits


@pytest.mark.parametrize("kind", ANY_CERTIFICATE)
def test_a_client_is_no_mse(kind: str, tmp_path: Path) -> None:
    def one(case: Scenario) -> Case:
        listener = Listener("127.0.0.1", 0)
        settings = Settings(
            matrix.listed(), role="mse", listener=listener, timing=TIMING
        )
        try:
            with foreign_tls.client(kind, listener.port, tmp_path):
                return run_case(case, settings)
        finally:
            listener.close()

    matrix.listed()
    with ThreadPoolExecutor(THREADS) as pool:
        cases = {case.id: case for case in pool.map(one, sample("mse"))}
    nothing_above_tls(cases)
    failed = {name for name, case in cases.items() if case.verdict is Verdict.FAIL}
    assert failed == SAYS_NOTHING & cases.keys()
    passed = {name for name, case in cases.items() if case.verdict is Verdict.PASS}
    tls = {n for n, c in cases.items() if c.family == "transport" and not wire(c)}
    assert passed == tls


def test_a_client_without_a_certificate_is_told_so(tmp_path: Path) -> None:
    listener = Listener("127.0.0.1", 0)
    settings = Settings(matrix.listed(), role="mse", listener=listener, timing=TIMING)
    with foreign_tls.client("openssl", listener.port, tmp_path, certificate=False):
        case = run_case(scenario.load()["transport.presents_its_certificate"], settings)
    listener.close()
    assert case.verdict is Verdict.FAIL


def test_a_whole_run_exits_with_a_deviation_and_says_what_was_not_judged(
    tmp_path: Path,
) -> None:
    pem = tmp_path / "mse.pem"
    pem.write_bytes(foreign_tls.listed().pem)
    with foreign_tls.server("gnutls", tmp_path, "--require-client-cert") as port:
        called = CliRunner().invoke(
            main,
            [
                *("run", f"127.0.0.1:{port}", "--identity", str(pem), "--json"),
                *("--timeout-factor", "0.1", "--trust", "inferred"),
                *("authlist.rejects_unlisted_mse", "echo.answers_echo"),
            ],
        )
    assert called.exit_code == Exit.DEVIATION
    told = json.loads(called.stdout)
    (run,) = told.get("runs", [told])
    verdicts = {case["id"]: case["verdict"] for case in run["cases"]}
    assert verdicts["authlist.rejects_unlisted_mse"] == "fail"
    assert verdicts["echo.answers_echo"] == "inconclusive"
    assert any("profile" in remark for remark in run["remarks"])
