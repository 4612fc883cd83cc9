# SPDX-License-Identifier: GPL-2.0-or-later
"""Notifications: when they come, of what, and when no more."""

import math
from collections.abc import Iterator

from conformance.checks.requests import children, macs_in
from conformance.checks.subscription import REQUEST, RESPONSE
from conformance.observation import Observation, Seen
from conformance.verdict import Evidence, Judge
from nmsp_scapy.constants import EntityKind, Service, SubService

NAME = "MEASUREMENT_NOTIFICATION"
LONGEST_S, SHORTEST_S = 180.0, 1.0
"""Range of the notification interval (documented)."""

SLACK = 0.8
"""What a timer may run ahead of the clock."""

TAG_THRESHOLD_DB = 5
"""Unless configured (documented; 1 to 10)."""

Heard = dict[tuple[object, ...], int]
"""Signal strength in dBm, by radio and antenna."""

KINDS = {
    SubService.RSSI_MOBILE_STATION: {EntityKind.MOBILE_STATION},
    SubService.RSSI_TAG: {EntityKind.TAG},
    SubService.RSSI_ROGUE: {EntityKind.ROGUE_AP, EntityKind.ROGUE_CLIENT},
    SubService.RSSI_INTERFERER: {EntityKind.INTERFERER},
    SubService.RSSI_HANDOVER_CLIENT: {EntityKind.MOBILE_STATION},
    SubService.RSSI_MOBILE_STATION_ASSOCIATED_ONLY: {EntityKind.MOBILE_STATION},
}


def notifications(seen: Observation) -> list[Seen]:
    """Measurement notifications of the WLC."""
    return [m for m in seen.messages if m.sender == "wlc" and m.name == NAME]


def comes(seen: Observation, judge: Judge) -> None:
    """Measurements are notified."""
    found = notifications(seen)
    judge.require(
        "NMSP-NOTIFICATIONS-1",
        found,
        expected=f"a {NAME}",
        actual=f"{len(found)} within {seen.until_s:.1f} s",
    )


def not_too_often(seen: Observation, judge: Judge) -> None:
    """Between two notifications of a station lies the shortest interval at least."""
    last: dict[str, float] = {}
    for message in notifications(seen):
        for mac in sorted(macs_in(message, "MEASUREMENT")):
            before = last.get(mac)
            if before is not None:
                judge.recommend(
                    "NMSP-NOTIFICATIONS-2",
                    message.time_s - before >= SLACK * SHORTEST_S,
                    expected=f"{SHORTEST_S:g} s at least between two of a station",
                    actual=f"{message.time_s - before:.2f} s",
                    at=Evidence(message=message.index),
                )
            last[mac] = message.time_s


def stopped(seen: Observation, judge: Judge, response: Seen | None) -> None:
    """No measurement is notified after the response to a subscription without."""
    if response is None:
        return
    late = [m for m in notifications(seen) if m.index > response.index]
    judge.require(
        "NMSP-NOTIFICATIONS-3",
        not late,
        expected=f"no {NAME} after the new {RESPONSE}",
        actual=f"{len(late)} came" if late else "none",
        at=Evidence(message=late[0].index) if late else None,
    )


def without_transaction(seen: Observation, judge: Judge) -> None:
    """Notifications bear transaction 0."""
    for message in notifications(seen):
        judge.require(
            "NMSP-NOTIFICATIONS-4",
            message.transaction == 0,
            expected="transaction 0",
            actual=f"transaction {message.transaction}",
            at=Evidence(message.index, "transaction_id", 8, 4),
        )


def kinds_subscribed(seen: Observation, judge: Judge) -> None:
    """Each measured thing is of a kind that was subscribed to."""
    wanted: set[int] = set()
    for message in seen.messages:
        if message.sender == "mse" and message.name == REQUEST:
            mask = message.services.get(Service.RSSI, 0)
            wanted |= {k for bit, kinds in KINDS.items() if mask & bit for k in kinds}
        if message.sender != "wlc" or message.name != NAME or not wanted:
            continue
        kinds = {
            int(entity["kind"])
            for element in message.all("MEASUREMENT")
            for entity in children(element, "ENTITY")
        }
        if kinds:
            others = sorted(kinds - wanted)
            judge.require(
                "NMSP-NOTIFICATIONS-5",
                not others,
                expected=f"kinds {sorted(wanted)}",
                actual=f"kinds {sorted(kinds)}",
                at=Evidence(message.index, "elements.entity.kind"),
            )


def by_threshold(seen: Observation, judge: Judge) -> None:
    """A tag is notified again only when it is heard louder or lower than before.

    What other access points hear than before is a change too.
    """
    told = [(m.index, *tag) for m in notifications(seen) for tag in _tags(m)]
    last: dict[str, Heard] = {}
    early: list[int] = []
    for index, mac, heard in told:
        if mac in last and _change_db(last[mac], heard) < TAG_THRESHOLD_DB:
            early.append(index)
        last[mac] = heard
    if told:
        judge.recommend(
            "NMSP-NOTIFICATIONS-7",
            not early,
            expected=f"no tag again before it changes by {TAG_THRESHOLD_DB} dB",
            actual=f"{len(early)} of {len(told)} tags told had changed by less",
            at=Evidence(message=early[0]) if early else None,
        )


def _tags(message: Seen) -> Iterator[tuple[str, Heard]]:
    """Each tag that a notification tells, and how loud who hears it."""
    for element in message.all("MEASUREMENT"):
        kinds = {int(entity["kind"]) for entity in children(element, "ENTITY")}
        macs = [found["mac"] for found in children(element, "MAC_ADDRESS")]
        if kinds == {EntityKind.TAG} and macs:
            yield (
                macs[0],
                {
                    (s["ap_mac"], s["slot"], s["antenna"]): int(s["rssi_a_dbm"])
                    for s in children(element, "RSSI_SAMPLE")
                    if s.get("rssi_a_dbm") is not None
                },
            )


def _change_db(before: Heard, now: Heard) -> float:
    if before.keys() != now.keys():
        return math.inf
    return max((abs(now[who] - before[who]) for who in now), default=math.inf)


def well_formed(seen: Observation, judge: Judge) -> None:
    """Notifications can be read."""
    for message in notifications(seen):
        judge.require(
            "NMSP-NOTIFICATIONS-6",
            not message.malformed,
            expected="elements to the last byte",
            actual="malformed" if message.malformed else "elements to the last byte",
            at=Evidence(message=message.index),
        )
