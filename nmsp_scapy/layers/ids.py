# SPDX-License-Identifier: GPL-2.0-or-later
"""IDS: wireless intrusion detection (wIPS), its alarms and its settings."""

from nmsp_scapy.constants import AlarmSeverity, ElementType, MessageType
from nmsp_scapy.layers.base import NMSPElement, many, maybe, one, some
from nmsp_scapy.layers.fields import (
    BytesField,
    ElementsField,
    MacField,
    NumberField,
    TextField,
)
from nmsp_scapy.layers.message import NMSPMessage


class NMSPIdsGetRequest(NMSPMessage):
    """The MSE asks for alarms.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: QUERY, MAC_ADDRESS *                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name is reported.
    """

    name = "IDS_GET_REQUEST"
    number = MessageType.IDS_GET_REQUEST
    contains = (
        one(ElementType.QUERY),
        many(ElementType.MAC_ADDRESS),
    )


class NMSPIdsGetResponse(NMSPMessage):
    """The alarms asked for.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, QUERY ?, ALARM *                            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name is reported.
    """

    name = "IDS_GET_RESPONSE"
    number = MessageType.IDS_GET_RESPONSE
    contains = (
        one(ElementType.STATUS),
        maybe(ElementType.QUERY),
        many(ElementType.ALARM),
    )


class NMSPIdsSetRequest(NMSPMessage):
    """The MSE sets what is watched for.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: QUERY ?, IDS_PROFILE +                              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name is reported.
    """

    name = "IDS_SET_REQUEST"
    number = MessageType.IDS_SET_REQUEST
    contains = (
        maybe(ElementType.QUERY),
        some(ElementType.IDS_PROFILE),
    )


class NMSPIdsSetResponse(NMSPMessage):
    """Whether the settings were taken.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS                                              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name is reported.
    """

    name = "IDS_SET_RESPONSE"
    number = MessageType.IDS_SET_RESPONSE
    contains = (one(ElementType.STATUS),)


class NMSPIdsNotification(NMSPMessage):
    """New alarms.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: ALARM +                                             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: number provisional; the name is reported.
    """

    name = "IDS_NOTIFICATION"
    number = MessageType.IDS_NOTIFICATION
    contains = (some(ElementType.ALARM),)


class NMSPAlarm(NMSPElement):
    """One alarm.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: ALARM_AP ?, MAC_ADDRESS ?, ALARM_KIND,              |
        | ALARM_SEVERITY ?, ALARM_TEXT ?                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields after the management plane's wIPS models.
    """

    name = "ALARM"
    number = ElementType.ALARM
    value_fields = (ElementsField(),)
    contains = (
        maybe(ElementType.ALARM_AP),
        maybe(ElementType.MAC_ADDRESS),
        one(ElementType.ALARM_KIND),
        maybe(ElementType.ALARM_SEVERITY),
        maybe(ElementType.ALARM_TEXT),
    )


class NMSPAlarmAp(NMSPElement):
    """The access point that saw it.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                             ap_mac                            |
        +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        ap_mac: MAC address; the offender's is in MAC_ADDRESS.

    Source: assumed: fields after the management plane's wIPS models.
    """

    name = "ALARM_AP"
    number = ElementType.ALARM_AP
    value_fields = (MacField("ap_mac"),)


class NMSPAlarmKind(NMSPElement):
    """What was seen.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              kind             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        kind: 0-65535; the numbers are the vendor's and not public.

    Source: assumed: fields after the management plane's wIPS models.
    """

    name = "ALARM_KIND"
    number = ElementType.ALARM_KIND
    value_fields = (NumberField("kind", 0, 2),)


class NMSPAlarmSeverity(NMSPElement):
    """How bad it is.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    severity   |
        +-+-+-+-+-+-+-+-+

    Attributes:
        severity: `AlarmSeverity`.

    Source: assumed: values documented for SNMP alarms (RFC 3877).
    """

    name = "ALARM_SEVERITY"
    number = ElementType.ALARM_SEVERITY
    value_fields = (
        NumberField("severity", AlarmSeverity.INDETERMINATE, 1, registry=AlarmSeverity),
    )


class NMSPAlarmText(NMSPElement):
    """What was seen, for people.

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

    Source: assumed: fields after the management plane's wIPS models.
    """

    name = "ALARM_TEXT"
    number = ElementType.ALARM_TEXT
    value_fields = (TextField("text", ""),)


class NMSPIdsProfile(NMSPElement):
    """Settings of the detection, opaque.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                          profile_data                         /
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        profile_data: bytes.

    Source: assumed: that profiles are pushed to controllers is documented (wIPS guide).
    """

    name = "IDS_PROFILE"
    number = ElementType.IDS_PROFILE
    value_fields = (BytesField("profile_data", b""),)
