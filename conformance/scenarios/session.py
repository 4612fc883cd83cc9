# SPDX-License-Identifier: GPL-2.0-or-later
"""Session: connections and the order of what flows over them."""

from conformance import alerts
from conformance.answering import Answers
from conformance.checks import session as checks
from conformance.checks.requests import INFORMATION
from conformance.peer import DEFAULT_SERVICES, Peer
from conformance.scenario import Risk, scenario
from conformance.verdict import Judge, Reason


@scenario("NMSP-SESSION-1")
def serves_a_listed_mse(peer: Peer, judge: Judge) -> None:
    """A WLC speaks NMSP with a listed MSE. This is the sanity case of each run."""
    link = peer.established(peer.dial())
    peer.tell_capability(link)
    link.send("ECHO_REQUEST")
    link.pump(peer.timing.answer, lambda: link.received)
    judge.assume(
        link.open or link.received, Reason.PEER_CLOSED, str(link.observation.end)
    )
    link.pump(
        peer.timing.answer,
        lambda: link.observation.confirmed and link.theirs("CAPABILITY_NOTIFICATION"),
    )
    checks.speaks(link.observation, judge, "NMSP-SESSION-1", link.received)


@scenario("NMSP-SESSION-2")
def survives_a_request_before_its_time(peer: Peer, judge: Judge) -> None:
    """A WLC survives a subscription that comes before any capability."""
    link = peer.established(peer.dial())
    peer.subscribe(link, dict(DEFAULT_SERVICES))
    checks.still_serves(peer, link, judge, "NMSP-SESSION-2")


@scenario("NMSP-SESSION-2")
def survives_a_query_before_subscription(peer: Peer, judge: Judge) -> None:
    """A WLC survives a request of an MSE that has told nothing of itself."""
    link = peer.established(peer.dial())
    peer.query(link, INFORMATION)
    checks.still_serves(peer, link, judge, "NMSP-SESSION-2")


@scenario("NMSP-SESSION-3")
def serves_a_second_connection(peer: Peer, judge: Judge) -> None:
    """A WLC serves a second connection of an MSE whose first is still there."""
    peer.session()
    second = peer.dial()
    answered = second.complete and peer.echo(second) is not None
    judge.require(
        "NMSP-SESSION-3",
        answered,
        expected="an ECHO_RESPONSE on the second connection",
        actual="an ECHO_RESPONSE" if answered else str(second.observation.end),
    )


@scenario("NMSP-SESSION-5")
def serves_again_after_close(peer: Peer, judge: Judge) -> None:
    """A WLC serves an MSE again that has closed its connection in order."""
    peer.session().close()
    checks.serves_again(peer, judge, "close")


@scenario("NMSP-SESSION-5")
def serves_again_after_reset(peer: Peer, judge: Judge) -> None:
    """A WLC serves an MSE again that has reset its connection."""
    peer.session(dict(DEFAULT_SERVICES)).abort()
    checks.serves_again(peer, judge, "reset")


@scenario("NMSP-SESSION-5")
def serves_again_after_half_close(peer: Peer, judge: Judge) -> None:
    """A WLC serves an MSE again that has closed its side of TCP alone."""
    peer.session().half_close()
    checks.serves_again(peer, judge, "half close")


@scenario("NMSP-SESSION-5")
def serves_again_after_unfinished_handshake(peer: Peer, judge: Judge) -> None:
    """A WLC serves an MSE again that has left a handshake unfinished."""
    peer.speaks_tls(peer.dial()).close()
    link = peer.bare()
    link.send_plain(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    link.abort()
    checks.serves_again(peer, judge, "unfinished handshake")


@scenario("NMSP-SESSION-5")
def serves_again_after_fatal_alert(peer: Peer, judge: Judge) -> None:
    """A WLC serves an MSE again that has ended its session with a fatal alert."""
    link = peer.session()
    alerts.send(link, judge, *alerts.FATALS[-2])
    link.pump(peer.timing.quiet, lambda: not link.open)
    link.close()
    checks.serves_again(peer, judge, "fatal alert")


@scenario("NMSP-SESSION-3", risk=Risk.MAY_DROP)
def serves_again_after_dead_interval(peer: Peer, judge: Judge) -> None:
    """A WLC serves an MSE again that fell silent and never ended its connection.

    It is silent for longer than the MSE's own dead interval of 30 s. To the WLC its
    next connection is the second, unless a timer of the WLC's has ended the first.
    """
    silent = peer.session()
    silent.pump(peer.timing.dead, lambda: not silent.open)
    kept = "keeps" if silent.open else "ends"
    judge.note(f"the WLC {kept} the connection of an MSE that fell silent")
    checks.serves_again(peer, judge, "dead interval", "NMSP-SESSION-3")


@scenario("NMSP-SESSION-6")
def does_not_carry_subscriptions_over(peer: Peer, judge: Judge) -> None:
    """A WLC notifies a new connection of nothing before it has subscribed."""
    first = peer.session(dict(DEFAULT_SERVICES))
    peer.await_notification(first, "MEASUREMENT_NOTIFICATION")
    judge.assume(
        first.theirs("MEASUREMENT_NOTIFICATION"),
        Reason.TIMEOUT,
        "the first connection was not notified either",
    )
    first.close()
    second = peer.session()
    second.pump(peer.timing.notification / 2)
    checks.not_notified(second.observation, judge)


@scenario("NMSP-SESSION-7")
def keeps_an_idle_connection(peer: Peer, judge: Judge) -> None:
    """A WLC keeps a connection on which nothing is said for a while."""
    link = peer.session()
    link.pump(3 * peer.timing.quiet)
    kept = peer.echo(link) is not None
    judge.require(
        "NMSP-SESSION-7",
        kept,
        expected="an ECHO_RESPONSE after the pause",
        actual="an ECHO_RESPONSE" if kept else str(link.observation.end),
    )


def takes_two(peer: Peer, judge: Judge) -> None:
    """Apply only where the WLC does not claim to serve one MSE at once."""
    most = peer.claims.limits.sessions
    judge.applies(most is None or most > 1, "one MSE at once is claimed (--claims)")


@scenario("NMSP-SESSION-13")
def serves_two_mses_at_once(peer: Peer, judge: Judge) -> None:
    """A WLC answers the echo requests of two listed MSEs in turn."""
    takes_two(peer, judge)
    guest = peer.identities.guest()
    with peer.listed_for_now(guest):
        alone = peer.dial(identity=guest)
        let_in = peer.admitted(alone)
        alone.close()
        judge.assume(let_in, Reason.DEPENDENCY, "a newly listed MSE is not let in")
        first = peer.session()
        second = peer.dial(identity=guest)
        first.pump(peer.timing.quiet)
        served = [
            link.complete and peer.echo(link) is not None
            for link in (first, second, first, second)
        ]
    checks.serves_both(judge, served, first.observation, second.observation)


@scenario("NMSP-SESSION-14")
def keeps_subscriptions_apart(peer: Peer, judge: Judge) -> None:
    """A WLC does not notify an MSE of what another one has subscribed to."""
    takes_two(peer, judge)
    guest = peer.identities.guest()
    with peer.listed_for_now(guest):
        second = peer.session(identity=guest)
        first = peer.session(dict(DEFAULT_SERVICES))
        peer.await_notification(first, "MEASUREMENT_NOTIFICATION")
        judge.assume(
            first.theirs("MEASUREMENT_NOTIFICATION"),
            Reason.TIMEOUT,
            "who had subscribed was not notified either",
        )
        second.pump(peer.timing.quiet)
    checks.not_notified(second.observation, judge, "NMSP-SESSION-14")


# --- role MSE -------------------------------------------------------------------


@scenario("NMSP-SESSION-8", role="mse")
def dials_and_speaks(peer: Peer, judge: Judge) -> None:
    """An MSE dials and speaks NMSP. This is the sanity case of each run."""
    link = peer.served()
    checks.speaks(link.observation, judge, "NMSP-SESSION-8", link.received)


@scenario("NMSP-SESSION-9", role="mse")
def dials_again_after_close(peer: Peer, judge: Judge) -> None:
    """An MSE dials again after the WLC has closed its connection."""
    peer.served().close()
    checks.dials_again(peer, judge)


@scenario("NMSP-SESSION-9", role="mse")
def dials_again_after_reset(peer: Peer, judge: Judge) -> None:
    """An MSE dials again after the WLC has reset its connection."""
    peer.served().abort()
    checks.dials_again(peer, judge)


@scenario("NMSP-SESSION-9", role="mse")
def dials_again_after_half_close(peer: Peer, judge: Judge) -> None:
    """An MSE dials again after a FIN of the WLC that no close_notify announced."""
    link = peer.served()
    link.half_close()
    link.pump(peer.timing.answer, lambda: not link.open)
    checks.dials_again(peer, judge)


@scenario("NMSP-SESSION-9", role="mse")
def dials_again_after_fatal_alert(peer: Peer, judge: Judge) -> None:
    """An MSE dials again after a fatal alert of the WLC."""
    link = peer.served()
    alerts.send(link, judge, *alerts.FATALS[-2])
    link.pump(peer.timing.quiet, lambda: not link.open)
    link.close()
    checks.dials_again(peer, judge)


@scenario("NMSP-SESSION-9", role="mse")
def dials_again_after_warning_alert(peer: Peer, judge: Judge) -> None:
    """An MSE dials again when its connection ends after an alert that is no end."""
    link = peer.served()
    alerts.send(link, judge, *alerts.WARNINGS[1])
    link.pump(peer.timing.quiet, lambda: not link.open)
    link.close()
    checks.dials_again(peer, judge)


@scenario("NMSP-SESSION-9", role="mse")
def dials_again_after_dead_interval(peer: Peer, judge: Judge) -> None:
    """An MSE dials again after it has given up a WLC that answers no echo."""
    answers = Answers(silent_on=("ECHO_REQUEST",))
    link = peer.served(answers)
    link.pump(2 * peer.timing.echo, lambda: answers.step(link) or not link.open)
    judge.assume(
        not link.open,
        Reason.TIMEOUT,
        "the MSE did not give up a WLC that answers no echo",
    )
    link.close()
    checks.dials_again(peer, judge)


@scenario("NMSP-SESSION-10", role="mse")
def waits_for_capability(peer: Peer, judge: Judge) -> None:
    """An MSE does not subscribe while the WLC has not told its capabilities."""
    answers = Answers(capability=False)
    link = peer.served(answers)
    peer.serve(link, answers, peer.timing.quiet)
    checks.subscribes_after_capability(link.observation, judge, waited=True)


@scenario("NMSP-SESSION-11", role="mse")
def survives_an_unknown_message(peer: Peer, judge: Judge) -> None:
    """An MSE survives a message of an id that it cannot know."""
    answers = Answers()
    link = peer.served(answers)
    link.send_raw(link.build("ECHO_RESPONSE", transaction=0, type=0x7ABC))
    peer.serve(link, answers, peer.timing.quiet)
    checks.mse_lives(link, judge, "NMSP-SESSION-11")
