# SPDX-License-Identifier: GPL-2.0-or-later
"""Decrypted bytes as they are: `<conversation>-client.bin` and `-server.bin`."""

from collections.abc import Iterable
from pathlib import Path
from typing import IO

from nmsp_scapy.conversation import Event
from nmsp_scapy.decrypt import DIRECTIONS, Opened
from nmsp_scapy.dissect import hole_event
from nmsp_scapy.export.output import private_file
from nmsp_scapy.integrity import Plain

SIDES = ("client", "server")

OPEN = 200
"""Files that are open at once."""


class RawWriter:
    """Writes each direction of each conversation to a file of its own.

    A file has its name when it is complete; until then it ends in `.part`.
    """

    def __init__(self, folder: Path) -> None:
        """Begin; the folder is created, for its owner alone."""
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._open: dict[tuple[int, int], IO[bytes]] = {}
        self._begun: set[int] = set()
        self._way = (-1, 0)  # whose pieces wait
        self._pieces: list[bytes] = []

    def _write(self) -> None:
        """Write the pieces that wait: adjacent ones of one direction."""
        if self._pieces:
            file = self._open.get(self._way) or self._file(*self._way)
            file.write(b"".join(self._pieces))
            self._pieces.clear()

    def _file(self, conversation: int, side: int) -> IO[bytes]:
        if len(self._open) >= OPEN:
            self._open.pop(next(iter(self._open))).close()
        if conversation not in self._begun:
            self._begun.add(conversation)
            for one in (0, 1):
                private_file(self._part(conversation, one), "wb").close()
        file = private_file(self._part(conversation, side), "ab")
        self._open[conversation, side] = file
        return file

    def begin(self, capture: str) -> None:
        """Go on with another capture."""

    def take(self, opened: Iterable[Opened]) -> list[Event]:
        """Write what was opened; return the events in it, holes among them."""
        events = []
        for found in opened:
            if type(found) is tuple:
                conversation, side, item = found
                if not isinstance(item, Plain):
                    way = DIRECTIONS[side]
                    events.append(hole_event(item, conversation.index, way, "tcp"))
                    continue
                if self._way != (conversation.index, side):
                    self._write()
                    self._way = conversation.index, side
                self._pieces.append(item.data)
            elif isinstance(found, Event):
                events.append(found)
                if found.event == "closed" and found.conversation is not None:
                    self._write()
                    self.finish(found.conversation)
        self._write()
        return events

    def finish(self, conversation: int) -> None:
        """Give a conversation's files their names."""
        if conversation not in self._begun:
            return
        self._begun.discard(conversation)
        for side in (0, 1):
            file = self._open.pop((conversation, side), None)
            if file is not None:
                file.close()
            part = self._part(conversation, side)
            part.replace(part.with_suffix(""))

    def close(self) -> None:
        """Give the files of conversations that had no end their names."""
        for conversation in sorted(self._begun):
            self.finish(conversation)

    def _part(self, conversation: int, side: int) -> Path:
        return self._folder / f"{conversation}-{SIDES[side]}.bin.part"
