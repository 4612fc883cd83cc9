# SPDX-License-Identifier: GPL-2.0-or-later
"""Subscription: what the MSE wants to be told."""

from conformance.checks import subscription as checks
from conformance.checks.transport import what_came
from conformance.link import Link
from conformance.peer import DEFAULT_SERVICES, Peer
from conformance.scenario import Risk, scenario
from conformance.verdict import Judge
from nmsp_scapy.constants import Service, SubService

BOTH = {
    Service.RSSI: int(SubService.RSSI_MOBILE_STATION),
    Service.INFORMATION: int(SubService.INFORMATION_MOBILE_STATION),
}


def subscribed(peer: Peer, services: dict[int, int]) -> Link:
    """Open a session, subscribe and wait for the response."""
    link = peer.session()
    peer.subscribe(link, services)
    return link


@scenario("NMSP-SUBSCRIPTION-1")
def answers_subscription(peer: Peer, judge: Judge) -> None:
    """A WLC answers a subscription with one response."""
    link = subscribed(peer, dict(DEFAULT_SERVICES))
    link.pump(peer.timing.quiet)
    checks.answered(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-2")
def accepts_subscription(peer: Peer, judge: Judge) -> None:
    """A WLC accepts a subscription to a service that it offers."""
    link = subscribed(peer, dict(DEFAULT_SERVICES))
    checks.succeeds(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-3")
def confirms_only_what_was_asked_for(peer: Peer, judge: Judge) -> None:
    """A WLC confirms no service beyond those of the request."""
    link = subscribed(peer, dict(DEFAULT_SERVICES))
    checks.confirms_only_what_was_asked(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-4")
def notifies_only_of_what_was_subscribed(peer: Peer, judge: Judge) -> None:
    """A WLC notifies of measurements and of nothing else when asked for those."""
    link = subscribed(peer, dict(DEFAULT_SERVICES))
    link.pump(peer.timing.notification, lambda: link.theirs("MEASUREMENT_NOTIFICATION"))
    link.pump(peer.timing.quiet)
    checks.notifies_only_subscribed(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-7")
def answers_subscription_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into the subscription's response."""
    link = peer.session()
    service = link.element("SERVICE", service=1, sub_services=1)
    link.send(checks.REQUEST, service, transaction=0x1234567)
    link.pump(peer.timing.answer, lambda: link.theirs(checks.RESPONSE))
    checks.in_transaction(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-5", "NMSP-SUBSCRIPTION-6", risk=Risk.MAY_DROP)
def survives_malformed_subscription(peer: Peer, judge: Judge) -> None:
    """A WLC refuses a subscription whose element is cut short, and lives on."""
    link = peer.session()
    sound = link.build(checks.REQUEST, link.element("SERVICE", service=1))
    body = sound[:-13] + bytes.fromhex("0002 0009 01 0000")
    request = link.send_raw(body[:4] + len(body).to_bytes(4) + body[8:])
    link.pump(peer.timing.answer, lambda: link.theirs(checks.RESPONSE) or not link.open)
    found = [m for m in link.theirs(checks.RESPONSE) if m.index > request.index]
    judge.require(
        "NMSP-SUBSCRIPTION-5",
        all(m.status not in (0, None) for m in found) and (found or not link.open),
        expected="a status other than success, or an end in order",
        actual=f"status {found[0].status}"
        if found
        else what_came(link.observation, request),
    )
    judge.require(
        "NMSP-SUBSCRIPTION-6",
        peer.alive(link),
        expected="the WLC serves the MSE afterwards",
        actual=str(link.observation.end),
    )
