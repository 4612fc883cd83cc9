# SPDX-License-Identifier: GPL-2.0-or-later
"""What the doctor finds: a cause with its evidence and its remedy."""

from enum import StrEnum

import msgspec

EVIDENCE_LIMIT = 6
"""Pieces of evidence that are kept of one cause."""


class Cause(StrEnum):
    """Why a tunnel is down, ill, or not to be read. The value is contract."""

    UNREACHABLE = "not-reachable"
    PORT_CLOSED = "port-closed"
    SILENT = "no-tls-answer"
    VERSION = "tls-version"
    SUITE = "tls-suite"
    NO_CERTIFICATE = "no-client-certificate"
    MSE_REFUSES = "mse-refuses-wlc"
    MAC_UNLISTED = "mac-unlisted"
    HASH_MISMATCH = "hash-mismatch"
    SHA1_FOR_SHA2 = "sha1-for-sha2"
    AUTHLIST = "authlist-rejected"
    NOT_YET_VALID = "certificate-not-yet-valid"
    EXPIRED = "certificate-expired"
    CLOCKS = "clocks-apart"
    AUTHLIST_SLOW = "authlist-slow"
    HANDSHAKE = "handshake-failed"
    SUBSCRIPTION = "subscription-refused"
    ECHO_LOST = "echo-lost"
    PEER_DEAD = "peer-dead"
    BYTES_MISSING = "bytes-missing"
    NO_KEY = "no-key"
    DAMAGE = "capture-damaged"


UNREAD = {Cause.BYTES_MISSING, Cause.NO_KEY, Cause.DAMAGE}
"""Causes that concern the capture, not the tunnel."""


class Confidence(StrEnum):
    """How sure a finding is.

    certain: one of the two ends says so itself, or it is measured. likely: nothing
    else known leads to the same picture. possible: other causes look the same.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Evidence(msgspec.Struct, frozen=True):
    """What a finding rests on.

    Attributes:
        frame: of the capture, 1 is the first; None where it is not the capture.
        line: of the trace, 1 is the first; None where it is not the trace.
    """

    text: str
    frame: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        """Write `frame 7: ...`, `trace line 9: ...` or the text alone."""
        if self.frame is not None:
            return f"frame {self.frame}: {self.text}"
        if self.line is not None:
            return f"trace line {self.line}: {self.text}"
        return self.text


class Finding(msgspec.Struct):
    """One cause.

    Attributes:
        title: one sentence for people.
        conversations: indices of those it concerns, in order; at most 1000.
        remedy: what to do, in order.
        commands: for the WLC or a shell, ready to paste.
    """

    cause: Cause
    confidence: Confidence
    title: str
    evidence: list[Evidence]
    remedy: list[str]
    commands: list[str] = []
    conversations: list[int] = []


class Diagnosis(msgspec.Struct):
    """What `nmsp doctor --json` prints.

    Attributes:
        healthy: whether nothing is wrong with the tunnel: NMSP was seen to work, and
            no finding says otherwise.
        summary: one sentence.
        notes: what is worth knowing and no fault.
    """

    healthy: bool
    summary: str
    findings: list[Finding]
    notes: list[str]
    conversations: int
    messages: int


def joined(findings: list[Finding]) -> list[Finding]:
    """Put findings of one cause and title together, the surest first."""
    order = list(Confidence)
    by_cause: dict[tuple[Cause, str], Finding] = {}
    for found in findings:
        known = by_cause.setdefault((found.cause, found.title), found)
        if known is found:
            continue
        room = EVIDENCE_LIMIT - len(known.evidence)
        known.evidence += [e for e in found.evidence if e not in known.evidence][:room]
        known.conversations += [
            index for index in found.conversations if index not in known.conversations
        ]
        known.confidence = min(known.confidence, found.confidence, key=order.index)
    ranked = sorted(
        by_cause.values(),
        key=lambda f: (f.cause in UNREAD, order.index(f.confidence)),
    )
    for found in ranked:
        found.conversations = found.conversations[:1000]
    return ranked
