# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture's messages as names for a shell."""

from typing import Any

from scapy.plist import PacketList

from nmsp_scapy import layers
from nmsp_scapy.profile import Profile
from nmsp_scapy.session import NMSPSession
from nmsp_scapy.tls import KeyStore


def load(
    capture: str, keys: KeyStore, profile: Profile, ports: frozenset[int]
) -> dict[str, Any]:
    """Read a capture; return `packets`, `events`, `conversations` and the classes."""
    session = NMSPSession(keys=keys, profile=profile, port=ports)
    packets = PacketList(list(session.read(capture)), "NMSP")
    return {
        **layers.CLASSES,
        "packets": packets,
        "events": session.events,
        "conversations": session.conversations,
        "session": session,
    }
