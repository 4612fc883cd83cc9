# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurements: whose they are, and whether they can be."""

from collections.abc import Iterator
from typing import Any

from conformance.observation import Observation, Seen
from conformance.verdict import Evidence, Judge

SAMPLES = 16


def measurements(seen: Observation) -> Iterator[tuple[Seen, list[dict[str, Any]]]]:
    """Each measurement's elements with the message that holds it."""
    for message in seen.messages:
        if message.sender == "wlc" and message.name.startswith("MEASUREMENT_"):
            for element in message.all("MEASUREMENT"):
                yield message, element.get("elements", [])


def well_formed(seen: Observation, judge: Judge) -> None:
    """One MAC address, at most 16 samples."""
    for message, inner in measurements(seen):
        macs = sum(e.get("name") == "MAC_ADDRESS" for e in inner)
        samples = sum(e.get("name") == "RSSI_SAMPLE" for e in inner)
        judge.require(
            "NMSP-MEASUREMENT-5",
            macs == 1 and samples <= SAMPLES,
            expected=f"one MAC address, at most {SAMPLES} samples",
            actual=f"{macs} MAC addresses, {samples} samples",
            at=Evidence(message.index, "elements.measurement"),
        )


def plausible(seen: Observation, judge: Judge) -> None:
    """No positive signal strength."""
    for message, inner in measurements(seen):
        for sample in (e for e in inner if e.get("name") == "RSSI_SAMPLE"):
            levels = [sample.get("rssi_a_dbm", 0), sample.get("rssi_b_dbm", 0)]
            judge.recommend(
                "NMSP-MEASUREMENT-6",
                all(level <= 0 for level in levels),
                expected="-128 to 0 dBm",
                actual=f"{levels[0]} and {levels[1]} dBm",
                at=Evidence(message.index, "elements.rssi_sample.rssi_a_dbm"),
            )
