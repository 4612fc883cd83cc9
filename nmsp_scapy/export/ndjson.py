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

AT_ONCE = 128
"""Messages that are written together: more would leave the processor's cache."""


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
        self._json = records.reader(profile).to_json_many
        self._sessions = sessions
        self._capture = capture
        self._open: dict[int, Conversation] = {}
        self._untold: set[int] = set()

    def begin(self, capture: str) -> None:
        """Go on with another capture."""
        self._capture = capture

    def write(self, results: Iterable[Result]) -> None:
        """Write a batch."""
        messages: list[Message] = []
        for found in results:
            if isinstance(found, Message):
                if found.conversation in self._untold:
                    self._messages(messages)
                    self._tell(found.conversation)
                messages.append(found)
                if len(messages) == AT_ONCE:
                    self._messages(messages)
                continue
            self._messages(messages)
            if isinstance(found, Conversation):
                self._open[found.index] = found
                self._untold.add(found.index)
            else:
                self._event(found)
        self._messages(messages)

    def _messages(self, messages: list[Message]) -> None:
        """Write messages, and forget them."""
        if not messages:
            return
        heads: list[str] = []
        carriers, before, after = None, "", ""
        for message in messages:
            frames = message.frames
            if frames is not carriers:  # what a frame carries goes one way
                carriers = frames
                before = (
                    f'{{"kind":"message","conversation":{message.conversation},"index":'
                )
                numbers = frames[0] if len(frames) == 1 else str(frames)[1:-1]
                after = (
                    f',"time":"{iso(message.time_ns)}",'
                    f'"direction":"{message.direction}","frames":[{numbers}],'
                )
            heads.append(f"{before}{message.index}{after}")
        lines = self._json([message.raw for message in messages], heads)
        lines.append("")
        self._write("\n".join(lines).encode())
        messages.clear()

    def _event(self, event: Event) -> None:
        index = event.conversation
        if index in self._untold:
            self._tell(index)
        self._line(event)
        if event.event == "closed" and index is not None:
            conversation = self._open.pop(index, None)
            if self._sessions and conversation is not None and conversation.tls:
                facts = session_facts(conversation.tls)
                told = _about(conversation, "session", "what the TLS session showed")
                self._line(told, session=facts)

    def _tell(self, index: int) -> None:
        """Say which conversation the next lines are of."""
        self._untold.discard(index)
        conversation = self._open[index]
        ends = f"{conversation.client} to {conversation.server}"
        told = _about(conversation, "conversation", ends)
        self._line(
            told,
            client=str(conversation.client),
            server=str(conversation.server),
            transport=conversation.transport,
            began=conversation.began,
            capture=self._capture,
        )

    def _line(self, event: Event, **more: Any) -> None:
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
        self._write(self._encode(made) + b"\n")

    def close(self) -> None:
        """Write nothing more: a stream of lines has no end of its own."""


def _about(conversation: Conversation, event: str, reason: str) -> Event:
    return Event(
        event, conversation.index, None, None, None, conversation.time_ns,
        (conversation.frame,), reason, False,
    )  # fmt: skip
