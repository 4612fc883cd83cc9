# SPDX-License-Identifier: GPL-2.0-or-later
"""AP monitor: what becomes of access points that are watched."""

from nmsp_scapy.constants import ElementType, MessageType
from nmsp_scapy.layers.base import many, maybe, one, some
from nmsp_scapy.layers.message import NMSPMessage


class NMSPApMonitorRequest(NMSPMessage):
    """The MSE asks for the state of access points.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: QUERY, MAC_ADDRESS *                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the service is documented (APMONITOR).
    """

    name = "AP_MONITOR_REQUEST"
    number = MessageType.AP_MONITOR_REQUEST
    contains = (
        one(ElementType.QUERY),
        many(ElementType.MAC_ADDRESS),
    )


class NMSPApMonitorResponse(NMSPMessage):
    """The access points asked for.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, QUERY ?, AP *                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the service is documented (APMONITOR).
    """

    name = "AP_MONITOR_RESPONSE"
    number = MessageType.AP_MONITOR_RESPONSE
    contains = (
        one(ElementType.STATUS),
        maybe(ElementType.QUERY),
        many(ElementType.AP),
    )


class NMSPApMonitorNotification(NMSPMessage):
    """Access points whose state has changed.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: AP +                                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the service is documented (APMONITOR).
    """

    name = "AP_MONITOR_NOTIFICATION"
    number = MessageType.AP_MONITOR_NOTIFICATION
    contains = (some(ElementType.AP),)
