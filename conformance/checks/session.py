# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections and the order of what flows over them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conformance.observation import Observation
from conformance.verdict import Evidence, Judge

if TYPE_CHECKING:
    from conformance.link import Link
    from conformance.peer import Peer


def speaks(seen: Observation, judge: Judge, requirement: str, received: int) -> None:
    """Application data comes from the endpoint, in whatever layout, and no echo."""
    echoed = bool(seen.theirs()) and not seen.confirmed and not seen.unread
    judge.require(
        requirement,
        received and not echoed,
        expected="NMSP messages",
        actual=f"{received} bytes of application data"
        + (", our own sent back" if echoed else ""),
    )


def still_serves(peer: "Peer", link: "Link", judge: Judge, requirement: str) -> bool:
    """The WLC answers echo afterwards, here or on a new connection."""
    how = "the connection stayed" if link.open else str(link.observation.end)
    alive = peer.alive(link)
    return judge.require(
        requirement,
        alive,
        expected="the WLC serves the MSE afterwards",
        actual=how if alive else f"{how}; echo is not answered any more",
    )


def serves_again(
    peer: "Peer", judge: Judge, ended: str, requirement: str = "NMSP-SESSION-5"
) -> None:
    """A new connection is served."""
    peer.rest()
    link = peer.dial()
    served = link.complete and peer.echo(link) is not None
    judge.require(
        requirement,
        served,
        expected=f"an ECHO_RESPONSE on a new connection after a {ended}",
        actual="an ECHO_RESPONSE" if served else str(link.observation.end),
    )


def serves_both(
    judge: Judge, served: Sequence[bool], first: Observation, second: Observation
) -> None:
    """Every echo request of two MSEs at once was answered."""
    ends = f"{first.end} and {second.end}"
    judge.require(
        "NMSP-SESSION-13",
        all(served),
        expected="an ECHO_RESPONSE on each connection, twice in turn",
        actual=f"{sum(served)} of {len(served)} were answered; {ends}",
        at=second.whole,
    )


def not_notified(
    seen: Observation, judge: Judge, requirement: str = "NMSP-SESSION-6"
) -> None:
    """No notification comes before a subscription."""
    told = [
        m
        for m in seen.theirs()
        if m.name.endswith("_NOTIFICATION") and not m.name.startswith("CAPABILITY")
    ]
    judge.require(
        requirement,
        not told,
        expected="no notification before a subscription",
        actual=f"{len(told)}, first {told[0].name}" if told else "none",
        at=Evidence(message=told[0].index) if told else None,
    )


def dials_again(
    peer: "Peer", judge: Judge, requirement: str = "NMSP-SESSION-9"
) -> None:
    """A new connection of the MSE comes."""
    link = peer.accept(unaided=True)
    came = link.endpoints is not None
    judge.require(
        requirement,
        came,
        expected=f"a new connection within {peer.timing.dial:g} s",
        actual="a new connection" if came else "none",
    )


def subscribes_after_capability(
    seen: Observation, judge: Judge, *, waited: bool = False
) -> None:
    """No subscription precedes the WLC's capability."""
    told = next((m for m in seen.others() if m.name == "CAPABILITY_NOTIFICATION"), None)
    asked = seen.theirs("SERVICE_SUBSCRIBE_REQUEST")
    if not asked and not waited:
        return
    early = [m for m in asked if told is None or m.index < told.index]
    judge.require(
        "NMSP-SESSION-10",
        not early,
        expected="no SERVICE_SUBSCRIBE_REQUEST before the WLC's capability",
        actual="one came before" if early else "none came before",
        at=Evidence(message=early[0].index) if early else None,
    )


def mse_lives(link: "Link", judge: Judge, requirement: str) -> None:
    """The MSE has kept the connection."""
    judge.require(
        requirement,
        link.open,
        expected="the MSE keeps the connection",
        actual="it is open" if link.open else str(link.observation.end),
        at=link.observation.whole,
    )
