# SPDX-License-Identifier: GPL-2.0-or-later
"""Capability: what each side can do."""

from nmsp_scapy.constants import ElementType, MessageType
from nmsp_scapy.layers.base import many, maybe
from nmsp_scapy.layers.message import NMSPMessage


class NMSPCapabilityNotification(NMSPMessage):
    """The services that the sender offers, told first and by both sides.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: SOFTWARE_VERSION ?, MAC_ADDRESS ?, SERVICE *        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number; the list of services is observed (MSE screen).
    """

    name = "CAPABILITY_NOTIFICATION"
    number = MessageType.CAPABILITY_NOTIFICATION
    contains = (
        maybe(ElementType.SOFTWARE_VERSION),
        maybe(ElementType.MAC_ADDRESS),
        many(ElementType.SERVICE),
    )
