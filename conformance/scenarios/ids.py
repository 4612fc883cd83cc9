# SPDX-License-Identifier: GPL-2.0-or-later
"""IDS: alarms that are fetched, profiles that are set."""

from conformance.checks import requests as checks
from conformance.checks.requests import IDS_GET, IDS_SET
from conformance.peer import Peer
from conformance.scenario import Risk, scenario
from conformance.verdict import Judge


@scenario("NMSP-IDS-1")
def answers_ids_get_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request for alarms, with alarms or with a status."""
    link = peer.session()
    peer.query(link, IDS_GET)
    checks.answered(link.observation, judge, "NMSP-IDS-1", IDS_GET)


@scenario("NMSP-IDS-2")
def answers_ids_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into the response."""
    link = peer.session()
    peer.query(link, IDS_GET)
    checks.in_transaction(link.observation, judge, "NMSP-IDS-2", IDS_GET)


@scenario("NMSP-IDS-3", risk=Risk.MAY_DROP)
def answers_ids_set_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a profile that is pushed to it. It changes what is watched."""
    link = peer.session()
    profile = link.element("IDS_PROFILE", profile_data=b"")
    peer.ask(link, "IDS_SET_REQUEST", profile)
    checks.answered(link.observation, judge, "NMSP-IDS-3", IDS_SET)
