# SPDX-License-Identifier: GPL-2.0-or-later
"""Statistics: how much a station has sent and received."""

from nmsp_scapy.constants import ElementType, MessageType
from nmsp_scapy.layers.base import NMSPElement, many, maybe, one, some
from nmsp_scapy.layers.fields import (
    ElementsField,
    NumberField,
)
from nmsp_scapy.layers.message import NMSPMessage


class NMSPStatisticsRequest(NMSPMessage):
    """The MSE asks for the counters of stations or tags.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: QUERY, MAC_ADDRESS *                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number; four with 78 bytes in all are observed (MSE screen).
    """

    name = "STATISTICS_REQUEST"
    number = MessageType.STATISTICS_REQUEST
    contains = (
        one(ElementType.QUERY),
        many(ElementType.MAC_ADDRESS),
    )


class NMSPStatisticsResponse(NMSPMessage):
    """The counters asked for; a request may have several responses.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, QUERY ?, STATISTICS *                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number; four are observed (MSE screen, bytes illegible).
    """

    name = "STATISTICS_RESPONSE"
    number = MessageType.STATISTICS_RESPONSE
    contains = (
        one(ElementType.STATUS),
        maybe(ElementType.QUERY),
        many(ElementType.STATISTICS),
    )


class NMSPStatisticsNotification(NMSPMessage):
    """Counters of a station, told at the notification interval.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATISTICS +                                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number.
    """

    name = "STATISTICS_NOTIFICATION"
    number = MessageType.STATISTICS_NOTIFICATION
    contains = (some(ElementType.STATISTICS),)


class NMSPStatistics(NMSPElement):
    """The counters of one station.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: MAC_ADDRESS, ENTITY ?, TRAFFIC ?, LAST_HEARD ?      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields after bsnMobileStationStatsTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "STATISTICS"
    number = ElementType.STATISTICS
    value_fields = (ElementsField(),)
    contains = (
        one(ElementType.MAC_ADDRESS),
        maybe(ElementType.ENTITY),
        maybe(ElementType.TRAFFIC),
        maybe(ElementType.LAST_HEARD),
    )


class NMSPTraffic(NMSPElement):
    """Bytes and packets of a station, as the controller counts them.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                            rx_bytes                           |
        +                                                               +
        |                                                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                            tx_bytes                           |
        +                                                               +
        |                                                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           rx_packets                          |
        +                                                               +
        |                                                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           tx_packets                          |
        +                                                               +
        |                                                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        rx_bytes: received from the station.
        tx_bytes: sent to the station.
        rx_packets: received from the station.
        tx_packets: sent to the station.

    Source: assumed: fields after bsnMobileStationStatsTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "TRAFFIC"
    number = ElementType.TRAFFIC
    value_fields = (
        NumberField("rx_bytes", 0, 8, unit="bytes"),
        NumberField("tx_bytes", 0, 8, unit="bytes"),
        NumberField("rx_packets", 0, 8, unit="packets"),
        NumberField("tx_packets", 0, 8, unit="packets"),
    )


class NMSPLastHeard(NMSPElement):
    """When the station was last heard.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                          last_heard_s                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        last_heard_s: before the message was sent, s.

    Source: assumed: nothing public.
    """

    name = "LAST_HEARD"
    number = ElementType.LAST_HEARD
    value_fields = (NumberField("last_heard_s", 0, 4, unit="s"),)
