# SPDX-License-Identifier: GPL-2.0-or-later
"""Information: requests of the MSE and what a WLC answers."""

from conformance.checks import requests as checks
from conformance.checks.requests import INFORMATION
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge

UNKNOWN = "02:00:5e:00:53:ff"
"""A station that no WLC knows."""


@scenario("NMSP-INFORMATION-1")
def answers_information_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request for all stations."""
    link = peer.session()
    peer.query(link, INFORMATION)
    checks.answered(link.observation, judge, "NMSP-INFORMATION-1", INFORMATION)


@scenario("NMSP-INFORMATION-1")
def answers_information_request_for_tags(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request for tags, whether it has any or not."""
    link = peer.session()
    peer.query(link, INFORMATION, sub_service=INFORMATION.sub_service + 1, tag_vendor=0)
    checks.answered(link.observation, judge, "NMSP-INFORMATION-1", INFORMATION)


@scenario("NMSP-INFORMATION-2")
def answers_information_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into each response."""
    link = peer.session()
    peer.query(link, INFORMATION)
    peer.query(link, INFORMATION)
    checks.in_transaction(link.observation, judge, "NMSP-INFORMATION-2", INFORMATION)


@scenario("NMSP-INFORMATION-3")
def announces_each_further_information_response(peer: Peer, judge: Judge) -> None:
    """A WLC sets MORE in every response of a transaction but the last."""
    link = peer.session()
    peer.query(link, INFORMATION)
    link.pump(peer.timing.quiet)
    checks.more_announced(link.observation, judge, "NMSP-INFORMATION-3", INFORMATION)


@scenario("NMSP-INFORMATION-1", "NMSP-INFORMATION-4")
def tells_nothing_of_others_in_information(peer: Peer, judge: Judge) -> None:
    """A WLC answers for an unknown station, and does not tell of others instead."""
    link = peer.session()
    peer.query(link, INFORMATION, UNKNOWN)
    checks.answered(link.observation, judge, "NMSP-INFORMATION-1", INFORMATION)
    checks.names_only_asked(link.observation, judge, "NMSP-INFORMATION-4", INFORMATION)
