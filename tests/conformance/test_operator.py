# SPDX-License-Identifier: GPL-2.0-or-later
"""What only an operator can do is done by commands, and never taken for granted."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import matrix, scenario
from conformance.cli.main import main
from conformance.emulator.authlist import AuthList
from conformance.emulator.control import Control
from conformance.emulator.faults import Faults
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.wlc import Settings as WlcSettings
from conformance.operator import CommandedOperator, Hooks, OperatorError
from conformance.runner import run_case
from conformance.verdict import Reason, Verdict
from nmsp_scapy.authlist.identity import identity_of
from tests.gear.foreign_tls import listed

NEEDS_LIST = [
    "authlist.asks_the_list_when_a_session_is_resumed",
    "authlist.rejects_weak_key",
    "authlist.asks_the_list_as_it_is_now",
    "authlist.keeps_sessions_when_the_list_is_changed",
    "authlist.admits_by_sha1_alone",
    "authlist.admits_by_sha256_alone",
    "session.serves_two_mses_at_once",
    "session.keeps_subscriptions_apart",
]
COUNTS = "counters.counts_what_was_sent"


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_the_list_is_changed_without_a_shell(tmp_path: Path) -> None:
    guest = matrix.listed().guest()
    out = tmp_path / "told"
    code = f"import sys; open({str(out)!r}, 'w').write(' '.join(sys.argv[1:]))"
    operator = CommandedOperator(Hooks(authlist=(*python(code), "$HOME;ls")))
    operator.change("add", guest)
    shown = identity_of(guest.der)
    wanted = f"$HOME;ls add {shown.mac} {shown.sha1} {shown.sha256}"
    assert out.read_text() == wanted
    operator.change("add", guest, ["sha256"])
    assert out.read_text() == f"$HOME;ls add {shown.mac} - {shown.sha256}"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (python("import sys; sys.exit('no such user')"), "exit code 1: no such user"),
        (("/nonexistent/command",), "No such file"),
    ],
)
def test_a_command_that_fails_is_told(command: tuple[str, ...], why: str) -> None:
    operator = CommandedOperator(Hooks(authlist=command, statistics=command))
    with pytest.raises(OperatorError, match=why):
        operator.change("add", matrix.listed().guest())
    with pytest.raises(OperatorError, match=why):
        operator.statistics()


def test_statistics_that_hold_no_table_are_no_statistics() -> None:
    operator = CommandedOperator(Hooks(statistics=python("print('Invalid input')")))
    with pytest.raises(OperatorError, match="no table"):
        operator.statistics()


def test_a_file_that_is_not_written_anew_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "show.txt"
    file.write_text("CMX IP Address: x\nRx Message Counters:\n 1 Echo Request 3\n")
    operator = CommandedOperator(Hooks(file=file))
    assert set(operator.statistics().values()) == {3}
    with pytest.raises(OperatorError, match="not written anew"):
        operator.statistics()


def test_quotes_that_are_not_closed_are_a_usage_error(tmp_path: Path) -> None:
    pem = tmp_path / "mse.pem"
    pem.write_bytes(listed().pem)
    line = ["run", "127.0.0.1:1", "--identity", str(pem)]
    called = CliRunner().invoke(main, [*line, "--authlist-command", "'x"])
    assert called.exit_code == 2
    assert "--authlist-command" in called.stderr


@pytest.mark.parametrize("name", [*NEEDS_LIST, COUNTS])
def test_without_an_operator_nothing_is_judged(name: str) -> None:
    with matrix.wlc() as settings:
        settings.operator = CommandedOperator(Hooks())
        case = run_case(scenario.load()[name], settings)
    assert case.verdict is Verdict.NOT_APPLICABLE
    assert "--" in case.detail


def test_a_command_that_fails_leaves_the_case_inconclusive() -> None:
    with matrix.wlc() as settings:
        settings.operator = CommandedOperator(Hooks(authlist=("/nonexistent",)))
        case = run_case(scenario.load()[NEEDS_LIST[0]], settings)
    assert (case.verdict, case.reason) == (Verdict.INCONCLUSIVE, Reason.DEPENDENCY)


@pytest.mark.parametrize(
    ("fault", "failed"),
    [("", set()), ("list-read-once", {"authlist.asks_the_list_as_it_is_now"})],
)
def test_a_whole_run_has_its_commands_run(
    fault: str, failed: set[str], tmp_path: Path
) -> None:
    pem, path = tmp_path / "mse.pem", tmp_path / "wlc.sock"
    pem.write_bytes(listed().pem)
    control = shlex.join([sys.executable, "-m", "nmsp_scapy", "emulate", "control"])
    gear = EmulatedWlc(
        authlist=AuthList.of(listed().der),
        settings=WlcSettings(faults=Faults([fault] if fault else ())),
    )
    with gear, Control(gear, path):
        assert path.stat().st_mode & 0o777 == 0o600
        called = CliRunner().invoke(
            main,
            [
                *("run", f"127.0.0.1:{gear.port}", "--identity", str(pem), "--json"),
                *("--timeout-factor", "0.4"),
                *("--authlist-command", f"{control} {path}"),
                *("--statistics-command", f"{control} {path} statistics"),
                *("authlist.asks_the_list_as_it_is_now", COUNTS),
            ],
        )
    assert called.exit_code == (1 if failed else 0), called.output
    told = json.loads(called.stdout)
    (run,) = told.get("runs", [told])
    verdicts = {case["id"]: case["verdict"] for case in run["cases"]}
    assert {n for n, v in verdicts.items() if v != "pass"} == failed
    assert not path.exists()
