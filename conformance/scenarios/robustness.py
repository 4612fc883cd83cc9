# SPDX-License-Identifier: GPL-2.0-or-later
"""Robustness: what must not end the service; liveness is looked at after each."""

from collections.abc import Sequence

from conformance import alerts
from conformance.answering import Answers
from conformance.checks import robustness as checks
from conformance.checks.requests import INFORMATION
from conformance.checks.session import dials_again, mse_lives, still_serves
from conformance.checks.transport import what_came
from conformance.peer import Peer
from conformance.scenario import Risk, scenario
from conformance.verdict import Judge
from nmsp_scapy.constants import HeaderFlag

DEEP = 40
MANY = 200


@scenario("NMSP-ROBUSTNESS-1", risk=Risk.MAY_DROP)
def survives_length_zero(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after a header that says a length of 0."""
    link = peer.session()
    judge.applies(checks.empty_length(link) > 0, "0 is the length of an empty body")
    link.send_raw(link.build("ECHO_REQUEST", length=0))
    link.pump(peer.timing.quiet, lambda: not link.open)
    still_serves(peer, link, judge, "NMSP-ROBUSTNESS-1")


@scenario("NMSP-ROBUSTNESS-1", risk=Risk.MAY_DROP)
def survives_length_below_header(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after a length that is one byte less than its header."""
    link = peer.session()
    below = checks.empty_length(link) - 1
    judge.applies(below >= 0, "the header is no part of what the length counts")
    link.send_raw(link.build("ECHO_REQUEST", length=below))
    link.pump(peer.timing.quiet, lambda: not link.open)
    still_serves(peer, link, judge, "NMSP-ROBUSTNESS-1")


@scenario("NMSP-ROBUSTNESS-2", risk=Risk.MAY_CRASH)
def survives_length_beyond_limit(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after the largest length that a header can say."""
    link = peer.session()
    most = checks.largest(link, "length")
    accepted = most <= link.profile.header.maximum
    judge.applies(not accepted, f"no length is too large: {most} is the largest")
    link.send_raw(link.build("ECHO_REQUEST", length=most))
    link.pump(peer.timing.quiet, lambda: not link.open)
    peer.rest()
    still_serves(peer, peer.dial(), judge, "NMSP-ROBUSTNESS-2")


@scenario("NMSP-ROBUSTNESS-3", risk=Risk.MAY_DROP)
def survives_truncated_messages(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after connections that end at each byte of a message."""
    first = peer.session()
    raw = first.build("INFORMATION_REQUEST", checks.query(first, INFORMATION))
    first.close()
    for size in range(1, len(raw)):
        link = peer.dial()
        if not link.complete:
            break
        link.hears(peer.timing.quiet)
        link.send_bytes(raw[:size])
        link.half_close()
        link.ended_within(peer.timing.quiet)
        link.close()
    peer.rest()
    still_serves(peer, peer.dial(), judge, "NMSP-ROBUSTNESS-3")


@scenario("NMSP-ROBUSTNESS-4", risk=Risk.MAY_DROP)
def survives_trailing_bytes(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after bytes that are too few for an element."""
    link = peer.session()
    query, rest = checks.query(link, INFORMATION), checks.no_element(link)
    link.send("INFORMATION_REQUEST", query, rest)
    link.pump(peer.timing.quiet, lambda: not link.open)
    still_serves(peer, link, judge, "NMSP-ROBUSTNESS-4")


@scenario("NMSP-ROBUSTNESS-5")
def survives_an_unknown_message(peer: Peer, judge: Judge) -> None:
    """A WLC keeps a connection on which a message of an unknown id comes."""
    link = peer.session()
    link.send_raw(checks.unknown_message(link))
    link.pump(peer.timing.quiet, lambda: not link.open)
    checks.kept_and_serves(peer, link, judge, "NMSP-ROBUSTNESS-5")


@scenario("NMSP-ROBUSTNESS-6")
def skips_an_unknown_element(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request that holds an element of an unknown type."""
    link = peer.session()
    query, odd = checks.query(link, INFORMATION), checks.unknown_element(link)
    request = link.send("INFORMATION_REQUEST", odd, query)
    response = peer.answer(link, request)
    judge.require(
        "NMSP-ROBUSTNESS-6",
        response is not None and response.status in (0, None),
        expected="an INFORMATION_RESPONSE with status success",
        actual=f"status {response.status}"
        if response
        else what_came(link.observation, request),
    )


@scenario("NMSP-ROBUSTNESS-7", risk=Risk.MAY_CRASH)
def survives_deep_nesting(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after forty elements, one inside the other.

    They are fewer where the profile's lengths have no room for so many.
    """
    link = peer.session()
    depth, nested = checks.nested(link, DEEP)
    judge.note(f"{depth} elements, one inside the other")
    link.send("INFORMATION_REQUEST", nested)
    link.pump(peer.timing.quiet, lambda: not link.open)
    still_serves(peer, link, judge, "NMSP-ROBUSTNESS-7")


@scenario("NMSP-ROBUSTNESS-8")
def ignores_unknown_flags(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request whose header has all unknown flags set."""
    link = peer.session()
    unknown = checks.largest(link, "flags") & ~int(HeaderFlag.MORE)
    request = link.send("ECHO_REQUEST", flags=unknown)
    response = peer.answer(link, request)
    judge.require(
        "NMSP-ROBUSTNESS-8",
        response is not None,
        expected="an ECHO_RESPONSE",
        actual=what_came(link.observation, request),
    )


@scenario("NMSP-ROBUSTNESS-9", risk=Risk.MAY_DROP)
def survives_an_unknown_version(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after a header of version 99."""
    link = peer.session()
    link.send("ECHO_REQUEST", version=99)
    link.pump(peer.timing.quiet, lambda: not link.open)
    still_serves(peer, link, judge, "NMSP-ROBUSTNESS-9")


@scenario("NMSP-ROBUSTNESS-10", risk=Risk.MAY_DROP)
def survives_a_tls_alert(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after a connection that ends with close_notify and RST."""
    link = peer.session()
    link.close_notify()
    link.abort()
    peer.rest()
    still_serves(peer, peer.dial(), judge, "NMSP-ROBUSTNESS-10")


@scenario("NMSP-ROBUSTNESS-10", risk=Risk.MAY_DROP)
def survives_fatal_alerts(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after sessions that end with fatal alerts of five kinds."""
    interrupted(peer, judge, alerts.FATALS)
    still_serves(peer, peer.dial(), judge, "NMSP-ROBUSTNESS-10")


@scenario("NMSP-ROBUSTNESS-10", risk=Risk.MAY_DROP)
def survives_warning_alerts(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after sessions with alerts that are no end, or unknown.

    Whether it keeps such a session is not judged: TLS 1.3 has it ended, older versions
    leave it open.
    """
    interrupted(peer, judge, alerts.WARNINGS)
    still_serves(peer, peer.dial(), judge, "NMSP-ROBUSTNESS-10")


def interrupted(peer: Peer, judge: Judge, sent: Sequence[tuple[int, int]]) -> None:
    """Have a session with each of several alerts in it, as long as there is one."""
    peer.session().close()
    for level, description in sent:
        link = peer.dial()
        if not link.complete:
            break
        peer.tell_capability(link)
        alerts.send(link, judge, level, description)
        link.ended_within(peer.timing.quiet)
        judge.note(f"alert {level}, {description} met: {link.observation.end}")
        link.close()
    peer.rest()


@scenario("NMSP-ROBUSTNESS-11")
def survives_messages_of_its_own(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after an echo response that comes from the MSE."""
    link = peer.session()
    link.send("ECHO_RESPONSE", transaction=77)
    link.send("SERVICE_SUBSCRIBE_RESPONSE", link.element("STATUS", code=0))
    link.pump(peer.timing.quiet, lambda: not link.open)
    still_serves(peer, link, judge, "NMSP-ROBUSTNESS-11")


@scenario("NMSP-ROBUSTNESS-12", risk=Risk.MAY_DROP)
def survives_an_element_beyond_its_message(peer: Peer, judge: Judge) -> None:
    """A WLC goes on serving after an element that is longer than its message."""
    link = peer.session()
    link.send("INFORMATION_REQUEST", checks.overrunning(link, INFORMATION))
    link.pump(peer.timing.quiet, lambda: not link.open)
    still_serves(peer, link, judge, "NMSP-ROBUSTNESS-12")


@scenario("NMSP-ROBUSTNESS-13", risk=Risk.MAY_DROP)
def survives_a_forged_record(peer: Peer, judge: Judge) -> None:
    """A WLC lets the listed MSE in after a TLS record that does not authenticate."""
    link = peer.session()
    link.send_plain(b"\x17\x03\x03\x00\x30" + bytes(48))
    link.pump(peer.timing.quiet, lambda: not link.open)
    peer.rest()
    again = peer.dial()
    judge.require(
        "NMSP-ROBUSTNESS-13",
        peer.admitted(again),
        expected="the listed MSE is let in afterwards",
        actual=str(again.observation.end),
    )


# --- role MSE -------------------------------------------------------------------


@scenario("NMSP-ROBUSTNESS-14", role="mse")
def mse_skips_an_unknown_element(peer: Peer, judge: Judge) -> None:
    """An MSE keeps a connection on which an unknown element comes."""
    answers = Answers()
    link = peer.served(answers)
    link.send("MEASUREMENT_NOTIFICATION", checks.unknown_element(link))
    peer.serve(link, answers, peer.timing.quiet)
    mse_lives(link, judge, "NMSP-ROBUSTNESS-14")


@scenario("NMSP-ROBUSTNESS-16", role="mse")
def mse_bears_many_notifications(peer: Peer, judge: Judge) -> None:
    """An MSE keeps a connection on which two hundred notifications come at once."""
    answers = Answers()
    link = peer.served(answers)
    measured = link.element("MEASUREMENT")
    for _ in range(MANY):
        link.send("MEASUREMENT_NOTIFICATION", measured)
    peer.serve(link, answers, peer.timing.quiet)
    mse_lives(link, judge, "NMSP-ROBUSTNESS-16")


@scenario("NMSP-ROBUSTNESS-15", role="mse", risk=Risk.MAY_DROP)
def mse_dials_again_after_malformed_message(peer: Peer, judge: Judge) -> None:
    """An MSE is there again after a message that is shorter than its header."""
    answers = Answers()
    link = peer.served(answers)
    below = checks.empty_length(link) - 1
    judge.applies(below >= 0, "the header is no part of what the length counts")
    link.send_raw(link.build("ECHO_RESPONSE", transaction=0, length=below))
    peer.serve(link, answers, peer.timing.quiet)
    link.close()
    dials_again(peer, judge, "NMSP-ROBUSTNESS-15")
