# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything side by side: capture, trace, certificate, list."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from nmsp_scapy.authlist import Identity
from nmsp_scapy.authlist.pasted import Entry
from nmsp_scapy.clock import utc
from nmsp_scapy.doctor import handshake, lists, session, traces
from nmsp_scapy.doctor.case import Case, Chart
from nmsp_scapy.doctor.finding import (
    UNREAD,
    Cause,
    Confidence,
    Diagnosis,
    Evidence,
    Finding,
    joined,
)
from nmsp_scapy.doctor.transport import Attempt
from nmsp_scapy.trace import Connection

CLOCK_CAUSES = {Cause.CLOCKS, Cause.NOT_YET_VALID, Cause.EXPIRED}
PLAUSIBLE = timedelta(days=400)


def diagnose(
    chart: Chart,
    attempts: Sequence[Attempt] = (),
    *,
    connections: Sequence[Connection] = (),
    expected: Identity | None = None,
    entries: Sequence[Entry] = (),
) -> Diagnosis:
    """Name what is wrong.

    Args:
        chart: what dissecting the capture yielded.
        attempts: how the capture's connections began.
        connections: of the WLC's trace.
        expected: the certificate that the MSE should present.
        entries: of the WLC's AuthList.
    """
    cases = list(chart.cases.values())
    by_frame = {attempt.syns[0]: attempt for attempt in attempts}
    findings = handshake.of_attempts(attempts)
    for case in cases:
        attempt = by_frame.get(case.conversation.frame)
        found = handshake.of_handshake(case, attempt, chart.end_ns)
        for finding in found:
            _refine(finding, case, entries, expected)
        findings += found
        findings += session.of_session(case, chart.end_ns, refused=bool(found))
        findings += session.of_reading(case, refused=bool(found))
    findings = joined(findings)
    findings = traces.with_trace(findings, connections)
    for finding in findings:
        known = [chart.cases[index] for index in finding.conversations[:1]]
        _refine(finding, known[0] if known else None, entries, expected)
    notes = _clocks(findings, cases, connections)
    findings = joined([*findings, *_damage(chart)])
    notes += _notes(cases)
    healthy, summary = _summary(chart, cases, findings, attempts, connections)
    return Diagnosis(
        healthy, summary, findings, notes, len(cases) or len(attempts), chart.messages
    )


def _refine(
    finding: Finding,
    case: Case | None,
    entries: Sequence[Entry],
    expected: Identity | None,
) -> None:
    """Let the list, where it is known, name the part that differs."""
    presented = handshake.leaf(case.conversation.tls) if case is not None else None
    presented = presented or expected
    if finding.cause is Cause.AUTHLIST and presented is not None:
        lists.refine(finding, presented, entries, expected)


def _damage(chart: Chart) -> list[Finding]:
    damaged = [event for event in chart.general if event.lost]
    if not damaged:
        return []
    return [
        Finding(
            Cause.DAMAGE,
            Confidence.CERTAIN,
            "parts of the capture file cannot be read",
            [
                Evidence(event.reason, event.frames[0] if event.frames else None)
                for event in damaged[:4]
            ],
            ["copy the file again (binary), or capture anew"],
        )
    ]


def _clocks(
    findings: list[Finding], cases: Sequence[Case], connections: Sequence[Connection]
) -> list[str]:
    """Measure clocks, and let them explain certificates that count as invalid."""
    measured = traces.clock_offset(cases, connections)
    if measured is None:
        return _hello_clocks(cases)
    offset, evidence = measured
    if abs(offset) < traces.APART_S:
        return ["the clocks of WLC and capture agree (measured by an alert in both)"]
    side = "ahead of" if offset > 0 else "behind"
    said = f"the WLC's clock is {_span(abs(offset))} {side} the capture's"
    for finding in findings:
        if finding.cause in CLOCK_CAUSES and _explained(finding, cases, offset):
            finding.cause, finding.confidence = Cause.CLOCKS, Confidence.CERTAIN
            finding.title = f"{said}, so that the MSE's certificate counts as invalid"
            finding.evidence = [*evidence, *finding.evidence]
            return []
    return [f"{said} (measured by an alert in both)"]


def _explained(finding: Finding, cases: Sequence[Case], offset: float) -> bool:
    """Whether the certificate is valid by the capture's clock, not by the WLC's."""
    for case in cases:
        identity = handshake.leaf(case.conversation.tls)
        if case.index in finding.conversations and identity is not None:
            now = utc(case.conversation.time_ns)
            theirs = utc(case.conversation.time_ns + int(offset * 1e9))
            return identity.valid_at(now) and not identity.valid_at(theirs)
    return False


def _hello_clocks(cases: Sequence[Case]) -> list[str]:
    """Read the clocks that old TLS libraries put into their hellos' randoms.

    OpenSSL did so before 1.1; newer ones fill the four bytes with chance, so both
    sides' must be plausible to count.
    """
    for case in cases:
        facts = case.conversation.tls
        if facts is None or not facts.client_random or not facts.server_random:
            continue
        now = utc(case.conversation.time_ns)
        ends = [
            datetime.fromtimestamp(int(random[:8], 16), UTC)
            for random in (facts.client_random, facts.server_random)
        ]
        if any(abs(end - now) > PLAUSIBLE for end in ends):
            continue
        apart = (ends[1] - ends[0]).total_seconds()
        if abs(apart) < 2 * traces.APART_S:
            return ["the clocks of MSE and WLC agree (read from the hellos' randoms)"]
        side = "ahead of" if apart > 0 else "behind"
        return [
            f"the WLC's clock is {_span(abs(apart))} {side} the MSE's (read from the "
            "hellos' randoms, which hold the time in older TLS libraries); the WLC's "
            "must not be behind (documented)"
        ]
    return []


def _span(seconds: float) -> str:
    if seconds >= 172_800:
        return f"{seconds / 86_400:.1f} days"
    if seconds >= 7200:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds:.0f} s"


def _notes(cases: Sequence[Case]) -> list[str]:
    notes = []
    for case in cases:
        wait = session.authlist_wait(case)
        if wait is not None and 5 * 10**8 < wait[0] < session.SLOW_NS:
            notes.append(
                f"the WLC decides on the MSE's certificate in {wait[0] / 1e9:.3f} s "
                f"(frame {wait[1]} to {wait[2]}); about 1 s is usual (observed)"
            )
            break
    if any(case.conversation.began != "syn" for case in cases):
        notes.append("the capture begins in the middle of a connection")
    return notes


def _summary(
    chart: Chart,
    cases: Sequence[Case],
    findings: Sequence[Finding],
    attempts: Sequence[Attempt],
    connections: Sequence[Connection],
) -> tuple[bool, str]:
    ills = [finding for finding in findings if finding.cause not in UNREAD]
    worked = [case for case in cases if None not in case.last_ns]
    if ills:
        later = ""
        if worked and worked[-1].index > max(ills[0].conversations, default=-1):
            later = "; a later connection came up"
        return False, ills[0].title + later
    if worked and not findings:
        return True, (
            f"nothing is wrong: {len(worked)} of {len(cases)} conversations speak "
            f"NMSP, {chart.messages} messages were read"
        )
    complete = any(handshake.accepted(case) for case in cases)
    if worked or complete:
        return False, (
            "nothing is seen to be wrong with the tunnel, but not all of it could be "
            "read"
        )
    if findings:
        return False, findings[0].title
    if not cases and not attempts and not connections:
        return False, "the capture shows no NMSP connection"
    return False, "the capture shows no finished handshake and no reason why"
