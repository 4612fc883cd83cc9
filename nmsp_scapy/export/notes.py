# SPDX-License-Identifier: GPL-2.0-or-later
"""Events as comments on the frames that they concern."""

from nmsp_scapy.conversation import Conversation, Event, Result

MOST = 100_000
"""Frames that get a comment."""

CLOSE_NOTIFY = 0
"""The alert that every session ends with."""

QUIET = frozenset({"fin", "closed", "reset", "stray"})
"""Events that the frames themselves show."""


class Notes:
    """Collects comments.

    Attributes:
        by_frame: comments by frame number.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self.by_frame: dict[int, list[str]] = {}
        self._firsts: dict[int, int] = {}

    def add(self, found: Result) -> None:
        """Put an event at the last of its frames, or the first of its conversation."""
        if isinstance(found, Conversation):
            self._firsts[found.index] = found.frame
        elif isinstance(found, Event) and is_told(found):
            index = found.conversation
            frame = 0 if index is None else self._firsts.get(index, 0)
            self.note(found.frames or (frame,), note(found))

    def note(self, frames: tuple[int, ...], text: str) -> None:
        """Put a comment at the last of some frames."""
        frame = frames[-1]
        if frame and (frame in self.by_frame or len(self.by_frame) < MOST):
            self.by_frame.setdefault(frame, []).append(text)


def is_told(event: Event) -> bool:
    """Tell whether an event is worth a comment."""
    if event.event == "alert":
        return event.detail.get("number") != CLOSE_NOTIFY
    return event.event not in QUIET


def note(event: Event) -> str:
    """Write an event as a comment."""
    where = f" {event.direction}" if event.direction else ""
    size = "" if event.length is None else f", {event.length} bytes"
    return f"NMSP: {event.event}{where}{size}: {event.reason}"
