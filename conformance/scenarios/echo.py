# SPDX-License-Identifier: GPL-2.0-or-later
"""Echo: whether the other side is still there."""

from conformance.checks import echo as checks
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge
from nmsp_scapy.constants import Service


@scenario("NMSP-ECHO-1")
def answers_echo(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request."""
    link = peer.session()
    link.send("ECHO_REQUEST")
    link.pump(peer.timing.answer, lambda: link.theirs("ECHO_RESPONSE"))
    checks.answered(link.observation, judge)


@scenario("NMSP-ECHO-1")
def answers_each_of_many_echoes(peer: Peer, judge: Judge) -> None:
    """A WLC answers ten echo requests, each sent after the answer to the last."""
    link = peer.session()
    for sent in range(1, 11):
        link.send("ECHO_REQUEST")
        came = link.pump(
            peer.timing.answer, lambda n=sent: len(link.theirs("ECHO_RESPONSE")) >= n
        )
        if not came:
            break
    checks.answered(link.observation, judge)


@scenario("NMSP-ECHO-2")
def answers_echo_once(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request with one response, not more."""
    link = peer.session()
    peer.echo(link)
    link.pump(peer.timing.quiet)
    checks.answered_once(link.observation, judge)


@scenario("NMSP-ECHO-3")
def answers_echo_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into the echo response."""
    link = peer.session()
    for transaction in (1, 0x7FFFFFFF, 0xFFFFFFFE):
        before = len(link.theirs("ECHO_RESPONSE"))
        link.send("ECHO_REQUEST", transaction=transaction)
        link.pump(
            peer.timing.answer,
            lambda n=before: len(link.theirs("ECHO_RESPONSE")) > n,
        )
    checks.same_transaction(link.observation, judge)


@scenario("NMSP-ECHO-4")
def answers_echo_in_time(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request within one second."""
    link = peer.session()
    link.send("ECHO_REQUEST")
    link.pump(max(peer.timing.answer, 1.2), lambda: link.theirs("ECHO_RESPONSE"))
    checks.in_time(link.observation, judge)


@scenario("NMSP-ECHO-5")
def answers_echo_while_busy(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request that comes behind twenty other requests."""
    link = peer.session()
    for _ in range(20):
        query = link.element("QUERY", service=Service.INFORMATION, sub_service=9)
        link.send("INFORMATION_REQUEST", query)
    link.send("ECHO_REQUEST")
    link.pump(peer.timing.answer, lambda: link.theirs("ECHO_RESPONSE"))
    checks.answered(link.observation, judge, "NMSP-ECHO-5")


@scenario("NMSP-ECHO-6")
def sends_no_unsolicited_echo_response(peer: Peer, judge: Judge) -> None:
    """A WLC sends no echo response before an echo request."""
    link = peer.session()
    link.pump(peer.timing.quiet)
    peer.echo(link)
    checks.unsolicited(link.observation, judge)
