# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture of what sockets carried, with the secrets that open it.

The bytes are those that the socket took and gave, times are those of the calls. The
packets around them are rebuilt, because a program sees no packets: the capture says
so itself.
"""

import contextlib
import os
import stat
import threading
import time
from pathlib import Path

from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter, open_private

REBUILT = "frames rebuilt from the bytes that a socket carried"
CLIENT, SERVER = 0, 1
Ends = tuple[tuple[str, int], tuple[str, int]]


class Recorder:
    """Writes one capture; several connections may write to it at once.

    Attributes:
        secrets: lines of the key log, in order.
    """

    def __init__(self, path: str | Path) -> None:
        """Create the file, readable by its owner alone.

        Raises:
            OSError: it cannot be created.
        """
        self._lock = threading.Lock()
        self._file = open_private(path)
        # Who reads a pipe looks on; a file may be written in larger pieces.
        self._read_along = not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)
        self._writer = PcapngWriter(self._file, comments=[REBUILT])
        self._writer.interface(name="socket", description=REBUILT)
        self.secrets: list[bytes] = []
        self._last = 0

    def open(self, client: tuple[str, int], server: tuple[str, int]) -> "Track":
        """Begin a connection; it was opened by `client`."""
        return Track(self, (client, server))

    def secret(self, line: bytes) -> None:
        """Write one line of the key log, before the packets that it opens."""
        with self._lock:
            if line not in self.secrets and not self._file.closed:
                self.secrets.append(line)
                self._writer.secrets(line + b"\n")
                self._pass_on()

    def frames(self, frames: list[bytes], time_ns: int) -> None:
        """Write frames; time never runs backwards in one file."""
        with self._lock:
            if self._file.closed:
                return
            for frame in frames:
                self._last = max(time_ns, self._last + 1_000)
                self._writer.packet(frame, self._last)
            self._pass_on()

    def close(self) -> None:
        """Finish the file."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._file.close()

    def _pass_on(self) -> None:
        """Give what was written to whoever reads along; record no more without one."""
        if not self._read_along:
            return
        try:
            self._file.flush()
        except BrokenPipeError:
            with contextlib.suppress(BrokenPipeError):
                self._file.close()


class Track:
    """One connection of a recording. Without a recorder it records nothing."""

    def __init__(self, recorder: Recorder | None, ends: Ends) -> None:
        """Record that the connection was opened."""
        self._recorder = recorder
        self._frames = TcpFrames(*ends)
        self._write(self._frames.open())

    def data(self, side: int, data: bytes, time_ns: int | None = None) -> None:
        """Record bytes of a side."""
        if data:
            self._write(self._frames.data(side, data), time_ns)

    def finish(self, side: int) -> None:
        """Record that a side sends no more."""
        self._write(self._frames.finish(side))

    def reset(self, side: int) -> None:
        """Record that a side has reset the connection."""
        self._write(self._frames.reset(side))

    def secret(self, line: bytes) -> None:
        """Record a secret of the connection."""
        if self._recorder is not None:
            self._recorder.secret(line)

    def _write(self, frames: list[bytes], time_ns: int | None = None) -> None:
        if self._recorder is not None:
            self._recorder.frames(frames, time_ns or time.time_ns())
