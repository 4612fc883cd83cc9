# SPDX-License-Identifier: GPL-2.0-or-later
"""The result of a replay. Its JSON Schema is published."""

from enum import StrEnum
from typing import Any

import msgspec

from conformance.verdict import Exit, Reason

TRANSACTION = "transaction_id"
"""The field whose value is another each time, so that it tells nothing apart."""

MOST = 200
"""Distinct differences that are kept."""


class Aspect(StrEnum):
    """In what an answer differs from the capture's."""

    END = "end"
    KIND = "kind"
    ORDER = "order"
    FIELD = "field"
    TIMING = "timing"


class Difference(msgspec.Struct, omit_defaults=True):
    """One thing that is not as in the capture; what is alike is told once.

    Attributes:
        message: name of the endpoint's message.
        place: element and field, as `--ignore` takes them; empty for the whole message.
        field: the same as a path into the record, `elements.0.code`.
        offset, length: bytes in the endpoint's message; in the capture's where the
            endpoint has none.
        request: what it answers, as `ECHO_REQUEST #7`.
        frames: of the capture, where the expected stands (else its request).
        index: of the message in the replay's transcript.
        filter: finds it in the replay's recording, with our Wireshark dissector.
        times: how often.
    """

    aspect: Aspect
    message: str
    expected: str
    actual: str
    place: str = ""
    field: str = ""
    offset: int | None = None
    length: int | None = None
    request: str = ""
    frames: tuple[int, ...] = ()
    index: int | None = None
    filter: str = ""
    times: int = 1


class Unjudged(msgspec.Struct, frozen=True):
    """Something that could not be compared, and why."""

    reason: Reason
    text: str


class Ignored(msgspec.Struct, frozen=True):
    """What was not compared on purpose."""

    pattern: str
    why: str


class Line(msgspec.Struct, omit_defaults=True):
    """One message of the replay.

    Attributes:
        sender: `mse` is the tester.
        raw: hex digits.
    """

    index: int
    time_s: float
    sender: str
    text: str
    raw: str
    record: dict[str, Any]


class Outcome(msgspec.Struct, omit_defaults=True):
    """What a replay came to.

    Attributes:
        capture: name of the file.
        captured_wlc: the endpoint of the capture.
        timing: `fast` or `original`.
        playable, played: messages of the MSE.
        answers, notifications: messages of the endpoint that were compared.
        differences: distinct ones, by aspect.
        left_out: distinct differences beyond those that are kept.
        unjudged: what stands in the way of a verdict.
        remarks: what a reader must know; it changes nothing.
        confirmed: whether the endpoint was seen to speak the wire profile.
        end: how the connection ended.
        evidence: name of the replay's own pcapng.
    """

    capture: str
    conversation: int
    target: str
    profile: str
    timing: str
    speed: float
    captured_wlc: str = ""
    playable: int = 0
    played: int = 0
    answers: int = 0
    notifications: int = 0
    differences: list[Difference] = []
    left_out: int = 0
    unjudged: list[Unjudged] = []
    remarks: list[str] = []
    ignored: list[Ignored] = []
    transcript: list[Line] = []
    confirmed: bool = False
    tls: str = ""
    end: str = ""
    evidence: str = ""
    duration_s: float = 0.0
    exit: Exit = Exit.INCONCLUSIVE
    schema_version: int = 1
    tool_version: str = ""

    def add(self, difference: Difference) -> None:
        """Add a difference, once for all that are alike."""
        if difference.index is not None:
            difference.index = int(difference.index)  # a place knows its connection
        for known in self.differences:
            if _key(known) == _key(difference):
                known.times += 1
                return
        if len(self.differences) >= MOST:
            self.left_out += 1
        else:
            self.differences.append(difference)

    def unable(self, reason: Reason, text: str) -> None:
        """Say what could not be compared."""
        told = Unjudged(reason, text)
        if told not in self.unjudged:
            self.unjudged.append(told)

    def settle(self) -> None:
        """Set the exit code, and order the differences."""
        order = list(Aspect)
        self.differences.sort(key=lambda d: order.index(d.aspect))
        if self.differences:
            self.exit = Exit.DEVIATION
        elif self.unjudged or not (self.answers or self.notifications):
            self.exit = Exit.INCONCLUSIVE
        else:
            self.exit = Exit.OK


def _key(difference: Difference) -> tuple[object, ...]:
    alike = difference.aspect, difference.message, difference.place
    if difference.aspect is Aspect.FIELD and difference.place != TRANSACTION:
        return (*alike, difference.expected, difference.actual)
    return alike


def schema() -> dict[str, Any]:
    """Return the JSON Schema of an outcome."""
    found = msgspec.json.schema(Outcome)
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "Result of nmsp-conformance replay"
    return found
