# SPDX-License-Identifier: GPL-2.0-or-later
"""Causes from reaching the port to the end of the TLS handshake."""

from collections.abc import Sequence
from datetime import datetime

from nmsp_scapy.authlist import Identity, identity_of
from nmsp_scapy.clock import utc
from nmsp_scapy.conversation import Direction
from nmsp_scapy.doctor.case import Case
from nmsp_scapy.doctor.finding import Cause, Confidence, Evidence, Finding
from nmsp_scapy.doctor.transport import Attempt
from nmsp_scapy.tls import AlertFact, SessionFacts

CERTIFICATE_ALERTS = {42, 43, 44, 48}
_VERSION, _EXPIRED, _UNKNOWN = 70, 45, 46
_NO_CERTIFICATE = {40, 41, 116}
_TLS13 = "TLS 1.3"
PATIENCE_NS = 10**9
"""A ServerHello that has not come by then counts as missing."""


def of_attempts(attempts: Sequence[Attempt]) -> list[Finding]:
    """SYNs that led nowhere."""
    found = []
    for attempt in attempts:
        host, _, port = attempt.server.rpartition(":")
        syns = len(attempt.syns)
        asked = Evidence(f"SYN to {attempt.server}, sent {syns} times", attempt.syns[0])
        if attempt.refused is not None and attempt.accepted is None:
            answer = Evidence("answered with RST", attempt.refused)
            found.append(
                Finding(
                    Cause.PORT_CLOSED,
                    Confidence.CERTAIN,
                    f"{host} is there, but nothing listens on port {port}",
                    [asked, answer],
                    [
                        "IOS-XE has NMSP off by default: enable it",
                        "a firewall may answer in the WLC's name: try from the MSE's "
                        "own network",
                    ],
                    ["nmsp enable", "show nmsp status"],
                )
            )
        elif attempt.accepted is None and attempt.client_bytes == 0:
            waited = (attempt.last_ns - attempt.first_ns) / 1e9
            sure = Confidence.CERTAIN if syns > 1 else Confidence.POSSIBLE
            found.append(
                Finding(
                    Cause.UNREACHABLE,
                    sure,
                    f"{attempt.server} does not answer",
                    [asked, Evidence(f"no answer in {waited:.1f} s")],
                    [
                        "check address, routing and firewalls between MSE and WLC "
                        f"(TCP port {port})",
                        "from the MSE: ping the WLC's management address",
                    ],
                    ["show ip interface brief", "show access-lists"],
                )
            )
    return found


def of_handshake(case: Case, attempt: Attempt | None, end_ns: int) -> list[Finding]:
    """What went wrong in a conversation's TLS handshake.

    Args:
        case: the conversation.
        attempt: how it began; None where the capture does not show it.
        end_ns: when the capture ends.
    """
    facts = case.conversation.tls
    spoken = case.last_ns[1] is not None  # the MSE may speak before it is refused
    if facts is None or attempt is None or spoken or facts.resumed:
        return []
    fatal = [alert for alert in facts.alerts if alert.level == "fatal"]
    by_client = [alert for alert in fatal if alert.side == 0]
    by_server = [alert for alert in fatal if alert.side == 1]
    if by_client:
        return [_mse_refuses(case, by_client[0])]
    names = {(fact.side, fact.name) for fact in facts.handshakes}
    if (1, "server_hello") not in names and by_server:
        return [_before_hello(case, facts, by_server[0])]
    if (1, "server_hello") not in names:
        waited = end_ns - case.conversation.time_ns
        spoke = attempt.accepted is not None and attempt.client_bytes > 0
        late = waited > PATIENCE_NS or case.closing
        return [_silent(case, facts)] if spoke and late else []
    if accepted(case) and not (by_server and _about_certificates(by_server[0])):
        return []
    return _after_certificate(case, facts, by_server)


def accepted(case: Case) -> bool:
    """Whether both sides ended the handshake, as far as the capture tells.

    Finished messages are encrypted; without a key a ChangeCipherSpec of both sides
    tells it up to TLS 1.2. TLS 1.3 sends those for show.
    """
    facts = case.conversation.tls
    if facts is None:
        return False
    changed = {f.side for f in facts.handshakes if f.name == "change_cipher_spec"}
    return facts.complete or (facts.version != _TLS13 and changed == {0, 1})


def _went_on(case: Case) -> bool:
    """Whether the WLC went on speaking behind its handshake, unread for want of a key.

    One that refuses says an alert, and that is one segment.
    """
    return any(
        event.direction is Direction.WLC_TO_MSE and len(set(event.frames)) > 1
        for event in case.losses.get("no-key", [])
    )


def _about_certificates(alert: AlertFact) -> bool:
    wanted = CERTIFICATE_ALERTS | _NO_CERTIFICATE | {_EXPIRED, _UNKNOWN}
    return alert.number in wanted


def _one(
    case: Case,
    cause: Cause,
    confidence: Confidence,
    title: str,
    evidence: Sequence[Evidence],
    remedy: Sequence[str],
    commands: Sequence[str] = (),
) -> Finding:
    return Finding(
        cause,
        confidence,
        title,
        list(evidence),
        list(remedy),
        list(commands),
        [case.index],
    )


def _frame(frames: Sequence[int]) -> int | None:
    return frames[-1] if frames else None


def _alert(alert: AlertFact) -> Evidence:
    who = "MSE" if alert.side == 0 else "WLC"
    said = f"{who} sends {alert.level} alert {alert.number} {alert.description}"
    return Evidence(said, _frame(alert.frames))


def _closing(case: Case) -> list[Evidence]:
    said = []
    for event in case.closing[:1]:
        who = "MSE" if event.direction is Direction.MSE_TO_WLC else "WLC"
        said.append(Evidence(f"{who}: {event.event}", _frame(event.frames)))
    return said


def _hello(facts: SessionFacts) -> list[Evidence]:
    if not facts.handshakes:
        return [Evidence("the MSE sends no ClientHello that can be read")]
    frame = _frame(facts.handshakes[0].frames)
    versions = ", ".join(facts.offered_versions) or "nothing known"
    suites = ", ".join(facts.offered_suites[:6])
    more = len(facts.offered_suites) - 6
    suites += f" and {more} more" if more > 0 else ""
    return [
        Evidence(f"ClientHello offers {versions}", frame),
        Evidence(f"ClientHello offers {suites or 'no suite'}", frame),
    ]


def _silent(case: Case, facts: SessionFacts) -> Finding:
    return _one(
        case,
        Cause.SILENT,
        Confidence.LIKELY,
        "the WLC's port takes the connection and answers no TLS",
        [
            *_hello(facts)[:1],
            Evidence("no ServerHello and no alert comes"),
            *_closing(case),
        ],
        [
            "see what listens there: nmsp authlist --connect HOST; restart NMSP if it "
            "is the WLC"
        ],
        ["show nmsp status", "show trace messages nmsp"],
    )


def _before_hello(case: Case, facts: SessionFacts, alert: AlertFact) -> Finding:
    versions, *suites = _hello(facts)
    if alert.number == _VERSION:
        return _one(
            case,
            Cause.VERSION,
            Confidence.CERTAIN,
            "MSE and WLC have no TLS version in common",
            [versions, _alert(alert)],
            ["bring both to releases that share a TLS version; TLS 1.2 is common"],
            ["show nmsp status", "show version"],
        )
    return _one(
        case,
        Cause.SUITE,
        Confidence.CERTAIN if alert.number == 71 else Confidence.LIKELY,
        "MSE and WLC have no cipher suite in common",
        [*suites, versions, _alert(alert)],
        [
            "nmsp strong-cipher on IOS-XE changes the set, for new connections only "
            "(documented)"
        ],
        ["nmsp strong-cipher", "no nmsp strong-cipher"],
    )


def _mse_refuses(case: Case, alert: AlertFact) -> Finding:
    return _one(
        case,
        Cause.MSE_REFUSES,
        Confidence.CERTAIN,
        f"the MSE ends the handshake: {alert.description}",
        [_alert(alert)],
        [
            "the MSE's log tells why it does not take the WLC's certificate or "
            "parameters; compare nmsp authlist CAPTURE"
        ],
        ["cmxctl config controllers show"],
    )


def _after_certificate(
    case: Case, facts: SessionFacts, fatal: list[AlertFact]
) -> list[Finding]:
    """ServerHello came, the handshake did not end."""
    alert = fatal[0] if fatal else None
    evidence = [_alert(alert)] if alert else _closing(case)
    sent = any(f.side == 0 and f.name == "certificate" for f in facts.handshakes)
    asked = facts.client_certificate_requested
    number = alert.number if alert else None
    empty = sent and not facts.client_certificates
    if empty or (not sent and number in _NO_CERTIFICATE and asked):
        message = next(
            (f for f in facts.handshakes if f.side == 0 and f.name == "certificate"),
            None,
        )
        frame = _frame(message.frames) if message else None
        said = "the MSE's Certificate message is empty"
        return [
            _one(
                case,
                Cause.NO_CERTIFICATE,
                Confidence.CERTAIN,
                "the WLC asks for a certificate and the MSE presents none",
                [
                    Evidence(said if empty else "no Certificate message", frame),
                    *evidence,
                ],
                [
                    "see whether the MSE has a certificate: cmdshell, then show "
                    "server-auth-info; install or renew it there"
                ],
            )
        ]
    if number == _UNKNOWN:
        return [_authlist(case, facts, evidence)]
    if number in CERTIFICATE_ALERTS | {_EXPIRED}:
        return [_validity(case, facts, evidence)]
    if case.conversation.ended == "end of capture" and alert is None:
        return []
    hidden = facts.version == _TLS13 and alert is None
    by_mse = case.closing and case.closing[0].direction is Direction.MSE_TO_WLC
    ended = case.conversation.ended == "end of capture"
    if hidden and (by_mse or ended or _went_on(case)):
        return []
    title = "the handshake breaks off"
    if alert is not None:
        title += f": {alert.description}"
    elif hidden:
        title += "; TLS 1.3 hides the alert, a key log would show it"
    return [
        _one(
            case,
            Cause.HANDSHAKE,
            Confidence.POSSIBLE,
            title,
            evidence,
            ["read the WLC's side too: nmsp doctor CAPTURE --trace LOG"],
            ["set trace nmsp connection level debug", "show trace messages nmsp"],
        )
    ]


def leaf(facts: SessionFacts | None) -> Identity | None:
    """Identity of the certificate that the MSE presents; None where there is none."""
    if facts is None or not facts.client_certificates:
        return None
    try:
        return identity_of(facts.client_certificates[0])
    except ValueError:
        return None


def _at(case: Case) -> datetime:
    return utc(case.conversation.time_ns)


def _validity(case: Case, facts: SessionFacts, evidence: list[Evidence]) -> Finding:
    identity = leaf(facts)
    now = _at(case)
    ntp = ["set the clocks of WLC and MSE by NTP; the WLC's must not be behind"]
    commands = ["show clock", "show ntp status"]
    if identity is None:
        title = "the WLC refuses the MSE's certificate"
        return _one(case, Cause.HANDSHAKE, Confidence.LIKELY, title, evidence, ntp)
    span = (
        f"{identity.not_before:%Y-%m-%d %H:%M} to {identity.not_after:%Y-%m-%d %H:%M}"
    )
    shown = [Evidence(f"the MSE's certificate is valid {span} UTC"), *evidence]
    measured = Evidence(f"the capture is of {now:%Y-%m-%d %H:%M:%S} UTC")
    if now < identity.not_before:
        title = "the MSE's certificate is not yet valid"
        return _one(
            case, Cause.NOT_YET_VALID, Confidence.CERTAIN, title,
            [*shown, measured], [*ntp, "or renew the certificate on the MSE"], commands,
        )  # fmt: skip
    if now > identity.not_after:
        title = "the MSE's certificate has expired"
        return _one(
            case, Cause.EXPIRED, Confidence.CERTAIN, title,
            [*shown, measured], ["renew the certificate on the MSE", *ntp], commands,
        )  # fmt: skip
    title = (
        "the WLC takes the MSE's certificate for invalid, though by the capture's "
        "clock it is valid: the WLC's clock differs"
    )
    return _one(
        case, Cause.CLOCKS, Confidence.LIKELY, title,
        [*shown, measured], ntp, commands,
    )  # fmt: skip


def _authlist(case: Case, facts: SessionFacts, evidence: list[Evidence]) -> Finding:
    identity = leaf(facts)
    shown = list(evidence)
    commands: list[str] = []
    if identity is not None:
        shown.insert(
            0,
            Evidence(
                f"the MSE presents MAC {identity.mac_colons or 'none'}, "
                f"SHA-1 {identity.sha1}, SHA-256 {identity.sha256}"
            ),
        )
        commands = listing(identity)
    return _one(
        case,
        Cause.AUTHLIST,
        Confidence.LIKELY,
        "the WLC's AuthList rejects the MSE's certificate",
        shown,
        [
            "compare the list with the certificate: nmsp doctor CAPTURE --authlist "
            "CONFIG tells which part differs",
            "enter MAC address and key hash as the MSE presents them",
        ],
        commands,
    )


def listing(identity: Identity) -> list[str]:
    """Commands for IOS-XE that let a certificate in; none without a MAC."""
    from nmsp_scapy.authlist.commands import ios_xe

    return ios_xe([identity]).splitlines() if identity.mac else []
