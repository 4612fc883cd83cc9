# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is let in, and how it is told."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

from conformance.observation import Alert, EndKind, Observation
from conformance.verdict import Judge, Reason

CERTIFICATE_UNKNOWN = 46
FATAL, TLS13 = 2, "TLSv1.3"
REFUSALS = (EndKind.ALERT, EndKind.FIN, EndKind.CLOSE_NOTIFY, EndKind.RST)


def how_it_went(seen: Observation) -> str:
    """Write what became of the handshake, one clause."""
    if seen.end.kind is EndKind.OPEN or seen.end.kind is EndKind.OURS:
        if seen.theirs():
            return f"admitted: the {seen.role} sent {seen.theirs()[0].name}"
        return "admitted" if seen.tls.complete else "the handshake was left hanging"
    alerts = [a for a in seen.tls.alerts if a.sender == seen.role]
    alert = f", alert {alerts[-1].description}" if alerts else ", no alert"
    after = "after" if seen.tls.complete else "before"
    return f"{seen.end}{alert}, {after} our side of the handshake was complete"


def refuses(seen: Observation, judge: Judge, requirement: str) -> bool:
    """The endpoint ends the connection instead of letting its peer in."""
    ended = seen.end.kind in REFUSALS and seen.end.by == seen.role
    return judge.require(
        requirement,
        ended and not seen.theirs(),
        expected="the connection is ended in the handshake",
        actual=how_it_went(seen),
        at=seen.whole,
    )


def alerts_certificate_unknown(seen: Observation, judge: Judge) -> None:
    """A refusal is told with fatal alert 46."""
    alerts = [(a.level, a.description) for a in seen.tls.alerts if a.sender == "wlc"]
    judge.require(
        "NMSP-AUTHLIST-6",
        (2, CERTIFICATE_UNKNOWN) in alerts,
        expected="fatal alert 46 certificate_unknown",
        actual=how_it_went(seen),
        at=seen.whole,
    )


def alert_of(seen: Observation) -> Alert | None:
    """The fatal alert of the endpoint, None without one."""
    fatal = (a for a in seen.tls.alerts if a.sender == seen.role and a.level == FATAL)
    return next(fatal, None)


def alerts_in_place(seen: Observation, judge: Judge, requirement: str) -> None:
    """The alert of a refusal stands where the endpoint would else have gone on.

    In TLS 1.2 and below that is before its own Finished, in TLS 1.3 the first record
    behind the client's.
    """
    alert, tls = alert_of(seen), seen.tls
    if alert is None:
        return
    took = f"{alert.time_s - tls.certificate_s:.2f} s after the certificate"
    if tls.version == TLS13:
        in_place = tls.records_after <= 1
        expected = "the alert as the first record behind the handshake"
        place = f"record {tls.records_after} behind the handshake"
    else:
        in_place = not tls.complete
        expected = "the alert in the handshake"
        place = "in the handshake" if in_place else "behind the handshake"
    judge.require(
        requirement,
        in_place,
        expected=expected,
        actual=f"alert {alert.description} {took}, {place}",
        at=seen.whole,
    )


def sends_nothing_first(seen: Observation, judge: Judge) -> None:
    """A refused peer gets no application data."""
    sent = len(seen.tls.application_before) + sum(len(m.raw) for m in seen.theirs())
    first = seen.theirs()[0].name if seen.theirs() else "nothing"
    judge.require(
        "NMSP-AUTHLIST-7",
        not sent and not seen.unread,
        expected="no application data",
        actual=f"{sent} bytes, {first} first" if sent else "nothing was sent",
        at=seen.whole,
    )


def admits(seen: Observation, judge: Judge, requirement: str, let_in: object) -> None:
    """The endpoint lets its peer in."""
    judge.require(
        requirement,
        let_in,
        expected="the connection stays up",
        actual=how_it_went(seen),
        at=seen.whole,
    )


DECISION_S = 5.0


def decides_in_time(seen: Observation, judge: Judge) -> None:
    """A refusal comes within five seconds of the connection."""
    judge.recommend(
        "NMSP-AUTHLIST-15",
        seen.end.by == seen.role and seen.end.time_s <= DECISION_S,
        expected=f"a refusal within {DECISION_S:g} s",
        actual=how_it_went(seen),
        at=seen.whole,
    )


def frees(seen: Observation, judge: Judge) -> None:
    """A refusal is followed by the end of the connection."""
    judge.require(
        "NMSP-AUTHLIST-16",
        seen.end.by == seen.role and seen.end.kind in REFUSALS,
        expected="the WLC ends the connection",
        actual=how_it_went(seen),
        at=seen.whole,
    )


Window = tuple[timedelta, timedelta]
STEPS = (
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=30),
)
_EDGES = (*(-step for step in reversed(STEPS)), *STEPS)
APART = timedelta(seconds=10)
"""Between two windows, so that no clock is in both while a case goes on."""

WINDOWS: tuple[Window, ...] = tuple(
    (begins + APART, ends) for begins, ends in pairwise(_EDGES)
)
"""Validities that do not overlap, from now: no clock is in two of them."""


def by_one_clock(judge: Judge, let_in: Mapping[Window, Observation]) -> None:
    """Of certificates that are never valid together, one is let in.

    Where the WLC's clock is, nobody but itself knows: that is told, not judged.
    """
    judge.assume(
        let_in,
        Reason.DEPENDENCY,
        "none was let in: the WLC's clock is thirty days off, or it takes no new "
        "certificate of a listed key",
    )
    told = " and ".join(
        f"from {_from_now(begins - APART)} to {_from_now(ends)}"
        for begins, ends in let_in
    )
    judge.note(f"let in was what is valid {told} of the tester's clock")
    judge.require(
        "NMSP-AUTHLIST-22",
        len(let_in) == 1,
        expected="one of the certificates is let in at most",
        actual=f"let in was what is valid {told}",
        at=list(let_in.values())[-1].whole,
    )


def _from_now(step: timedelta) -> str:
    """Write `1 min ahead`."""
    units = (("d", 86_400), ("h", 3600), ("min", 60))
    seconds = abs(step.total_seconds())
    unit, size = next(u for u in units if seconds >= u[1])
    return f"{seconds / size:g} {unit} {'behind' if step < timedelta(0) else 'ahead'}"
