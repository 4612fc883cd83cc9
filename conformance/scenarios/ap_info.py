# SPDX-License-Identifier: GPL-2.0-or-later
"""AP info: the access points of a controller."""

from conformance.checks import ap_info as checks
from conformance.link import Link
from conformance.peer import Peer, Services
from conformance.scenario import scenario
from conformance.verdict import Judge
from nmsp_scapy.constants import Service, SubService

AP_INFO: Services = {Service.AP_INFO: SubService.AP_INFO_SUBSCRIPTION}


def informed(peer: Peer) -> Link:
    """Subscribe to access points, if the WLC offers them, and wait for them."""
    link = peer.session()
    peer.offers(link, Service.AP_INFO)
    peer.subscribe(link, dict(AP_INFO))
    peer.await_notification(link, "AP_INFO_NOTIFICATION")
    return link


@scenario("NMSP-AP_INFO-1")
def tells_its_access_points(peer: Peer, judge: Judge) -> None:
    """A WLC tells its access points to an MSE that has subscribed to them."""
    checks.told(informed(peer).observation, judge)


@scenario("NMSP-AP_INFO-2")
def names_each_access_point(peer: Peer, judge: Judge) -> None:
    """A WLC gives each access point a MAC address."""
    checks.name_access_points(informed(peer).observation, judge)
