# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests and their responses, the same for every family that has them."""

from collections.abc import Iterable

import msgspec

from conformance.checks.transport import what_came
from conformance.observation import Observation, Seen
from conformance.verdict import Evidence, Judge
from nmsp_scapy.constants import Service, response_name


class Exchange(msgspec.Struct, frozen=True):
    """What a family asks for and is given.

    Attributes:
        request: name of the message.
        service, sub_service: of the QUERY; the latter is a bit's number.
        container: element that a response holds one of for each thing.
    """

    request: str
    service: Service
    sub_service: int
    container: str

    @property
    def response(self) -> str:
        """Name of the message that answers."""
        return response_name(self.request) or ""


MEASUREMENT = Exchange("MEASUREMENT_REQUEST", Service.RSSI, 0, "MEASUREMENT")
INFORMATION = Exchange("INFORMATION_REQUEST", Service.INFORMATION, 9, "INFORMATION")
STATISTICS = Exchange("STATISTICS_REQUEST", Service.STATISTICS, 13, "STATISTICS")
ATTACHMENT = Exchange("ATTACHMENT_REQUEST", Service.ATTACHMENT, 16, "ATTACHMENT")
LOCATION = Exchange("LOCATION_REQUEST", Service.LOCATION, 17, "LOCATION")
AP_MONITOR = Exchange("AP_MONITOR_REQUEST", Service.AP_MONITOR, 19, "AP")
IDS_GET = Exchange("IDS_GET_REQUEST", Service.IDS, 20, "ALARM")
IDS_SET = Exchange("IDS_SET_REQUEST", Service.IDS, 20, "IDS_PROFILE")


def requests(seen: Observation, exchange: Exchange) -> list[Seen]:
    """Requests of the MSE."""
    return [
        m for m in seen.messages if m.sender == "mse" and m.name == exchange.request
    ]


def responses(seen: Observation, exchange: Exchange) -> list[Seen]:
    """Responses of the WLC."""
    return [
        m for m in seen.messages if m.sender == "wlc" and m.name == exchange.response
    ]


def answered(
    seen: Observation, judge: Judge, requirement: str, exchange: Exchange
) -> None:
    """A response follows each request."""
    for request in requests(seen, exchange):
        judge.require(
            requirement,
            seen.following(request, exchange.response),
            expected=f"{exchange.response}",
            actual=what_came(seen, request),
            at=Evidence(message=request.index),
        )


def in_transaction(
    seen: Observation, judge: Judge, requirement: str, exchange: Exchange
) -> None:
    """A response bears the transaction of a request before it."""
    for response in responses(seen, exchange):
        asked = [
            r.transaction for r in requests(seen, exchange) if r.index < response.index
        ]
        judge.require(
            requirement,
            response.transaction in asked,
            expected=f"transaction {asked[-1] if asked else '?'}",
            actual=f"transaction {response.transaction}",
            at=Evidence(response.index, "transaction_id", 8, 4),
        )


def more_announced(
    seen: Observation, judge: Judge, requirement: str, exchange: Exchange
) -> None:
    """All responses of a transaction but the last have the MORE flag."""
    by_transaction: dict[int, list[Seen]] = {}
    for response in responses(seen, exchange):
        by_transaction.setdefault(response.transaction, []).append(response)
    for group in by_transaction.values():
        flags = [m.more for m in group]
        wanted = [True] * (len(group) - 1) + [False]
        wrong = [m for m, w in zip(group, wanted, strict=True) if m.more != w]
        judge.require(
            requirement,
            flags == wanted,
            expected="MORE in all responses but the last",
            actual=f"{len(group)} responses, MORE in {sum(flags)}"
            + ("" if not group[-1].more else ", none followed the last"),
            at=Evidence((wrong or group)[-1].index, "flags", 1, 1),
        )


def names_only_asked(
    seen: Observation, judge: Judge, requirement: str, exchange: Exchange
) -> None:
    """A response to a request that names stations holds those alone."""
    for request in requests(seen, exchange):
        asked = {e["mac"] for e in request.all("MAC_ADDRESS") if "mac" in e}
        if not asked:
            continue
        for response in seen.following(request, exchange.response):
            others = macs_in(response, exchange.container) - asked
            judge.require(
                requirement,
                not others,
                expected=("nothing", f"what concerns {', '.join(sorted(asked))}"),
                actual=f"{exchange.container} of {', '.join(sorted(others))}"
                if others
                else "nothing else",
                at=Evidence(response.index, "elements"),
            )


def macs_in(message: Seen, container: str) -> set[str]:
    """MAC addresses that a message's containers are about."""
    return {
        inner["mac"]
        for element in message.all(container)
        for inner in children(element, "MAC_ADDRESS")
        if "mac" in inner
    }


def children(element: dict[str, object], name: str) -> Iterable[dict[str, str]]:
    """Elements of a name inside another."""
    inside = element.get("elements")
    if isinstance(inside, list):
        yield from (c for c in inside if c.get("name") == name)
