# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurement: who is heard by which AP, and how loud."""

from nmsp_scapy.constants import (
    Band,
    ElementType,
    EntityKind,
    MeasurementSource,
    MessageType,
)
from nmsp_scapy.layers.base import NMSPElement, many, maybe, one, some
from nmsp_scapy.layers.fields import (
    ElementsField,
    MacField,
    NumberField,
)
from nmsp_scapy.layers.message import NMSPMessage


class NMSPMeasurementRequest(NMSPMessage):
    """The MSE asks for the measurements of what it names.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: QUERY, MAC_ADDRESS *                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number.
    """

    name = "MEASUREMENT_REQUEST"
    number = MessageType.MEASUREMENT_REQUEST
    contains = (
        one(ElementType.QUERY),
        many(ElementType.MAC_ADDRESS),
    )


class NMSPMeasurementResponse(NMSPMessage):
    """The measurements asked for; a request may have several responses.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: STATUS, QUERY ?, MEASUREMENT *                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number.
    """

    name = "MEASUREMENT_RESPONSE"
    number = MessageType.MEASUREMENT_RESPONSE
    contains = (
        one(ElementType.STATUS),
        maybe(ElementType.QUERY),
        many(ElementType.MEASUREMENT),
    )


class NMSPMeasurementNotification(NMSPMessage):
    """New measurements, told at the notification interval.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: MEASUREMENT +                                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: reported: number; the name is observed (trace: NMSP_APP_MEAS_NOTIFY_MSG).
    """

    name = "MEASUREMENT_NOTIFICATION"
    number = MessageType.MEASUREMENT_NOTIFICATION
    contains = (some(ElementType.MEASUREMENT),)


class NMSPMeasurement(NMSPElement):
    """One measured thing with all that was heard of it.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements: MAC_ADDRESS, ENTITY ?, RSSI_SAMPLE * 16             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: as drawn; others are kept.

    Source: assumed: fields after the management plane's RSSI models.
    """

    name = "MEASUREMENT"
    number = ElementType.MEASUREMENT
    value_fields = (ElementsField(),)
    contains = (
        one(ElementType.MAC_ADDRESS),
        maybe(ElementType.ENTITY),
        many(ElementType.RSSI_SAMPLE, 16),
    )


class NMSPEntity(NMSPElement):
    """What kind of thing was measured.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      kind     |
        +-+-+-+-+-+-+-+-+

    Attributes:
        kind: `EntityKind`.

    Source: assumed: the kinds are documented (sub-services of RSSI).
    """

    name = "ENTITY"
    number = ElementType.ENTITY
    value_fields = (
        NumberField("kind", EntityKind.MOBILE_STATION, 1, registry=EntityKind),
    )


class NMSPRssiSample(NMSPElement):
    """How one radio of an AP heard the thing.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              type             |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                             ap_mac                            |
        +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                               |      slot     |      band     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    antenna    |     source    |   rssi_a_dbm  |   rssi_b_dbm  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     snr_db    |    reserved   |             age_ms            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        ap_mac: MAC address of the AP.
        slot: of the radio in the AP, 0-255.
        band: `Band`.
        antenna: 0-255.
        source: `MeasurementSource`.
        rssi_a_dbm: -128 to 127 dBm, first antenna port.
        rssi_b_dbm: -128 to 127 dBm, second antenna port.
        snr_db: -128 to 127 dB.
        reserved: 0.
        age_ms: since it was heard, ms.

    Source: assumed: fields after the management plane's RSSI models.
    """

    name = "RSSI_SAMPLE"
    number = ElementType.RSSI_SAMPLE
    value_fields = (
        MacField("ap_mac"),
        NumberField("slot", 0, 1),
        NumberField("band", Band.GHZ_2_4, 1, registry=Band),
        NumberField("antenna", 0, 1),
        NumberField("source", 0, 1, registry=MeasurementSource),
        NumberField("rssi_a_dbm", 0, 1, signed=True, unit="dBm"),
        NumberField("rssi_b_dbm", 0, 1, signed=True, unit="dBm"),
        NumberField("snr_db", 0, 1, signed=True, unit="dB"),
        NumberField("reserved", 0, 1),
        NumberField("age_ms", 0, 4, unit="ms"),
    )
