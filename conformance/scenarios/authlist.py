# SPDX-License-Identifier: GPL-2.0-or-later
"""AuthList: who is let in, who is not, and how that is told."""

from conformance.checks import authlist as checks
from conformance.identities import Identity
from conformance.link import Link
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge, Reason


def presented(peer: Peer, identity: Identity | None) -> Link:
    """Dial with an identity and wait until the WLC has made up its mind."""
    link = peer.speaks_tls(peer.dial(identity=identity))
    peer.settle(link)
    return link


def control(peer: Peer, judge: Judge) -> None:
    """Assume that the listed MSE is let in: else a refusal says nothing."""
    judge.assume(
        peer.admitted(peer.dial()),
        Reason.DEPENDENCY,
        "the listed MSE is not let in either",
    )


@scenario("NMSP-AUTHLIST-1")
def admits_listed_mse(peer: Peer, judge: Judge) -> None:
    """A WLC lets an MSE in whose MAC address and key hash it lists."""
    link = peer.speaks_tls(peer.dial())
    judge.require(
        "NMSP-AUTHLIST-1",
        peer.admitted(link),
        expected="the connection stays up",
        actual=checks.how_it_went(link.observation),
    )


@scenario("NMSP-AUTHLIST-2")
def rejects_hash_of_another_key(peer: Peer, judge: Judge) -> None:
    """A WLC does not let a listed MAC address in with another key."""
    link = presented(peer, peer.identities.other_key())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-2")


@scenario("NMSP-AUTHLIST-3")
def rejects_unlisted_mac(peer: Peer, judge: Judge) -> None:
    """A WLC does not let the listed key in under another MAC address."""
    link = presented(peer, peer.identities.other_mac())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-3")


@scenario("NMSP-AUTHLIST-3")
def rejects_unlisted_mse(peer: Peer, judge: Judge) -> None:
    """A WLC does not let an MSE in of which it lists neither MAC nor key."""
    link = presented(peer, peer.identities.unlisted())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-3")


@scenario("NMSP-AUTHLIST-4")
def rejects_client_without_certificate(peer: Peer, judge: Judge) -> None:
    """A WLC does not let a client in that presents no certificate."""
    link = presented(peer, None)
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-4")


@scenario("NMSP-AUTHLIST-5")
def rejects_certificate_not_yet_valid(peer: Peer, judge: Judge) -> None:
    """A WLC does not let an MSE in whose certificate begins tomorrow."""
    link = presented(peer, peer.identities.not_yet_valid())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-5")


@scenario("NMSP-AUTHLIST-6")
def signals_refusal_with_alert_46(peer: Peer, judge: Judge) -> None:
    """A WLC tells a refused MSE so with fatal alert 46."""
    link = presented(peer, peer.identities.other_key())
    control(peer, judge)
    judge.assume(not link.open, Reason.DEPENDENCY, "the MSE was not refused")
    checks.alerts_certificate_unknown(link.observation, judge)


@scenario("NMSP-AUTHLIST-7")
def sends_nothing_to_refused_mse(peer: Peer, judge: Judge) -> None:
    """A WLC sends no application data to an MSE that it refuses."""
    link = presented(peer, peer.identities.other_key())
    control(peer, judge)
    judge.assume(not link.open, Reason.DEPENDENCY, "the MSE was not refused")
    checks.sends_nothing_first(link.observation, judge)


@scenario("NMSP-AUTHLIST-8")
def serves_listed_mse_after_refusals(peer: Peer, judge: Judge) -> None:
    """A WLC lets the listed MSE in after it has refused three others."""
    control(peer, judge)
    for _ in range(3):
        presented(peer, peer.identities.unlisted())
    link = peer.dial()
    judge.require(
        "NMSP-AUTHLIST-8",
        peer.admitted(link),
        expected="the listed MSE is let in",
        actual=checks.how_it_went(link.observation),
    )
