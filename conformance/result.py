# SPDX-License-Identifier: GPL-2.0-or-later
"""The result model: what every report is made of. Its JSON Schema is published."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from conformance.observation import Observation
from conformance.requirements import Requirement
from conformance.scenario import Scenario
from conformance.verdict import (
    Exit,
    Finding,
    Judge,
    Reason,
    Severity,
    Trust,
    Verdict,
    worst,
)
from nmsp_scapy.constants import Grade

SCHEMA_VERSION = 1
UNSCORED = "unscored"


class Line(msgspec.Struct, omit_defaults=True):
    """One line of a case's transcript.

    Attributes:
        kind: `message`, `tls`, `unread` or `end`.
        sender: `wlc` or `mse`; empty where neither is meant.
        text: for people.
        raw: hex digits of a message.
        record: the message decoded.
        connection: index of the connection in the case.
    """

    time_s: float
    kind: str
    text: str
    sender: str = ""
    raw: str = ""
    record: dict[str, Any] | None = None
    connection: int = 0
    message: int | None = None
    frames: tuple[int, ...] = ()


class Judged(msgspec.Struct, omit_defaults=True):
    """One requirement in one case.

    Attributes:
        reason: only with `inconclusive`.
        severity: only with `fail`.
        findings: what was evaluated; empty when nothing could be.
        baseline: `new`, `known`, `unscored` (the claims freeze other checks) or empty.
        capture: name of the deviation's own pcapng in the output folder: its
            connection from the handshake to what deviates, with its secrets.
    """

    requirement: str
    verdict: Verdict
    level: str
    grade: Grade
    text: str
    source: str
    reason: Reason | None = None
    detail: str = ""
    severity: Severity | None = None
    findings: list[Finding] = []
    baseline: str = ""
    capture: str = ""

    @property
    def counts(self) -> bool:
        """Whether the exit code may rest on it."""
        return self.baseline not in ("known", UNSCORED)

    @property
    def unmet(self) -> list[Finding]:
        """The findings that fail it."""
        return [found for found in self.findings if not found.met]


class Case(msgspec.Struct, omit_defaults=True):
    """One scenario against one endpoint, or one check on one conversation.

    Attributes:
        ends: how each of its connections ended.
        capture: name of its pcapng in the output folder.
        reproduce: the command that runs just this case.
    """

    id: str
    family: str
    role: str
    risk: str
    description: str
    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    requirements: list[Judged] = []
    notes: list[str] = []
    transcript: list[Line] = []
    ends: list[str] = []
    duration_s: float = 0.0
    capture: str = ""
    reproduce: str = ""
    confirmed: bool = False
    declared: str = ""

    @property
    def scored(self) -> bool:
        """Whether it counts: one of what decides its verdict does."""
        parts = [p for p in self.requirements if p.verdict is self.verdict]
        parts = parts or self.requirements
        return not parts or any(p.baseline != UNSCORED for p in parts)

    @property
    def severity(self) -> Severity | None:
        """The worst severity of its failed requirements."""
        found = [j.severity for j in self.requirements if j.severity is not None]
        return min(found, key=list(Severity).index, default=None)


class Run(msgspec.Struct, omit_defaults=True):
    """All cases against one endpoint.

    Attributes:
        target: as it is shown; pseudonymised unless identities are to be shown.
        name: of the endpoint in its inventory, as its owner calls it.
        confirmed: whether the endpoint was seen to speak the wire profile.
        declared: what the endpoint calls itself, when it names this project.
        remarks: what a reader must know first.
        stale: known deviations that no longer occur.
        passive: whether nothing was stimulated; what was not to be seen is then no
            fault of the run's.
        port: of the WLC in a capture, where it is not the usual one; else 0.
        pseudonymised: whether identities have other names in it. Captures never do.
    """

    target: str
    role: str
    profile: str
    trust: Grade
    strict: bool
    cases: list[Case]
    started: str = ""
    duration_s: float = 0.0
    confirmed: bool = False
    declared: str = ""
    remarks: list[str] = []
    stale: list[str] = []
    seed: int = 0
    name: str = ""
    passive: bool = False
    port: int = 0
    pseudonymised: bool = False
    schema_version: int = SCHEMA_VERSION
    tool: str = "nmsp-conformance"
    tool_version: str = ""

    @property
    def endpoint(self) -> str:
        """The endpoint as reports call it."""
        return f"{self.name} ({self.target})" if self.name else self.target

    def of(self, verdict: Verdict) -> list[Case]:
        """Cases of a verdict."""
        return [case for case in self.cases if case.verdict is verdict]

    @property
    def deviations(self) -> list[tuple[Case, Judged]]:
        """Every failed requirement with its case."""
        return [
            (case, judged)
            for case in self.cases
            for judged in case.requirements
            if judged.verdict is Verdict.FAIL
        ]

    @property
    def exit(self) -> Exit:
        """The exit code that this result deserves."""
        trust = Trust(self.trust, self.strict)
        if any(case.scored for case in self.of(Verdict.ERROR)):
            return Exit.BUG
        held = any(
            judged.severity is not None
            and trust.fails(judged.severity)
            and judged.counts
            for _, judged in self.deviations
        )
        if held or self.stale:
            return Exit.DEVIATION
        unjudged = [
            case
            for case in self.of(Verdict.INCONCLUSIVE)
            if case.scored and not (self.passive and case.reason is Reason.NO_STIMULUS)
        ]
        evaluated = [*self.of(Verdict.PASS), *self.of(Verdict.FAIL)]
        if unjudged or not any(case.scored for case in evaluated):
            return Exit.INCONCLUSIVE
        return Exit.OK


def judged(
    requirement: Requirement,
    judge: Judge,
    trust: Trust,
    ended: tuple[Reason, str] | None,
    *,
    confirmed: bool,
    observations: Sequence[Observation] = (),
) -> Judged:
    """Turn a judge's findings on one requirement into its part of the result.

    Args:
        requirement: which.
        judge: of the case.
        trust: weighs a failure.
        ended: why the case ended early, if it did.
        confirmed: whether the endpoint speaks the profile; without it, nothing that
            rests on the profile is judged.
        observations: of the case's connections. What is missed in a message may be
            there, in what the profile has no name for.
    """
    made = Judged(
        requirement.id,
        judge.verdict(requirement.id),
        requirement.level.value,
        requirement.grade,
        requirement.text,
        requirement.source,
        findings=[f for f in judge.findings if f.requirement == requirement.id],
    )
    if requirement.wire and not confirmed and made.verdict is not Verdict.INCONCLUSIVE:
        made.verdict, made.findings = Verdict.INCONCLUSIVE, []
        made.reason = Reason.UNCONFIRMED
        made.detail = "the endpoint was not seen to speak the wire profile"
    elif made.verdict is Verdict.INCONCLUSIVE:
        nothing = (Reason.NO_STIMULUS, "nothing was evaluated")
        made.reason, made.detail = (
            judge.unjudged.get(requirement.id) or ended or nothing
        )
        if requirement.wire and not confirmed and ended is None:
            made.reason = Reason.UNCONFIRMED
            made.detail = "the endpoint was not seen to speak the wire profile"
    elif made.verdict is Verdict.FAIL and _is_unnamed(made.findings, observations):
        made.verdict, made.findings = Verdict.INCONCLUSIVE, []
        made.reason = Reason.UNCONFIRMED
        made.detail = "the wire profile does not name all that the message holds"
    elif made.verdict is Verdict.FAIL:
        advice = all(f.advice for f in made.findings if not f.met)
        made.severity = trust.severity(
            requirement.level, requirement.grade, advice=advice
        )
    return made


def _is_unnamed(
    findings: Iterable[Finding], observations: Sequence[Observation]
) -> bool:
    """Whether all that was missed may be there, where the profile has no name for it.

    That is a header field that the profile lacks, or an element of a message that holds
    some without a name.
    """
    unmet = [found.evidence for found in findings if not found.met]
    return bool(unmet) and all(
        at is not None
        and any(
            message.index == at.message and message.lacks(at.field)
            for seen in observations
            for message in seen.messages
        )
        for at in unmet
    )


def case_of(scenario: Scenario, parts: list[Judged]) -> Case:
    """Sum the requirements of a case up."""
    verdict = worst(part.verdict for part in parts)
    first = next((p for p in parts if p.verdict is verdict), None)
    inconclusive = verdict is Verdict.INCONCLUSIVE and first is not None
    return Case(
        scenario.id,
        scenario.family,
        scenario.role,
        scenario.risk.value,
        scenario.description,
        verdict,
        reason=first.reason if inconclusive and first else None,
        detail=first.detail if inconclusive and first else "",
        requirements=parts,
    )


def transcript(observations: list[Observation]) -> list[Line]:
    """Write what was seen as lines, connection by connection."""
    lines: list[Line] = []
    for at, seen in enumerate(observations):
        lines += _tls_lines(seen, at)
        for message in seen.messages:
            lines.append(
                Line(
                    message.time_s,
                    "message",
                    str(message),
                    message.sender,
                    message.raw.hex(),
                    message.record,
                    at,
                    int(message.index),
                    message.frames,
                )
            )
        lines += [
            Line(seen.until_s, "unread", text, seen.role, connection=at)
            for text in seen.unread
        ]
        lines.append(Line(seen.end.time_s, "end", str(seen.end), connection=at))
    return sorted(lines, key=lambda line: (line.connection, line.time_s))


def _tls_lines(seen: Observation, at: int) -> list[Line]:
    tls = seen.tls
    lines = []
    if tls.complete:
        text = f"handshake complete: {tls.version} {tls.suite}"
        if tls.resumed:
            text += ", resumed"
        lines.append(Line(tls.complete_s, "tls", text, connection=at))
    if tls.plaintext:
        text = f"{len(tls.plaintext)} bytes that are no TLS: {tls.plaintext[:16].hex()}"
        lines.append(Line(0.0, "tls", text, seen.role, connection=at))
    for alert in tls.alerts:
        level = "fatal" if alert.level == 2 else "warning"
        text = f"{level} alert {alert.description}"
        lines.append(Line(alert.time_s, "tls", text, alert.sender, connection=at))
    return lines
