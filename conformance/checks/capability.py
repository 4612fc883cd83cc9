# SPDX-License-Identifier: GPL-2.0-or-later
"""Capability: what is offered, and when it is told."""

from collections.abc import Mapping

from conformance.observation import Observation
from conformance.verdict import Evidence, Judge
from nmsp_scapy.constants import Service, SubService

MASKS: dict[int, int] = {
    service.value: sum(
        bit.value for bit in SubService if str(bit.name).startswith(f"{service.name}_")
    )
    for service in Service
}
"""Sub-services by service (documented: YANG leaf order)."""


def told(
    seen: Observation, judge: Judge, requirement: str = "NMSP-CAPABILITY-1"
) -> None:
    """The endpoint tells its capabilities."""
    names = ", ".join(dict.fromkeys(m.name for m in seen.theirs())) or "nothing"
    judge.require(
        requirement,
        seen.theirs("CAPABILITY_NOTIFICATION"),
        expected="a CAPABILITY_NOTIFICATION",
        actual=names,
    )


def names_services(seen: Observation, judge: Judge) -> None:
    """Each capability names a service."""
    for message in seen.theirs("CAPABILITY_NOTIFICATION"):
        judge.require(
            "NMSP-CAPABILITY-2",
            any(message.services.values()),
            expected="at least one service with a sub-service",
            actual=f"{len(message.services)} services",
            at=Evidence(message.index, "elements"),
        )


def sub_services_belong(seen: Observation, judge: Judge) -> None:
    """Each sub-service bit stands under its own service."""
    for message in seen.theirs("CAPABILITY_NOTIFICATION"):
        for service, mask in message.services.items():
            if service in MASKS:
                judge.require(
                    "NMSP-CAPABILITY-3",
                    not mask & ~MASKS[service],
                    expected=f"bits of {MASKS[service]:#x} for {Service(service).name}",
                    actual=f"{mask:#x}",
                    at=Evidence(
                        message.index,
                        f"{message.path('SERVICE', service=service)}.sub_services",
                    ),
                )


def without_transaction(seen: Observation, judge: Judge) -> None:
    """Notifications bear transaction 0."""
    for message in seen.theirs():
        if message.name.endswith("_NOTIFICATION"):
            judge.require(
                "NMSP-CAPABILITY-4",
                message.transaction == 0,
                expected="transaction 0",
                actual=f"{message.name} with transaction {message.transaction}",
                at=Evidence(message.index, "transaction_id", 8, 4),
            )


def names_version(seen: Observation, judge: Judge) -> None:
    """A capability names the software's version."""
    for message in seen.theirs("CAPABILITY_NOTIFICATION"):
        judge.recommend(
            "NMSP-CAPABILITY-6",
            message.first("SOFTWARE_VERSION"),
            expected="a SOFTWARE_VERSION",
            actual="one" if message.first("SOFTWARE_VERSION") else "none",
            at=Evidence(message.index, "elements"),
        )


def names_services_once(seen: Observation, judge: Judge) -> None:
    """No service stands in a session's capabilities twice."""
    named = [
        element.get("service")
        for message in seen.theirs("CAPABILITY_NOTIFICATION")
        for element in message.all("SERVICE")
    ]
    if named:
        twice = sorted({s for s in named if named.count(s) > 1 and s is not None})
        judge.require(
            "NMSP-CAPABILITY-7",
            not twice,
            expected="each service once",
            actual=f"twice: {', '.join(map(str, twice))}" if twice else "once",
        )


def offers_claimed(seen: Observation, judge: Judge, claimed: Mapping[int, int]) -> None:
    """A capability names each service that is claimed, with its sub-services."""
    for message in seen.theirs("CAPABILITY_NOTIFICATION"):
        offered = message.services
        for service, mask in claimed.items():
            told = offered.get(service)
            judge.require(
                "NMSP-CAPABILITY-9",
                told is not None and not mask & ~told,
                expected=f"{Service(service).name} with sub-services {mask:#x}"
                if mask
                else Service(service).name,
                actual="no such service" if told is None else f"{told:#x}",
                at=Evidence(message.index, message.path("SERVICE", service=service)),
            )
