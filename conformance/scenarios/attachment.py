# SPDX-License-Identifier: GPL-2.0-or-later
"""Attachment: requests of the MSE and what a WLC answers."""

from conformance.checks import requests as checks
from conformance.checks.requests import ATTACHMENT
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge


@scenario("NMSP-ATTACHMENT-1")
def answers_attachment_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request, with data or with a status."""
    link = peer.session()
    peer.query(link, ATTACHMENT)
    checks.answered(link.observation, judge, "NMSP-ATTACHMENT-1", ATTACHMENT)


@scenario("NMSP-ATTACHMENT-2")
def answers_attachment_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into the response."""
    link = peer.session()
    peer.query(link, ATTACHMENT)
    checks.in_transaction(link.observation, judge, "NMSP-ATTACHMENT-2", ATTACHMENT)
