# SPDX-License-Identifier: GPL-2.0-or-later
"""What a WLC tells of its world, as elements."""

from collections.abc import Collection, Iterator
from typing import Any

from conformance.emulator.world import AccessPoint, Thing, World
from conformance.session import Session
from nmsp_scapy.constants import Band, EntityKind, Service, SubService

MASKS: dict[int, int] = {
    service.value: sum(
        bit.value
        for bit in SubService
        if (bit.name or "").startswith(f"{service.name}_")
    )
    for service in Service
}
"""Sub-services of each service."""

ENTITIES = {
    "MOBILE_STATION": EntityKind.MOBILE_STATION,
    "TAG": EntityKind.TAG,
    "ROGUE": EntityKind.ROGUE_AP,
    "INTERFERER": EntityKind.INTERFERER,
}
_SAME_AS = {"MOBILE_STATION_ASSOCIATED_ONLY": "MOBILE_STATION"}
"""Sub-services about things of another kind; all stations of the world associate."""

NOTIFICATIONS: dict[int, tuple[str, int]] = {
    Service.RSSI: ("MEASUREMENT_NOTIFICATION", 1),
    Service.INFORMATION: ("INFORMATION_NOTIFICATION", 2),
    Service.STATISTICS: ("STATISTICS_NOTIFICATION", 2),
    Service.ATTACHMENT: ("ATTACHMENT_NOTIFICATION", 3),
    Service.LOCATION: ("LOCATION_NOTIFICATION", 3),
    Service.AP_MONITOR: ("AP_MONITOR_NOTIFICATION", 3),
    Service.IDS: ("IDS_NOTIFICATION", 3),
    Service.AP_INFO: ("AP_INFO_NOTIFICATION", 4),
}
"""Notification of each service, and every how many intervals it comes."""

REQUESTS: dict[str, int] = {
    "MEASUREMENT_REQUEST": Service.RSSI,
    "INFORMATION_REQUEST": Service.INFORMATION,
    "STATISTICS_REQUEST": Service.STATISTICS,
    "ATTACHMENT_REQUEST": Service.ATTACHMENT,
    "LOCATION_REQUEST": Service.LOCATION,
    "AP_MONITOR_REQUEST": Service.AP_MONITOR,
    "IDS_GET_REQUEST": Service.IDS,
}
"""Service that each request is about."""


def kinds_in(service: int, mask: int) -> list[str]:
    """Kinds of things that a mask of a service selects."""
    prefix = Service(service).name
    names = [
        (bit.name or "").removeprefix(f"{prefix}_")
        for bit in SubService
        if bit & mask & MASKS[service]
    ]
    same = [_SAME_AS.get(name, name) for name in names]
    kinds = [name for name in dict.fromkeys(same) if name in ENTITIES]
    if kinds:
        return kinds
    wide = service not in (Service.RSSI, Service.INFORMATION, Service.STATISTICS)
    return ["MOBILE_STATION"] if names and wide else []


class Speaker:
    """Makes the elements of one session's profile."""

    def __init__(
        self, session: Session, world: World, faults: Collection[str] = ()
    ) -> None:
        """Speak of a world in the profile of a session."""
        self._make, self._world, self._faults = session.element, world, faults
        self._fallen = 0

    def items(self, service: int, mask: int) -> Iterator[tuple[str, Any]]:
        """Yield (MAC address, element) for all that a service tells of."""
        if service in (Service.AP_INFO, Service.AP_MONITOR):
            for point in self._world.access_points:
                yield point.mac, self._access_point(point)
            return
        if service == Service.IDS:
            for thing in self._world.of_kind("ROGUE"):
                yield thing.mac, self._alarm(thing)
            return
        for kind in kinds_in(service, mask):
            for thing in self._world.of_kind(kind):
                element = self._of_thing(service, thing)
                if element is not None:
                    yield thing.mac, element

    def _of_thing(self, service: int, thing: Thing) -> Any:
        match service:
            case Service.RSSI:
                return self._measurement(thing)
            case Service.INFORMATION:
                return self._information(thing)
            case Service.STATISTICS:
                return self._statistics(thing)
            case Service.ATTACHMENT if thing.port:
                return self._attachment(thing)
            case Service.LOCATION if thing.port:
                return self._location(thing)
        return None

    def _identified(self, thing: Thing) -> list[Any]:
        return [
            self._make("MAC_ADDRESS", mac=thing.mac),
            self._make("ENTITY", kind=ENTITIES[thing.kind]),
        ]

    def _measurement(self, thing: Thing) -> Any:
        sign = -1 if "measurement-positive" in self._faults else 1
        samples = [
            self._make(
                "RSSI_SAMPLE",
                ap_mac=heard.ap_mac,
                slot=0,
                band=Band.GHZ_2_4,
                antenna=0,
                source=1,
                rssi_a_dbm=sign * heard.rssi_dbm,
                rssi_b_dbm=sign * heard.rssi_dbm,
                snr_db=heard.snr_db,
                age_ms=heard.age_ms,
            )
            for heard in self._world.hearing(thing)
        ]
        told = self._identified(thing)
        if "measurement-without-mac" in self._faults:
            told = told[1:]
        return self._make("MEASUREMENT", elements=[*told, *samples])

    def _information(self, thing: Thing) -> Any:
        point = self._world.access_points[0]
        told = self._identified(thing)
        if thing.kind == "MOBILE_STATION":
            told += [
                self._make("IP_ADDRESS", address=thing.address),
                self._make("USER_NAME", user_name=thing.user),
                self._make("SSID", ssid=thing.ssid),
                self._make("BSSID", bssid=point.mac),
                self._make("STATION_STATE", state=3),
            ]
        return self._make("INFORMATION", elements=told)

    def _statistics(self, thing: Thing) -> Any:
        self._fallen += "counters-fall" in self._faults
        traffic = self._make(
            "TRAFFIC",
            rx_bytes=thing.received * 420 + max(0, 10**6 - self._fallen * 1000)
            if self._fallen
            else thing.received * 420,
            tx_bytes=thing.sent * 510,
            rx_packets=thing.received,
            tx_packets=thing.sent,
        )
        heard = self._make("LAST_HEARD", last_heard_s=1)
        told = [*self._identified(thing), traffic, heard]
        return self._make("STATISTICS", elements=told)

    def _port(self, thing: Thing) -> Any:
        return self._make("SWITCH_PORT", slot=1, port=thing.port)

    def _attachment(self, thing: Thing) -> Any:
        told = [
            self._port(thing),
            self._make("MAC_ADDRESS", mac=thing.mac),
            self._make("IP_ADDRESS", address=thing.address),
            self._make("USER_NAME", user_name=thing.user),
            self._make("ATTACHMENT_STATE", state=1),
            self._make("SERIAL_NUMBER", serial_number=f"SN{thing.port:04d}"),
            self._make("SINCE", since_s=60),
        ]
        return self._make("ATTACHMENT", elements=told)

    def _location(self, thing: Thing) -> Any:
        street = self._make("CIVIC_ADDRESS", text="1 Example Street")
        told = [
            self._port(thing),
            self._make("CIVIC_LOCATION", elements=[street]),
            self._make("CUSTOM_LOCATION", text=f"desk {thing.port}"),
        ]
        return self._make("LOCATION", elements=told)

    def _access_point(self, point: AccessPoint) -> Any:
        told = [
            self._make("MAC_ADDRESS", mac=point.mac),
            self._make("AP_NAME", ap_name=point.name),
            self._make("IP_ADDRESS", address=point.address),
            self._make("AP_GROUP", group="default-group"),
            self._make("AP_STATE"),
        ]
        if "access-point-without-mac" in self._faults:
            told = told[1:]
        return self._make("AP", elements=told)

    def _alarm(self, thing: Thing) -> Any:
        told = [
            self._make("ALARM_AP", ap_mac=self._world.access_points[0].mac),
            self._make("MAC_ADDRESS", mac=thing.mac),
            self._make("ALARM_KIND", kind=1),
            self._make("ALARM_SEVERITY"),
            self._make("ALARM_TEXT", text="rogue access point"),
        ]
        return self._make("ALARM", elements=told)
