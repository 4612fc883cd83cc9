# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not end the service, and the bytes to try it with."""

from typing import TYPE_CHECKING

from conformance.checks.requests import Exchange
from conformance.verdict import Judge

if TYPE_CHECKING:
    from conformance.link import Link
    from conformance.peer import Peer


def with_length(raw: bytes, length: int) -> bytes:
    """Put another length into a header of the nominal geometry."""
    return raw[:4] + length.to_bytes(4) + raw[8:]


def message(link: "Link", name: str, body: bytes) -> bytes:
    """Make a message of a body that may be no run of elements."""
    head = link.build(name)
    return with_length(head, len(head) + len(body)) + body


def query_bytes(link: "Link", exchange: Exchange) -> bytes:
    """Return the QUERY element of a family."""
    query = link.element(
        "QUERY", service=exchange.service, sub_service=exchange.sub_service
    )
    return bytes(query)


def nested(depth: int) -> bytes:
    """Put INFORMATION elements into each other."""
    inner = b""
    for _ in range(depth):
        inner = b"\x00\x20" + len(inner).to_bytes(2) + inner
    return inner


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
