# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of a connection, where its time went, and what to do."""

from enum import StrEnum

import msgspec

from nmsp_scapy.trace import openssl
from nmsp_scapy.trace.connection import Connection, Step
from nmsp_scapy.trace.events import Kind

CERTIFICATE_UNKNOWN = 46
_VERSION_REASONS = {252, 258, 266, 267}
_NO_SHARED_CIPHER = 193
_NO_CERTIFICATE = {185, 199}
_UNTRUSTED = {42, 43, 44, 45, 48}


class Outcome(StrEnum):
    """What became of it. The value is contract (`--json`)."""

    UP = "up"
    AUTHLIST = "authlist-rejected"
    NO_CERTIFICATE = "no-client-certificate"
    SUITE = "no-common-cipher"
    VERSION = "tls-version"
    CERTIFICATE = "certificate-refused"
    PEER_ALERT = "peer-alert"
    ALERT = "alert"
    FAILED = "failed"
    LOST = "closed-during-handshake"
    UNFINISHED = "unfinished"
    NOTHING = "no-handshake"


class KeyExchange(msgspec.Struct):
    """What the states betray of the key exchange.

    Attributes:
        name: `static RSA`, `ephemeral`, `resumed`, `unknown`.
    """

    name: str
    reason: str


class Interval(msgspec.Struct):
    """A stretch of time between two steps whose times are exact.

    Attributes:
        lines: of the log, of its beginning and its end.
    """

    seconds: float
    name: str
    lines: tuple[int, int]


class Verdict(msgspec.Struct):
    """The verdict over one connection.

    Attributes:
        confidence: `certain` (the trace says so), `likely` (its numbers say so),
            `unclear`.
        seconds: from the first exact time to the last that matters, None unknown.
        evidence: clauses, each with the line of the log.
        advice: what to do, in order; commands stand in `commands`.
    """

    outcome: Outcome
    confidence: str
    title: str
    seconds: float | None
    evidence: list[str]
    advice: list[str]
    commands: list[str]


def key_exchange(connection: Connection) -> KeyExchange:
    """Read the key exchange off the states that were passed.

    Source: observed (source document: 0x2140 is followed by 0x2160); that this means
    static RSA follows from OpenSSL's state machine (inferred).
    """
    passed = {
        openssl.base(step.said.state)
        for step in connection.states()
        if step.said.where & openssl.LOOP
    }
    if openssl.SERVER_KEY_EXCHANGE in passed:
        return KeyExchange(
            "ephemeral",
            "0x2150 (write key exchange) is passed: only a key log opens a capture",
        )
    if openssl.SERVER_CERTIFICATE in passed:
        after = {
            openssl.CERTIFICATE_REQUEST,
            0x2100,
            0x2170,
            openssl.CLIENT_CERTIFICATE,
        }
        if passed & after:
            return KeyExchange(
                "static RSA",
                "0x2140 (write certificate) is followed by no 0x2150 (write key "
                "exchange): the WLC's RSA private key opens a capture, nmsp dissect "
                "--rsa-key (inferred from OpenSSL's states)",
            )
    resumed = openssl.SERVER_HELLO in passed and 0x21D0 in passed
    if resumed and openssl.SERVER_CERTIFICATE not in passed:
        return KeyExchange(
            "resumed",
            "no 0x2140 (write certificate): a session is resumed; the handshake that "
            "made it is needed to open a capture",
        )
    return KeyExchange("unknown", "the states do not go far enough to tell")


def intervals(connection: Connection) -> list[Interval]:
    """Say where the time went until the outcome, the longest first.

    Stretches under 1 ms are left out, and what came after the connection was up.
    """
    found = []
    before: Step | None = None
    waits = False
    for step in connection.steps:
        waits = waits or step.kind is Kind.WANT
        if not step.exact or step.time_ns is None:
            continue
        if before is not None and before.time_ns is not None:
            seconds = (step.time_ns - before.time_ns) / 1e9
            name = "waiting for the MSE" if waits else _stretch(before, step)
            if seconds >= 0.001:
                found.append(Interval(seconds, name, (before.line, step.line)))
        if step.kind is Kind.UP:
            break
        before, waits = step, step.kind is Kind.WANT
    return sorted(found, key=lambda interval: -interval.seconds)


def _stretch(before: Step, after: Step) -> str:
    answers = {Kind.ACCEPTED, Kind.VALIDATED}
    refusals = {Kind.REFUSED, Kind.NOT_VALIDATED}
    if before.kind is Kind.ASKED and after.kind in answers:
        return "the AuthList's answer"
    if before.kind in (Kind.ASKED, Kind.REFUSED) and after.kind in refusals:
        return "the AuthList's refusal"
    if before.kind in answers and after.kind is Kind.STATE:
        return "between the list's answer and the next state"
    if before.kind is Kind.HANDSHAKE and after.kind is Kind.ASKED:
        return "checking the MSE's certificate"
    return f"from {step_text(before)} to {step_text(after)}"


def step_text(step: Step) -> str:
    """Say a step in OpenSSL's words."""
    said = step.said
    text = str(said.kind)
    if step.kind is Kind.STATE:
        name = openssl.state_name(said.state)
        text = f"0x{said.state:x} {name}, {openssl.where_name(said.where)}"
        if said.where & openssl.ALERT:
            text += f": {openssl.ret_name(said.where, said.ret)}"
        elif said.where & openssl.EXIT and said.ret != 1:
            text += f" ({openssl.ret_name(said.where, said.ret)})"
    elif step.kind is Kind.FAILED and said.code is not None:
        text += f": error {said.code:08X}, {openssl.error_name(said.code)[1]}"
    elif step.kind is Kind.CERT_HASH:
        text += f" {said.text}"
    elif step.kind is Kind.VALIDATED and said.text:
        text += f" (the sentence's {said.text})"
    return text


def judge(connection: Connection) -> Verdict:
    """Say what became of a connection, from its own steps alone."""
    up = (
        connection.first(Kind.UP)
        or connection.first(Kind.SUCCEEDED)
        or _done(connection)
    )
    written = _alert(connection, openssl.WRITE)
    received = _alert(connection, openssl.READ)
    failed = next((s for s in connection.steps if s.kind is Kind.FAILED), None)
    refused = connection.first(Kind.REFUSED, Kind.NOT_VALIDATED)
    if up is not None:
        return _up(connection, up)
    if refused is not None or _silent_refusal(connection, written):
        return _authlist(connection, refused, written, failed)
    if failed is not None or written is not None or received is not None:
        return _broken(connection, written, received, failed)
    return _open_ended(connection)


def _done(connection: Connection) -> Step | None:
    return next(
        (s for s in connection.states() if s.said.where & openssl.HANDSHAKE_DONE), None
    )


def _alert(connection: Connection, side: int) -> Step | None:
    """The first fatal alert that was written or read."""
    for step in connection.states():
        said = step.said
        fatal = said.ret >> 8 & 0xFF == 2
        if said.where & openssl.ALERT and said.where & side and fatal:
            return step
    return None


def _silent_refusal(connection: Connection, written: Step | None) -> bool:
    """AuthList asked, no acceptance seen, and alert 46 while reading a certificate."""
    return (
        written is not None
        and written.said.ret & 0xFF == CERTIFICATE_UNKNOWN
        and openssl.base(written.said.state) == openssl.CLIENT_CERTIFICATE
        and connection.first(Kind.ACCEPTED) is None
        and not any(
            s.kind is Kind.VALIDATED and not s.said.text for s in connection.steps
        )
    )


def _seconds(connection: Connection, end: Step | None) -> float | None:
    times = [s.time_ns for s in connection.steps if s.time_ns is not None and s.exact]
    if not times:
        return None
    last = end.time_ns if end is not None and end.exact else None
    return ((last if last is not None else times[-1]) - times[0]) / 1e9


def _cite(*steps: Step | None) -> list[str]:
    said = []
    for step in steps:
        if step is not None:
            clock = step.clock if step.exact else "time lost"
            said.append(f"line {step.line} ({clock}): {step_text(step)}")
    return said


def _up(connection: Connection, up: Step) -> Verdict:
    seconds = _seconds(connection, up)
    answer = connection.first(Kind.ACCEPTED, Kind.VALIDATED)
    advice = ["nothing: the tunnel is up"]
    if connection.ended == "freed":
        advice = [
            "the tunnel came up and was freed later; see what the MSE logged then"
        ]
    return Verdict(
        Outcome.UP,
        "certain",
        "the connection is up" + _after(connection, seconds),
        seconds,
        _cite(connection.first(Kind.ASKED), answer, up),
        advice,
        [],
    )


def _after(connection: Connection, seconds: float | None) -> str:
    """Say in how long, and the stretch that took most of it."""
    if seconds is None:
        return ""
    longest = next(iter(intervals(connection)), None)
    said = f" after {seconds:.3f} s"
    if longest is not None and longest.seconds > seconds / 2:
        said += f", {longest.seconds:.3f} s of it {longest.name}"
    return said


def _alerted(written: Step | None, since: Step | None) -> str:
    if written is None:
        return ""
    said = f": alert {openssl.alert_name(written.said.ret & 0xFF)} written"
    if written.exact and written.time_ns is not None:
        said += f" at {written.clock}"
        if since is not None and since.exact and since.time_ns is not None:
            seconds = (written.time_ns - since.time_ns) / 1e9
            said += f", {seconds:.3f} s after the list was asked"
    return said


def _authlist(
    connection: Connection,
    refused: Step | None,
    written: Step | None,
    failed: Step | None,
) -> Verdict:
    return Verdict(
        Outcome.AUTHLIST,
        "certain" if refused is not None else "likely",
        "the WLC's AuthList rejects the MSE's certificate"
        + _alerted(written, connection.first(Kind.ASKED)),
        _seconds(connection, written),
        _cite(connection.first(Kind.ASKED), refused, written, failed),
        [
            "read MAC address and key hash off the MSE: cmdshell, then show "
            "server-auth-info; or off its certificate: nmsp authlist CERT",
            "compare them with the WLC's list (the trace does not tell whether the MAC "
            "is missing or the hash is another): nmsp authlist CERT --compare CONFIG",
            "IOS-XE wants the SHA-256 hash (SHA2), AireOS the SHA-1 hash; the user "
            "name is the MAC in lower case without separators",
        ],
        [
            "username <MAC> aaa attribute list NMSP",
            "aaa attribute list NMSP",
            " attribute type password <SHA2 KEY HASH>",
            "aaa authorization credential-download wcm_loc_serv_cert local",
        ],
    )


def _broken(
    connection: Connection,
    written: Step | None,
    received: Step | None,
    failed: Step | None,
) -> Verdict:
    reason, name = (
        openssl.error_name(failed.said.code)
        if failed is not None and failed.said.code is not None
        else (0, "")
    )
    sent = written.said.ret & 0xFF if written else None
    got = received.said.ret & 0xFF if received else openssl.alert_in_error(reason)
    outcome, title, advice = _cause(reason, sent, got)
    if outcome is Outcome.FAILED and name:
        title = f"the handshake failed: {name}"
    evidence = _cite(connection.first(Kind.ASKED), written or received, failed)
    confidence = "unclear" if outcome is Outcome.FAILED else "certain"
    seconds = _seconds(connection, written or received or failed)
    return Verdict(outcome, confidence, title, seconds, evidence, advice, [])


def _cause(
    reason: int, sent: int | None, got: int | None
) -> tuple[Outcome, str, list[str]]:
    """Tell the cause from OpenSSL's reason and the alerts sent and got."""
    outcome, title, advice = (
        Outcome.FAILED,
        "the handshake failed",
        "put a capture beside the trace: nmsp doctor CAPTURE --trace LOG",
    )
    if reason == _NO_SHARED_CIPHER:
        outcome, title = Outcome.SUITE, "no cipher suite that both sides know"
        advice = (
            "compare with the ClientHello: nmsp doctor CAPTURE; on IOS-XE nmsp "
            "strong-cipher changes the set, for new connections only"
        )
    elif reason in _VERSION_REASONS or sent == 70:
        outcome = Outcome.VERSION
        title = "the MSE's TLS version is not one that the WLC takes"
        advice = "compare with the ClientHello: nmsp doctor CAPTURE"
    elif reason in _NO_CERTIFICATE or (reason == 178 and sent in (40, 41, 116)):
        outcome, title = Outcome.NO_CERTIFICATE, "the MSE presents no certificate"
        advice = "see whether the MSE has one: cmdshell, then show server-auth-info"
    elif got is not None:
        outcome = Outcome.PEER_ALERT
        title = f"the MSE ends the handshake with alert {openssl.alert_name(got)}"
        advice = "the reason is in the MSE's log: it does not accept this WLC"
    elif sent in _UNTRUSTED or reason == 134:
        name = openssl.alert_name(sent) if sent is not None else "verify failed"
        outcome = Outcome.CERTIFICATE
        title = (
            f"the WLC refuses the MSE's certificate before it asks the AuthList: {name}"
        )
        advice = (
            "compare the clocks of both sides and the certificate's validity: show "
            "clock, show ntp status; nmsp authlist CERT"
        )
    elif sent is not None:
        outcome = Outcome.ALERT
        title = f"the WLC ends the handshake with alert {openssl.alert_name(sent)}"
    return outcome, title, [advice]


def _open_ended(connection: Connection) -> Verdict:
    states = connection.states()
    last = states[-1] if states else None
    seconds = _seconds(connection, None)
    evidence = _cite(last)
    if connection.ended == "freed":
        return Verdict(
            Outcome.LOST,
            "likely",
            "the connection was freed in the middle of the handshake, without an alert",
            seconds,
            evidence,
            [
                "the MSE closed it, or the path did: capture on the WLC's side and run "
                "nmsp doctor CAPTURE --trace LOG"
            ],
            [],
        )
    if last is None:
        return Verdict(
            Outcome.NOTHING,
            "unclear",
            "the log shows no handshake of this connection",
            seconds,
            _cite(connection.steps[-1] if connection.steps else None),
            ["trace more: set trace nmsp connection level debug"],
            [],
        )
    return Verdict(
        Outcome.UNFINISHED,
        "unclear",
        f"the log leaves it at 0x{last.said.state:x} "
        f"({openssl.state_name(last.said.state)}), neither up nor refused",
        seconds,
        evidence,
        ["let the trace run longer, or follow it: nmsp trace --follow LOG"],
        [],
    )
