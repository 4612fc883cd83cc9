# SPDX-License-Identifier: GPL-2.0-or-later
"""The result as SARIF 2.1.0: a rule a requirement, a result a deviation."""

import json
from collections.abc import Sequence
from typing import Any

from conformance.report.console import printable
from conformance.result import Case, Judged, Run
from conformance.verdict import Severity

NAME = "result.sarif"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Severity.VIOLATION: "error",
    Severity.DIFFERENCE: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
STATES = {"known": "unchanged", "new": "new"}


def text_of(runs: Sequence[Run]) -> str:
    """Write the document."""
    return json.dumps(document(runs), indent=2) + "\n"


def document(runs: Sequence[Run]) -> dict[str, Any]:
    """Make the document: one SARIF run an endpoint."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(r) for r in runs]}


def _run(run: Run) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    for _, part in run.deviations:
        rules.setdefault(
            part.requirement,
            {
                "id": part.requirement,
                "shortDescription": {"text": part.text},
                "help": {"text": f"Source ({part.grade}): {part.source}"},
                "properties": {"level": part.level, "grade": part.grade.value},
            },
        )
    order = list(rules)
    return {
        "tool": {
            "driver": {
                "name": run.tool,
                "version": run.tool_version,
                "rules": list(rules.values()),
            }
        },
        "properties": {"target": run.target, "role": run.role},
        "results": [_result(case, part, order) for case, part in run.deviations],
    }


def _result(case: Case, part: Judged, order: list[str]) -> dict[str, Any]:
    found = next(f for f in part.findings if not f.met)
    made: dict[str, Any] = {
        "ruleId": part.requirement,
        "ruleIndex": order.index(part.requirement),
        "level": LEVELS[part.severity or Severity.NOTE],
        "message": {
            "text": printable(
                f"expected {found.expected}; actual {found.actual} ({case.id})"
            )
        },
        "locations": [_location(case, part)],
        "properties": {"case": case.id, "reproduce": case.reproduce},
    }
    if part.baseline in STATES:
        made["baselineState"] = STATES[part.baseline]
    return made


def _location(case: Case, part: Judged) -> dict[str, Any]:
    found = next(f for f in part.findings if not f.met)
    place: dict[str, Any] = {
        "artifactLocation": {"uri": case.capture or f"{case.id}.txt"}
    }
    at = found.evidence
    if at is not None and at.offset is not None:
        place["region"] = {"byteOffset": at.offset, "byteLength": at.length or 1}
    return {
        "physicalLocation": place,
        "logicalLocations": [{"fullyQualifiedName": case.id, "kind": "function"}],
    }
