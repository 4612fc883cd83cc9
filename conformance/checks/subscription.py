# SPDX-License-Identifier: GPL-2.0-or-later
"""Subscription: what is asked for is what is told."""

from conformance.checks.transport import what_came
from conformance.observation import Observation, Seen
from conformance.verdict import Evidence, Judge
from nmsp_scapy.constants import Service

REQUEST, RESPONSE = "SERVICE_SUBSCRIBE_REQUEST", "SERVICE_SUBSCRIBE_RESPONSE"
SERVICE_OF = {
    "MEASUREMENT_NOTIFICATION": Service.RSSI,
    "INFORMATION_NOTIFICATION": Service.INFORMATION,
    "STATISTICS_NOTIFICATION": Service.STATISTICS,
    "ATTACHMENT_NOTIFICATION": Service.ATTACHMENT,
    "LOCATION_NOTIFICATION": Service.LOCATION,
    "AP_MONITOR_NOTIFICATION": Service.AP_MONITOR,
    "IDS_NOTIFICATION": Service.IDS,
    "AP_INFO_NOTIFICATION": Service.AP_INFO,
}
"""Service that a notification belongs to."""


def requests(seen: Observation) -> list[Seen]:
    """Subscriptions that the MSE asked for, well-formed ones."""
    return [
        m
        for m in seen.messages
        if m.sender == "mse" and m.name == REQUEST and not m.malformed
    ]


def responses(seen: Observation) -> list[Seen]:
    """Responses of the WLC."""
    return [m for m in seen.messages if m.sender == "wlc" and m.name == RESPONSE]


def answered(seen: Observation, judge: Judge) -> None:
    """Each request has one response."""
    asked = requests(seen)
    if asked:
        judge.require(
            "NMSP-SUBSCRIPTION-1",
            len(responses(seen)) == len(asked),
            expected=f"{len(asked)} {RESPONSE}",
            actual=f"{len(responses(seen))}; {what_came(seen, asked[0])}",
            at=Evidence(message=asked[0].index),
        )


def succeeds(seen: Observation, judge: Judge) -> None:
    """The response says success."""
    for response in responses(seen):
        judge.require(
            "NMSP-SUBSCRIPTION-2",
            response.status == 0,
            expected="status 0 success",
            actual=f"status {response.status}",
            at=Evidence(response.index, "elements.status.code"),
        )


def confirms_only_what_was_asked(seen: Observation, judge: Judge) -> None:
    """A response that names services names those of its request."""
    asked: dict[int, int] = {}
    for request in requests(seen):
        for service, mask in request.services.items():
            asked[service] = asked.get(service, 0) | mask
    for response in responses(seen):
        more = {
            service: mask & ~asked.get(service, 0)
            for service, mask in response.services.items()
            if mask & ~asked.get(service, 0)
        }
        judge.require(
            "NMSP-SUBSCRIPTION-3",
            not more,
            expected="no service beyond those asked for",
            actual=", ".join(f"service {s}: {m:#x} more" for s, m in more.items())
            or "none",
            at=Evidence(response.index, "elements"),
        )


def notifies_only_subscribed(
    seen: Observation, judge: Judge, requirement: str = "NMSP-SUBSCRIPTION-4"
) -> None:
    """Every notification belongs to a service that was subscribed to before it."""
    subscribed: set[int] = set()
    for message in seen.messages:
        if message.sender == "mse" and message.name == REQUEST:
            subscribed |= set(message.services)
        service = SERVICE_OF.get(message.name)
        if message.sender == "wlc" and service is not None:
            judge.require(
                requirement,
                service in subscribed,
                expected="notifications of subscribed services only",
                actual=f"a {message.name}",
                at=Evidence(message=message.index),
            )


def in_transaction(seen: Observation, judge: Judge) -> None:
    """A response bears the transaction of a request."""
    for response in responses(seen):
        asked = [
            m.transaction for m in seen.messages[: response.index] if m.name == REQUEST
        ]
        judge.require(
            "NMSP-SUBSCRIPTION-7",
            response.transaction in asked,
            expected=f"transaction {asked[-1] if asked else '?'}",
            actual=f"transaction {response.transaction}",
            at=Evidence(response.index, "transaction_id", 8, 4),
        )
