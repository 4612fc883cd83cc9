# SPDX-License-Identifier: GPL-2.0-or-later
"""Every number of NMSP, once.

Each registry is an ``IntEnum`` whose docstring begins with the grade of its
numbers. Numbers that a registry does not hold are ordinary: `name_of` spells
them, nothing refuses them.
"""

from enum import IntEnum, IntFlag, StrEnum

PORT = 16113
"""TCP port of the WLC (documented: C9800 and switch guides)."""

VERSION = 1
"""Version in the header of the nominal profile (assumed)."""

MESSAGE_LIMIT = 65_536
"""Largest message a receiver accepts unless told otherwise, bytes (assumed)."""


class Grade(StrEnum):
    """How surely a statement about the protocol is known, the surest first."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    REPORTED = "reported"
    INFERRED = "inferred"
    ASSUMED = "assumed"


class MessageType(IntEnum):
    """Message ids.

    Reported: `show nmsp statistics connection` sample of the C9800 guides. Ids
    from 0xF000 up are provisional (assumed): these messages are known by name
    alone, and a real unknown id must never be mislabelled.
    """

    ECHO_REQUEST = 1
    ECHO_RESPONSE = 2
    CAPABILITY_NOTIFICATION = 7
    MEASUREMENT_REQUEST = 13
    MEASUREMENT_RESPONSE = 14
    MEASUREMENT_NOTIFICATION = 15
    INFORMATION_REQUEST = 16
    INFORMATION_RESPONSE = 17
    INFORMATION_NOTIFICATION = 18
    STATISTICS_REQUEST = 20
    STATISTICS_RESPONSE = 21
    STATISTICS_NOTIFICATION = 22
    SERVICE_SUBSCRIBE_REQUEST = 30
    SERVICE_SUBSCRIBE_RESPONSE = 31
    AP_INFO_NOTIFICATION = 67
    ATTACHMENT_REQUEST = 0xF001
    ATTACHMENT_RESPONSE = 0xF002
    ATTACHMENT_NOTIFICATION = 0xF003
    LOCATION_REQUEST = 0xF011
    LOCATION_RESPONSE = 0xF012
    LOCATION_NOTIFICATION = 0xF013
    AP_MONITOR_REQUEST = 0xF021
    AP_MONITOR_RESPONSE = 0xF022
    AP_MONITOR_NOTIFICATION = 0xF023
    IDS_GET_REQUEST = 0xF031
    IDS_GET_RESPONSE = 0xF032
    IDS_NOTIFICATION = 0xF033
    IDS_SET_REQUEST = 0xF041
    IDS_SET_RESPONSE = 0xF042


class HeaderFlag(IntFlag):
    """Bits of the header's flags (assumed)."""

    MORE = 0x01


class ElementType(IntEnum):
    """Element types of the nominal profile, one numbering space (assumed)."""

    STATUS = 1
    SERVICE = 2
    QUERY = 3
    SOFTWARE_VERSION = 4
    MAC_ADDRESS = 5
    IP_ADDRESS = 6
    SWITCH_PORT = 7
    MEASUREMENT = 16
    ENTITY = 17
    RSSI_SAMPLE = 18
    INFORMATION = 32
    USER_NAME = 33
    SSID = 34
    BSSID = 35
    STATION_STATE = 36
    STATISTICS = 48
    TRAFFIC = 49
    LAST_HEARD = 50
    ATTACHMENT = 64
    ATTACHMENT_CATEGORY = 65
    ATTACHMENT_STATE = 66
    SERIAL_NUMBER = 67
    UDI = 68
    MODEL = 69
    SINCE = 70
    LOCATION = 80
    CIVIC_LOCATION = 81
    CIVIC_ADDRESS = 82
    ELIN_LOCATION = 83
    GEO_LOCATION = 84
    CUSTOM_LOCATION = 85
    AP = 96
    AP_NAME = 97
    AP_GROUP = 98
    AP_STATE = 99
    ALARM = 112
    ALARM_AP = 113
    ALARM_KIND = 114
    ALARM_SEVERITY = 115
    ALARM_TEXT = 116
    IDS_PROFILE = 117


class Status(IntEnum):
    """Values of a STATUS element (assumed)."""

    SUCCESS = 0
    MALFORMED = 1
    UNSUPPORTED = 2
    NOT_SUBSCRIBED = 3
    BUSY = 4


class Service(IntEnum):
    """Services; names documented (YANG, CLI), numbers assumed from their order."""

    RSSI = 1
    SPECTRUM = 2
    INFORMATION = 3
    STATISTICS = 4
    ATTACHMENT = 5
    LOCATION = 6
    HANDOVER = 7
    AP_MONITOR = 8
    IDS = 9
    ON_DEMAND = 10
    AP_INFO = 11


class SubService(IntFlag):
    """Sub-service mask, a bit each in the management plane's order.

    Documented (YANG leaf order and a live controller's mask 0x68EBE7); that the
    wire carries this mask is assumed.
    """

    RSSI_MOBILE_STATION = 1 << 0
    RSSI_TAG = 1 << 1
    RSSI_ROGUE = 1 << 2
    RSSI_INTERFERER = 1 << 3
    RSSI_HANDOVER_CLIENT = 1 << 4
    RSSI_MOBILE_STATION_ASSOCIATED_ONLY = 1 << 5
    SPECTRUM_INTERFERER = 1 << 6
    SPECTRUM_AIR_QUALITY = 1 << 7
    SPECTRUM_AGGREGATE_INTERFERER = 1 << 8
    INFORMATION_MOBILE_STATION = 1 << 9
    INFORMATION_TAG = 1 << 10
    INFORMATION_ROGUE = 1 << 11
    INFORMATION_HANDOVER_CLIENT = 1 << 12
    STATISTICS_MOBILE_STATION = 1 << 13
    STATISTICS_TAG = 1 << 14
    STATISTICS_ROGUE = 1 << 15
    ATTACHMENT_MOBILE_STATION_ATTACHMENT = 1 << 16
    LOCATION_SUBSCRIPTION = 1 << 17
    HANDOVER_SUBSCRIPTION = 1 << 18
    AP_MONITOR_SUBSCRIPTION = 1 << 19
    IDS_WIPS = 1 << 20
    ON_DEMAND_DEVICE_INFO = 1 << 21
    AP_INFO_SUBSCRIPTION = 1 << 22


class EntityKind(IntEnum):
    """Kinds of a measured thing (assumed)."""

    MOBILE_STATION = 0
    TAG = 1
    ROGUE_AP = 2
    ROGUE_CLIENT = 3
    INTERFERER = 4


class Band(IntEnum):
    """Radio bands (assumed)."""

    GHZ_2_4 = 0
    GHZ_5 = 1
    GHZ_6 = 2


class MeasurementSource(IntEnum):
    """What an AP measured (assumed).

    The kinds are those of public management-plane models; their numbers are not.
    """

    NONE = 0
    PROBE = 1
    PATH_LOSS_MEASUREMENT = 2


class StationState(IntEnum):
    """States of a mobile station on the controller.

    Documented as the values of `bsnMobileStationStatus` (AIRESPACE-WIRELESS-MIB,
    whose word for `EXCLUDED` is older); that NMSP uses them is assumed.
    """

    IDLE = 0
    AAA_PENDING = 1
    AUTHENTICATED = 2
    ASSOCIATED = 3
    POWER_SAVE = 4
    DISASSOCIATED = 5
    TO_BE_DELETED = 6
    PROBING = 7
    EXCLUDED = 8


class AttachmentCategory(IntEnum):
    """Device categories of an attachment.

    `WIRED_STATION` is documented (switch guides); the numbers are assumed.
    """

    UNKNOWN = 0
    WIRED_STATION = 1


class AttachmentState(IntEnum):
    """What happened to a wired attachment; names documented, numbers assumed."""

    NEW = 1
    DELETE = 2


class CivicType(IntEnum):
    """Kinds of civic address elements.

    Documented: CAtypes of RFC 4776; that NMSP uses them is assumed.
    """

    LANGUAGE = 0
    STATE = 1
    COUNTY = 2
    CITY = 3
    CITY_DIVISION = 4
    NEIGHBOURHOOD = 5
    STREET_GROUP = 6
    LEADING_STREET_DIRECTION = 16
    TRAILING_STREET_SUFFIX = 17
    STREET_SUFFIX = 18
    HOUSE_NUMBER = 19
    HOUSE_NUMBER_SUFFIX = 20
    LANDMARK = 21
    ADDITIONAL_LOCATION = 22
    NAME = 23
    POSTAL_CODE = 24
    BUILDING = 25
    UNIT = 26
    FLOOR = 27
    ROOM = 28
    PLACE_TYPE = 29
    POSTAL_COMMUNITY = 30
    POST_OFFICE_BOX = 31
    ADDITIONAL_CODE = 32
    SEAT = 33
    STREET = 34


class ApState(IntEnum):
    """States of an access point on the controller.

    Documented as the values of `bsnAPOperationStatus` (AIRESPACE-WIRELESS-MIB);
    that NMSP uses them is assumed.
    """

    ASSOCIATED = 1
    DISASSOCIATING = 2
    DOWNLOADING = 3


class AlarmSeverity(IntEnum):
    """How bad an alarm is.

    Documented: ItuPerceivedSeverity of RFC 3877's IANA-ITU-ALARM-TC-MIB; that NMSP
    uses it is assumed.
    """

    CLEARED = 1
    INDETERMINATE = 2
    CRITICAL = 3
    MAJOR = 4
    MINOR = 5
    WARNING = 6


def response_name(request: str) -> str | None:
    """Name of the message that answers a request; None for what is none.

    >>> response_name("ECHO_REQUEST")
    'ECHO_RESPONSE'
    """
    stem, is_request, _ = request.rpartition("_REQUEST")
    return f"{stem}_RESPONSE" if is_request else None


def name_of(registry: type[IntEnum], number: int) -> str:
    """Spell a number of a registry: its name, or the number for an unknown one."""
    try:
        return registry(number).name
    except ValueError:
        return str(number)
