# SPDX-License-Identifier: GPL-2.0-or-later
"""Finding the place again: after bytes that the capture lost, or that are damaged.

A record boundary is found where the cut record ends, if its header was seen, and by
its form otherwise; it counts only when the record authenticates under keys that may
hold there and one of the sequence numbers that the hole leaves possible. All of it is
bounded: by the bytes that are missing, and by a budget of trials for the session.
"""

from collections.abc import Callable
from typing import Final

from nmsp_scapy.integrity import BadMac, Gap, NoKey, Undecodable
from nmsp_scapy.tls.lane import BEHIND, Lane, Mode
from nmsp_scapy.tls.negotiation import (
    APPLICATION,
    EARLY,
    Candidate,
    Candidates,
    Negotiation,
)
from nmsp_scapy.tls.protection import (
    SHORTEST,
    Opened,
    Protection,
    Search,
    protection_13,
)
from nmsp_scapy.tls.registry import ALERT_LEVELS, Handshake, Record, Version
from nmsp_scapy.tls.resync import find_header, plausible
from nmsp_scapy.tls.schedule import next_secret

MOST_TRIALS: Final = 300_000
"""Trial decryptions that a session may spend on finding its place."""

MOST_LOST: Final = 2**16
"""Records that a hole may have swallowed at most."""

Seal = Callable[[Lane, str], None]
Adopt = Callable[[Lane, Candidate], None]


class Recovery:
    """Brings a lane from `LOST` back to records.

    Args:
        negotiation: says which keys may hold.
        seal: closes a lane for a reason.
        adopt: makes a candidate's keys those of a lane.
    """

    def __init__(self, negotiation: Negotiation, seal: Seal, adopt: Adopt) -> None:
        self._negotiation = negotiation
        self._seal = seal
        self._adopt = adopt
        self._budget = MOST_TRIALS
        self._basis: list[object] = [None, None]
        self._held: list[Candidates] = [[], []]

    def gap(self, lane: Lane, gap: BadMac | Gap | NoKey | Undecodable) -> None:
        """Bytes are missing; what was not read yet of their record is lost too."""
        buffer = lane.buffer
        buffer.settle()
        end = gap.offset + (gap.length or 0)
        if lane.mode is Mode.LOST:
            lane.skip(len(buffer.data))
            lane.end_skipped()
        else:
            lane.settle_doubts()
            start = buffer.place if len(buffer) else gap.offset
            lane.lost_from = start
            boundary = lane.record_end()
            lane.skip_to = boundary if boundary >= end else 0
            if start < gap.offset:
                seen = buffer.evidence(buffer.position, len(buffer.data))
                frames = tuple(dict.fromkeys(seen.frames + gap.frames))
                length = None if gap.length is None else end - start
                gap = type(gap)(start, length, gap.time_ns, frames, gap.reason)
            lane.mode = Mode.LOST
            self._negotiation.lost(lane.side)
        lane.behind = b""
        lane.forget_messages()
        buffer.drop()
        lane.out.append((lane.side, gap))

    def lose(self, lane: Lane) -> None:
        """No record can begin where the next should."""
        buffer = lane.buffer
        lane.lost_from = buffer.place
        lane.behind = buffer.data[max(0, buffer.position - BEHIND) : buffer.position]
        lane.skip_to = 0
        lane.mode = Mode.LOST

    def exhaust(self, lane: Lane) -> None:
        """No byte follows those in the buffer: look for whole records in all of them.

        Chance makes a header now and then whose record would end far behind.
        """
        lane.buffer.settle()
        while lane.mode is Mode.LOST and len(lane.buffer):
            if not self.step(lane) and len(lane.buffer):
                lane.skip(lane.buffer.position + 1)

    def step(self, lane: Lane) -> bool:
        """Look for a record; False where more bytes must come first."""
        buffer = lane.buffer
        data = buffer.data
        if lane.skip_to > buffer.place:
            lane.skip(min(len(data), lane.skip_to - buffer.offset))
            return buffer.position < len(data)
        at = find_header(data, buffer.position, self._negotiation.version)
        lane.skip(at)
        if len(data) - at < 5:
            return False
        stop = at + 5 + (data[at + 3] << 8 | data[at + 4])
        if stop > len(data):
            return False
        chained = len(data) - stop < 3 or plausible(data, stop)
        if not (chained and self._resume(lane, at, stop)):
            lane.skip(at + 1)
        return True

    def _resume(self, lane: Lane, start: int, stop: int) -> bool:
        """Whether what looks like a record is one, so that the lane can go on."""
        data = lane.buffer.data
        kind = data[start]
        if self._negotiation.hello is None and self._negotiation.answer is None:
            lane.end_skipped()
            if kind == Record.HANDSHAKE:
                lane.mode = Mode.CLEAR
            else:
                self._seal(lane, "mid-session: the capture begins after the handshake")
            return True
        if self._find(lane, start, stop):
            lane.end_skipped()
            return True
        if lane.mode is Mode.LOST and _clear(lane, kind, data[start + 5 : stop]):
            lane.end_skipped()
            lane.mode = Mode.CLEAR
        return lane.mode is not Mode.LOST

    def _find(self, lane: Lane, start: int, stop: int) -> bool:
        """Look for keys and a sequence number that open the record.

        The record stays in the buffer, to be read as the next of its lane.
        """
        buffer = lane.buffer
        data = buffer.data
        version = data[start + 1] << 8 | data[start + 2]
        lost = buffer.offset + start - lane.lost_from
        for candidate, protection in self._possible(lane, data[start]):
            search = Search(
                lane.behind,
                lost,
                min(lost // SHORTEST + 1, MOST_LOST),
                self._budget,
                unkeyed=lane.protection is None,
            )
            opened = protection.seek(
                data[start], version, data[start + 5 : stop], search
            )
            self._budget = search.budget
            if opened is not None:
                if candidate is not None:
                    self._adopt(lane, candidate)
                lane.mode = Mode.OPEN
                lane.started = True
                lane.found = (stop, opened)
                return True
        if self._budget <= 0:
            lane.end_skipped()
            self._seal(lane, "its place after a hole was not found within bounds")
        return False

    def _possible(
        self, lane: Lane, kind: int
    ) -> list[tuple[Candidate | None, Protection]]:
        """The keys that may hold behind a hole, the likeliest first."""
        negotiation = self._negotiation
        found: list[tuple[Candidate | None, Protection]] = []
        if negotiation.version == Version.TLS13 or lane.epoch:
            if kind != Record.APPLICATION_DATA:
                return []
            candidates = self._possible_13(lane)
        elif lane.protection is None:
            candidates = lane.candidates or self._unproved(lane.side)
        else:
            candidates = []
        if lane.protection is not None:
            found.append((None, lane.protection))
        if isinstance(candidates, list):
            found += [(candidate, candidate.protection) for candidate in candidates]
        elif isinstance(candidates, str) and not found and kind == 23:
            lane.end_skipped()
            self._seal(lane, candidates)
        return found

    def _unproved(self, side: int) -> Candidates:
        """Keys of which none is proved: the same objects for as long as nothing is new.

        What a record leaves in them may be what the next one needs.
        """
        basis = self._negotiation.basis
        if self._basis[side] != basis:
            self._basis[side] = basis
            self._held[side] = self._negotiation.candidates(side)
        return self._held[side]

    def _possible_13(self, lane: Lane) -> object:
        now = lane.candidate
        # A lane may stand at the turn to an epoch of which it has seen no record.
        if now is None or now.epoch != lane.epoch:
            least = lane.epoch
        elif lane.epoch == APPLICATION:
            return [following(now)]
        else:
            least = lane.epoch + 1
        return self._negotiation.candidates_13(lane.side, max(least, EARLY))

    def successor(
        self, lane: Lane, kind: int, version: int, fragment: bytes
    ) -> Opened | None:
        """Try the keys of later epochs of TLS 1.3, as rejected early data needs."""
        if lane.epoch in (0, APPLICATION):
            return None
        found = self._negotiation.candidates_13(lane.side, lane.epoch + 1)
        for candidate in found if isinstance(found, list) else []:
            search = Search(b"", 0, 8, self._budget)
            opened = candidate.protection.seek(kind, version, fragment, search)
            self._budget = search.budget
            if opened is not None:
                self._adopt(lane, candidate)
                return opened
        return None


def following(now: Candidate) -> Candidate:
    """The keys of TLS 1.3 after the next KeyUpdate."""
    secret = next_secret(now.suite.prf, now.secret.value)
    return Candidate(
        protection_13(now.suite, secret),
        now.label,
        now.random,
        type(now.secret)(secret, now.secret.source),
        now.suite,
        APPLICATION,
        now.turn + 1,
    )


def _clear(lane: Lane, kind: int, fragment: bytes) -> bool:
    """Whether a record may be one from before any keys."""
    if lane.protection is not None or not fragment:
        return False
    if kind == Record.CHANGE_CIPHER_SPEC:
        return fragment == b"\x01"
    if kind == Record.ALERT:
        return len(fragment) == 2 and fragment[0] in ALERT_LEVELS
    if kind != Record.HANDSHAKE or len(fragment) < 4:
        return False
    length = int.from_bytes(fragment[1:4], "big")
    return fragment[0] in list(Handshake) and length <= 2**18
