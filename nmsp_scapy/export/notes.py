# SPDX-License-Identifier: GPL-2.0-or-later
"""Events as comments on the frames that they concern."""

from nmsp_scapy.conversation import Event

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

    def add(self, event: Event) -> None:
        """Put an event at the last of its frames."""
        if not event.frames or event.event in QUIET:
            return
        if event.event == "alert" and event.detail.get("number") == CLOSE_NOTIFY:
            return
        frame = event.frames[-1]
        if frame in self.by_frame or len(self.by_frame) < MOST:
            self.by_frame.setdefault(frame, []).append(note(event))


def note(event: Event) -> str:
    """Write an event as a comment."""
    where = f" {event.direction}" if event.direction else ""
    size = "" if event.length is None else f", {event.length} bytes"
    return f"NMSP: {event.event}{where}{size}: {event.reason}"
