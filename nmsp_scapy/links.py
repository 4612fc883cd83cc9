# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections on their way through stage 3, and what they carry."""

from ipaddress import ip_address

from nmsp_scapy.conversation import Conversation, Endpoint, Event
from nmsp_scapy.integrity import Gap, Plain
from nmsp_scapy.profile import Profile
from nmsp_scapy.resync import begins_message
from nmsp_scapy.tls import DtlsSession, TlsSession
from nmsp_scapy.tls.ahead import Ahead


class Link:
    """One connection on its way through stage 3."""

    __slots__ = (
        "ahead",
        "alerts",
        "conversation",
        "counted",
        "early",
        "last",
        "mine",
        "session",
        "swapped",
        "told",
    )

    def __init__(self, conversation: Conversation, mine: bool = True) -> None:
        self.conversation = conversation
        self.mine = mine
        self.session: TlsSession | DtlsSession | None = None
        self.swapped = False
        self.early: list[tuple[int, Plain | Gap]] | None = []
        self.ahead: list[Place] = []
        self.alerts: list[object] = []
        self.told = 0
        self.counted = [0, 0]  # bytes of datagrams, by side
        self.last = 0


class Place:
    """Where in the results those of a run belong that is being opened."""

    __slots__ = ("events", "link", "run")

    def __init__(self, link: Link, run: Ahead) -> None:
        self.link, self.run = link, run
        self.events: list[Event] = []


def transport_of(data: bytes, profile: Profile) -> str:
    """Tell by the first bytes of a direction what it carries; empty while unsure."""
    if len(data) >= 3:
        record = 20 <= data[0] <= 24 and data[1] == 3
        if record or (data[0] & 0x80 and data[2] == 1):
            return "tls"
    if len(data) < profile.header.size:
        return ""
    return "tcp" if begins_message(profile, data) else "tls"


def addresses(flow: bytes) -> tuple[Endpoint, Endpoint]:
    """Read source and destination of a flow (`Segment.flow`)."""
    width = (len(flow) - 4) // 2
    return (
        Endpoint(str(ip_address(flow[:width])), int.from_bytes(flow[-4:-2])),
        Endpoint(str(ip_address(flow[width:-4])), int.from_bytes(flow[-2:])),
    )
