# SPDX-License-Identifier: GPL-2.0-or-later
"""The WLC's trace beside the capture: its word counts more, and its clock is told."""

from collections.abc import Sequence
from statistics import median

from nmsp_scapy.doctor.case import Case
from nmsp_scapy.doctor.finding import Cause, Confidence, Evidence, Finding
from nmsp_scapy.doctor.session import SLOW_NS
from nmsp_scapy.trace import Connection, Outcome, judge
from nmsp_scapy.trace.events import Kind
from nmsp_scapy.trace.openssl import ALERT, WRITE
from nmsp_scapy.trace.verdict import step_text

CAUSES = {
    Outcome.AUTHLIST: Cause.AUTHLIST,
    Outcome.NO_CERTIFICATE: Cause.NO_CERTIFICATE,
    Outcome.SUITE: Cause.SUITE,
    Outcome.VERSION: Cause.VERSION,
    Outcome.CERTIFICATE: Cause.CLOCKS,
    Outcome.PEER_ALERT: Cause.MSE_REFUSES,
    Outcome.ALERT: Cause.HANDSHAKE,
    Outcome.FAILED: Cause.HANDSHAKE,
    Outcome.LOST: Cause.HANDSHAKE,
}
_REFINED = {
    Cause.AUTHLIST: {
        Cause.AUTHLIST,
        Cause.MAC_UNLISTED,
        Cause.HASH_MISMATCH,
        Cause.SHA1_FOR_SHA2,
        # A certificate that is invalid is one that the list may refuse as well.
        Cause.NOT_YET_VALID,
        Cause.EXPIRED,
    },
    Cause.CLOCKS: {Cause.CLOCKS, Cause.NOT_YET_VALID, Cause.EXPIRED},
}
_VAGUE = {Cause.HANDSHAKE, Cause.SILENT, Cause.SUITE, Cause.CLOCKS}
APART_S = 5.0
"""Clocks that differ by less are called alike."""


def with_trace(
    findings: list[Finding], connections: Sequence[Connection]
) -> list[Finding]:
    """Join what the trace says with what the capture shows."""
    made = list(findings)
    for connection in connections:
        verdict = judge(connection)
        cause = CAUSES.get(verdict.outcome)
        slow = _slow(connection)
        if slow is not None and not any(f.cause is slow.cause for f in made):
            made.append(slow)
        if cause is None:
            continue
        evidence = _evidence(connection)
        kin = _REFINED.get(cause, {cause})
        same = [f for f in made if f.cause in kin]
        vague = [f for f in made if f.cause in _VAGUE]
        if same:
            same[0].evidence += [e for e in evidence if e not in same[0].evidence]
            same[0].confidence = Confidence.CERTAIN
        elif vague and cause is not Cause.HANDSHAKE:
            vague[0].cause, vague[0].title = cause, verdict.title
            vague[0].confidence = Confidence.CERTAIN
            vague[0].evidence += evidence
            vague[0].remedy, vague[0].commands = verdict.advice, verdict.commands
        elif cause is not Cause.HANDSHAKE or not made:
            certain = verdict.confidence == "certain"
            made.append(
                Finding(
                    cause,
                    Confidence.CERTAIN if certain else Confidence.LIKELY,
                    verdict.title,
                    evidence,
                    verdict.advice,
                    verdict.commands,
                )
            )
    return made


def _evidence(connection: Connection) -> list[Evidence]:
    wanted = (Kind.ASKED, Kind.REFUSED, Kind.NOT_VALIDATED, Kind.FAILED)
    return [
        Evidence(step_text(step), line=step.line)
        for step in connection.steps
        if step.kind in wanted or (step.kind is Kind.STATE and step.said.where & ALERT)
    ][:4]


def _slow(connection: Connection) -> Finding | None:
    asked = connection.first(Kind.ASKED)
    answers = (Kind.ACCEPTED, Kind.REFUSED, Kind.VALIDATED, Kind.NOT_VALIDATED)
    answer = next((s for s in connection.steps if s.kind in answers and s.exact), None)
    if asked is None or answer is None or asked.time_ns is None:
        return None
    wait = (answer.time_ns or 0) - asked.time_ns
    if wait < SLOW_NS:
        return None
    return Finding(
        Cause.AUTHLIST_SLOW,
        Confidence.CERTAIN,
        f"the WLC's AuthList takes {wait / 1e9:.1f} s to answer",
        [
            Evidence("AuthList asked", line=asked.line),
            Evidence(f"its answer, {wait / 1e9:.3f} s later", line=answer.line),
        ],
        ["see where the list is looked up: an AAA server that does not answer delays"],
        ["show aaa servers", "show running-config | include credential-download"],
    )


def clock_offset(
    cases: Sequence[Case], connections: Sequence[Connection]
) -> tuple[float, list[Evidence]] | None:
    """Measure the WLC's clock against the capture's, by alerts that both show.

    Returns:
        Seconds by which the WLC's clock is ahead (negative: behind), and evidence;
        None where nothing is in both, or where it does not agree with itself.
    """
    sent = [
        (alert.number, alert.time_ns, alert.frames[-1])
        for case in cases
        for alert in (case.conversation.tls.alerts if case.conversation.tls else [])
        if alert.side == 1 and alert.frames
    ]
    told = [
        (step.said.ret & 0xFF, step.time_ns, step.line)
        for connection in connections
        if connection.dated
        for step in connection.states()
        if step.said.where & ALERT and step.said.where & WRITE and step.exact
    ]
    if not sent or [s[0] for s in sent] != [t[0] for t in told]:
        return None
    offsets = [
        ((t[1] or 0) - s[1]) / 1e9 for s, t in zip(sent, told, strict=True) if t[1]
    ]
    middle = median(offsets)
    if any(abs(offset - middle) > APART_S for offset in offsets):
        return None
    return middle, [
        Evidence("the alert in the capture", frame=sent[0][2]),
        Evidence("the same alert in the trace", line=told[0][2]),
    ]
