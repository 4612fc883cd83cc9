# SPDX-License-Identifier: GPL-2.0-or-later
"""Location: requests of the MSE and what a WLC answers."""

from conformance.checks import requests as checks
from conformance.checks.requests import LOCATION
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge


@scenario("NMSP-LOCATION-1")
def answers_location_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request, with data or with a status."""
    link = peer.session()
    peer.query(link, LOCATION)
    checks.answered(link.observation, judge, "NMSP-LOCATION-1", LOCATION)


@scenario("NMSP-LOCATION-2")
def answers_location_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into the response."""
    link = peer.session()
    peer.query(link, LOCATION)
    checks.in_transaction(link.observation, judge, "NMSP-LOCATION-2", LOCATION)
