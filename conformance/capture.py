# SPDX-License-Identifier: GPL-2.0-or-later
"""The same checks on a capture: no endpoint is needed, nothing is stimulated."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

import nmsp_scapy
from conformance import requirements
from conformance.checks import (
    ap_info,
    capability,
    echo,
    measurement,
    notifications,
    passive,
    requests,
    session,
    statistics,
    subscription,
)
from conformance.claims import TlsPolicy
from conformance.emulator.authlist import AuthList
from conformance.handshake import presented, tls_of
from conformance.observation import End, EndKind, Observation, Seen
from conformance.place import pointed
from conformance.result import Case, Run, case_of, judged, transcript
from conformance.scenario import Risk, Scenario
from conformance.verdict import Finding, Judge, Reason, Trust, Verdict
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result

Check = Callable[[Observation, Judge], None]
FATAL = 2
HOLES = {
    "gap": Reason.CAPTURE_GAP,
    "no-key": Reason.NO_KEYS,
    "bad-mac": Reason.BAD_MAC,
    "undecodable": Reason.CAPTURE_GAP,
}


def _family(exchange: requests.Exchange, *numbers: int) -> Iterator[tuple[str, Check]]:
    """Yield the checks of a family of requests by their requirement."""
    made = {
        1: requests.answered,
        2: requests.in_transaction,
        3: requests.more_announced,
        4: requests.names_only_asked,
    }
    family = exchange.container.split("_")[0]
    name = {"AP": "AP_MONITOR", "ALARM": "IDS"}.get(family, family)
    for number in numbers:
        check, identifier = made[number], f"NMSP-{name}-{number}"

        def bound(
            seen: Observation,
            judge: Judge,
            check: Callable[..., None] = check,
            identifier: str = identifier,
        ) -> None:
            check(seen, judge, identifier, exchange)

        bound.__doc__ = check.__doc__
        yield identifier, bound


def _mse_capability(seen: Observation, judge: Judge) -> None:
    """The MSE tells its capabilities."""
    capability.told(seen, judge, "NMSP-CAPABILITY-8")


CHECKS: dict[str, Check] = {
    **passive.CHECKS,
    "NMSP-CAPABILITY-1": capability.told,
    "NMSP-CAPABILITY-2": capability.names_services,
    "NMSP-CAPABILITY-3": capability.sub_services_belong,
    "NMSP-CAPABILITY-4": capability.without_transaction,
    "NMSP-CAPABILITY-6": capability.names_version,
    "NMSP-CAPABILITY-7": capability.names_services_once,
    "NMSP-CAPABILITY-8": _mse_capability,
    "NMSP-SESSION-10": session.subscribes_after_capability,
    "NMSP-SUBSCRIPTION-1": subscription.answered,
    "NMSP-SUBSCRIPTION-3": subscription.confirms_only_what_was_asked,
    "NMSP-SUBSCRIPTION-4": subscription.notifies_only_subscribed,
    "NMSP-SUBSCRIPTION-7": subscription.in_transaction,
    "NMSP-SUBSCRIPTION-14": subscription.confirms_only_what_is_offered,
    "NMSP-SUBSCRIPTION-15": subscription.subscribes,
    "NMSP-SUBSCRIPTION-16": subscription.asks_for_what_is_offered,
    "NMSP-SUBSCRIPTION-17": subscription.sub_services_belong,
    "NMSP-ECHO-1": echo.answered,
    "NMSP-ECHO-2": echo.answered_once,
    "NMSP-ECHO-3": echo.same_transaction,
    "NMSP-ECHO-4": echo.in_time,
    "NMSP-ECHO-6": echo.unsolicited,
    "NMSP-ECHO-8": echo.is_bare,
    "NMSP-ECHO-9": echo.mse_echoes,
    "NMSP-ECHO-10": echo.own_transactions,
    **dict(_family(requests.MEASUREMENT, 1, 2, 3, 4)),
    "NMSP-MEASUREMENT-5": measurement.well_formed,
    "NMSP-MEASUREMENT-6": measurement.plausible,
    **dict(_family(requests.INFORMATION, 1, 2, 3, 4)),
    **dict(_family(requests.STATISTICS, 1, 2, 3, 4)),
    "NMSP-STATISTICS-5": statistics.do_not_fall,
    "NMSP-NOTIFICATIONS-2": notifications.not_too_often,
    "NMSP-NOTIFICATIONS-4": notifications.without_transaction,
    "NMSP-NOTIFICATIONS-5": notifications.kinds_subscribed,
    "NMSP-NOTIFICATIONS-6": notifications.well_formed,
    "NMSP-AP_INFO-2": ap_info.name_access_points,
    **dict(_family(requests.ATTACHMENT, 1, 2)),
    **dict(_family(requests.LOCATION, 1, 2)),
    **dict(_family(requests.IDS_GET, 1, 2)),
    **dict(_family(requests.AP_MONITOR, 1, 2)),
}
"""Checks that need no stimulus, by the requirement that they evaluate."""


def catalogue() -> list[Scenario]:
    """The checks as selectors know scenarios."""
    return [_scenario(identifier) for identifier in CHECKS]


def _scenario(identifier: str) -> Scenario:
    check, known = CHECKS[identifier], requirements.load()[identifier]
    name = f"{known.family}.{identifier.lower()}"
    text = check.__doc__ or known.text
    return Scenario(name, check, (identifier,), known.role, Risk.SAFE, text)


class Watched(msgspec.Struct):
    """A conversation of a capture and what was seen of it."""

    conversation: Conversation
    seen: Observation
    last_ns: int = 0
    first_end: tuple[str, float] | None = None


def observe(
    results: Iterator[Result], authlist: AuthList | None = None
) -> list[Watched]:
    """Gather a capture's results by conversation.

    Args:
        results: of the capture.
        authlist: that the WLC is known to have.
    """
    found: dict[int, Watched] = {}
    for each in results:
        if isinstance(each, Conversation):
            whole = each.began == "syn"
            seen = Observation(role="wlc", from_start=whole)
            found[each.index] = Watched(each, seen)
        elif isinstance(each, Message):
            _add(found[each.conversation], each)
        elif each.conversation is not None and each.conversation in found:
            _note(found[each.conversation], each)
    for watched in found.values():
        watched.seen.until_s = _since(watched, watched.last_ns)
        _shake_hands(watched, authlist)
        watched.seen.end = _end(watched)
    return list(found.values())


def _shake_hands(watched: Watched, authlist: AuthList | None) -> None:
    """Note what TLS showed, and what came before it was done."""
    conversation, seen = watched.conversation, watched.seen
    if conversation.tls is None:
        return
    tls = seen.tls = tls_of(conversation.tls, conversation.time_ns)
    if tls.complete:
        tls.application_before = b"".join(
            m.raw
            for m in seen.messages
            if m.sender == "wlc" and m.time_s < tls.complete_s
        )
    shown_ns = conversation.time_ns + int(tls.certificate_s * 1e9)
    seen.presented = presented(tls, shown_ns, authlist)


def _end(watched: Watched) -> End:
    """Tell how a conversation ended, and by whom."""
    seen = watched.seen
    kinds = {"fin": EndKind.FIN, "reset": EndKind.RST}
    kind = kinds.get(watched.conversation.ended, EndKind.OPEN)
    if kind is EndKind.OPEN and watched.first_end is not None:
        kind = EndKind.FIN  # the other side had not closed yet
    if kind is EndKind.OPEN:
        return End(kind, "", seen.until_s)
    by, time_s = watched.first_end or ("", seen.until_s)
    for alert in seen.tls.alerts:
        if alert.level == FATAL:
            kind, by, time_s = EndKind.ALERT, alert.sender, alert.time_s
        elif alert.description == 0 and alert.sender == by and kind is EndKind.FIN:
            kind = EndKind.CLOSE_NOTIFY
    return End(kind, by, time_s)


def _since(watched: Watched, time_ns: int) -> float:
    return max(0.0, (time_ns - watched.conversation.time_ns) / 1e9)


def _add(watched: Watched, message: Message) -> None:
    sender = "mse" if message.direction is Direction.MSE_TO_WLC else "wlc"
    messages = watched.seen.messages
    watched.last_ns = max(watched.last_ns, message.time_ns)
    messages.append(
        Seen(
            len(messages),
            _since(watched, message.time_ns),
            sender,
            message.raw,
            message.frames,
            message.profile,
        )
    )


def _note(watched: Watched, event: Event) -> None:
    if event.time_ns is not None:
        watched.last_ns = max(watched.last_ns, event.time_ns)
    sender = "mse" if event.direction is Direction.MSE_TO_WLC else "wlc"
    if event.lost and event.direction is not None:
        watched.seen.unopened.add(sender)
    if event.event in ("fin", "reset") and event.direction is not None:
        watched.seen.closed_by.add(sender)
        if watched.first_end is None:
            watched.first_end = sender, _since(watched, event.time_ns or 0)
    if event.lost:
        reason = HOLES.get(event.event, Reason.CAPTURE_GAP)
        watched.seen.holes.append((reason, event.reason))


def check(
    watched: Sequence[Watched],
    *,
    capture: str,
    trust: Trust,
    chosen: Sequence[str] = (),
    policy: TlsPolicy | None = None,
    reproduce: str = "",
) -> Run:
    """Judge both roles in every conversation of a capture.

    Args:
        watched: its conversations.
        capture: its name.
        trust: weighs a failure.
        chosen: requirement ids; all that can be checked unless given.
        policy: of TLS, that the WLC claims.
        reproduce: the command that judges the capture in the same way.
    """
    again = reproduce or f"nmsp-conformance check {capture}"
    for each in watched:
        each.seen.policy = policy
    made = [
        case
        for each in watched
        for identifier in (chosen or CHECKS)
        for case in (_case(each, identifier, trust),)
    ]
    for case in made:
        case.capture = capture
        case.reproduce = f"{again} {case.requirements[0].requirement}"
    run = Run(
        target=capture,
        role="both",
        profile=watched[0].seen.messages[0].profile.name
        if watched and watched[0].seen.messages
        else "nominal",
        trust=trust.grade,
        strict=trust.strict,
        cases=made,
        confirmed=any(case.confirmed for case in made),
        passive=True,
        tool_version=nmsp_scapy.__version__,
    )
    if not run.confirmed:
        run.remarks = [
            "No endpoint was seen to speak the wire profile, so that nothing above TLS "
            "is judged: give keys (--keylog, --rsa-key), or a profile (--profile)."
        ]
    return run


def _placed(found: Finding, seen: Observation) -> Finding:
    """Tell where in the capture a finding lies."""
    at = found.evidence
    if found.met or at is None or at.message is None:
        return found
    message = seen.messages[at.message]
    told, _ = pointed(at, message.raw, message.frames, message.profile)
    return msgspec.structs.replace(found, evidence=told)


def _case(watched: Watched, identifier: str, trust: Trust) -> Case:
    known = requirements.load()[identifier]
    seen = msgspec.structs.replace(watched.seen, role=known.role)
    judge = Judge([identifier])
    CHECKS[identifier](seen, judge)
    # What rests on no message is seen without keys, or with wrong ones.
    unseen = () if known.wire else (Reason.NO_KEYS, Reason.BAD_MAC)
    holes = [hole for hole in seen.holes if hole[0] not in unseen]
    ended = holes[0] if holes else None
    if ended is None and not seen.from_start:
        ended = Reason.MID_SESSION, "the capture begins within the conversation"
    part = judged(
        known, judge, trust, ended, confirmed=seen.confirmed, observations=[seen]
    )
    if part.verdict is Verdict.FAIL and ended is not None:
        part.verdict, part.severity = Verdict.INCONCLUSIVE, None
        part.reason, part.detail = ended
        part.findings = []
    part.findings = [_placed(found, seen) for found in part.findings]
    case = case_of(_scenario(identifier), [part])
    case.id = f"{case.id}[{watched.conversation.index}]"
    case.confirmed = seen.confirmed
    case.transcript = transcript([seen]) if part.verdict is Verdict.FAIL else []
    case.ends = [str(seen.end)]
    return case
