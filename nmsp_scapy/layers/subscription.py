# SPDX-License-Identifier: GPL-2.0-or-later
"""Subscription: what the MSE wants to be told."""

from nmsp_scapy.constants import ElementType, MessageType
from nmsp_scapy.layers.base import many, one, some
from nmsp_scapy.layers.message import NMSPMessage


class NMSPServiceSubscribeRequest(NMSPMessage):
    """The services that the MSE subscribes to.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: SERVICE +                                           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number; 77 bytes for five services are observed (MSE screen).
    """

    name = "SERVICE_SUBSCRIBE_REQUEST"
    number = MessageType.SERVICE_SUBSCRIBE_REQUEST
    contains = (some(ElementType.SERVICE),)


class NMSPServiceSubscribeResponse(NMSPMessage):
    """The WLC's answer to a subscription.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, SERVICE *                                   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number; 18 bytes are observed (MSE screen).
    """

    name = "SERVICE_SUBSCRIBE_RESPONSE"
    number = MessageType.SERVICE_SUBSCRIBE_RESPONSE
    contains = (
        one(ElementType.STATUS),
        many(ElementType.SERVICE),
    )
