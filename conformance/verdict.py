# SPDX-License-Identifier: GPL-2.0-or-later
"""Verdicts: three axes, never one enum.

1. `Verdict`, the worst wins. `inconclusive` carries one of a closed set of reasons;
   it is the natural result of a check that could not evaluate anything.
2. `Severity`, from the requirement's level and grade and from what the run trusts.
3. The baseline's state (`conformance.baseline`).

A `Judge` collects what one case finds. It asks nobody and reads no clock.
"""

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import NoReturn

import msgspec

from nmsp_scapy.constants import Grade


class Verdict(StrEnum):
    """What became of a case or of one requirement in it, the best first."""

    PASS = "pass"  # noqa: S105 - a verdict
    NOT_APPLICABLE = "not_applicable"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; nothing at all is inconclusive, never green."""
    return max(verdicts, key=lambda v: v.rank, default=Verdict.INCONCLUSIVE)


class Reason(StrEnum):
    """Why a case could not be judged. The set is closed."""

    NO_STIMULUS = "no-stimulus-observed"
    CAPTURE_GAP = "capture-gap"
    NO_KEYS = "no-keys"
    BAD_MAC = "bad-mac"
    MID_SESSION = "mid-session"
    PEER_CLOSED = "peer-closed-early"
    TIMEOUT = "timeout-before-precondition"
    DEPENDENCY = "dependency-failed"
    UNCONFIRMED = "profile-unconfirmed"


class Level(StrEnum):
    """How binding a requirement is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Severity(StrEnum):
    """What a failed requirement weighs."""

    VIOLATION = "violation"
    DIFFERENCE = "difference"
    WARNING = "warning"
    NOTE = "note"


class Trust(msgspec.Struct, frozen=True):
    """What the run holds against an endpoint.

    Attributes:
        grade: the least sure grade that still counts.
        strict: whether a warning fails the run.
    """

    grade: Grade = Grade.OBSERVED
    strict: bool = False

    def severity(self, level: Level, grade: Grade, *, advice: bool = False) -> Severity:
        """Weigh a failed requirement.

        Args:
            level: the requirement's.
            grade: the requirement's.
            advice: whether the scenario only recommends it.
        """
        grades = list(Grade)
        if level is Level.MAY or grades.index(grade) > grades.index(self.grade):
            return Severity.NOTE
        if level is Level.SHOULD or advice:
            return Severity.WARNING
        documented = grade is Grade.DOCUMENTED
        return Severity.VIOLATION if documented else Severity.DIFFERENCE

    def fails(self, severity: Severity) -> bool:
        """Tell whether a deviation of this severity fails the run."""
        if severity is Severity.WARNING:
            return self.strict
        return severity is not Severity.NOTE


class Exit(IntEnum):
    """Exit codes of `nmsp-conformance`; part of its contract."""

    OK = 0
    DEVIATION = 1
    USAGE = 2
    INCONCLUSIVE = 3
    BUG = 4


class Index(int):
    """A message's place in its conversation, which knows the conversation's own.

    Attributes:
        connection: index of the connection in the case.
    """

    connection: int

    def __new__(cls, place: int, connection: int = 0) -> "Index":
        """Make one."""
        made = super().__new__(cls, place)
        made.connection = connection
        return made


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where in a conversation a finding rests.

    A check names message and field; the rest is found when the case is recorded.

    Attributes:
        message: index in the transcript; None where no message is concerned.
        field: path such as `elements.0.code`; empty for the whole message.
        offset, length: bytes in the message.
        connection: index of the connection in the case.
        frames: numbers in the deviation's own capture; the last completes it.
        filter: Wireshark's display filter that finds it there.
    """

    message: int | None = None
    field: str = ""
    offset: int | None = None
    length: int | None = None
    connection: int = 0
    frames: tuple[int, ...] = ()
    filter: str = ""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One evaluation of one requirement.

    Attributes:
        requirement: its id.
        met: whether the endpoint did what it says.
        expected, actual: one clause each.
        advice: whether it was only recommended.
        alternatives: each thing that would have done, where there are several;
            `expected` names them all.
    """

    requirement: str
    met: bool
    expected: str
    actual: str
    advice: bool = False
    evidence: Evidence | None = None
    alternatives: tuple[str, ...] = ()


class InconclusiveError(Exception):
    """Ends a case that cannot be judged."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason, self.text = reason, text


class NotApplicableError(Exception):
    """Ends a case that does not concern the endpoint."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class DeviationError(Exception):
    """Ends a case that has failed and would only repeat itself."""


class Judge:
    """Collects the findings of one case.

    Attributes:
        names: the requirement ids that the case evaluates.
        findings: in the order of evaluation.
        notes: for people; they change no verdict.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.unjudged: dict[str, tuple[Reason, str]] = {}

    def assume(self, condition: object, reason: Reason, text: str) -> None:
        """End the case as inconclusive unless the condition holds.

        Args:
            condition: the precondition.
            reason: which of the closed set.
            text: what was found instead, one clause.
        """
        if not condition:
            raise InconclusiveError(reason, text)

    def applies(self, condition: object, text: str) -> None:
        """End the case as not applicable unless the condition holds.

        Args:
            condition: what the endpoint itself has told.
            text: why the case does not concern it.
        """
        if not condition:
            raise NotApplicableError(text)

    def require(
        self,
        requirement: str,
        condition: object,
        *,
        expected: str | tuple[str, ...],
        actual: str,
        at: Evidence | None = None,
    ) -> bool:
        """Evaluate a requirement; a condition that does not hold fails it.

        Args:
            requirement: its id.
            condition: whether the endpoint did what it says.
            expected: one clause, or one for each alternative that would do.
            actual: what it did.
            at: where that is seen.
        """
        return self._add(requirement, condition, expected, actual, at, advice=False)

    def recommend(
        self,
        requirement: str,
        condition: object,
        *,
        expected: str | tuple[str, ...],
        actual: str,
        at: Evidence | None = None,
    ) -> bool:
        """Evaluate a requirement; a condition that does not hold is a warning."""
        return self._add(requirement, condition, expected, actual, at, advice=True)

    def note(self, text: str) -> None:
        """Tell people something that changes no verdict."""
        self.notes.append(text)

    def unable(self, requirement: str, reason: Reason, text: str) -> None:
        """Say why one requirement of the case could not be evaluated."""
        self._named(requirement)
        self.unjudged.setdefault(requirement, (reason, text))

    def stop(self) -> NoReturn:
        """End the case: what was found stands, the rest was not evaluated."""
        raise DeviationError

    def verdict(self, requirement: str) -> Verdict:
        """Return the verdict on one requirement of the case."""
        own = [f.met for f in self.findings if f.requirement == requirement]
        if not own:
            return Verdict.INCONCLUSIVE
        return Verdict.PASS if all(own) else Verdict.FAIL

    def _add(
        self,
        requirement: str,
        condition: object,
        expected: str | tuple[str, ...],
        actual: str,
        at: Evidence | None,
        *,
        advice: bool,
    ) -> bool:
        self._named(requirement)
        met = bool(condition)
        several = expected if isinstance(expected, tuple) else ()
        told = ", or ".join(several) if isinstance(expected, tuple) else expected
        if at is not None and isinstance(at.message, Index):
            at = msgspec.structs.replace(
                at, message=int(at.message), connection=at.message.connection
            )
        self.findings.append(
            Finding(requirement, met, told, actual, advice, at, several)
        )
        return met

    def _named(self, requirement: str) -> None:
        if requirement not in self.names:
            raise ValueError(f"the scenario does not name {requirement}")
