# SPDX-License-Identifier: GPL-2.0-or-later
"""Echo: each request answered once, in time, with its own transaction."""

from itertools import pairwise

from conformance.observation import Observation, Seen
from conformance.verdict import Evidence, Judge

TIMEOUT_S = 1.0
"""The MSE's response timeout (reported)."""


def requests(seen: Observation) -> list[Seen]:
    """Echo requests of the MSE."""
    return [m for m in seen.messages if m.sender == "mse" and m.name == "ECHO_REQUEST"]


def responses(seen: Observation) -> list[Seen]:
    """Echo responses of the WLC."""
    return [m for m in seen.messages if m.sender == "wlc" and m.name == "ECHO_RESPONSE"]


def answered(seen: Observation, judge: Judge, requirement: str = "NMSP-ECHO-1") -> None:
    """As many responses come as there are requests, each after its request."""
    asked = requests(seen)
    for at, request in enumerate(asked):
        later = [r for r in responses(seen) if r.index > request.index]
        judge.require(
            requirement,
            len(later) >= min(1, len(asked) - at),
            expected="an ECHO_RESPONSE",
            actual="an ECHO_RESPONSE" if later else f"none until {seen.until_s:.1f} s",
            at=Evidence(message=request.index),
        )


def answered_once(seen: Observation, judge: Judge) -> None:
    """No request has two responses."""
    for request in requests(seen):
        found = seen.answers(request, "ECHO_RESPONSE")
        if found:
            judge.require(
                "NMSP-ECHO-2",
                len(found) == 1,
                expected="one ECHO_RESPONSE",
                actual=f"{len(found)} with transaction {request.transaction}",
                at=Evidence(message=found[-1].index),
            )


def same_transaction(seen: Observation, judge: Judge) -> None:
    """A response bears the transaction of a request that came before."""
    for response in responses(seen):
        asked = [r.transaction for r in requests(seen) if r.index < response.index]
        if asked:
            judge.require(
                "NMSP-ECHO-3",
                response.transaction in asked,
                expected=f"transaction {asked[-1]}",
                actual=f"transaction {response.transaction}",
                at=Evidence(response.index, "transaction_id", 8, 4),
            )


def in_time(seen: Observation, judge: Judge, limit_s: float = TIMEOUT_S) -> None:
    """Each response comes within the MSE's response timeout."""
    for request in requests(seen):
        after = [r for r in responses(seen) if r.index > request.index]
        if after:
            took = after[0].time_s - request.time_s
            judge.require(
                "NMSP-ECHO-4",
                took <= limit_s,
                expected=f"an ECHO_RESPONSE within {limit_s:g} s",
                actual=f"one after {took:.2f} s",
                at=Evidence(message=after[0].index),
            )


def unsolicited(seen: Observation, judge: Judge) -> None:
    """There are no more responses than requests before them."""
    judge.require(
        "NMSP-ECHO-6",
        all(
            sum(r.index < response.index for r in requests(seen)) > 0
            for response in responses(seen)
        ),
        expected="no ECHO_RESPONSE before a request",
        actual=f"{len(responses(seen))} responses to {len(requests(seen))} requests",
    )


def is_bare(seen: Observation, judge: Judge) -> None:
    """A response has no elements."""
    for response in responses(seen):
        held = response.record.get("elements") or []
        judge.require(
            "NMSP-ECHO-8",
            not held and not response.malformed,
            expected="12 bytes, no element",
            actual=f"{len(response.raw)} bytes, {len(held)} elements",
            at=Evidence(response.index, "elements"),
        )


def mse_echoes(seen: Observation, judge: Judge, limit_s: float = 120.0) -> None:
    """The MSE sends echo requests, the longest pause within the documented range."""
    asked = requests(seen)
    if not asked and seen.until_s < limit_s:
        if seen.live:
            judge.require(
                "NMSP-ECHO-9",
                False,
                expected="an ECHO_REQUEST",
                actual=f"none within {seen.until_s:.1f} s",
            )
        return
    times = [0.0, *(m.time_s for m in asked), seen.until_s]
    pause = max(later - earlier for earlier, later in pairwise(times))
    judge.require(
        "NMSP-ECHO-9",
        pause <= limit_s,
        expected=f"an ECHO_REQUEST at least every {limit_s:g} s",
        actual=f"{len(asked)} in {seen.until_s:.1f} s, longest pause {pause:.1f} s",
    )


def own_transactions(seen: Observation, judge: Judge) -> None:
    """No two echo requests bear the same transaction."""
    asked = [m.transaction for m in requests(seen)]
    if len(asked) > 1:
        judge.require(
            "NMSP-ECHO-10",
            len(set(asked)) == len(asked),
            expected="a transaction id of its own for each",
            actual=f"{len(asked)} requests, {len(set(asked))} ids",
        )


def gives_up(seen: Observation, judge: Judge) -> None:
    """The MSE ends a connection whose echoes stay unanswered."""
    if requests(seen) and not responses(seen):
        judge.recommend(
            "NMSP-ECHO-11",
            seen.end.by == "mse",
            expected="the MSE ends the connection",
            actual=f"{seen.end}, {len(requests(seen))} unanswered",
        )
