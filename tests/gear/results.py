# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as a run leaves them, whose every text a test may choose."""

from conformance.result import Case, Judged, Line, Run
from conformance.verdict import Evidence, Finding, Reason, Severity, Verdict
from nmsp_scapy.constants import Grade

REQUEST = "010000010000000c00000001"
RESPONSE = "010000020000000c00000002"


def transcript(text: str = "ECHO_RESPONSE #2") -> list[Line]:
    request = {"type": 1, "name": "ECHO_REQUEST", "version": 1, "transaction_id": 1}
    response = {"type": 2, "name": "ECHO_RESPONSE", "version": 1, "transaction_id": 2}
    return [
        Line(0.01, "tls", "handshake complete: TLSv1.3 TLS_AES_256_GCM_SHA384"),
        Line(
            0.02, "message", "ECHO_REQUEST #1", "mse", REQUEST, request, message=0
        ),
        Line(
            0.03, "message", text, "wlc", RESPONSE, response | {"elements": []},
            message=1,
        ),
        Line(0.05, "end", "closed by the tester after 0.05 s"),
    ]  # fmt: skip


def finding(requirement: str = "NMSP-ECHO-3", text: str = "transaction 2") -> Finding:
    at = Evidence(
        1, "transaction_id", 8, 4, 0, (16,), "frame.number == 16 && nmsp.transaction_id"
    )
    return Finding(requirement, False, "transaction 1", text, evidence=at)


def alert(text: str = "alert by the wlc after 0.01 s, alert 42") -> Judged:
    several = ("fatal alert 46 certificate_unknown", "the end of the connection")
    at = Evidence(connection=0, frames=(14,), filter="frame.number == 14")
    found = Finding(
        "NMSP-AUTHLIST-6", False, ", or ".join(several), text,
        evidence=at, alternatives=several,
    )  # fmt: skip
    return Judged(
        "NMSP-AUTHLIST-6", Verdict.FAIL, "MUST", Grade.OBSERVED,
        "A WLC must signal that the AuthList has refused an MSE with the fatal alert "
        "46 certificate_unknown.",
        "trace of a 3850 3.3.5SE: where = 0x4008, ret = 0x22e",
        severity=Severity.DIFFERENCE, findings=[found], baseline="known",
        capture="authlist.signals_refusal.NMSP-AUTHLIST-6.pcapng",
    )  # fmt: skip


def echo(text: str = "transaction 2") -> Judged:
    return Judged(
        "NMSP-ECHO-3", Verdict.FAIL, "MUST", Grade.ASSUMED,
        "A WLC must answer an ECHO_REQUEST with the transaction id of the request.",
        "nominal wire profile, transaction id",
        severity=Severity.DIFFERENCE, findings=[finding(text=text)], baseline="new",
        capture="echo.answers.NMSP-ECHO-3.pcapng",
    )  # fmt: skip


def sample(hostile: str = "", target: str = "192.0.2.10:16113") -> Run:
    """Return a run with a case of each verdict; `hostile` is put wherever it can."""
    command = f"nmsp-conformance run {target} --identity mse.pem"
    cases = [
        Case(
            "echo.answers", "echo", "wlc", "safe", "It answers.", Verdict.FAIL,
            requirements=[echo(hostile or "transaction 2")],
            transcript=transcript(hostile or "ECHO_RESPONSE #2"),
            ends=[hostile or "closed by the tester after 0.05 s"], duration_s=0.05,
            capture="echo.answers.pcapng", reproduce=f"{command} echo.answers{hostile}",
            notes=[hostile] if hostile else [],
        ),
        Case(
            "authlist.signals_refusal", "authlist", "wlc", "safe", "It refuses.",
            Verdict.FAIL, requirements=[alert(hostile or "alert 42")],
            ends=["alert by the wlc after 0.01 s"], duration_s=1.25,
            capture="authlist.signals_refusal.pcapng",
            reproduce=f"{command} authlist.signals_refusal",
        ),
        Case(
            "echo.ok", "echo", "wlc", "safe", "It is.", Verdict.PASS,
            requirements=[
                Judged(
                    "NMSP-ECHO-1", Verdict.PASS, "MUST", Grade.ASSUMED, "It must.", "x"
                )
            ],
        ),
        Case(
            "echo.open", "echo", "wlc", "safe", "It waits.", Verdict.INCONCLUSIVE,
            reason=Reason.TIMEOUT, detail=hostile or "the subscription had no response",
        ),
        Case(
            "echo.bug", "echo", "wlc", "safe", "It breaks.", Verdict.ERROR,
            detail=f"Traceback\n  {hostile}\nValueError: ours",
        ),
        Case(
            "ids.spared", "ids", "wlc", "safe", "It is not meant.",
            Verdict.NOT_APPLICABLE, detail=hostile or "the WLC does not offer IDS",
        ),
    ]  # fmt: skip
    return Run(
        target, "wlc", "nominal", Grade.ASSUMED, True, cases,
        started="2026-01-02T03:04:05+00:00", duration_s=2.5, confirmed=True,
        remarks=[hostile or "The endpoint calls itself 'nmsp-scapy'."],
        stale=[f"NMSP-ECHO-2 no longer occurs: take it off the list ({hostile} so)"],
        tool_version="0",
    )  # fmt: skip
