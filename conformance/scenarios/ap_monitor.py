# SPDX-License-Identifier: GPL-2.0-or-later
"""AP monitor: requests of the MSE and what a WLC answers."""

from conformance.checks import requests as checks
from conformance.checks.requests import AP_MONITOR
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge


@scenario("NMSP-AP_MONITOR-1")
def answers_ap_monitor_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request, with data or with a status."""
    link = peer.session()
    peer.query(link, AP_MONITOR)
    checks.answered(link.observation, judge, "NMSP-AP_MONITOR-1", AP_MONITOR)


@scenario("NMSP-AP_MONITOR-2")
def answers_ap_monitor_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into the response."""
    link = peer.session()
    peer.query(link, AP_MONITOR)
    checks.in_transaction(link.observation, judge, "NMSP-AP_MONITOR-2", AP_MONITOR)
