# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurement: requests of the MSE and what a WLC answers."""

from conformance.checks import measurement as samples
from conformance.checks import requests as checks
from conformance.checks.requests import MEASUREMENT
from conformance.peer import DEFAULT_SERVICES, Peer
from conformance.scenario import scenario
from conformance.verdict import Judge

UNKNOWN = "02:00:5e:00:53:ff"
"""A station that no WLC knows."""


@scenario("NMSP-MEASUREMENT-1")
def answers_measurement_request(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request for all stations."""
    link = peer.session()
    peer.query(link, MEASUREMENT)
    checks.answered(link.observation, judge, "NMSP-MEASUREMENT-1", MEASUREMENT)


@scenario("NMSP-MEASUREMENT-1")
def answers_measurement_request_for_tags(peer: Peer, judge: Judge) -> None:
    """A WLC answers a request for tags, whether it has any or not."""
    link = peer.session()
    peer.query(link, MEASUREMENT, sub_service=MEASUREMENT.sub_service + 1, tag_vendor=0)
    checks.answered(link.observation, judge, "NMSP-MEASUREMENT-1", MEASUREMENT)


@scenario("NMSP-MEASUREMENT-2")
def answers_measurement_in_its_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC puts the request's transaction id into each response."""
    link = peer.session()
    peer.query(link, MEASUREMENT)
    peer.query(link, MEASUREMENT)
    checks.in_transaction(link.observation, judge, "NMSP-MEASUREMENT-2", MEASUREMENT)


@scenario("NMSP-MEASUREMENT-3")
def announces_each_further_measurement_response(peer: Peer, judge: Judge) -> None:
    """A WLC sets MORE in every response of a transaction but the last."""
    link = peer.session()
    peer.query(link, MEASUREMENT)
    link.pump(peer.timing.quiet)
    checks.more_announced(link.observation, judge, "NMSP-MEASUREMENT-3", MEASUREMENT)


@scenario("NMSP-MEASUREMENT-1", "NMSP-MEASUREMENT-4")
def tells_nothing_of_others_in_measurement(peer: Peer, judge: Judge) -> None:
    """A WLC answers for an unknown station, and does not tell of others instead."""
    link = peer.session()
    peer.query(link, MEASUREMENT, UNKNOWN)
    checks.answered(link.observation, judge, "NMSP-MEASUREMENT-1", MEASUREMENT)
    checks.names_only_asked(link.observation, judge, "NMSP-MEASUREMENT-4", MEASUREMENT)


@scenario("NMSP-MEASUREMENT-5")
def gives_each_measurement_a_station(peer: Peer, judge: Judge) -> None:
    """A WLC names the station of each measurement, with at most 16 samples."""
    link = peer.session(dict(DEFAULT_SERVICES))
    peer.query(link, MEASUREMENT)
    peer.await_notification(link, "MEASUREMENT_NOTIFICATION")
    samples.well_formed(link.observation, judge)


@scenario("NMSP-MEASUREMENT-6")
def reports_plausible_signal_strength(peer: Peer, judge: Judge) -> None:
    """A WLC reports signal strengths between -128 and 0 dBm."""
    link = peer.session(dict(DEFAULT_SERVICES))
    peer.query(link, MEASUREMENT)
    peer.await_notification(link, "MEASUREMENT_NOTIFICATION")
    samples.plausible(link.observation, judge)
