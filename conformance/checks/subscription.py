# SPDX-License-Identifier: GPL-2.0-or-later
"""Subscription: what is asked for is what is told."""

from collections.abc import Iterable
from typing import Any

from conformance.checks.capability import MASKS
from conformance.checks.transport import what_came
from conformance.observation import Observation, Seen
from conformance.verdict import Evidence, Judge, Reason
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


def _service(message: Seen, wrong: Iterable[int]) -> Evidence:
    """Point at the first service of a message that is wrong."""
    service = next(iter(wrong), None)
    return Evidence(message.index, message.path("SERVICE", service=service))


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
            at=_service(response, more),
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


def elements(link: Any, services: dict[int, int]) -> list[Any]:
    """Make the SERVICE elements of a subscription."""
    return [
        link.element("SERVICE", service=service, sub_services=mask)
        for service, mask in services.items()
    ]


def accepted(seen: Observation, judge: Judge) -> None:
    """What the WLC offers it accepts."""
    for request in requests(seen):
        found = seen.following(request, RESPONSE)
        judge.require(
            "NMSP-SUBSCRIPTION-8",
            found and found[0].status == 0,
            expected=f"{RESPONSE} with status success",
            actual=f"status {found[0].status}" if found else what_came(seen, request),
            at=Evidence(message=(found or [request])[0].index),
        )


def answers_this(
    seen: Observation, judge: Judge, request: Seen, requirement: str
) -> None:
    """A request has a response, whatever it says."""
    judge.require(
        requirement,
        seen.following(request, RESPONSE),
        expected=f"{RESPONSE}, whatever its status",
        actual=what_came(seen, request),
        at=Evidence(message=request.index),
    )


def confirms_only_what_is_offered(seen: Observation, judge: Judge) -> None:
    """No response names a service beyond the capability."""
    told = seen.theirs("CAPABILITY_NOTIFICATION")
    offered = told[-1].services if told else {}
    for response in responses(seen) if told else ():
        more = sorted(
            service for service in response.services if service not in offered
        )
        judge.require(
            "NMSP-SUBSCRIPTION-14",
            not more,
            expected="no service that is not offered",
            actual=f"services {more}" if more else "none",
            at=_service(response, more),
        )


def subscribes(seen: Observation, judge: Judge) -> None:
    """The MSE subscribes to something."""
    asked = requests(seen)
    if not asked and not seen.live and not seen.others():
        text = "the WLC said nothing to subscribe to"
        judge.unable("NMSP-SUBSCRIPTION-15", Reason.NO_STIMULUS, text)
        return
    judge.require(
        "NMSP-SUBSCRIPTION-15",
        any(m.services for m in asked),
        expected=f"a {REQUEST} with a service",
        actual=f"{len(asked)} {REQUEST}",
    )


def asks_for_what_is_offered(seen: Observation, judge: Judge) -> None:
    """The MSE asks for nothing beyond the WLC's capability."""
    told = [m for m in seen.others() if m.name == "CAPABILITY_NOTIFICATION"]
    offered = told[-1].services if told else {}
    for request in requests(seen) if told else ():
        more = {
            service: mask & ~offered.get(service, 0)
            for service, mask in request.services.items()
            if mask & ~offered.get(service, 0)
        }
        judge.require(
            "NMSP-SUBSCRIPTION-16",
            not more,
            expected="services and sub-services that are offered",
            actual=", ".join(f"service {s}: {m:#x} more" for s, m in more.items())
            or "those",
            at=_service(request, more),
        )


def sub_services_belong(seen: Observation, judge: Judge) -> None:
    """The MSE's masks have the bits of their services only."""
    for request in requests(seen):
        for service, mask in request.services.items():
            if service in MASKS:
                judge.require(
                    "NMSP-SUBSCRIPTION-17",
                    not mask & ~MASKS[service],
                    expected=f"bits of {MASKS[service]:#x} for service {service}",
                    actual=f"{mask:#x}",
                    at=Evidence(
                        request.index,
                        f"{request.path('SERVICE', service=service)}.sub_services",
                    ),
                )
