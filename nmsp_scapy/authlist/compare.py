# SPDX-License-Identifier: GPL-2.0-or-later
"""A certificate against what somebody pasted: which part differs, and how."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from nmsp_scapy.authlist.identity import Identity
from nmsp_scapy.authlist.pasted import LENGTHS, Claim, Entry

SPELLING = {"sha1": "SHA-1", "sha256": "SHA-256 (SHA2)"}
NEAR = 6
"""Up to this many edits a hash is called mistyped, from there another key's."""


class State(StrEnum):
    """How a part compares."""

    SAME = "same"
    MISREAD = "same but for look-alike digits"
    MISTYPED = "mistyped"
    SPELLING = "right, wrongly written"
    WRONG_KIND = "another hash of this certificate"
    OTHER = "another"
    ABSENT = "absent"


class Difference(msgspec.Struct):
    """One part of an entry compared with the certificate.

    Attributes:
        part: `MAC`, `SHA-1` or `SHA-256 (SHA2)`.
        expected: the certificate's value; given: as pasted, empty when absent.
        line: of the pasted text, 0 when absent.
        detail: one clause for people, empty when there is nothing to add.
    """

    part: str
    state: State
    expected: str
    given: str
    line: int
    detail: str = ""

    @property
    def same(self) -> bool:
        """Whether a controller takes it as it is written."""
        return self.state is State.SAME


def compare(identity: Identity, entries: Sequence[Entry]) -> list[Difference]:
    """Hold a certificate against pasted entries.

    Every entry with its MAC is taken; without any, the one with its hash, else the
    nearest.

    Args:
        identity: the certificate's.
        entries: at least one.

    Returns:
        One difference a part of those entries, `same` where they agree.
    """
    ours = [e for e in entries if e.mac and identity.mac == e.mac.value]
    found = []
    for entry in ours or [_nearest(identity, entries)]:
        if entry.mac is not None:
            found.append(_mac(identity, entry.mac))
        found += [_hash(identity, claim) for claim in entry.hashes]
        if not entry.hashes:
            said = "no hash is given"
            found.append(
                Difference("key hash", State.ABSENT, identity.sha256, "", 0, said)
            )
    return found


def _nearest(identity: Identity, entries: Sequence[Entry]) -> Entry:
    def distance(entry: Entry) -> int:
        hashes = [
            len(edits(claim.value, expected))
            for claim in entry.hashes
            for expected in (identity.sha1, identity.sha256)
        ]
        return min(hashes, default=64)

    return min(entries[:200], key=distance)


def _mac(identity: Identity, claim: Claim) -> Difference:
    expected = identity.mac or ""
    state, detail = State.SAME, ""
    if not expected:
        state, detail = State.ABSENT, "the certificate's subject holds no MAC"
    elif claim.value != expected:
        steps = edits(claim.value, expected)
        near = len(steps) <= 2
        state = State.MISTYPED if near else State.OTHER
        detail = "; ".join(steps) if near else "another machine's MAC address"
    elif claim.misread:
        state, detail = State.MISREAD, _misread(claim)
    elif claim.due and claim.given != expected:
        state = State.SPELLING
        detail = f"an IOS-XE user name is lower case without separators: {expected}"
    return Difference(
        "MAC", state, identity.mac_colons or "", claim.given, claim.line, detail
    )


def _hash(identity: Identity, claim: Claim) -> Difference:
    due = claim.due or ("sha1" if len(claim.value) < 52 else "sha256")
    expected = identity.sha1 if due == "sha1" else identity.sha256
    state, detail = _judge(identity, claim, due, expected)
    return Difference(SPELLING[due], state, expected, claim.given, claim.line, detail)


def _judge(
    identity: Identity, claim: Claim, due: str, expected: str
) -> tuple[State, str]:
    mistaken = {
        identity.sha1: "the SHA-1 key hash",
        identity.sha256: "the SHA-256 key hash",
        identity.certificate_sha1: "the SHA-1 fingerprint of the whole certificate",
        identity.certificate_sha256: "the SHA-256 fingerprint of the whole certificate",
        identity.key_id_sha1: "the subject key identifier",
    }
    steps = edits(claim.value, expected)
    if not steps:
        said = [_misread(claim)] if claim.misread else []
        said += ["white space stands inside; remove it"] if claim.split else []
        return (State.MISREAD if said else State.SAME), "; ".join(said)
    if claim.value in mistaken:
        what = mistaken[claim.value]
        return State.WRONG_KIND, f"this is {what}; {SPELLING[due]} is due here"
    if len(steps) <= NEAR:
        return State.MISTYPED, "; ".join([*steps, *filter(None, [_misread(claim)])])
    if len(claim.value) not in LENGTHS:
        return State.OTHER, f"not a key hash: {len(claim.value)} characters"
    return State.OTHER, "the hash of another key"


def _misread(claim: Claim) -> str:
    said = [f"{char!r} for {digit} at {at}" for at, char, digit in claim.misread]
    return "look-alikes: " + ", ".join(said) if said else ""


def edits(given: str, expected: str) -> list[str]:
    """Name the fewest single-character edits that lead to the expected text.

    Args:
        given: at most 128 characters count.
        expected: likewise.

    Returns:
        One clause an edit; positions are the given text's, 1 the first.
    """
    given, expected = given[:128], expected[:128]
    rows = [list(range(len(expected) + 1))]
    for i, a in enumerate(given, 1):
        row = [i]
        for j, b in enumerate(expected, 1):
            above = rows[-1]
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
        rows.append(row)
    said = []
    i, j = len(given), len(expected)
    while i or j:
        here = rows[i][j]
        if i and j and here == rows[i - 1][j - 1] + (given[i - 1] != expected[j - 1]):
            i, j = i - 1, j - 1
            if given[i] != expected[j]:
                said.append(f"{given[i]!r} at {i + 1} should be {expected[j]!r}")
        elif i and here == rows[i - 1][j] + 1:
            i -= 1
            said.append(f"{given[i]!r} at {i + 1} is one too many")
        else:
            j -= 1
            said.append(f"{expected[j]!r} is missing after {i}")
    return said[::-1]
