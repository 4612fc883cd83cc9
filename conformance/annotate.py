# SPDX-License-Identifier: GPL-2.0-or-later
"""The capture as it was, with what deviates and what was lost as comments on frames.

Wireshark shows the comments; our dissector marks the bytes that a comment names as
`nmsp.deviation`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from conformance.capture import Watched
from conformance.observation import Seen
from conformance.pinpoint import clauses, comment_of
from conformance.place import Place, locate
from conformance.result import Case
from conformance.verdict import Finding, Verdict
from nmsp_scapy.conversation import Event, Result
from nmsp_scapy.export.notes import Notes
from nmsp_scapy.export.output import replacing
from nmsp_scapy.export.pcapng import write_capture


class Annotation:
    """Gathers comments while a capture is read and judged.

    Attributes:
        by_frame: comments by frame number.
        damaged: whether the capture file itself is damaged.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._notes = Notes()
        self.damaged = False

    @property
    def by_frame(self) -> dict[int, list[str]]:
        """Comments by frame number."""
        return self._notes.by_frame

    def listen(self, batches: Iterable[Iterable[Result]]) -> Iterator[Result]:
        """Pass a capture's results on, and keep its events."""
        for batch in batches:
            for each in batch:
                if isinstance(each, Event):
                    self._notes.add(each)
                    self.damaged = self.damaged or each.event == "damage"
                yield each

    def deviations(self, cases: Iterable[Case], watched: Sequence[Watched]) -> None:
        """Keep what failed, on the frame that completes the message."""
        by_index = {each.conversation.index: each for each in watched}
        for case in cases:
            messages = by_index[_conversation(case)].seen.messages
            for part in case.requirements:
                if part.verdict is Verdict.FAIL:
                    for found in part.unmet:
                        self._deviation(part.requirement, found, messages)

    def _deviation(
        self, requirement: str, found: Finding, messages: Sequence[Seen]
    ) -> None:
        at = found.evidence
        if at is not None and at.message is not None:
            message = messages[at.message]
            place = locate(message.raw, at.field, message.profile)
            if at.offset is not None:
                place = Place(at.offset, at.length or 1, place.filter)
            remark = comment_of(requirement, found, message.raw, place)
        else:
            message, remark = messages[-1], clauses(requirement, found)
        if message.frames:
            self.by_frame.setdefault(message.frames[-1], []).append(remark)

    def write(self, file: IO[bytes], path: Path, key_log: Iterable[str]) -> None:
        """Write the capture with its comments, and with the secrets that it needs."""
        secrets = "".join(f"{line}\n" for line in key_log).encode()
        file.seek(0)
        with replacing(path, private=True) as out:
            write_capture(file, out, secrets, self.by_frame, sound=not self.damaged)


def _conversation(case: Case) -> int:
    """The conversation that a case of a capture is of: its id ends with the number."""
    return int(case.id.rpartition("[")[2].rstrip("]"))
