# SPDX-License-Identifier: GPL-2.0-or-later
"""Capability: what each side offers."""

from conformance.answering import Answers
from conformance.checks import capability as checks
from conformance.link import Link
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge, Reason


def introduced(peer: Peer, judge: Judge) -> Link:
    """Open a session and assume that the WLC has told its capabilities."""
    link = peer.session()
    judge.assume(
        link.theirs("CAPABILITY_NOTIFICATION"),
        Reason.TIMEOUT,
        "no CAPABILITY_NOTIFICATION came",
    )
    return link


@scenario("NMSP-CAPABILITY-1")
def tells_capability(peer: Peer, judge: Judge) -> None:
    """A WLC tells its capabilities to an MSE that has told its own."""
    link = peer.session()
    peer.echo(link)
    checks.told(link.observation, judge)


@scenario("NMSP-CAPABILITY-2")
def names_its_services(peer: Peer, judge: Judge) -> None:
    """A WLC names services and sub-services among its capabilities."""
    checks.names_services(introduced(peer, judge).observation, judge)


@scenario("NMSP-CAPABILITY-3")
def offers_sub_services_under_their_service(peer: Peer, judge: Judge) -> None:
    """A WLC offers each sub-service under the service that it belongs to."""
    checks.sub_services_belong(introduced(peer, judge).observation, judge)


@scenario("NMSP-CAPABILITY-4")
def tells_capability_without_transaction(peer: Peer, judge: Judge) -> None:
    """A WLC tells its capabilities with transaction id 0."""
    checks.without_transaction(introduced(peer, judge).observation, judge)


@scenario("NMSP-CAPABILITY-5")
def tells_capability_to_a_newer_mse(peer: Peer, judge: Judge) -> None:
    """A WLC tells its capabilities to an MSE that names services unknown to it."""
    link = peer.established(peer.dial())
    unknown = link.element("SERVICE", service=0xEE, sub_services=1 << 60)
    link.send("CAPABILITY_NOTIFICATION", unknown)
    link.pump(peer.timing.answer, lambda: link.theirs("CAPABILITY_NOTIFICATION"))
    peer.echo(link)
    checks.told(link.observation, judge, "NMSP-CAPABILITY-5")


@scenario("NMSP-CAPABILITY-6")
def names_its_software_version(peer: Peer, judge: Judge) -> None:
    """A WLC names the version of its software."""
    checks.names_version(introduced(peer, judge).observation, judge)


@scenario("NMSP-CAPABILITY-7")
def names_each_service_once(peer: Peer, judge: Judge) -> None:
    """A WLC names no service twice."""
    link = introduced(peer, judge)
    link.pump(peer.timing.quiet / 2)
    checks.names_services_once(link.observation, judge)


@scenario("NMSP-CAPABILITY-9")
def offers_what_it_claims(peer: Peer, judge: Judge) -> None:
    """A WLC offers the services and sub-services that it claims to have."""
    judge.applies(peer.claims.services, "no services are claimed (--claims)")
    link = introduced(peer, judge)
    checks.offers_claimed(link.observation, judge, peer.claims.offered)


@scenario("NMSP-CAPABILITY-8", role="mse")
def mse_tells_capability(peer: Peer, judge: Judge) -> None:
    """An MSE tells its capabilities."""
    answers = Answers()
    link = peer.served(answers)
    peer.serve(link, answers, peer.timing.quiet, "CAPABILITY_NOTIFICATION")
    checks.told(link.observation, judge, "NMSP-CAPABILITY-8")
