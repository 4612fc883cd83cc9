# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP and TLS, below all NMSP."""

from typing import TYPE_CHECKING

from conformance.claims import TlsPolicy
from conformance.observation import Observation, Seen
from conformance.verdict import Evidence, Judge, Reason

if TYPE_CHECKING:
    from conformance.link import Link
    from conformance.peer import Peer


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
        at=seen.whole,
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
        at=seen.whole,
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
        at=seen.whole,
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
        at=seen.whole,
    )


def nothing_in_the_clear(seen: Observation, judge: Judge) -> None:
    """What is no TLS is answered by nothing that is no TLS."""
    clear = seen.tls.plaintext
    judge.require(
        "NMSP-TRANSPORT-4",
        not clear,
        expected=("nothing", "a TLS alert"),
        actual=f"{len(clear)} bytes: {clear[:16].hex()}" if clear else "nothing",
        at=seen.whole,
    )


def what_came(seen: Observation, request: Seen) -> str:
    """Name what the endpoint did after a message, one clause."""
    later = [str(m) for m in seen.after(request) if m.sender == seen.role]
    if later:
        return ", ".join(later[:4])
    if seen.end.by == seen.role:
        return str(seen.end)
    return f"nothing within {seen.until_s - request.time_s:.2f} s"


def took_it(seen: Observation, judge: Judge, requirement: str, request: Seen) -> None:
    """An echo request is answered, in whatever pieces it came."""
    answered = seen.following(request, "ECHO_RESPONSE")
    judge.require(
        requirement,
        answered,
        expected="an ECHO_RESPONSE",
        actual="an ECHO_RESPONSE" if answered else what_came(seen, request),
        at=Evidence(message=request.index),
    )


def subscribes_to_it(seen: Observation, judge: Judge) -> None:
    """A capability is followed by a subscription, in whatever pieces it came."""
    subscribed = seen.theirs("SERVICE_SUBSCRIBE_REQUEST")
    judge.require(
        "NMSP-TRANSPORT-25",
        subscribed,
        expected="a SERVICE_SUBSCRIBE_REQUEST",
        actual="one" if subscribed else f"none ({seen.end})",
        at=seen.whole,
    )


def _ssl3_client_hello() -> bytes:
    suites = bytes.fromhex("0035002f000a00050004")
    body = b"\x03\x00" + bytes(32) + b"\x00" + len(suites).to_bytes(2) + suites
    body += b"\x01\x00"
    hello = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x00" + len(hello).to_bytes(2) + hello


SSL3_CLIENT_HELLO = _ssl3_client_hello()
"""A ClientHello of SSL 3.0 with static RSA suites (RFC 6101)."""


def no_handshake_of(seen: Observation, judge: Judge, requirement: str) -> None:
    """What should not be negotiated is not."""
    tls = seen.tls
    judge.require(
        requirement,
        not tls.seen,
        expected=("an alert", "the end of the connection"),
        actual=f"a ServerHello ({tls.version} {tls.suite})".replace(" ( )", "")
        if tls.seen
        else f"none ({seen.end})",
        at=seen.whole,
    )


def closes(peer: "Peer", link: "Link", judge: Judge, requirement: str) -> None:
    """The endpoint ends a connection that its peer has ended."""
    link.pump(peer.timing.quiet + 0.5 * peer.timing.answer, lambda: not link.open)
    judge.recommend(
        requirement,
        not link.open,
        expected="the endpoint closes too",
        actual=str(link.observation.end),
        at=link.observation.whole,
    )


def by_policy(seen: Observation, judge: Judge, policy: TlsPolicy | None) -> None:
    """Version and suite are of the claimed generation."""
    if policy is None:
        return
    tls = seen.tls
    fits = tls.version in policy.versions and tls.suite in policy.suites
    judge.require(
        "NMSP-TRANSPORT-16",
        fits,
        expected=f"{policy.name}: {' or '.join(policy.versions)} with one of "
        f"{', '.join(policy.suites)}",
        actual=f"{tls.version} {tls.suite}",
        at=seen.whole,
    )
