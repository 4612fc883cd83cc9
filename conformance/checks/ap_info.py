# SPDX-License-Identifier: GPL-2.0-or-later
"""The access points of a controller."""

from conformance.checks.requests import children
from conformance.observation import Observation
from conformance.verdict import Evidence, Judge


def told(seen: Observation, judge: Judge) -> None:
    """Access points are told after a subscription to them."""
    names = ", ".join(dict.fromkeys(m.name for m in seen.theirs())) or "nothing"
    judge.require(
        "NMSP-AP_INFO-1",
        seen.theirs("AP_INFO_NOTIFICATION"),
        expected="an AP_INFO_NOTIFICATION",
        actual=names,
    )


def name_access_points(seen: Observation, judge: Judge) -> None:
    """Each access point has one MAC address."""
    for message in seen.theirs("AP_INFO_NOTIFICATION"):
        for element in message.all("AP"):
            count = len(list(children(element, "MAC_ADDRESS")))
            judge.require(
                "NMSP-AP_INFO-2",
                count == 1,
                expected="one MAC address",
                actual=f"{count} MAC addresses",
                at=Evidence(message.index, "elements.ap"),
            )
