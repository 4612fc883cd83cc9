# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP and TLS, below all NMSP."""

from conformance.observation import Observation, Seen
from conformance.verdict import Judge, Reason


def is_tls_server(seen: Observation, judge: Judge) -> None:
    """The WLC answers a ClientHello with a handshake."""
    tls = seen.tls
    actual = "a TLS handshake"
    if tls.plaintext:
        actual = f"bytes that are no TLS: {tls.plaintext[:12].hex()}"
    elif not tls.seen:
        actual = f"no TLS ({seen.end})"
    if not tls.seen and not tls.plaintext:
        judge.unable("NMSP-TRANSPORT-1", *_not_seen(seen))
        return
    judge.require(
        "NMSP-TRANSPORT-1",
        tls.seen and not tls.plaintext,
        expected="a ServerHello",
        actual=actual,
    )


def _not_seen(seen: Observation) -> tuple[Reason, str]:
    if seen.end.by == seen.role:
        return Reason.PEER_CLOSED, f"before any answer: {seen.end}"
    return Reason.TIMEOUT, "nothing was answered"


def asks_for_certificate(seen: Observation, judge: Judge) -> None:
    """The handshake holds a CertificateRequest."""
    asked = seen.tls.certificate_requested
    if asked is None and not seen.tls.complete:
        judge.unable("NMSP-TRANSPORT-2", Reason.PEER_CLOSED, str(seen.end))
        return
    judge.require(
        "NMSP-TRANSPORT-2",
        asked,
        expected="a CertificateRequest",
        actual="a CertificateRequest" if asked else "none in the whole handshake",
    )


def completes_handshake(seen: Observation, judge: Judge) -> None:
    """Both sides finish."""
    alerts = [a.description for a in seen.tls.alerts if a.sender == seen.role]
    how = f"{seen.end}" + (f", alert {alerts[-1]}" if alerts else "")
    judge.require(
        "NMSP-TRANSPORT-5",
        seen.tls.complete and not any(d != 0 for d in alerts),
        expected="a completed handshake",
        actual="a completed handshake" if seen.tls.complete and not alerts else how,
    )


def nothing_before_handshake(seen: Observation, judge: Judge) -> None:
    """No application data flows before the MSE has proved who it is."""
    early = seen.tls.application_before
    if not seen.tls.complete and not early:
        judge.unable("NMSP-TRANSPORT-3", Reason.PEER_CLOSED, str(seen.end))
        return
    judge.require(
        "NMSP-TRANSPORT-3",
        not early,
        expected="no application data",
        actual=f"{len(early)} bytes: {early[:16].hex()}" if early else "none",
    )


def nothing_in_the_clear(seen: Observation, judge: Judge) -> None:
    """What is no TLS is answered by nothing that is no TLS."""
    clear = seen.tls.plaintext
    judge.require(
        "NMSP-TRANSPORT-4",
        not clear,
        expected="nothing, or a TLS alert",
        actual=f"{len(clear)} bytes: {clear[:16].hex()}" if clear else "nothing",
    )


def what_came(seen: Observation, request: Seen) -> str:
    """Name what the endpoint did after a message, one clause."""
    later = [str(m) for m in seen.after(request) if m.sender == seen.role]
    if later:
        return ", ".join(later[:4])
    if seen.end.by == seen.role:
        return str(seen.end)
    return f"nothing within {seen.until_s - request.time_s:.2f} s"
