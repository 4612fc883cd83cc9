# SPDX-License-Identifier: GPL-2.0-or-later
"""Every report stands up to what an endpoint may put into it, and says the same."""

import base64
import json
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from conformance import baseline
from conformance.claims import Known
from conformance.report import console, html, junit, markdown, sarif
from conformance.report import json as json_report
from conformance.report.privacy import pseudonymised
from conformance.result import Case, Judged, Line, Run
from conformance.verdict import Evidence, Exit, Finding, Reason, Severity, Verdict
from nmsp_scapy.constants import Grade
from tests.gear.results import sample

HOSTILE = '<script>alert("x")</script> ]]> & | `a` \x1b[31m \x00 \ud7ff **b** $(id)'
RAW = "01000002000000" + "0c00000002"


def run() -> Run:
    finding = Finding(
        "NMSP-ECHO-3", False, "transaction 1", HOSTILE,
        evidence=Evidence(1, "transaction_id", 8, 4),
    )  # fmt: skip
    failed = Judged(
        "NMSP-ECHO-3", Verdict.FAIL, "MUST", Grade.ASSUMED, "It must.", "assumed",
        severity=Severity.DIFFERENCE, findings=[finding],
    )  # fmt: skip
    line = Line(
        0.1, "message", HOSTILE, "wlc", RAW,
        {"type": 2, "name": "ECHO_RESPONSE", "transaction_id": 2, "elements": []},
        message=1,
    )  # fmt: skip
    cases = [
        Case(
            "echo.answers", "echo", "wlc", "safe", "It answers.", Verdict.FAIL,
            requirements=[failed], transcript=[line], ends=["fin by the wlc"],
            capture="echo.answers.pcapng", reproduce="nmsp-conformance run x",
        ),
        Case("echo.ok", "echo", "wlc", "safe", "It is.", Verdict.PASS),
        Case(
            "echo.open", "echo", "wlc", "safe", "?", Verdict.INCONCLUSIVE,
            reason=Reason.TIMEOUT, detail=HOSTILE,
        ),
        Case("echo.bug", "echo", "wlc", "safe", "!", Verdict.ERROR, detail=HOSTILE),
    ]  # fmt: skip
    return Run("10.1.2.3:16113", "wlc", "nominal", Grade.ASSUMED, True, cases)


def test_console_prints_no_control_characters() -> None:
    told = console.report([run()], verbose=True)
    assert all(c.isprintable() or c == "\n" for c in told)
    assert "expected  transaction 1" in told
    assert told.startswith("wlc 10.1.2.3:16113: 4 cases, 1 pass, 1 fail, 1 not judged")


def test_junit_keeps_failures_and_errors_apart() -> None:
    suite = ElementTree.fromstring(junit.text_of([run()]))[0]  # noqa: S314 - ours
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1"}
    kinds = [[child.tag for child in case] for case in suite]
    assert kinds == [["failure"], [], ["skipped"], ["error"]]


def test_sarif_names_rules_and_byte_regions() -> None:
    document = json.loads(sarif.text_of([run()]))
    result = document["runs"][0]["results"][0]
    assert (document["version"], result["ruleId"]) == ("2.1.0", "NMSP-ECHO-3")
    place = result["locations"][0]["physicalLocation"]
    region = place["region"]
    assert (region["byteOffset"], region["byteLength"]) == (8, 4)
    artifacts = document["runs"][0]["artifacts"]
    message = artifacts[place["artifactLocation"]["index"]]
    raw = base64.b64decode(message["contents"]["binary"])
    assert raw == bytes.fromhex(RAW)
    assert base64.b64decode(region["snippet"]["binary"]) == raw[8:12]
    assert artifacts[message["parentIndex"]]["location"]["uri"].endswith(".pcapng")


def test_sarif_tells_new_known_and_gone_apart() -> None:
    document = json.loads(sarif.text_of([sample()]))
    states = [each["baselineState"] for each in document["runs"][0]["results"]]
    assert states == ["new", "unchanged", "absent"]


def test_markdown_lets_nothing_act() -> None:
    told = markdown.text_of([run()])
    assert "<script>" not in told.replace("\\<", "")
    row = next(line for line in told.splitlines() if "NMSP\\-ECHO\\-3" in line)
    assert row.replace("\\|", "").count("|") == 6


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        told = dict(attrs)
        self.ids.add(told.get("id") or "")
        self.links.append(told.get("href") or "")


def test_html_is_one_page_without_script_and_its_links_lead_somewhere() -> None:
    text = html.text_of([run()])
    page = Page()
    page.feed(text)
    assert "script" not in page.tags
    assert "mark" in page.tags
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside
    assert inside <= page.ids
    assert "nmsp.type == 2 &amp;&amp; nmsp.transaction_id == 2" in text


def test_a_document_reads_back(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "result.json"
    json_report.write([run()], str(path))
    assert json_report.read(path) == [run()]


def test_identities_have_other_names_the_same_each_time() -> None:
    plain = run()
    mac = "00:50:56:9c:34:89"
    plain.cases[0].transcript[0].record = {"elements": [{"mac": mac}, {"mac": mac}]}
    plain.cases[0].transcript[0].raw = RAW + mac.replace(":", "")
    hidden = pseudonymised(plain, b"salt")
    line = hidden.cases[0].transcript[0]
    assert line.record is not None
    first, second = (e["mac"] for e in line.record["elements"])
    assert first == second != mac
    assert line.raw.endswith(first.replace(":", ""))
    assert mac not in json_report.text_of([hidden])


@pytest.mark.parametrize(
    ("known", "state", "stale"),
    [
        (Known("NMSP-ECHO-3", "so"), "known", 0),
        (Known("NMSP-ECHO-3", "so", expires=date(2026, 1, 1)), "new", 1),
        (Known("NMSP-ECHO-3", "so", case="echo.other"), "new", 0),
    ],
)
def test_a_known_deviation_is_told_from_a_new_one(
    known: Known, state: str, stale: int
) -> None:
    found = run()
    baseline.apply(found, [known], date(2026, 6, 1))
    assert found.cases[0].requirements[0].baseline == state
    assert len(found.stale) == stale


def test_a_known_deviation_that_is_gone_fails_the_run() -> None:
    found = run()
    part = found.cases[0].requirements[0]
    part.verdict, part.severity = Verdict.PASS, None
    found.cases = found.cases[:1]
    baseline.apply(found, [Known("NMSP-ECHO-3", "so")], date(2026, 6, 1))
    assert found.exit is Exit.DEVIATION
