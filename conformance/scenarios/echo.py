# SPDX-License-Identifier: GPL-2.0-or-later
"""Echo: whether the other side is still there."""

from conformance.answering import Answers
from conformance.checks import echo as checks
from conformance.peer import DEFAULT_SERVICES, Peer
from conformance.scenario import scenario
from conformance.verdict import Judge
from nmsp_scapy.constants import Service


@scenario("NMSP-ECHO-1")
def answers_echo(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request."""
    link = peer.session()
    peer.echo(link)
    checks.answered(link.observation, judge)


@scenario("NMSP-ECHO-1")
def answers_each_of_many_echoes(peer: Peer, judge: Judge) -> None:
    """A WLC answers ten echo requests, each sent after the answer to the last."""
    link = peer.session()
    for _ in range(10):
        if peer.echo(link) is None:
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
        peer.answer(link, link.send("ECHO_REQUEST", transaction=transaction))
    checks.same_transaction(link.observation, judge)


@scenario("NMSP-ECHO-4")
def answers_echo_in_time(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request within one second."""
    link = peer.session()
    link.send("ECHO_REQUEST")
    link.pump(max(peer.timing.answer, 2.0), lambda: link.theirs("ECHO_RESPONSE"))
    checks.in_time(link.observation, judge)


@scenario("NMSP-ECHO-5")
def answers_echo_while_busy(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request that comes behind twenty other requests."""
    link = peer.session(dict(DEFAULT_SERVICES))
    for _ in range(20):
        query = link.element("QUERY", service=Service.INFORMATION, sub_service=9)
        link.send("INFORMATION_REQUEST", query)
    peer.echo(link)
    checks.answered(link.observation, judge, "NMSP-ECHO-5")


@scenario("NMSP-ECHO-6")
def sends_no_unsolicited_echo_response(peer: Peer, judge: Judge) -> None:
    """A WLC sends no echo response before an echo request."""
    link = peer.session()
    link.pump(peer.timing.quiet)
    peer.echo(link)
    checks.unsolicited(link.observation, judge)


@scenario("NMSP-ECHO-1")
def answers_echo_while_subscribed(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request of an MSE that it notifies."""
    link = peer.session(dict(DEFAULT_SERVICES))
    peer.echo(link)
    checks.answered(link.observation, judge)


@scenario("NMSP-ECHO-7")
def answers_a_burst_of_echoes(peer: Peer, judge: Judge) -> None:
    """A WLC answers each of fifty echo requests that are sent at once."""
    link = peer.session()
    for _ in range(50):
        link.send("ECHO_REQUEST")
    link.pump(peer.timing.answer, lambda: len(link.theirs("ECHO_RESPONSE")) >= 50)
    came = len(link.theirs("ECHO_RESPONSE"))
    judge.require(
        "NMSP-ECHO-7",
        came >= 50,
        expected="50 ECHO_RESPONSEs",
        actual=f"{came}",
    )


@scenario("NMSP-ECHO-8")
def answers_echo_without_elements(peer: Peer, judge: Judge) -> None:
    """A WLC's echo response is a header and nothing else."""
    link = peer.session()
    peer.echo(link)
    checks.is_bare(link.observation, judge)


# --- role MSE -------------------------------------------------------------------


@scenario("NMSP-ECHO-9", role="mse")
def mse_sends_echo(peer: Peer, judge: Judge) -> None:
    """An MSE sends echo requests. It is given three of the default intervals."""
    answers = Answers()
    link = peer.served(answers)
    peer.serve(link, answers, peer.timing.echo, "ECHO_REQUEST")
    checks.mse_echoes(link.observation, judge)


@scenario("NMSP-ECHO-10", role="mse")
def mse_numbers_its_echoes(peer: Peer, judge: Judge) -> None:
    """An MSE gives each echo request its own transaction id."""
    answers = Answers()
    link = peer.served(answers)
    answers.begin(link)
    link.pump(
        2 * peer.timing.echo,
        lambda: answers.step(link) or len(link.theirs("ECHO_REQUEST")) > 1,
    )
    checks.own_transactions(link.observation, judge)


@scenario("NMSP-ECHO-11", role="mse")
def mse_gives_up_a_dead_wlc(peer: Peer, judge: Judge) -> None:
    """An MSE gives a connection up on which no echo is answered."""
    answers = Answers(silent_on=("ECHO_REQUEST",))
    link = peer.served(answers)
    peer.serve(link, answers, peer.timing.echo, "ECHO_REQUEST")
    link.pump(2 * peer.timing.echo, lambda: answers.step(link) or not link.open)
    checks.gives_up(link.observation, judge)
