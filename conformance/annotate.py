# SPDX-License-Identifier: GPL-2.0-or-later
"""The capture as it was, with what deviates and what was lost as comments on frames.

Wireshark shows the comments; our dissector marks the bytes that a comment names as
`nmsp.deviation`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from conformance.capture import Watched
from conformance.pinpoint import clauses, comment_of
from conformance.place import Place, locate
from conformance.result import Case, Judged
from conformance.verdict import Finding, Verdict
from nmsp_scapy.conversation import Conversation, Event, Message, Result
from nmsp_scapy.export.notes import Notes, is_told
from nmsp_scapy.export.output import replacing
from nmsp_scapy.export.pcapng import write_capture


class Remark(NamedTuple):
    """A comment on a frame."""

    frame: int
    text: str


class Annotation:
    """Gathers comments while a capture is read and judged.

    Attributes:
        by_frame: comments by frame number.
        damaged: whether the capture file itself is damaged.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._notes = Notes()
        self._lasts: dict[int, int] = {}  # by conversation: what happened there last
        self.damaged = False

    @property
    def by_frame(self) -> dict[int, list[str]]:
        """Comments by frame number."""
        return self._notes.by_frame

    def listen(self, batches: Iterable[Iterable[Result]]) -> Iterator[Result]:
        """Pass a capture's results on, and keep its events."""
        for batch in batches:
            for each in batch:
                if isinstance(each, Message) and each.frames:
                    self._lasts[each.conversation] = each.frames[-1]
                elif not isinstance(each, Message):
                    self._event(each)
                yield each

    def _event(self, found: Conversation | Event) -> None:
        self._notes.add(found)
        if isinstance(found, Conversation):
            self._lasts[found.index] = found.frame
        elif found.event == "damage":
            self.damaged = True
        elif found.conversation is not None and found.frames and is_told(found):
            self._lasts[found.conversation] = found.frames[-1]

    def deviations(self, cases: Iterable[Case], watched: Sequence[Watched]) -> None:
        """Keep what failed, on the frame that completes the message."""
        for _, part, each in self.failed(cases, watched):
            for found in part.unmet:
                frame, text = self.remark(part, found, each)
                self._notes.note((frame,), text)

    @staticmethod
    def failed(
        cases: Iterable[Case], watched: Sequence[Watched]
    ) -> Iterator[tuple[Case, Judged, Watched]]:
        """Yield what failed, with the conversation in which it did."""
        by_index = {each.conversation.index: each for each in watched}
        for case in cases:
            for part in case.requirements:
                if part.verdict is Verdict.FAIL and part.unmet:
                    yield case, part, by_index[_conversation(case)]

    def remark(self, part: Judged, found: Finding, watched: Watched) -> Remark:
        """Say what deviates, and on which frame.

        What no message shows stands where the conversation was last heard of: its last
        message, an alert behind it, or where it began when there was none of these.
        """
        at, frame = found.evidence, self._lasts[watched.conversation.index]
        if at is None or at.message is None:
            return Remark(frame, clauses(part.requirement, found))
        message = watched.seen.messages[at.message]
        place = locate(message.raw, at.field, message.profile)
        if at.offset is not None:
            place = Place(at.offset, at.length or 1, place.filter)
        text = comment_of(part.requirement, found, message.raw, place)
        return Remark(message.frames[-1] if message.frames else frame, text)

    def write(self, file: IO[bytes], path: Path, key_log: Iterable[str]) -> None:
        """Write the capture with its comments, and with the secrets that it needs."""
        secrets = "".join(f"{line}\n" for line in key_log).encode()
        file.seek(0)
        with replacing(path, private=True) as out:
            write_capture(file, out, secrets, self.by_frame, sound=not self.damaged)


def _conversation(case: Case) -> int:
    """The conversation that a case of a capture is of: its id ends with the number."""
    return int(case.id.rpartition("[")[2].rstrip("]"))
