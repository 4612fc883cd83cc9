# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS and the AuthList as a capture shows them: nobody was asked to do anything.

Each check first tells whether the conversation holds what it is about; the judgement
itself is the live scenarios' own.
"""

from collections.abc import Callable

from conformance.checks import authlist, transport
from conformance.observation import EndKind, Observation
from conformance.verdict import Judge, Reason

Check = Callable[[Observation, Judge], None]
FATAL, DECRYPT_ERROR = 2, 51
MARGIN_S = 3600.0
"""How far the clock of whoever captured may be from the WLC's."""

ANONYMOUS = ("NULL", "ADH", "AECDH", "anon")


def _tls(identifier: str, check: Check) -> Check:
    """Judge only a conversation that holds a TLS handshake."""

    def bound(seen: Observation, judge: Judge) -> None:
        if seen.tls.seen:
            check(seen, judge)
        else:
            judge.unable(identifier, Reason.NO_STIMULUS, "no TLS handshake was seen")

    bound.__doc__ = check.__doc__
    return bound


def refusal(seen: Observation) -> float | None:
    """Time of the fatal alert by which the WLC refused the MSE; None for none.

    An alert to a proof that does not hold is another matter, and so is one after
    the WLC has spoken.
    """
    if not seen.tls.certificate_shown or seen.theirs():
        return None
    return next(
        (
            alert.time_s
            for alert in seen.tls.alerts
            if alert.sender == "wlc"
            and alert.level == FATAL
            and alert.description != DECRYPT_ERROR
            and alert.time_s >= seen.tls.certificate_s
        ),
        None,
    )


def admitted(seen: Observation) -> bool | None:
    """Tell whether the WLC let the MSE in; None where the capture does not show."""
    if seen.theirs():
        return True
    if refusal(seen) is not None:
        return False
    if seen.tls.complete and seen.tls.version != "TLSv1.3":
        return True
    if seen.end.kind in authlist.REFUSALS and seen.end.by == seen.role:
        return False
    return None


def _refused(identifier: str, check: Check) -> Check:
    """Judge only a conversation in which the WLC refused the certificate."""

    def bound(seen: Observation, judge: Judge) -> None:
        outdated = seen.presented is not None and _outdated(seen)
        if refusal(seen) is None or outdated:
            judge.unable(
                identifier, Reason.NO_STIMULUS, "the AuthList refused nobody in it"
            )
        else:
            check(seen, judge)

    bound.__doc__ = check.__doc__
    return bound


def _outdated(seen: Observation) -> bool:
    who = seen.presented
    return who is not None and max(who.early_s, who.late_s) > 0


def decides_in_time(seen: Observation, judge: Judge) -> None:
    """A refusal comes within five seconds of the certificate."""
    took = (refusal(seen) or 0.0) - seen.tls.certificate_s
    judge.recommend(
        "NMSP-AUTHLIST-15",
        took <= authlist.DECISION_S,
        expected=f"a refusal within {authlist.DECISION_S:g} s",
        actual=f"after {took:.2f} s",
        at=seen.whole,
    )


def alerts_in_the_handshake(seen: Observation, judge: Judge) -> None:
    """In TLS 1.2 and below the alert of a refusal precedes the WLC's Finished."""
    name = "NMSP-AUTHLIST-25"
    if seen.tls.version == authlist.TLS13:
        judge.unable(name, Reason.NO_STIMULUS, "it is TLS 1.3")
    else:
        authlist.alerts_in_place(seen, judge, name)


def _turned_away(identifier: str, condition: Callable[[Observation], bool]) -> Check:
    """Require that an MSE of a kind was not let in."""

    def bound(seen: Observation, judge: Judge) -> None:
        """Who must not be let in is not."""
        let_in = admitted(seen)
        if not seen.tls.seen or not condition(seen):
            judge.unable(identifier, Reason.NO_STIMULUS, "no such MSE was seen")
        elif let_in is None:
            judge.unable(identifier, Reason.NO_STIMULUS, "no decision was seen")
        else:
            judge.require(
                identifier,
                not let_in,
                expected="the connection is ended in the handshake",
                actual=authlist.how_it_went(seen),
                at=seen.whole,
            )

    return bound


def _whose(condition: Callable[..., bool]) -> Callable[[Observation], bool]:
    return lambda seen: seen.presented is not None and condition(seen.presented)


def lets_listed_in(seen: Observation, judge: Judge) -> None:
    """A listed MSE whose certificate is valid is let in (needs --authlist)."""
    who, let_in = seen.presented, admitted(seen)
    told = who is not None and who.listed and not _outdated(seen)
    if not told or let_in is None:
        judge.unable(
            "NMSP-AUTHLIST-1", Reason.NO_STIMULUS, "no listed MSE was decided on"
        )
        return
    authlist.admits(seen, judge, "NMSP-AUTHLIST-1", let_in)


def _not_negotiated(
    identifier: str, condition: Callable[[Observation], object], what: str
) -> Check:
    def bound(seen: Observation, judge: Judge) -> None:
        """What should not be negotiated is not."""
        found = condition(seen)
        judge.require(
            identifier,
            not found,
            expected=f"no {what}",
            actual=f"{seen.tls.version} {seen.tls.suite}" + (f", {what}" * bool(found)),
            at=seen.whole,
        )

    return _tls(identifier, bound)


def does_not_renegotiate(seen: Observation, judge: Judge) -> None:
    """Nobody renegotiates."""
    judge.recommend(
        "NMSP-TRANSPORT-9",
        not seen.tls.renegotiated,
        expected="no renegotiation",
        actual="one was completed" if seen.tls.renegotiated else "none",
        at=seen.whole,
    )


def by_policy(seen: Observation, judge: Judge) -> None:
    """Version and suite are of the claimed generation."""
    if seen.policy is None:
        text = "no TLS policy is claimed (--claims)"
        judge.unable("NMSP-TRANSPORT-16", Reason.NO_STIMULUS, text)
    else:
        transport.by_policy(seen, judge, seen.policy)


def closes_too(seen: Observation, judge: Judge) -> None:
    """The WLC ends a connection that the MSE has ended with close_notify."""
    ended = any(a.sender == "mse" and a.description == 0 for a in seen.tls.alerts)
    if not ended or seen.end.kind is EndKind.OPEN:
        judge.unable("NMSP-TRANSPORT-13", Reason.NO_STIMULUS, "no such end was seen")
        return
    judge.recommend(
        "NMSP-TRANSPORT-13",
        "wlc" in seen.closed_by,
        expected="the endpoint closes too",
        actual="it does" if "wlc" in seen.closed_by else str(seen.end),
        at=seen.whole,
    )


def presents_certificate(seen: Observation, judge: Judge) -> None:
    """The MSE presents a certificate when the WLC asks for one."""
    tls = seen.tls
    if not tls.certificate_requested or not tls.certificate_shown:
        judge.unable("NMSP-TRANSPORT-20", Reason.NO_STIMULUS, "nobody was asked for it")
        return
    judge.require(
        "NMSP-TRANSPORT-20",
        tls.client_certificate,
        expected="a certificate",
        actual="one" if tls.client_certificate else "an empty certificate message",
        at=seen.whole,
    )


def asks_for_certificate(seen: Observation, judge: Judge) -> None:
    """The handshake holds a CertificateRequest."""
    if seen.tls.certificate_requested is None:
        text = "the part of the handshake that would hold it was not read"
        judge.unable("NMSP-TRANSPORT-2", Reason.NO_STIMULUS, text)
    else:
        transport.asks_for_certificate(seen, judge)


def nothing_before_handshake(seen: Observation, judge: Judge) -> None:
    """No application data flows before the MSE has proved who it is."""
    name = "NMSP-TRANSPORT-3"
    if "wlc" in seen.unopened:
        judge.unable(name, Reason.NO_KEYS, "what the WLC sent could not be read")
    elif not seen.tls.complete:
        judge.unable(name, Reason.NO_STIMULUS, "the handshake was not completed")
    else:
        transport.nothing_before_handshake(seen, judge)


def sends_nothing_first(seen: Observation, judge: Judge) -> None:
    """A refused MSE gets no application data.

    Refused is who was told so, and who is not listed and was then disconnected.
    """
    name, who = "NMSP-AUTHLIST-7", seen.presented
    ended = seen.end.by == "wlc" and seen.end.kind in authlist.REFUSALS
    unlisted = who is not None and who.listed is False and ended
    if refusal(seen) is None and not unlisted:
        judge.unable(name, Reason.NO_STIMULUS, "nobody was refused in it")
    elif "wlc" in seen.unopened:
        judge.unable(name, Reason.NO_KEYS, "what the WLC sent could not be read")
    else:
        authlist.sends_nothing_first(seen, judge)


CHECKS: dict[str, Check] = {
    "NMSP-TRANSPORT-2": _tls("NMSP-TRANSPORT-2", asks_for_certificate),
    "NMSP-TRANSPORT-3": _tls("NMSP-TRANSPORT-3", nothing_before_handshake),
    "NMSP-TRANSPORT-9": _tls("NMSP-TRANSPORT-9", does_not_renegotiate),
    "NMSP-TRANSPORT-10": _not_negotiated(
        "NMSP-TRANSPORT-10", lambda seen: seen.tls.version == "SSLv3", "SSL 3.0"
    ),
    "NMSP-TRANSPORT-11": _not_negotiated(
        "NMSP-TRANSPORT-11",
        lambda seen: any(word in seen.tls.suite for word in ANONYMOUS),
        "suite without encryption or authentication",
    ),
    "NMSP-TRANSPORT-13": _tls("NMSP-TRANSPORT-13", closes_too),
    "NMSP-TRANSPORT-16": _tls("NMSP-TRANSPORT-16", by_policy),
    "NMSP-TRANSPORT-18": _not_negotiated(
        "NMSP-TRANSPORT-18", lambda seen: seen.tls.compression, "compression"
    ),
    "NMSP-TRANSPORT-20": _tls("NMSP-TRANSPORT-20", presents_certificate),
    "NMSP-AUTHLIST-1": lets_listed_in,
    "NMSP-AUTHLIST-2": _turned_away(
        "NMSP-AUTHLIST-2",
        _whose(lambda who: who.mac_listed is True and who.listed is False),
    ),
    "NMSP-AUTHLIST-3": _turned_away(
        "NMSP-AUTHLIST-3",
        _whose(lambda who: bool(who.mac) and who.mac_listed is False),
    ),
    "NMSP-AUTHLIST-4": _turned_away(
        "NMSP-AUTHLIST-4",
        lambda seen: seen.tls.certificate_shown and not seen.tls.client_certificate,
    ),
    "NMSP-AUTHLIST-5": _turned_away(
        "NMSP-AUTHLIST-5", _whose(lambda who: who.early_s > MARGIN_S)
    ),
    "NMSP-AUTHLIST-6": _refused("NMSP-AUTHLIST-6", authlist.alerts_certificate_unknown),
    "NMSP-AUTHLIST-7": sends_nothing_first,
    "NMSP-AUTHLIST-9": _turned_away(
        "NMSP-AUTHLIST-9", _whose(lambda who: who.late_s > MARGIN_S)
    ),
    "NMSP-AUTHLIST-11": _turned_away(
        "NMSP-AUTHLIST-11", _whose(lambda who: not who.mac)
    ),
    "NMSP-AUTHLIST-15": _refused("NMSP-AUTHLIST-15", decides_in_time),
    "NMSP-AUTHLIST-25": _refused("NMSP-AUTHLIST-25", alerts_in_the_handshake),
}
"""Checks that need neither keys (below TLS 1.3) nor a stimulus."""
