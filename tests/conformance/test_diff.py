# SPDX-License-Identifier: GPL-2.0-or-later
"""Two results held against each other: what got worse, better, or is not the same."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result

from conformance import diff, diff_report
from conformance.cli.main import main
from conformance.report import json as json_report
from conformance.result import Case, Judged, Run
from conformance.verdict import Finding, Reason, Severity, Verdict
from nmsp_scapy.constants import Grade

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "schema" / "diff.json"
HOSTILE = "<script>|\x1b[31m\x00"


def case(
    verdict: Verdict,
    *,
    name: str = "echo.answers",
    severity: Severity | None = Severity.VIOLATION,
    baseline: str = "new",
    reason: Reason = Reason.TIMEOUT,
) -> Case:
    part = Judged("NMSP-ECHO-1", verdict, "MUST", Grade.DOCUMENTED, "It must.", "guide")
    if verdict is Verdict.FAIL:
        part.severity, part.baseline = severity, baseline
        part.findings = [Finding("NMSP-ECHO-1", False, "an answer", HOSTILE)]
    if verdict is Verdict.INCONCLUSIVE:
        part.reason, part.detail = reason, "it took too long"
    return Case(name, "echo", "wlc", "safe", "?", verdict, requirements=[part])


def run(*cases: Case, **more: object) -> Run:
    made = Run("192.0.2.1:16113", "wlc", "nominal", Grade.OBSERVED, False, list(cases))
    made.confirmed = True
    for name, value in more.items():
        setattr(made, name, value)
    return made


PASS, FAIL = case(Verdict.PASS), case(Verdict.FAIL)
NOTE = case(Verdict.FAIL, severity=Severity.NOTE)
KNOWN = case(Verdict.FAIL, baseline="known")
OPEN = case(Verdict.INCONCLUSIVE)
BUG = case(Verdict.ERROR)
SPARED = case(Verdict.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("before", "after", "change", "worse"),
    [
        (PASS, FAIL, diff.Change.NEW, True),
        (OPEN, FAIL, diff.Change.NEW, True),
        (KNOWN, FAIL, diff.Change.NEW, True),
        (PASS, NOTE, diff.Change.NEW, False),
        (PASS, KNOWN, diff.Change.NEW, False),
        (FAIL, PASS, diff.Change.FIXED, False),
        (NOTE, PASS, diff.Change.FIXED, False),
        (FAIL, OPEN, diff.Change.CHANGED, False),
        (FAIL, KNOWN, diff.Change.CHANGED, False),
        (PASS, OPEN, diff.Change.WORSE, True),
        (PASS, BUG, diff.Change.WORSE, True),
        (OPEN, PASS, diff.Change.CHANGED, False),
        (PASS, SPARED, diff.Change.CHANGED, False),
    ],
)
def test_each_change_has_a_name_and_may_be_worse(
    before: Case, after: Case, change: diff.Change, worse: bool
) -> None:
    found = diff.compare([run(before)], [run(after)])
    entries = [e for e in found.comparisons[0].entries if e.requirement]
    assert [(e.change, e.worse) for e in entries] == [(change, worse)]
    assert found.exit == (1 if worse else 0)


@pytest.mark.parametrize("same", [PASS, FAIL, NOTE, KNOWN, OPEN, SPARED])
def test_the_same_is_no_change(same: Case) -> None:
    (found,) = diff.compare([run(same)], [run(same)]).comparisons
    assert (found.entries, found.same) == ([], 1)


def test_what_stands_in_one_alone_is_told_and_a_new_failure_there_is_worse() -> None:
    other = case(Verdict.PASS, name="echo.other")
    found = diff.compare([run(PASS)], [run(PASS, other)])
    assert [e.change for e in found.comparisons[0].entries] == [diff.Change.ADDED]
    gone = diff.compare([run(PASS, other)], [run(PASS)])
    assert [e.change for e in gone.comparisons[0].entries] == [diff.Change.GONE]
    assert (found.exit, gone.exit) == (0, 0)
    failed = case(Verdict.FAIL, name="echo.other")
    assert diff.compare([run(PASS)], [run(PASS, failed)]).exit == 1


def test_nothing_in_both_is_not_green() -> None:
    other = case(Verdict.PASS, name="echo.other")
    assert diff.compare([run(PASS)], [run(other)]).exit == 3


def test_what_a_capture_does_not_show_is_no_loss() -> None:
    unseen = case(Verdict.INCONCLUSIVE, reason=Reason.NO_STIMULUS)
    assert diff.compare([run(PASS)], [run(unseen)]).exit == 1
    assert diff.compare([run(PASS)], [run(unseen, passive=True)]).exit == 0


def test_several_endpoints_are_paired_by_name() -> None:
    one, two = run(PASS), run(PASS, target="192.0.2.2:16113")
    found = diff.compare([one, two], [run(PASS, target=two.target), run(FAIL)])
    assert [c.worse for c in found.comparisons] == [False, True]
    with pytest.raises(diff.ApartError, match=r"192\.0\.2\.2"):
        diff.compare([one, two], [one])


def test_reports_say_the_same_and_let_nothing_act() -> None:
    found = diff.compare([run(PASS)], [run(FAIL, tool_version="2")])
    text = diff_report.text_of(found)
    assert text.startswith("wlc 192.0.2.1:16113: WORSE; 1 new deviation, 0 the same\n")
    assert "another version of the suite:  in A, 2 in B" in text
    assert "NEW DEVIATION NMSP-ECHO-1 in echo.answers: pass -> fail (viol" in text
    assert all(c.isprintable() or c == "\n" for c in text)
    told = diff_report.markdown_of(found)
    assert "<script>" not in told.replace("\\<", "")
    assert told.replace("\\|", "").count("|") == 3 * 6


def test_json_holds_to_its_schema() -> None:
    schema = msgspec.json.schema(diff.Difference)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Result of nmsp-conformance diff"
    assert json.loads(SCHEMA.read_text()) == schema
    found = diff.compare([run(PASS)], [run(FAIL)])
    jsonschema.validate(json.loads(msgspec.json.encode(found)), schema)


def written(folder: Path, name: str, *runs: Run) -> str:
    path = folder / name
    json_report.write(runs, str(path))
    return str(path)


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


def test_a_run_s_folder_stands_for_its_result(tmp_path: Path) -> None:
    written(tmp_path, "result.json", run(PASS))
    done = asked(str(tmp_path), written(tmp_path, "b.json", run(FAIL)), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["exit"] == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"runs": [], "exit": 0}',
        b'{"runs": [{"schema_version": 2}], "exit": 0}',
        b"\xff\xfe",
        b'{"runs": "\xff"}',
        b'{"a":' * 100_000,
        b'{"exit": 0, "runs": [{"x": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_result_is_one_line_and_exit_2(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    good = written(tmp_path, "good.json", run(PASS))
    done = asked(good, str(tmp_path / "bad.json"))
    assert done.exit_code == 2, done.output
    assert len(done.stderr.splitlines()) == 1
    assert "bad.json" in done.stderr


def test_another_generation_is_one_line_and_exit_2(tmp_path: Path) -> None:
    one = written(tmp_path, "a.json", run(PASS))
    done = asked(one, written(tmp_path, "b.json", run(PASS, schema_version=2)))
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "its schema version is 2, this suite's is 1" in done.stderr


def test_another_role_is_one_line_and_exit_2(tmp_path: Path) -> None:
    one = written(tmp_path, "a.json", run(PASS))
    done = asked(one, written(tmp_path, "b.json", run(PASS, role="mse")))
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "A judges a wlc, B a mse" in done.stderr


def test_results_of_check_are_compared_as_processes(tmp_path: Path) -> None:
    def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "conformance", *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    for name in ("tls13", "notifications"):
        conformance("check", f"pcaps/{name}.pcapng", "-o", str(tmp_path / name))
    done = conformance("diff", str(tmp_path / "tls13"), str(tmp_path / "notifications"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "(A: tls13.pcapng): nothing got worse; " in done.stdout
