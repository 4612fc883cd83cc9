# SPDX-License-Identifier: GPL-2.0-or-later
"""One JSON object a line, for programs. The schema is `docs/schema/ndjson.json`.

Messages and events are two kinds of line. A conversation is told by an event before
its first line (`conversation`) and one after its last (`closed`).
"""

from collections.abc import Iterable
from typing import IO, Any

import msgspec

from nmsp_scapy import records
from nmsp_scapy.conversation import Conversation, Event, Message, Result
from nmsp_scapy.export.session_facts import session_facts
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.times import iso


class NdjsonWriter:
    """Writes results as lines of JSON."""

    def __init__(
        self,
        file: IO[bytes],
        *,
        profile: Profile = NOMINAL,
        sessions: bool = False,
        capture: str = "",
    ) -> None:
        """Begin.

        Args:
            file: where the lines go.
            profile: of the messages.
            sessions: whether each conversation's end is followed by what its TLS
                session showed.
            capture: name of the capture, told with each conversation.
        """
        self._write = file.write
        self._encode = msgspec.json.Encoder().encode
        self._record = records.reader(profile).to_json
        self._sessions = sessions
        self._capture = capture
        self._open: dict[int, Conversation] = {}
        self._untold: set[int] = set()

    def begin(self, capture: str) -> None:
        """Go on with another capture."""
        self._capture = capture

    def write(self, results: Iterable[Result]) -> None:
        """Write a batch."""
        record = self._record
        lines: list[str] = []
        append = lines.append
        second, stamp = -1, ""
        for found in results:
            if isinstance(found, Message):
                if self._untold and found.conversation in self._untold:
                    self._tell(found.conversation, lines)
                now, rest = divmod(found.time_ns, 1_000_000_000)
                if now != second:
                    second, stamp = now, iso(now * 1_000_000_000)[:20]
                fraction = f"{rest:09}" if rest % 1000 else f"{rest // 1000:06}"
                frames = found.frames
                numbers = frames[0] if len(frames) == 1 else str(frames)[1:-1]
                append(
                    f'{{"kind":"message","conversation":{found.conversation},'
                    f'"index":{found.index},"time":"{stamp}{fraction}Z",'
                    f'"direction":"{found.direction}","frames":[{numbers}],'
                    f"{record(found.raw)[1:]}\n"
                )
            elif isinstance(found, Conversation):
                self._open[found.index] = found
                self._untold.add(found.index)
            else:
                self._event(found, lines)
        self._write("".join(lines).encode())

    def _event(self, event: Event, lines: list[str]) -> None:
        index = event.conversation
        if index in self._untold:
            self._tell(index, lines)
        lines.append(self._line(event))
        if event.event == "closed" and index is not None:
            conversation = self._open.pop(index, None)
            if self._sessions and conversation is not None and conversation.tls:
                facts = session_facts(conversation.tls)
                told = _about(conversation, "session", "what the TLS session showed")
                lines.append(self._line(told, session=facts))

    def _tell(self, index: int, lines: list[str]) -> None:
        """Say which conversation the next lines are of."""
        self._untold.discard(index)
        conversation = self._open[index]
        ends = f"{conversation.client} to {conversation.server}"
        told = _about(conversation, "conversation", ends)
        lines.append(
            self._line(
                told,
                client=str(conversation.client),
                server=str(conversation.server),
                transport=conversation.transport,
                began=conversation.began,
                capture=self._capture,
            )
        )

    def _line(self, event: Event, **more: Any) -> str:
        made = {
            "kind": "event",
            "event": event.event,
            "conversation": event.conversation,
            "direction": event.direction,
            "offset": event.offset,
            "length": event.length,
            "stream": event.stream or None,
            "time": None if event.time_ns is None else iso(event.time_ns),
            "frames": event.frames,
            "reason": event.reason,
            "lost": event.lost,
            **event.detail,
            **more,
        }
        return self._encode(made).decode() + "\n"

    def close(self) -> None:
        """Write nothing more: a stream of lines has no end of its own."""


def _about(conversation: Conversation, event: str, reason: str) -> Event:
    return Event(
        event, conversation.index, None, None, None, conversation.time_ns,
        (conversation.frame,), reason, False,
    )  # fmt: skip
