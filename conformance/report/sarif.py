# SPDX-License-Identifier: GPL-2.0-or-later
"""The result as SARIF 2.1.0: a rule a requirement, a result a deviation.

What deviates is a region of bytes of a message. The message is an artifact inside the
deviation's capture, in which TLS hides it; its decrypted bytes stand in the document.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from conformance.report.console import clipped, printable
from conformance.result import Case, Judged, Line, Run
from conformance.verdict import Evidence, Finding, Severity

NAME = "result.sarif"
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)
LEVELS = {
    Severity.VIOLATION: "error",
    Severity.DIFFERENCE: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
STATES = {"known": "unchanged", "new": "new"}
LARGEST = 65_536
"""Bytes of a message that the document holds."""


def text_of(runs: Sequence[Run]) -> str:
    """Write the document."""
    return json.dumps(document(runs), indent=2) + "\n"


def document(runs: Sequence[Run]) -> dict[str, Any]:
    """Make the document: one SARIF run an endpoint."""
    made = [_Run(run).document() for run in runs]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": made}


class _Run:
    """One SARIF run in the making: its rules and artifacts are named by place."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.rules: dict[str, dict[str, Any]] = {}
        self.artifacts: dict[tuple[str, int, int], dict[str, Any]] = {}

    def document(self) -> dict[str, Any]:
        results = [self._result(case, part) for case, part in self.run.deviations]
        results += [self._stale(text, bool(results)) for text in self.run.stale]
        made: dict[str, Any] = {
            "tool": {
                "driver": {
                    "name": self.run.tool,
                    "version": self.run.tool_version or "0",
                    "rules": list(self.rules.values()),
                }
            },
            "columnKind": "unicodeCodePoints",
            "properties": {
                "target": printable(self.run.target),
                **({"name": self.run.name} if self.run.name else {}),
                "role": self.run.role,
                "pseudonymised": self.run.pseudonymised,
            },
            "results": results,
        }
        if self.artifacts:
            made["artifacts"] = list(self.artifacts.values())
        return made

    def _rule(self, part: Judged) -> int:
        self.rules.setdefault(
            part.requirement,
            {
                "id": part.requirement,
                "shortDescription": {"text": part.text},
                "help": {"text": f"Source ({part.grade}): {part.source}"},
                "properties": {"level": part.level, "grade": part.grade.value},
            },
        )
        return list(self.rules).index(part.requirement)

    def _result(self, case: Case, part: Judged) -> dict[str, Any]:
        found = part.unmet[0]
        made: dict[str, Any] = {
            "ruleId": part.requirement,
            "ruleIndex": self._rule(part),
            "level": LEVELS[part.severity or Severity.NOTE],
            "message": {
                "text": f"expected {clipped(found.expected)}; "
                f"actual {clipped(found.actual)} ({printable(case.id)})"
            },
            "locations": [self._location(case, part, each) for each in part.unmet[:10]],
            "partialFingerprints": {"deviation/v1": _fingerprint(case, part)},
            "properties": _properties(case, part, found),
        }
        if part.baseline in STATES:
            made["baselineState"] = STATES[part.baseline]
        return made

    def _stale(self, text: str, ruled: bool) -> dict[str, Any]:
        """A known deviation that is not there any more: absent."""
        name = text.partition(" ")[0]
        made: dict[str, Any] = {
            "ruleId": name,
            "kind": "pass",
            "level": "none",
            "message": {"text": clipped(text)},
            "baselineState": "absent",
        }
        if ruled and name in self.rules:
            made["ruleIndex"] = list(self.rules).index(name)
        return made

    def _location(self, case: Case, part: Judged, found: Finding) -> dict[str, Any]:
        at = found.evidence
        capture = part.capture or case.capture or f"{case.id}.txt"
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(capture)}}
        line = _line(case, at)
        if at is not None and line is not None and at.offset is not None:
            place = {
                "artifactLocation": self._message(capture, line),
                "region": _region(at, line),
            }
        made: dict[str, Any] = {"physicalLocation": place}
        names = [{"fullyQualifiedName": printable(case.id), "kind": "function"}]
        if at is not None and at.field:
            names.append({"fullyQualifiedName": printable(at.field), "kind": "member"})
        made["logicalLocations"] = names
        return made

    def _message(self, capture: str, line: Line) -> dict[str, Any]:
        """Name a message as an artifact within its capture."""
        parent = self._artifact(capture)
        key = (capture, line.connection, -1 if line.message is None else line.message)
        if key not in self.artifacts:
            raw = bytes.fromhex(line.raw)[:LARGEST]
            self.artifacts[key] = {
                "location": {"uri": f"{quote(capture)}/{key[1]}-{key[2]}"},
                "parentIndex": parent,
                "length": len(line.raw) // 2,
                "contents": {"binary": base64.b64encode(raw).decode()},
                "description": {"text": clipped(line.text)},
            }
        uri = self.artifacts[key]["location"]["uri"]
        return {"uri": uri, "index": list(self.artifacts).index(key)}

    def _artifact(self, capture: str) -> int:
        key = (capture, -1, -1)
        self.artifacts.setdefault(
            key,
            {
                "location": {"uri": quote(capture)},
                "description": {"text": "pcapng; holds real bytes and TLS secrets"},
            },
        )
        return list(self.artifacts).index(key)


def _line(case: Case, at: Evidence | None) -> Line | None:
    return next(
        (
            line
            for line in case.transcript
            if at is not None
            and line.raw
            and line.message is not None
            and (line.message, line.connection) == (at.message, at.connection)
        ),
        None,
    )


def _region(at: Evidence, line: Line) -> dict[str, Any]:
    first, length = at.offset or 0, at.length or 1
    part = bytes.fromhex(line.raw)[first : first + length][:LARGEST]
    return {
        "byteOffset": first,
        "byteLength": length,
        "snippet": {"binary": base64.b64encode(part).decode()},
    }


def _fingerprint(case: Case, part: Judged) -> str:
    """Name a deviation the same in every run: requirement and case, no values."""
    text = f"{part.requirement} {case.id}"
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def _properties(case: Case, part: Judged, found: Finding) -> dict[str, Any]:
    at = found.evidence
    made: dict[str, Any] = {
        "case": printable(case.id),
        "expected": [clipped(e) for e in found.alternatives or (found.expected,)],
        "actual": clipped(found.actual),
        "reproduce": printable(case.reproduce),
        "ends": [printable(end) for end in case.ends],
    }
    if part.capture:
        made["capture"] = printable(part.capture)
    if at is not None:
        made |= {"field": printable(at.field), "frames": list(at.frames)}
        made["displayFilter"] = printable(at.filter)
    return made
