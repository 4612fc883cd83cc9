# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not end the service, and the bytes to try it with."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from conformance.building import Builder
from conformance.checks.requests import Exchange
from conformance.verdict import Judge
from nmsp_scapy.layers.geometry import ElementPlan, HeaderPlan

if TYPE_CHECKING:
    from conformance.link import Link
    from conformance.peer import Peer

MESSAGE, ELEMENT = 0x7ABC, 0x7EEF
"""Numbers that nothing has, as far as a profile's width goes."""


def largest(link: Builder, field: str) -> int:
    """Return the largest number that a field of the header can hold."""
    return int((1 << 8 * link.header_field(field).width) - 1)


def empty_length(link: Builder) -> int:
    """Return what the header of a message without body says as its length."""
    return HeaderPlan(link.profile.header).length_of(0)


def unknown_message(link: Builder) -> bytes:
    """Make a message of an id that nobody knows."""
    known = link.profile.message_types.values()
    number = _unused(MESSAGE, link.header_field("type").width, known)
    return link.build("ECHO_REQUEST", type=number)


def unknown_element(link: Builder) -> Any:
    """Make an element of a type that nobody knows."""
    known = link.profile.element_types.values()
    number = _unused(ELEMENT, link.element_geometry.type_width, known)
    return link.unknown_element(type=number, value=b"\x12\x34")


def _unused(first: int, width: int, known: Iterable[int]) -> int:
    taken = frozenset(known)
    first &= (1 << 8 * width) - 1
    return next(n for n in range(first, 0, -1) if n not in taken)


def query(link: Builder, exchange: Exchange, **head: int) -> Any:
    """Make the QUERY element of a family."""
    asked = {"service": exchange.service, "sub_service": exchange.sub_service}
    return link.element("QUERY", **asked, **head)


def no_element(link: Builder) -> bytes:
    """Make bytes that are too few for any element."""
    return bytes(link.element_geometry.value_offset - 1)


def overrunning(link: Builder, exchange: Exchange) -> Any:
    """Make an element that says the largest length there is."""
    most = (1 << 8 * link.element_geometry.length_width) - 1
    return query(link, exchange, length=most)


def nested(link: Builder, depth: int) -> tuple[int, Any]:
    """Put INFORMATION elements into each other.

    Returns:
        How many there are, at most `depth`: as many as lengths can say. The outermost.
    """
    plan, header = ElementPlan(link.element_geometry), HeaderPlan(link.profile.header)
    most = min(largest(link, "length"), link.profile.header.maximum)
    length = (1 << 8 * link.element_geometry.length_width) - 1
    whole: Any = link.element("INFORMATION")
    for count in range(1, depth):
        size = len(bytes(whole)) + plan.padding(len(bytes(whole))) + plan.head
        if plan.length_of(size) > length or header.length_of(size) > most:
            return count, whole
        whole = link.element("INFORMATION", elements=[whole])
    return depth, whole


def kept_and_serves(peer: "Peer", link: "Link", judge: Judge, requirement: str) -> None:
    """The connection has stayed, and echo is answered on it."""
    kept = link.open and peer.echo(link) is not None
    judge.require(
        requirement,
        kept,
        expected="the connection stays and echo is answered",
        actual="both" if kept else str(link.observation.end),
        at=link.observation.whole,
    )
