# SPDX-License-Identifier: GPL-2.0-or-later
"""AP info: the access points of a controller."""

from nmsp_scapy.constants import ApState, ElementType, MessageType
from nmsp_scapy.layers.base import NMSPElement, many, maybe, one, some
from nmsp_scapy.layers.fields import (
    ElementsField,
    NumberField,
    TextField,
)
from nmsp_scapy.layers.message import NMSPMessage


class NMSPApInfoNotification(NMSPMessage):
    """Access points that joined, changed or left.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: AP +                                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number.
    """

    name = "AP_INFO_NOTIFICATION"
    number = MessageType.AP_INFO_NOTIFICATION
    contains = (some(ElementType.AP),)


class NMSPAp(NMSPElement):
    """One access point.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: MAC_ADDRESS, AP_NAME ?, IP_ADDRESS *, AP_GROUP ?,   |
        | AP_STATE ?                                                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields after bsnAPTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "AP"
    number = ElementType.AP
    value_fields = (ElementsField(),)
    contains = (
        one(ElementType.MAC_ADDRESS),
        maybe(ElementType.AP_NAME),
        many(ElementType.IP_ADDRESS),
        maybe(ElementType.AP_GROUP),
        maybe(ElementType.AP_STATE),
    )


class NMSPApName(NMSPElement):
    """Name of the access point.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                            ap_name                            /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        ap_name: UTF-8 text.

    Source: assumed: fields after bsnAPTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "AP_NAME"
    number = ElementType.AP_NAME
    value_fields = (TextField("ap_name", ""),)


class NMSPApGroup(NMSPElement):
    """Group that the access point is configured in.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                             group                             /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        group: UTF-8 text.

    Source: assumed: fields after bsnAPTable (AIRESPACE-WIRELESS-MIB).
    """

    name = "AP_GROUP"
    number = ElementType.AP_GROUP
    value_fields = (TextField("group", ""),)


class NMSPApState(NMSPElement):
    """State of the access point on the controller.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     state     |
        +-+-+-+-+-+-+-+-+

    Attributes:
        state: `ApState`.

    Source: assumed: values after bsnAPOperationStatus (AIRESPACE-WIRELESS-MIB).
    """

    name = "AP_STATE"
    number = ElementType.AP_STATE
    value_fields = (NumberField("state", ApState.ASSOCIATED, 1, registry=ApState),)
