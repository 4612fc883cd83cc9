# SPDX-License-Identifier: GPL-2.0-or-later
"""Information: who a station is."""

from nmsp_scapy.constants import ElementType, MessageType, StationState
from nmsp_scapy.layers.base import NMSPElement, many, maybe, one, some
from nmsp_scapy.layers.fields import (
    ElementsField,
    MacField,
    NumberField,
    TextField,
)
from nmsp_scapy.layers.message import NMSPMessage


class NMSPInformationRequest(NMSPMessage):
    """The MSE asks who is there.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: QUERY, MAC_ADDRESS *                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number; two of 19 bytes are observed (MSE screen).
    """

    name = "INFORMATION_REQUEST"
    number = MessageType.INFORMATION_REQUEST
    contains = (
        one(ElementType.QUERY),
        many(ElementType.MAC_ADDRESS),
    )


class NMSPInformationResponse(NMSPMessage):
    """What was asked for; a request may have several responses.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, QUERY ?, INFORMATION *                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number.
    """

    name = "INFORMATION_RESPONSE"
    number = MessageType.INFORMATION_RESPONSE
    contains = (
        one(ElementType.STATUS),
        maybe(ElementType.QUERY),
        many(ElementType.INFORMATION),
    )


class NMSPInformationNotification(NMSPMessage):
    """What has changed about a station.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: INFORMATION +                                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number.
    """

    name = "INFORMATION_NOTIFICATION"
    number = MessageType.INFORMATION_NOTIFICATION
    contains = (some(ElementType.INFORMATION),)


class NMSPInformation(NMSPElement):
    """What is known of one station.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: MAC_ADDRESS, ENTITY ?, IP_ADDRESS *, USER_NAME ?,   |
        | SSID ?, BSSID ?, STATION_STATE ?                              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields after bsnMobileStationTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "INFORMATION"
    number = ElementType.INFORMATION
    value_fields = (ElementsField(),)
    contains = (
        one(ElementType.MAC_ADDRESS),
        maybe(ElementType.ENTITY),
        many(ElementType.IP_ADDRESS),
        maybe(ElementType.USER_NAME),
        maybe(ElementType.SSID),
        maybe(ElementType.BSSID),
        maybe(ElementType.STATION_STATE),
    )


class NMSPUserName(NMSPElement):
    """Name of the user, from 802.1X or web authentication.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           user_name                           /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        user_name: UTF-8 text.

    Source: assumed: fields after bsnMobileStationTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "USER_NAME"
    number = ElementType.USER_NAME
    value_fields = (TextField("user_name", ""),)


class NMSPSsid(NMSPElement):
    """Name of the wireless LAN.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                              ssid                             /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        ssid: up to 32 bytes, mostly UTF-8 text.

    Source: assumed: fields after bsnMobileStationTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "SSID"
    number = ElementType.SSID
    value_fields = (TextField("ssid", ""),)


class NMSPBssid(NMSPElement):
    """The radio's address that the station is associated with.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                             bssid                             |
        +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        bssid: MAC address.

    Source: assumed: fields after bsnMobileStationTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "BSSID"
    number = ElementType.BSSID
    value_fields = (MacField("bssid"),)


class NMSPStationState(NMSPElement):
    """State of the station on the controller.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     state     |
        +-+-+-+-+-+-+-+-+

    Attributes:
        state: `StationState`.

    Source: assumed: values after bsnMobileStationStatus (AIRESPACE-WIRELESS-MIB).
    """

    name = "STATION_STATE"
    number = ElementType.STATION_STATE
    value_fields = (NumberField("state", StationState.IDLE, 1, registry=StationState),)
