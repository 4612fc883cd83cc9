# SPDX-License-Identifier: GPL-2.0-or-later
"""Location: where a port of a switch is."""

from nmsp_scapy.constants import CivicType, ElementType, MessageType
from nmsp_scapy.layers.base import NMSPElement, many, maybe, one, some
from nmsp_scapy.layers.fields import (
    ElementsField,
    NumberField,
    TextField,
)
from nmsp_scapy.layers.message import NMSPMessage


class NMSPLocationRequest(NMSPMessage):
    """The MSE asks for the location of ports.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: MAC_ADDRESS ?, QUERY                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name follows from the response's.
    """

    name = "LOCATION_REQUEST"
    number = MessageType.LOCATION_REQUEST
    contains = (
        maybe(ElementType.MAC_ADDRESS),
        one(ElementType.QUERY),
    )


class NMSPLocationResponse(NMSPMessage):
    """The location asked for.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, MAC_ADDRESS ?, QUERY, LOCATION *            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name and two of 35 bytes are observed (MSE
        screen).
    """

    name = "LOCATION_RESPONSE"
    number = MessageType.LOCATION_RESPONSE
    contains = (
        one(ElementType.STATUS),
        maybe(ElementType.MAC_ADDRESS),
        one(ElementType.QUERY),
        many(ElementType.LOCATION),
    )


class NMSPLocationNotification(NMSPMessage):
    """Ports whose location was changed on the switch.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: LOCATION +                                          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; that it is sent is documented (switch guides).
    """

    name = "LOCATION_NOTIFICATION"
    number = MessageType.LOCATION_NOTIFICATION
    contains = (some(ElementType.LOCATION),)


class NMSPLocation(NMSPElement):
    """Where one port is, in one or more forms.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: SWITCH_PORT ?, CIVIC_LOCATION ?, ELIN_LOCATION ?,   |
        | GEO_LOCATION ?, CUSTOM_LOCATION ?                             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "LOCATION"
    number = ElementType.LOCATION
    value_fields = (ElementsField(),)
    contains = (
        maybe(ElementType.SWITCH_PORT),
        maybe(ElementType.CIVIC_LOCATION),
        maybe(ElementType.ELIN_LOCATION),
        maybe(ElementType.GEO_LOCATION),
        maybe(ElementType.CUSTOM_LOCATION),
    )


class NMSPCivicLocation(NMSPElement):
    """A postal address with what is inside the building.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: CIVIC_ADDRESS *                                     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "CIVIC_LOCATION"
    number = ElementType.CIVIC_LOCATION
    value_fields = (ElementsField(),)
    contains = (many(ElementType.CIVIC_ADDRESS),)


class NMSPCivicAddress(NMSPElement):
    """One line of a civic location.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      kind     |                      text                     /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        kind: `CivicType`.
        text: UTF-8 text.

    Source: assumed: kinds documented (RFC 4776), that NMSP has them is not.
    """

    name = "CIVIC_ADDRESS"
    number = ElementType.CIVIC_ADDRESS
    value_fields = (
        NumberField("kind", CivicType.STREET, 1, registry=CivicType),
        TextField("text", ""),
    )


class NMSPElinLocation(NMSPElement):
    """Emergency location identification number.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                              elin                             /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elin: 10 to 25 digits, as text.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "ELIN_LOCATION"
    number = ElementType.ELIN_LOCATION
    value_fields = (TextField("elin", ""),)


class NMSPGeoLocation(NMSPElement):
    """A place on the globe.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         latitude_udeg                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         longitude_udeg                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                          altitude_cm                          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        latitude_udeg: -90 000 000 to 90 000 000 millionths of a degree, north positive.
        longitude_udeg: -180 000 000 to 180 000 000 millionths of a degree, east
            positive.
        altitude_cm: above the ellipsoid, cm.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "GEO_LOCATION"
    number = ElementType.GEO_LOCATION
    value_fields = (
        NumberField("latitude_udeg", 0, 4, signed=True, unit="udeg"),
        NumberField("longitude_udeg", 0, 4, signed=True, unit="udeg"),
        NumberField("altitude_cm", 0, 4, signed=True, unit="cm"),
    )


class NMSPCustomLocation(NMSPElement):
    """A location in the operator's own words.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                              text                             /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        text: UTF-8 text.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "CUSTOM_LOCATION"
    number = ElementType.CUSTOM_LOCATION
    value_fields = (TextField("text", ""),)
