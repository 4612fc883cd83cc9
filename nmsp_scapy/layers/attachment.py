# SPDX-License-Identifier: GPL-2.0-or-later
"""Attachment: what is plugged into which port of a switch."""

from nmsp_scapy.constants import (
    AttachmentCategory,
    AttachmentState,
    ElementType,
    MessageType,
)
from nmsp_scapy.layers.base import NMSPElement, many, maybe, one, some
from nmsp_scapy.layers.fields import (
    ElementsField,
    NumberField,
    TextField,
)
from nmsp_scapy.layers.message import NMSPMessage


class NMSPAttachmentRequest(NMSPMessage):
    """The MSE asks for what is attached.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: QUERY, MAC_ADDRESS *                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name is documented or reported.
    """

    name = "ATTACHMENT_REQUEST"
    number = MessageType.ATTACHMENT_REQUEST
    contains = (
        one(ElementType.QUERY),
        many(ElementType.MAC_ADDRESS),
    )


class NMSPAttachmentResponse(NMSPMessage):
    """What was asked for; a request may have several responses.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, QUERY ?, ATTACHMENT *                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name is documented or reported.
    """

    name = "ATTACHMENT_RESPONSE"
    number = MessageType.ATTACHMENT_RESPONSE
    contains = (
        one(ElementType.STATUS),
        maybe(ElementType.QUERY),
        many(ElementType.ATTACHMENT),
    )


class NMSPAttachmentNotification(NMSPMessage):
    """Links that came up or went down since the last notification.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: ATTACHMENT +                                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; that it is sent is documented (switch guides).
    """

    name = "ATTACHMENT_NOTIFICATION"
    number = MessageType.ATTACHMENT_NOTIFICATION
    contains = (some(ElementType.ATTACHMENT),)


class NMSPAttachment(NMSPElement):
    """One device on one port.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: SWITCH_PORT, MAC_ADDRESS ?, IP_ADDRESS *, USER_NAME |
        | ?, ATTACHMENT_CATEGORY ?, ATTACHMENT_STATE, SERIAL_NUMBER ?,  |
        | UDI ?, MODEL ?, SOFTWARE_VERSION ?, SINCE ?                   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "ATTACHMENT"
    number = ElementType.ATTACHMENT
    value_fields = (ElementsField(),)
    contains = (
        one(ElementType.SWITCH_PORT),
        maybe(ElementType.MAC_ADDRESS),
        many(ElementType.IP_ADDRESS),
        maybe(ElementType.USER_NAME),
        maybe(ElementType.ATTACHMENT_CATEGORY),
        one(ElementType.ATTACHMENT_STATE),
        maybe(ElementType.SERIAL_NUMBER),
        maybe(ElementType.UDI),
        maybe(ElementType.MODEL),
        maybe(ElementType.SOFTWARE_VERSION),
        maybe(ElementType.SINCE),
    )


class NMSPAttachmentCategory(NMSPElement):
    """What kind of device it is.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    category   |
        +-+-+-+-+-+-+-+-+

    Attributes:
        category: `AttachmentCategory`.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "ATTACHMENT_CATEGORY"
    number = ElementType.ATTACHMENT_CATEGORY
    value_fields = (NumberField("category", 0, 1, registry=AttachmentCategory),)


class NMSPAttachmentState(NMSPElement):
    """Whether the link came up or went down.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     state     |
        +-+-+-+-+-+-+-+-+

    Attributes:
        state: `AttachmentState`.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "ATTACHMENT_STATE"
    number = ElementType.ATTACHMENT_STATE
    value_fields = (
        NumberField("state", AttachmentState.NEW, 1, registry=AttachmentState),
    )


class NMSPSerialNumber(NMSPElement):
    """Serial number of the device, from LLDP-MED or CDP.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         serial_number                         /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        serial_number: UTF-8 text.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "SERIAL_NUMBER"
    number = ElementType.SERIAL_NUMBER
    value_fields = (TextField("serial_number", ""),)


class NMSPUdi(NMSPElement):
    """Unique device identifier, from LLDP-MED or CDP.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                              udi                              /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        udi: UTF-8 text.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "UDI"
    number = ElementType.UDI
    value_fields = (TextField("udi", ""),)


class NMSPModel(NMSPElement):
    """Model number of the device.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                             model                             /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        model: UTF-8 text.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "MODEL"
    number = ElementType.MODEL
    value_fields = (TextField("model", ""),)


class NMSPSince(NMSPElement):
    """When the switch saw the link come up or go down.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                            since_s                            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        since_s: before the message was sent, s.

    Source: assumed: fields documented (switch guides, wired location service),
        encoding not.
    """

    name = "SINCE"
    number = ElementType.SINCE
    value_fields = (NumberField("since_s", 0, 4, unit="s"),)
