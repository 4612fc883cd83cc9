# SPDX-License-Identifier: GPL-2.0-or-later
"""The result as JUnit XML: failures and errors kept apart, one suite an endpoint."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from conformance.report.console import case_text, clipped
from conformance.result import Case, Run
from conformance.verdict import Trust, Verdict

NAME = "junit.xml"
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold."""


def legal(text: str) -> str:
    """Spell out what XML cannot hold."""
    return ILLEGAL.sub(lambda m: f"\\x{ord(m[0]):02x}", text)


def text_of(runs: Sequence[Run]) -> str:
    """Write the document."""
    root = Xml.Element("testsuites", name="nmsp-conformance")
    for run in runs:
        _suite(root, run)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: Xml.Element, run: Run) -> None:
    trust = Trust(run.trust, run.strict)
    failures = [case for case in run.of(Verdict.FAIL) if _held(case, trust)]
    suite = Xml.SubElement(
        root,
        "testsuite",
        name=legal(f"{run.role} {run.endpoint}"),
        tests=str(len(run.cases)),
        failures=str(len(failures)),
        errors=str(len(run.of(Verdict.ERROR))),
        skipped=str(
            len(run.of(Verdict.INCONCLUSIVE)) + len(run.of(Verdict.NOT_APPLICABLE))
        ),
        time=f"{run.duration_s:.3f}",
    )
    if run.started:
        suite.set("timestamp", run.started)
    for case in run.cases:
        _case(suite, case, held=case in failures)


def _held(case: Case, trust: Trust) -> bool:
    return any(
        part.severity is not None and trust.fails(part.severity) and part.counts
        for part in case.requirements
    )


def _case(suite: Xml.Element, case: Case, *, held: bool) -> None:
    family, _, name = case.id.partition(".")
    node = Xml.SubElement(
        suite,
        "testcase",
        classname=legal(f"nmsp.{family}"),
        name=legal(name),
        time=f"{case.duration_s:.3f}",
    )
    if case.verdict is Verdict.ERROR:
        told = Xml.SubElement(node, "error", message="error of the suite", type="error")
        told.text = legal(clipped(case.detail, 20_000, "\n"))
    elif held:
        ids = [p.requirement for p in case.requirements if p.verdict is Verdict.FAIL]
        told = Xml.SubElement(
            node, "failure", message=legal(" ".join(ids)), type=str(case.severity)
        )
        told.text = legal(case_text(case))
    elif case.verdict is Verdict.FAIL:
        out = Xml.SubElement(node, "system-out")
        out.text = legal("known, or only noted:\n" + case_text(case))
    elif case.verdict is not Verdict.PASS:
        why = f"{case.verdict}: {case.reason or ''} {case.detail}"
        Xml.SubElement(node, "skipped", message=clipped(why))
