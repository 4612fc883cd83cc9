# SPDX-License-Identifier: GPL-2.0-or-later
"""Subscription: what the MSE wants to be told."""

from conformance.answering import Answers
from conformance.checks import session
from conformance.checks import subscription as checks
from conformance.checks.transport import what_came
from conformance.link import Link
from conformance.observation import Seen
from conformance.peer import DEFAULT_SERVICES, Peer, Services
from conformance.scenario import Risk, scenario
from conformance.verdict import Judge, Reason
from nmsp_scapy.constants import Service, Status, SubService

BOTH: Services = {
    Service.RSSI: SubService.RSSI_MOBILE_STATION,
    Service.INFORMATION: SubService.INFORMATION_MOBILE_STATION,
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
    link = peer.session()
    link.pump(peer.timing.quiet)
    peer.subscribe(link, dict(DEFAULT_SERVICES))
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
    request = link.send(checks.REQUEST, bytes(link.element("SERVICE", service=1))[:-6])
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


def _accepts(service: Service) -> None:
    """Declare the scenario of one service."""
    name = service.name.lower()

    def accepts(peer: Peer, judge: Judge) -> None:
        link = peer.session()
        mask = peer.offers(link, service)
        peer.subscribe(link, {service: mask})
        checks.accepted(link.observation, judge)

    accepts.__name__ = f"accepts_{name}"
    accepts.__doc__ = f"A WLC accepts a subscription to {service.name}, if offered."
    globals()[accepts.__name__] = scenario("NMSP-SUBSCRIPTION-8")(accepts)


for _service in Service:
    _accepts(_service)


@scenario("NMSP-SUBSCRIPTION-8")
def accepts_each_sub_service_alone(peer: Peer, judge: Judge) -> None:
    """A WLC accepts a subscription to each sub-service that it offers, one by one."""
    link = peer.session()
    told = link.theirs("CAPABILITY_NOTIFICATION")
    judge.assume(told, Reason.TIMEOUT, "no CAPABILITY_NOTIFICATION came")
    offered = told[-1].services
    judge.applies(any(offered.values()), "the WLC offers no service")
    for service, mask in offered.items():
        for bit in range(mask.bit_length()):
            if mask >> bit & 1 and link.open:
                peer.subscribe(link, {service: 1 << bit})
    checks.accepted(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-8")
def accepts_everything_at_once(peer: Peer, judge: Judge) -> None:
    """A WLC accepts one subscription to all that it offers."""
    link = peer.session()
    told = link.theirs("CAPABILITY_NOTIFICATION")
    judge.assume(told, Reason.TIMEOUT, "no CAPABILITY_NOTIFICATION came")
    offered = told[-1].services
    judge.applies(any(offered.values()), "the WLC offers no service")
    peer.subscribe(link, offered)
    checks.accepted(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-9")
def answers_repeated_subscription(peer: Peer, judge: Judge) -> None:
    """A WLC answers a subscription that repeats the last one."""
    link = peer.session(dict(DEFAULT_SERVICES))
    request = link.send(checks.REQUEST, *checks.elements(link, DEFAULT_SERVICES))
    peer.answer(link, request)
    checks.answers_this(link.observation, judge, request, "NMSP-SUBSCRIPTION-9")


@scenario("NMSP-SUBSCRIPTION-10")
def answers_changed_subscription(peer: Peer, judge: Judge) -> None:
    """A WLC answers a subscription that changes the last one."""
    link = peer.session(dict(DEFAULT_SERVICES))
    request = link.send(checks.REQUEST, *checks.elements(link, BOTH))
    peer.answer(link, request)
    checks.answers_this(link.observation, judge, request, "NMSP-SUBSCRIPTION-10")


@scenario("NMSP-SUBSCRIPTION-11")
def answers_empty_subscription(peer: Peer, judge: Judge) -> None:
    """A WLC answers a subscription to nothing."""
    link = peer.session()
    request = link.send(checks.REQUEST)
    peer.answer(link, request)
    checks.answers_this(link.observation, judge, request, "NMSP-SUBSCRIPTION-11")


@scenario("NMSP-SUBSCRIPTION-12")
def answers_subscription_to_unknown_service(peer: Peer, judge: Judge) -> None:
    """A WLC answers a subscription to a service that there is not."""
    link = peer.session()
    request = link.send(checks.REQUEST, *checks.elements(link, {0xEE: 1}))
    peer.answer(link, request)
    checks.answers_this(link.observation, judge, request, "NMSP-SUBSCRIPTION-12")


@scenario("NMSP-SUBSCRIPTION-13")
def answers_subscription_with_unknown_bits(peer: Peer, judge: Judge) -> None:
    """A WLC answers a subscription whose mask has bits that are not named."""
    link = peer.session()
    wide: Services = {Service.RSSI: SubService.RSSI_MOBILE_STATION | 1 << 60}
    request = link.send(checks.REQUEST, *checks.elements(link, wide))
    peer.answer(link, request)
    checks.answers_this(link.observation, judge, request, "NMSP-SUBSCRIPTION-13")


@scenario("NMSP-SUBSCRIPTION-14")
def does_not_confirm_unknown_service(peer: Peer, judge: Judge) -> None:
    """A WLC does not confirm a subscription to a service that there is not."""
    link = peer.session()
    request = link.send(checks.REQUEST, *checks.elements(link, {0xEE: 1}))
    peer.answer(link, request)
    checks.confirms_only_what_is_offered(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-3")
def confirms_subset_as_subset(peer: Peer, judge: Judge) -> None:
    """A WLC does not confirm more sub-services than the one asked for."""
    link = peer.session()
    one: Services = {Service.STATISTICS: SubService.STATISTICS_MOBILE_STATION}
    peer.subscribe(link, dict(one))
    checks.confirms_only_what_was_asked(link.observation, judge)


# --- role MSE -------------------------------------------------------------------


@scenario("NMSP-SUBSCRIPTION-15", role="mse")
def mse_subscribes(peer: Peer, judge: Judge) -> None:
    """An MSE subscribes to services once the WLC has told its capabilities."""
    checks.subscribes(peer.served().observation, judge)


@scenario("NMSP-SUBSCRIPTION-16", role="mse")
def mse_subscribes_to_what_is_offered(peer: Peer, judge: Judge) -> None:
    """An MSE does not subscribe to what the WLC has not offered."""
    link = peer.served(Answers(offers=dict(DEFAULT_SERVICES)))
    checks.asks_for_what_is_offered(link.observation, judge)


@scenario("NMSP-SUBSCRIPTION-17", role="mse")
def mse_names_sub_services_of_their_service(peer: Peer, judge: Judge) -> None:
    """An MSE names sub-services under the service that they belong to."""
    checks.sub_services_belong(peer.served().observation, judge)


@scenario("NMSP-SUBSCRIPTION-18", role="mse")
def mse_survives_refused_subscription(peer: Peer, judge: Judge) -> None:
    """An MSE keeps the connection when its subscription is refused."""
    answers = Answers(instead={checks.REQUEST: refuse})
    link = peer.served(answers)
    peer.serve(link, answers, peer.timing.quiet)
    session.mse_lives(link, judge, "NMSP-SUBSCRIPTION-18")


def refuse(link: Link, request: Seen) -> None:
    """Answer a subscription with status busy."""
    status = link.element("STATUS", code=Status.BUSY)
    link.send(checks.RESPONSE, status, transaction=request.transaction)
