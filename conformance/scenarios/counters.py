# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters: what the endpoint says that it has seen, beside what was sent."""

from conformance.checks import counters as checks
from conformance.operator import OperatorError
from conformance.peer import DEFAULT_SERVICES, Peer
from conformance.scenario import scenario
from conformance.verdict import Judge, Reason
from nmsp_scapy.status.reading import Counts


def statistics(peer: Peer, judge: Judge) -> Counts:
    """Read the endpoint's counters; without them nothing can be judged."""
    try:
        return peer.operator.statistics()
    except OperatorError as error:
        judge.assume(False, Reason.DEPENDENCY, str(error))
        raise


@scenario("NMSP-COUNTERS-1")
def counts_what_was_sent(peer: Peer, judge: Judge) -> None:
    """A WLC's statistics grow by what a session has sent, by id and direction."""
    judge.applies(
        peer.operator.shows_statistics,
        "the endpoint's statistics are not at hand "
        "(--statistics-command or --statistics)",
    )
    first = peer.session()
    first.close()
    peer.rest()
    before = statistics(peer, judge)
    link = peer.session(dict(DEFAULT_SERVICES))
    for _ in range(3):
        peer.echo(link)
    link.close()
    peer.rest()
    after = statistics(peer, judge)
    judge.assume(link.theirs("ECHO_RESPONSE"), Reason.TIMEOUT, "no echo was answered")
    checks.agree(link.observation, judge, before, after, alone=peer.operator.alone)
