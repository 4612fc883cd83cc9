# SPDX-License-Identifier: GPL-2.0-or-later
"""Session: connections and the order of what flows over them."""

from conformance.checks import session as checks
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge


@scenario("NMSP-SESSION-1")
def serves_a_listed_mse(peer: Peer, judge: Judge) -> None:
    """A WLC speaks NMSP with a listed MSE. This is the sanity case of each run."""
    link = peer.established(peer.dial())
    peer.tell_capability(link)
    link.send("ECHO_REQUEST")
    link.pump(peer.timing.answer, lambda: link.observation.confirmed)
    link.pump(peer.timing.answer, lambda: link.theirs("CAPABILITY_NOTIFICATION"))
    checks.speaks(link.observation, judge)
