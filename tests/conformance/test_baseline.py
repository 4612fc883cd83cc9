# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of known deviations: made, kept up to date, and never left to rot."""

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from conformance import baseline
from conformance.baseline import State
from conformance.baseline_file import BaselineError, BaselineFile, entry, made
from conformance.claims import Known, read
from conformance.cli.main import main
from conformance.report import json as json_report
from conformance.result import Case, Judged, Run
from conformance.verdict import Finding, Severity, Verdict
from nmsp_scapy.constants import Grade

TODAY = date(2026, 6, 1)
PAST, FUTURE = date(2026, 1, 1), date(2027, 1, 1)
SOON = (datetime.now(UTC) + timedelta(days=30)).date()
NOTE = Severity.NOTE


def case(
    requirement: str, *, failed: bool = True, severity: Severity = Severity.VIOLATION
) -> Case:
    verdict = Verdict.FAIL if failed else Verdict.PASS
    part = Judged(requirement, verdict, "MUST", Grade.DOCUMENTED, "It must.", "guide")
    if failed:
        part.severity, part.baseline = severity, "new"
        part.findings = [Finding(requirement, False, "this", "that")]
    name = f"echo.{requirement[5:].lower()}"
    return Case(name, "echo", "wlc", "safe", "?", verdict, requirements=[part])


def run(*cases: Case, **more: object) -> Run:
    made = Run("192.0.2.1:16113", "wlc", "nominal", Grade.OBSERVED, False, list(cases))
    for name, value in more.items():
        setattr(made, name, value)
    return made


BAD, OTHER = case("NMSP-ECHO-1"), case("NMSP-ECHO-2")
GOOD = case("NMSP-ECHO-1", failed=False)


@pytest.mark.parametrize(
    ("known", "cases", "state"),
    [
        (Known("NMSP-ECHO-1", "so"), [BAD], State.OCCURS),
        (Known("NMSP-ECHO-1", "so"), [GOOD], State.STALE),
        (Known("NMSP-ECHO-1", "so"), [OTHER], State.UNSEEN),
        (Known("NMSP-ECHO-1", "so", "echo.echo-1"), [BAD], State.OCCURS),
        (Known("NMSP-ECHO-1", "so", "echo.else"), [BAD], State.UNSEEN),
        (Known("NMSP-ECHO-1", "so", expires=PAST), [BAD], State.EXPIRED),
        (Known("NMSP-ECHO-1", "so", expires=TODAY), [BAD], State.OCCURS),
        (Known("NMSP-ECHO-1", "so", expires=PAST), [GOOD], State.STALE),
    ],
)
def test_an_entry_has_a_state(known: Known, cases: list[Case], state: State) -> None:
    assert baseline.state_of(known, [run(*cases)], TODAY) is state


def test_an_entry_is_stale_only_where_no_endpoint_shows_it() -> None:
    known = Known("NMSP-ECHO-1", "so")
    both = [run(GOOD), run(BAD)]
    assert baseline.state_of(known, both, TODAY) is State.OCCURS
    assert baseline.state_of(known, [], TODAY) is State.LISTED


def test_what_does_not_fail_the_run_is_not_listed() -> None:
    noted = case("NMSP-ECHO-3", severity=NOTE)
    assert baseline.held(run(BAD, noted)) == [("NMSP-ECHO-1", "echo.echo-1")]
    assert baseline.held(run(BAD, passive=True)) == [("NMSP-ECHO-1", "")]
    BAD.requirements[0].baseline = "known"
    try:
        assert baseline.held(run(BAD)) == []
    finally:
        BAD.requirements[0].baseline = "new"


# --- the file -----------------------------------------------------------------


@given(st.text(min_size=1).filter(str.strip), st.dates())
def test_what_is_written_reads_back(reason: str, expires: date) -> None:
    try:
        reason.encode()
    except UnicodeEncodeError:
        return
    known = Known("NMSP-ECHO-1", reason, "echo.x", expires)
    (told,) = tomllib.loads(made([known]))["known"]
    assert told == {
        "requirement": "NMSP-ECHO-1",
        "case": "echo.x",
        "reason": reason,
        "expires": expires,
    }


TEXT = """\
# Ours, by hand.
tls = "c9800"
scored = ["NMSP-ECHO-1"]

[[known]]
requirement = "NMSP-ECHO-1"
reason = "first"  # ticket 7

[[known]]
# A word on the second.
requirement = "NMSP-ECHO-2"
reason = "second"
expires = 2026-01-01  # soon
"""


def file_of(folder: Path, text: str = TEXT) -> BaselineFile:
    path = folder / "known.toml"
    path.write_text(text)
    return BaselineFile(path)


def test_what_is_not_concerned_stays_to_the_letter(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    first, second = file.claims.known
    assert file.edited() == TEXT
    third = Known("NMSP-ECHO-3", "third")
    assert file.edited(add=[third]) == TEXT + "\n" + entry(third)
    assert file.edited(drop=[second]) == TEXT[: TEXT.rindex("[[known]]")]
    renewed = file.edited(renew=[second], expires=FUTURE)
    assert renewed == TEXT.replace("2026-01-01", "2027-01-01")
    assert "ticket 7" not in file.edited(drop=[first])


def test_a_form_that_is_not_known_is_refused_and_not_harmed(tmp_path: Path) -> None:
    inline = 'known = [{requirement = "NMSP-ECHO-1", reason = "so"}]\n'
    with pytest.raises(BaselineError, match="are not written as"):
        file_of(tmp_path, inline).edited(add=[Known("NMSP-ECHO-2", "so")])
    tricky = TEXT.replace('"first"', '"""\n[[known]]\n"""')
    with pytest.raises(BaselineError):
        file_of(tmp_path, tricky).edited(
            drop=[file_of(tmp_path, tricky).claims.known[0]]
        )


def test_an_edit_that_would_change_something_else_is_refused(tmp_path: Path) -> None:
    dated = TEXT.replace('"second"', '"""\nexpires = 2020-01-01\n"""')
    file = file_of(tmp_path, dated)
    with pytest.raises(BaselineError, match="without harm"):
        file.edited(renew=file.claims.known[1:], expires=FUTURE)


def test_a_reason_is_needed_in_the_file_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a reason is needed"):
        file_of(tmp_path, TEXT.replace('"first"', '" "'))


# --- the commands ---------------------------------------------------------------


@pytest.fixture
def result(tmp_path: Path) -> Callable[..., str]:
    def write(*cases: Case) -> str:
        path = tmp_path / "result.json"
        json_report.write([run(*cases)], str(path))
        return str(path)

    return write


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["baseline", *arguments])


def test_a_list_is_made_checked_and_kept(
    tmp_path: Path, result: Callable[..., str]
) -> None:
    file = str(tmp_path / "known.toml")
    done = asked("make", result(BAD), file, "--reason", "a ticket")
    assert done.exit_code == 0, done.output
    assert done.output == "listed     NMSP-ECHO-1 echo.echo-1: a ticket\n"
    assert read(Path(file)).known == (Known("NMSP-ECHO-1", "a ticket", "echo.echo-1"),)
    # The same result is now accepted, another deviation is new, a fixed one stale.
    assert asked("check", result(BAD), file).exit_code == 0
    worse = asked("check", result(BAD, OTHER), file)
    assert worse.exit_code == 1
    assert "new        NMSP-ECHO-2 echo.echo-2" in worse.output
    better = asked("check", result(GOOD), file)
    assert better.exit_code == 1
    assert "stale      NMSP-ECHO-1 echo.echo-1: a ticket" in better.output
    assert asked("show", file, result(GOOD)).exit_code == 1
    assert asked("show", file).exit_code == 0


def test_an_update_keeps_reasons_adds_and_drops(
    tmp_path: Path, result: Callable[..., str]
) -> None:
    file = tmp_path / "known.toml"
    text = 'tls = "c9800" # ours\n\n' + entry(Known("NMSP-ECHO-1", "mine"))
    file.write_text(text)
    needs = asked("update", result(BAD, OTHER), str(file))
    assert needs.exit_code == 2
    assert needs.stderr == "nmsp-conformance: 1 new deviation: --reason is needed\n"
    assert file.read_text() == text
    done = asked("update", result(BAD, OTHER), str(file), "--reason", "theirs")
    assert done.exit_code == 0, done.output
    assert file.read_text().startswith(text)
    assert [(k.requirement, k.reason) for k in read(file).known] == [
        ("NMSP-ECHO-1", "mine"),
        ("NMSP-ECHO-2", "theirs"),
    ]
    again = asked("update", result(GOOD, OTHER), str(file))
    assert again.exit_code == 0, again.output
    assert "dropped    NMSP-ECHO-1: mine" in again.output
    assert [k.requirement for k in read(file).known] == ["NMSP-ECHO-2"]
    assert file.read_text().startswith('tls = "c9800" # ours\n')


def test_what_has_expired_is_told_and_renewed_only_when_asked(
    tmp_path: Path, result: Callable[..., str]
) -> None:
    file = tmp_path / "known.toml"
    file.write_text(entry(Known("NMSP-ECHO-1", "mine", expires=PAST)))
    assert asked("show", str(file)).exit_code == 1
    assert asked("check", result(BAD), str(file)).exit_code == 1
    left = asked("update", result(BAD), str(file))
    assert left.exit_code == 1
    assert "expired    NMSP-ECHO-1: mine" in left.output
    assert read(file).known[0].expires == PAST
    done = asked("update", result(BAD), str(file), "--expires", SOON.isoformat())
    assert done.exit_code == 0, done.output
    assert read(file).known == (Known("NMSP-ECHO-1", "mine", expires=SOON),)
    assert asked("check", result(BAD), str(file)).exit_code == 0


def test_json_tells_states(tmp_path: Path, result: Callable[..., str]) -> None:
    file = tmp_path / "known.toml"
    file.write_text(entry(Known("NMSP-ECHO-1", "mine", expires=SOON)))
    told = json.loads(asked("check", result(BAD, OTHER), str(file), "--json").output)
    assert told == {
        "new": [{"requirement": "NMSP-ECHO-2", "case": "echo.echo-2"}],
        "known": [
            {
                "requirement": "NMSP-ECHO-1",
                "case": "",
                "reason": "mine",
                "expires": SOON.isoformat(),
                "state": "occurs",
            }
        ],
        "exit": 1,
    }
    shown = json.loads(asked("show", str(file), "--json").output)
    assert [k["state"] for k in shown["known"]] == ["listed"]


def test_nothing_to_list_writes_no_file(
    tmp_path: Path, result: Callable[..., str]
) -> None:
    file = tmp_path / "known.toml"
    done = asked("make", result(GOOD), str(file), "--reason", "so")
    assert (done.exit_code, file.exists()) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["make", "{result}", "{file}"], 0),
        (["make", "{result}", "{file}", "--reason", " "], 0),
        (["make", "{result}", "{file}", "--reason", "x", "--expires", "2020-01-01"], 0),
        (["make", "{result}", "{file}", "--reason", "x", "--expires", "soon"], 0),
        (["make", "{result}", "{there}", "--reason", "x"], 1),
        (["make", "{there}", "{file}", "--reason", "x"], 1),
        (["make", "{result}", "no/such/folder.toml", "--reason", "x"], 1),
        (["update", "{result}", "{file}"], 0),
        (["check", "{result}", "{result}"], 1),
        (["check", "{result}", "{bytes}"], 1),
        (["show", "{deep}"], 1),
        (["show", "{unknown}"], 1),
    ],
)
def test_usage_exits_2(
    tmp_path: Path, result: Callable[..., str], arguments: list[str], lines: int
) -> None:
    names = {"result": result(BAD), "file": str(tmp_path / "none.toml")}
    for name, content in (
        ("there", entry(Known("NMSP-ECHO-1", "so")).encode()),
        ("bytes", b"\xff\xfe"),
        ("deep", b"a = " + b"[" * 50_000),
        ("unknown", entry(Known("NMSP-ECHO-999", "so")).encode()),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        names[name] = str(path)
    done = asked(*(argument.format(**names) for argument in arguments))
    assert done.exit_code == 2, done.output
    assert not lines or len(done.stderr.splitlines()) == lines
    assert not (tmp_path / "none.toml").exists()
