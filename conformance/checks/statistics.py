# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters of stations."""

from typing import Any

from conformance.observation import Observation
from conformance.verdict import Evidence, Judge

COUNTERS = ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets")


def do_not_fall(seen: Observation, judge: Judge) -> None:
    """No counter of a station is smaller than it was before."""
    last: dict[str, dict[str, int]] = {}
    for message in seen.messages:
        if message.sender != "wlc" or not message.name.startswith("STATISTICS_"):
            continue
        for element in message.all("STATISTICS"):
            inner = {e.get("name"): e for e in element.get("elements", [])}
            mac = inner.get("MAC_ADDRESS", {}).get("mac", "")
            now = _counters(inner.get("TRAFFIC", {}))
            before = last.get(mac)
            if before is not None and now:
                fallen = [name for name in COUNTERS if now[name] < before[name]]
                judge.require(
                    "NMSP-STATISTICS-5",
                    not fallen,
                    expected="counters that stay or grow",
                    actual=", ".join(
                        f"{name} {before[name]} then {now[name]}" for name in fallen
                    )
                    or "they stay or grow",
                    at=Evidence(message.index, "elements.traffic"),
                )
            if now:
                last[mac] = now


def _counters(traffic: dict[str, Any]) -> dict[str, int]:
    found = {name: traffic.get(name) for name in COUNTERS}
    return {n: v for n, v in found.items() if isinstance(v, int)} if traffic else {}
