# SPDX-License-Identifier: GPL-2.0-or-later
"""Notifications: what is told unasked, once subscribed to."""

from conformance.checks import notifications as checks
from conformance.checks.subscription import elements
from conformance.link import Link
from conformance.peer import DEFAULT_SERVICES, Peer, Services
from conformance.scenario import scenario
from conformance.verdict import Judge, Reason
from nmsp_scapy.constants import Service, SubService

NAME = "MEASUREMENT_NOTIFICATION"


def notified(peer: Peer, judge: Judge, services: Services, count: int = 1) -> Link:
    """Subscribe, and assume that measurements are notified."""
    link = peer.session(dict(services))
    peer.await_notification(link, NAME, count)
    judge.assume(link.theirs(NAME), Reason.TIMEOUT, f"no {NAME} came")
    return link


@scenario("NMSP-NOTIFICATIONS-1")
def notifies_at_the_interval(peer: Peer, judge: Judge) -> None:
    """A WLC notifies of measurements soon after they were subscribed to."""
    link = peer.session(dict(DEFAULT_SERVICES))
    peer.await_notification(link, NAME)
    checks.comes(link.observation, judge)


@scenario("NMSP-NOTIFICATIONS-1")
def goes_on_notifying(peer: Peer, judge: Judge) -> None:
    """A WLC notifies of measurements again at the next interval."""
    link = peer.session(dict(DEFAULT_SERVICES))
    peer.await_notification(link, NAME, 4)
    checks.comes(link.observation, judge)


@scenario("NMSP-NOTIFICATIONS-2")
def does_not_notify_too_often(peer: Peer, judge: Judge) -> None:
    """A WLC does not notify of the same station more often than once a second."""
    link = notified(peer, judge, DEFAULT_SERVICES)
    link.pump(peer.timing.notification, lambda: len(link.theirs(NAME)) > 2)
    checks.not_too_often(link.observation, judge)


@scenario("NMSP-NOTIFICATIONS-3")
def stops_notifying_when_unsubscribed(peer: Peer, judge: Judge) -> None:
    """A WLC does not notify of measurements when only information is subscribed."""
    link = notified(peer, judge, DEFAULT_SERVICES)
    other: Services = {Service.INFORMATION: SubService.INFORMATION_MOBILE_STATION}
    request = link.send("SERVICE_SUBSCRIBE_REQUEST", *elements(link, dict(other)))
    response = peer.answer(link, request)
    judge.assume(response, Reason.TIMEOUT, "the new subscription had no response")
    link.pump(peer.timing.notification / 2)
    checks.stopped(link.observation, judge, response)


@scenario("NMSP-NOTIFICATIONS-4")
def notifies_without_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC notifies with transaction id 0."""
    link = notified(peer, judge, DEFAULT_SERVICES)
    checks.without_transaction(link.observation, judge)


@scenario("NMSP-NOTIFICATIONS-5")
def notifies_of_stations_alone(peer: Peer, judge: Judge) -> None:
    """A WLC does not notify of tags or rogues when stations are subscribed to."""
    link = notified(peer, judge, DEFAULT_SERVICES, 2)
    checks.kinds_subscribed(link.observation, judge)


@scenario("NMSP-NOTIFICATIONS-5")
def notifies_of_tags_alone(peer: Peer, judge: Judge) -> None:
    """A WLC does not notify of stations when tags are subscribed to."""
    link = peer.session({Service.RSSI: SubService.RSSI_TAG})
    peer.await_notification(link, NAME)
    checks.kinds_subscribed(link.observation, judge)


@scenario("NMSP-NOTIFICATIONS-7")
def notifies_of_tags_by_their_threshold(peer: Peer, judge: Judge) -> None:
    """A WLC does not notify of a tag again that has changed by less than 5 dB."""
    link = peer.session({Service.RSSI: SubService.RSSI_TAG})
    peer.await_notification(link, NAME)
    judge.assume(link.theirs(NAME), Reason.TIMEOUT, f"no {NAME} came")
    link.pump(peer.timing.notification)
    checks.by_threshold(link.observation, judge)


@scenario("NMSP-NOTIFICATIONS-6")
def notifies_in_whole_elements(peer: Peer, judge: Judge) -> None:
    """A WLC's notifications can be read to their last byte."""
    link = notified(peer, judge, DEFAULT_SERVICES)
    checks.well_formed(link.observation, judge)
