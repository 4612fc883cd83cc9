# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations as a check is given them, written down message by message."""

from typing import Any

from conformance.observation import End, EndKind, Observation, Seen, Tls
from nmsp_scapy import layers

BOUND = layers.bind()


def element(name: str, **fields: Any) -> Any:
    return BOUND.element(name)(**fields)


def said(
    sender: str, name: str, *elements: Any, at: float = 0.0, number: int = 0,
    more: bool = False,
) -> tuple[str, float, bytes]:  # fmt: skip
    """One message: who, what, when, its transaction, whether more follow."""
    head = BOUND.header(transaction_id=number, flags=int(more))
    return sender, at, bytes(head / BOUND.message(name)(elements=list(elements)))


def watched(
    *messages: tuple[str, float, bytes],
    role: str = "wlc",
    until_s: float = 1.0,
    end: End | None = None,
    live: bool = True,
    tls: Tls | None = None,
) -> Observation:
    """What was seen of a conversation."""
    return Observation(
        role=role,
        tls=tls or Tls(),
        messages=[
            Seen(place, time_s, sender, raw)
            for place, (sender, time_s, raw) in enumerate(messages)
        ],
        end=end or End(),
        until_s=until_s,
        live=live,
    )


def ended(kind: EndKind, by: str, at: float = 0.5) -> End:
    return End(kind, by, at)
