# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture of its own for each deviation, in which Wireshark finds the faulty bytes.

It holds one connection from the handshake on, with its secrets, and ends with the
message that deviates, or goes on to the end where what deviates is that nothing came.
Frame numbers are read back from the file itself, by dissecting it. A comment on the
frame names message and bytes, in a form that our Wireshark dissector understands:
it marks them as `nmsp.deviation`.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance.evidence import Frame, frames_of, secrets_of, write_frames
from conformance.link import Link
from conformance.observation import EndKind, Seen
from conformance.place import Place, pointed
from conformance.report.console import printable
from conformance.result import Case, Judged
from conformance.verdict import Evidence, Finding, Verdict
from nmsp_scapy.conversation import Message
from nmsp_scapy.dissect import dissect
from nmsp_scapy.profile import Profile

CLAUSE = 400
"""Letters of a clause that a comment has room for."""


def pinpoint(case: Case, links: Sequence[Link], folder: Path) -> None:
    """Write the captures, and complete the evidence of each deviation.

    Args:
        case: changed in place.
        links: its connections.
        folder: where the case's capture is.
    """
    for part in case.requirements:
        if part.verdict is Verdict.FAIL and part.unmet:
            _Deviation(case, part, links).write(folder)


def comment_of(requirement: str, found: Finding, raw: bytes, place: Place) -> str:
    """Say on a frame what deviates, and where: the dissector looks for the brackets."""
    last = place.offset + place.length - 1
    where = f"[nmsp {raw[:16].hex()} bytes {place.offset}-{last}]"
    return f"{clauses(requirement, found)} {where}"


def clauses(requirement: str, found: Finding) -> str:
    """What was expected and what came; nothing in it acts on a terminal or on Lua."""
    expected, actual = found.expected[:CLAUSE], found.actual[:CLAUSE]
    text = printable(f"{requirement}: expected {expected}; actual {actual}")
    return text.replace("[nmsp ", "(nmsp ")


class _Deviation:
    """One failed requirement of a case."""

    def __init__(self, case: Case, part: Judged, links: Sequence[Link]) -> None:
        self.case, self.part = case, part
        first = part.unmet[0].evidence
        # Where no message is named, what deviates is how the last connection went.
        number = first.connection if first else len(links) - 1
        self.number = min(number, len(links) - 1)
        link = links[self.number]
        if first is None and not (link.endpoints and link.chunks):
            self.number = max(
                (n for n, each in enumerate(links) if each.endpoints and each.chunks),
                default=self.number,
            )
        self.link = links[self.number]
        self.profile: Profile = self.link.profile

    def write(self, folder: Path) -> None:
        """Write its capture and tell its findings where they lie."""
        if not (self.link.endpoints and self.link.chunks):
            return
        frames = self._frames()
        name = f"{self.case.id}.{self.part.requirement}.pcapng"
        secrets = secrets_of([self.link])
        told = [
            f"{self.part.requirement} in {self.case.id}",
            self.part.text,
            "Frames rebuilt from the bytes that the tester's socket carried.",
        ]
        write_frames(folder / name, frames, secrets, told)
        remarks: dict[int, list[str]] = defaultdict(list)
        self._place(folder / name, frames, remarks)
        write_frames(folder / name, frames, secrets, told, remarks)
        self.part.capture = name

    def _message(self, found: Finding) -> Seen | None:
        at, messages = found.evidence, self.link.observation.messages
        if at is None or at.message is None or at.connection != self.number:
            return None
        return messages[at.message] if at.message < len(messages) else None

    def _frames(self) -> list[Frame]:
        """Frames up to the last message that deviates."""
        frames = list(frames_of(self.link))
        messages = [self._message(found) for found in self.part.unmet]
        role = self.link.observation.role
        if any(m is None or m.sender != role for m in messages):
            return frames
        last = max(m.time_s for m in messages if m is not None)
        carried = [n for n, c in enumerate(self.link.chunks) if c.time_s <= last]
        stop = carried[-1] if carried else -1
        return [frame for frame in frames if frame.chunk <= stop]

    def _place(
        self, path: Path, frames: list[Frame], remarks: dict[int, list[str]]
    ) -> None:
        carriers = self._carriers(path)
        placed: list[Finding] = []
        for found in self.part.findings:
            message = None if found.met else self._message(found)
            if found.met:
                placed.append(found)
            elif message is None:
                placed.append(self._ended(found, frames, remarks))
            else:
                numbers = carriers.get(int(message.index), ())
                placed.append(self._in_message(found, message, numbers, remarks))
        self.part.findings = placed

    def _carriers(self, path: Path) -> dict[int, tuple[int, ...]]:
        """Frames of each message of the transcript, as the capture has them."""
        assert self.link.endpoints is not None  # noqa: S101 - the caller has looked
        local, remote = self.link.endpoints
        port = remote[1] if self.link.observation.role == "wlc" else local[1]
        waiting = list(self.link.observation.messages)
        found: dict[int, tuple[int, ...]] = {}
        for each in dissect(str(path), profile=self.profile, ports=frozenset({port})):
            if not isinstance(each, Message):
                continue
            for at, message in enumerate(waiting):
                if message.raw == each.raw and message.direction is each.direction:
                    found[int(message.index)] = each.frames
                    del waiting[at]
                    break
        return found

    def _in_message(
        self,
        found: Finding,
        message: Seen,
        numbers: tuple[int, ...],
        remarks: dict[int, list[str]],
    ) -> Finding:
        at = found.evidence or Evidence()
        told, place = pointed(at, message.raw, numbers, self.profile)
        if numbers:
            remark = comment_of(self.part.requirement, found, message.raw, place)
            remarks[numbers[-1]].append(remark)
        return _with(found, told)

    def _ended(
        self, found: Finding, frames: list[Frame], remarks: dict[int, list[str]]
    ) -> Finding:
        """Point at the endpoint's last frame, where no message is concerned."""
        alert = self.link.observation.end.kind is EndKind.ALERT
        theirs = [
            number
            for number, frame in enumerate(frames, 1)
            if frame.theirs and not (alert and frame.chunk == len(self.link.chunks))
        ]
        number = theirs[-1] if theirs else len(frames)
        remarks[number].append(clauses(self.part.requirement, found))
        at = found.evidence or Evidence(connection=self.number)
        if at.connection != self.number:
            return found
        told = msgspec.structs.replace(
            at, frames=(number,), filter=f"frame.number == {number}"
        )
        return _with(found, told)


def _with(found: Finding, evidence: Evidence) -> Finding:
    return msgspec.structs.replace(found, evidence=evidence)
