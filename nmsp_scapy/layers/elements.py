# SPDX-License-Identifier: GPL-2.0-or-later
"""Elements that several message families use."""

from nmsp_scapy.constants import ElementType, Service, Status, SubService
from nmsp_scapy.layers.base import NMSPElement
from nmsp_scapy.layers.fields import (
    AddressField,
    MacField,
    NumberField,
    TextField,
)


class NMSPStatus(NMSPElement):
    """How a request went.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              code             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        code: `Status`.

    Source: assumed: 18 bytes of a subscribe response leave 2 for it.
    """

    name = "STATUS"
    number = ElementType.STATUS
    value_fields = (NumberField("code", Status.SUCCESS, 2, registry=Status),)


class NMSPService(NMSPElement):
    """A service with its sub-services.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    service    |                  sub_services                 |
        +-+-+-+-+-+-+-+-+                                               +
        |                                                               |
        +               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |               |
        +-+-+-+-+-+-+-+-+

    Attributes:
        service: `Service`.
        sub_services: `SubService` bits.

    Source: assumed: names and bit order documented (YANG); 77 bytes of a subscribe
        request fit five of 13.
    """

    name = "SERVICE"
    number = ElementType.SERVICE
    value_fields = (
        NumberField("service", 0, 1, registry=Service),
        NumberField("sub_services", 0, 8, registry=SubService),
    )


class NMSPQuery(NMSPElement):
    """What a request asks for, and what a response answers.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    service    |  sub_service  |     flags     |   tag_vendor  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        service: `Service`.
        sub_service: bit number in the sub-service mask, 0-63.
        flags: none is known.
        tag_vendor: with sub-service TAG only; None elsewhere.

    Source: assumed: 19 and 20 bytes of the requests in the source document fit.
    """

    name = "QUERY"
    number = ElementType.QUERY
    value_fields = (
        NumberField("service", 0, 1, registry=Service),
        NumberField("sub_service", 0, 1),
        NumberField("flags", 0, 1),
        NumberField("tag_vendor", None, 1, optional=True),
    )


class NMSPSoftwareVersion(NMSPElement):
    """Version of the sender's software.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                            version                            /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        version: UTF-8 text.

    Source: assumed: that versions are exchanged first is documented (switch guides).
    """

    name = "SOFTWARE_VERSION"
    number = ElementType.SOFTWARE_VERSION
    value_fields = (TextField("version", ""),)


class NMSPMacAddress(NMSPElement):
    """The MAC address that a message or a container is about.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                              mac                              |
        +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        mac: MAC address.

    Source: assumed: 35 bytes of a location response fit it.
    """

    name = "MAC_ADDRESS"
    number = ElementType.MAC_ADDRESS
    value_fields = (MacField("mac"),)


class NMSPIpAddress(NMSPElement):
    """An IP address of what the container is about.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                            address                            /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        address: IPv4 in 4 bytes or IPv6 in 16.

    Source: assumed: that stations have IPv6 too is observed (MSE screen:
        IPv6_CLIENTS_SUPPORT).
    """

    name = "IP_ADDRESS"
    number = ElementType.IP_ADDRESS
    value_fields = (AddressField("address", None),)


class NMSPSwitchPort(NMSPElement):
    """A port of a switch.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      slot     |              port             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        slot: 0-255; stack member or slot.
        port: 0-65535.

    Source: assumed: that slot and port are told is documented (switch guides).
    """

    name = "SWITCH_PORT"
    number = ElementType.SWITCH_PORT
    value_fields = (
        NumberField("slot", 0, 1),
        NumberField("port", 0, 2),
    )
