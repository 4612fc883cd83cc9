# SPDX-License-Identifier: GPL-2.0-or-later
"""Causes after the handshake, and what could not be read."""

from nmsp_scapy.authlist import identity_of
from nmsp_scapy.constants import Status, name_of
from nmsp_scapy.conversation import Direction
from nmsp_scapy.doctor.case import Case
from nmsp_scapy.doctor.finding import Cause, Confidence, Evidence, Finding
from nmsp_scapy.doctor.handshake import accepted
from nmsp_scapy.tls import SessionFacts

RESPONSE_TIMEOUT_NS = 10**9
"""Time after which a response counts as missing (reported: 1 s)."""
DEAD_NS = 30 * 10**9
"""Silence after which a neighbour counts as dead (reported: 30 s)."""
SLOW_NS = 2 * 10**9
"""Wait for the AuthList from which on it is called slow. One second is usual
(observed: both traces of the source document)."""


def of_session(case: Case, end_ns: int, *, refused: bool) -> list[Finding]:
    """What went wrong between the end of the handshake and the end.

    Args:
        case: the conversation.
        end_ns: when the capture ends.
        refused: its handshake failed: then only the list's time is looked at.
    """
    if refused:
        return _slow(case)
    found = [*_subscription(case, end_ns), *_slow(case)]
    return found + (_mute(case, end_ns) or _dead(case, end_ns) or _echo(case, end_ns))


def _parted(case: Case) -> bool:
    """Whether the MSE had taken its leave (close_notify) before TCP was closed."""
    facts, first = case.conversation.tls, case.closing[0].time_ns
    return any(
        alert.side == 0 and first is not None and alert.time_ns <= first
        for alert in (facts.alerts if facts else ())
    )


def _mute(case: Case, end_ns: int) -> list[Finding]:
    """TLS comes up, and the WLC says no word of NMSP."""
    mse, wlc = case.last_ns
    if wlc is not None or "no-key" in case.losses or not accepted(case):
        return []
    by_wlc = [e for e in case.closing if e.direction is Direction.WLC_TO_MSE]
    first = Evidence("the MSE says nothing either")
    if mse is not None:
        first = Evidence("the MSE's last message", case.frames[0])
    if case.closing and by_wlc and case.closing[0] is by_wlc[0] and not _parted(case):
        frame = by_wlc[0].frames[-1] if by_wlc[0].frames else None
        return [
            Finding(
                Cause.HANDSHAKE,
                Confidence.POSSIBLE,
                "the WLC ends the connection after the handshake, without a word",
                [first, Evidence(f"the WLC ends it: {by_wlc[0].event}", frame)],
                [
                    "a WLC may refuse so too: compare its AuthList with the MSE's "
                    "certificate: nmsp authlist CAPTURE --compare CONFIG",
                    "see what its trace says: nmsp doctor CAPTURE --trace LOG",
                ],
                ["set trace nmsp connection level debug", "show trace messages nmsp"],
                [case.index],
            )
        ]
    if mse is None or (end_ns - mse < RESPONSE_TIMEOUT_NS and not case.closing):
        return []
    return [
        Finding(
            Cause.PEER_DEAD,
            Confidence.CERTAIN,
            "the WLC never speaks, though TLS is up",
            [first, Evidence("no message of the WLC in the capture")],
            ["see whether NMSP runs on the WLC, and what its trace says"],
            ["show nmsp status", "show trace messages nmsp"],
            [case.index],
        )
    ]


def _subscription(case: Case, end_ns: int) -> list[Finding]:
    evidence = [
        Evidence(f"SERVICE_SUBSCRIBE_RESPONSE says {name_of(Status, code)}", frame)
        for code, frame in case.refusals[:3]
    ]
    title = "the WLC refuses the MSE's subscription"
    if not evidence:
        if case.lost_count:
            return []
        evidence = [
            Evidence("SERVICE_SUBSCRIBE_REQUEST is never answered", frame)
            for frame, when in list(case.subscriptions.values())[:3]
            if end_ns - when > RESPONSE_TIMEOUT_NS and _spoke_after(case, when)
        ]
        title = "the WLC does not answer the MSE's subscription"
    if not evidence:
        return []
    return [
        Finding(
            Cause.SUBSCRIPTION,
            Confidence.CERTAIN,
            title,
            evidence,
            [
                "compare what the WLC offers with what is subscribed: nmsp status "
                "CAPTURE --ios",
                "synchronise the services again in Prime: Services, Mobility Services, "
                "Synchronize Services",
            ],
            ["show nmsp capability", "show nmsp subscription detail"],
            [case.index],
        )
    ]


def _spoke_after(case: Case, when: int) -> bool:
    last = case.last_ns[1]
    return last is not None and last > when


def _echo(case: Case, end_ns: int) -> list[Finding]:
    if case.lost_count:
        return []
    lost = [
        (frame, when)
        for frame, when in case.echo.waiting.values()
        if end_ns - when > RESPONSE_TIMEOUT_NS
    ]
    if not lost:
        return []
    evidence = [Evidence("ECHO_REQUEST is never answered", f) for f, _ in lost[:4]]
    evidence.append(
        Evidence(f"{case.echo.responses} of {case.echo.requests} echoes are answered")
    )
    return [
        Finding(
            Cause.ECHO_LOST,
            Confidence.CERTAIN,
            "echo requests are not answered, though the WLC goes on speaking",
            evidence,
            [
                "look at the WLC's load and NMSP counters; the MSE drops the tunnel "
                "when its dead interval (30 s, reported) passes"
            ],
            ["show nmsp statistics connection", "show processes cpu sorted"],
            [case.index],
        )
    ]


def _dead(case: Case, end_ns: int) -> list[Finding]:
    """One side falls silent while the other goes on."""
    mse, wlc = case.last_ns
    if mse is None or wlc is None or case.lost_count:
        return []
    unanswered = [w for _, w in case.echo.waiting.values() if w > wlc]
    if mse - wlc > DEAD_NS or (
        len(unanswered) > 1 and end_ns - unanswered[0] > RESPONSE_TIMEOUT_NS
    ):
        return [_silence(case, "WLC", 1, mse - wlc, len(unanswered))]
    if wlc - mse > DEAD_NS:
        return [_silence(case, "MSE", 0, wlc - mse, 0)]
    return []


def _silence(case: Case, who: str, side: int, ns: int, unanswered: int) -> Finding:
    evidence = [
        Evidence(
            f"last message of the {who}; the other side speaks for {ns / 1e9:.1f} s "
            "more",
            case.frames[side],
        )
    ]
    if unanswered:
        evidence.append(
            Evidence(f"{unanswered} echo requests after it stay unanswered")
        )
    for event in case.closing[:1]:
        frame = event.frames[-1] if event.frames else None
        evidence.append(Evidence(f"the connection ends: {event.event}", frame))
    return Finding(
        Cause.PEER_DEAD,
        Confidence.CERTAIN,
        f"the {who} falls silent and stays silent",
        evidence,
        [
            f"see whether the {who} is up and reachable (reload, failover, power)",
            "a firewall that forgets idle connections looks the same: compare a "
            "capture from the other side",
        ],
        ["show redundancy", "show nmsp status"],
        [case.index],
    )


def _slow(case: Case) -> list[Finding]:
    wait = authlist_wait(case)
    if wait is None or wait[0] < SLOW_NS:
        return []
    seconds, frame, next_frame = wait[0] / 1e9, wait[1], wait[2]
    return [
        Finding(
            Cause.AUTHLIST_SLOW,
            Confidence.LIKELY,
            f"the WLC takes {seconds:.1f} s to decide on the MSE's certificate",
            [
                Evidence("the MSE's last handshake message", frame),
                Evidence(f"the WLC's next, {seconds:.3f} s later", next_frame),
                Evidence("1 s is usual (observed: source document)"),
            ],
            [
                "see where the list is looked up: a RADIUS or TACACS server that does "
                "not answer delays a local list behind it",
            ],
            ["show aaa servers", "show running-config | include credential-download"],
            [case.index],
        )
    ]


def authlist_wait(case: Case) -> tuple[int, int | None, int | None] | None:
    """Measure the wait between the MSE's certificate and the WLC's next sign.

    Returns:
        ns, frame of the MSE's last handshake message before it, frame of what ended
        the wait; None where the capture does not show both.
    """
    facts = case.conversation.tls
    if facts is None:
        return None
    steps = [(f.time_ns, f.frames, f.side, f.name) for f in facts.handshakes]
    sent = [s for s in steps if s[2] == 0 and s[3] in ("certificate", "finished")]
    if not sent or facts.resumed:
        return None
    ours = [s for s in steps if s[2] == 0]
    start = ours[-1]
    answers = [s for s in steps if s[2] == 1 and s[0] >= start[0]]
    answers += [
        (a.time_ns, a.frames, 1, "alert")
        for a in facts.alerts
        if a.side == 1 and a.time_ns >= start[0]
    ]
    if not answers:
        ends = [e for e in case.closing if e.time_ns and e.time_ns >= start[0]]
        if not ends:
            return None
        last = ends[0]
        return (last.time_ns or 0) - start[0], _last(start[1]), _last(last.frames)
    end = min(answers)
    return end[0] - start[0], _last(start[1]), _last(end[1])


def _last(frames: tuple[int, ...]) -> int | None:
    return frames[-1] if frames else None


def of_reading(case: Case, *, refused: bool) -> list[Finding]:
    """What could not be read, and what it would take.

    Args:
        case: the conversation.
        refused: its handshake failed, so that there is nothing a key could open.
    """
    found = []
    gaps = case.losses.get("gap", [])
    if gaps:
        total = sum(event.length or 0 for event in gaps)
        found.append(
            Finding(
                Cause.BYTES_MISSING,
                Confidence.CERTAIN,
                "the capture does not hold all bytes of the connection",
                [
                    Evidence(
                        f"{event.length or '?'} bytes are missing: {event.reason}",
                        event.frames[0] if event.frames else None,
                    )
                    for event in gaps[:4]
                ]
                + [Evidence(f"{case.lost_count['gap']} gaps, {total} bytes at least")],
                [
                    "capture nearer to one end, with a larger buffer and no snap "
                    "length: tcpdump -B 16384 -s 0",
                ],
                [],
                [case.index],
            )
        )
    facts = case.conversation.tls
    if "no-key" in case.losses and facts is not None and not refused:
        found.append(_no_key(case, facts))
    return found


def _no_key(case: Case, facts: SessionFacts) -> Finding:
    event = case.losses["no-key"][0]
    evidence = [
        Evidence(
            f"session {facts.version or 'of unknown version'}, "
            f"{facts.suite or 'unknown suite'}, client random "
            f"{(facts.client_random or 'not captured')}",
            facts.handshakes[0].frames[0] if facts.handshakes else None,
        ),
        Evidence(event.reason, event.frames[0] if event.frames else None),
    ]
    title, remedy = "no key opens the session", []
    if case.conversation.began != "syn" and not facts.handshakes:
        title = "the capture begins after the handshake, so no key can open it"
        remedy = ["capture from the beginning: restart the connection while capturing"]
    elif facts.resumed:
        remedy = [
            "the session is resumed: give a key log with this session's secrets, or "
            "the capture of the session that it goes on from, and its key"
        ]
    elif facts.key_exchange == "RSA":
        named = ""
        if facts.server_certificates:
            digest = identity_of(facts.server_certificates[0]).sha256
            named = f" (its public key's SHA-256: {digest})"
        remedy = [f"the WLC's RSA private key opens it: --rsa-key KEY{named}"]
    else:
        remedy = [
            f"key exchange {facts.key_exchange or 'unknown'}: only a key log opens it "
            "(--keylog, a line with the client random above), from either end's TLS "
            "library",
            "where no end can write one: nmsp tap records with keys",
        ]
    return Finding(
        Cause.NO_KEY, Confidence.CERTAIN, title, evidence, remedy, [], [case.index]
    )
