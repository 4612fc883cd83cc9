# SPDX-License-Identifier: GPL-2.0-or-later
"""Statistics: requests of the MSE and what a WLC answers."""

from conformance.checks import requests as checks
from conformance.checks import statistics as counters
from conformance.checks.requests import STATISTICS
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge

UNKNOWN = "02:00:5e:00:53:ff"
"""A station that no WLC knows."""


@scenario("NMSP-STATISTICS-1")
def answers_statistics_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request for all stations."""
    link = peer.session()
    peer.query(link, STATISTICS)
    checks.answered(link.observation, judge, "NMSP-STATISTICS-1", STATISTICS)


@scenario("NMSP-STATISTICS-1")
def answers_statistics_request_for_tags(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request for tags, whether it has any or not."""
    link = peer.session()
    peer.query(link, STATISTICS, sub_service=STATISTICS.sub_service + 1, tag_vendor=0)
    checks.answered(link.observation, judge, "NMSP-STATISTICS-1", STATISTICS)


@scenario("NMSP-STATISTICS-2")
def answers_statistics_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into each response."""
    link = peer.session()
    peer.query(link, STATISTICS)
    peer.query(link, STATISTICS)
    checks.in_transaction(link.observation, judge, "NMSP-STATISTICS-2", STATISTICS)


@scenario("NMSP-STATISTICS-3")
def announces_each_further_statistics_response(peer: Peer, judge: Judge) -> None:
    """A WLC sets MORE in every response of a transaction but the last."""
    link = peer.session()
    peer.query(link, STATISTICS)
    link.pump(peer.timing.quiet)
    checks.more_announced(link.observation, judge, "NMSP-STATISTICS-3", STATISTICS)


@scenario("NMSP-STATISTICS-1", "NMSP-STATISTICS-4")
def tells_nothing_of_others_in_statistics(peer: Peer, judge: Judge) -> None:
    """A WLC answers for an unknown station, and does not tell of others instead."""
    link = peer.session()
    peer.query(link, STATISTICS, UNKNOWN)
    checks.answered(link.observation, judge, "NMSP-STATISTICS-1", STATISTICS)
    checks.names_only_asked(link.observation, judge, "NMSP-STATISTICS-4", STATISTICS)


@scenario("NMSP-STATISTICS-5")
def does_not_count_backwards(peer: Peer, judge: Judge) -> None:
    """A WLC's counters of a station do not fall from one response to the next."""
    link = peer.session()
    peer.query(link, STATISTICS)
    peer.query(link, STATISTICS)
    counters.do_not_fall(link.observation, judge)
