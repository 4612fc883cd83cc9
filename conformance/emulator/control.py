# SPDX-License-Identifier: GPL-2.0-or-later
"""An emulated WLC's console: a local socket that takes a line and answers in text.

`add MAC HASH...` and `remove MAC` change the AuthList; `statistics` prints the
`show nmsp` screens of the WLC's own counts.
"""

import contextlib
import os
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nmsp_scapy.status.ios import ios_screens

if TYPE_CHECKING:
    from conformance.emulator.server import EmulatedWlc

LINE_LIMIT = 1024
PATIENCE_S = 5.0
REFUSED = "error: "
NO_HASH = "-"
"""Stands for a hash that is not to be listed."""


def obey(wlc: "EmulatedWlc", line: str) -> str:
    """Do what a line says; returns what is to be printed, `error: ...` if nothing."""
    from conformance.emulator.screens import statuses

    verb, *rest = line.split() or [""]
    if verb == "statistics" and not rest:
        return ios_screens(statuses(wlc))
    if verb in ("add", "remove") and rest and _is_hex(rest[0], 12):
        mac, *hashes = (word for word in rest if word != NO_HASH)
        if verb == "remove":
            wlc.authlist.remove(mac)
            return ""
        if hashes and all(_is_hex(h, 40) or _is_hex(h, 64) for h in hashes):
            for digest in hashes:
                wlc.authlist.add(mac, digest)
            return ""
    return f"{REFUSED}add MAC HASH..., remove MAC or statistics, not {line[:60]!r}\n"


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and all(c in "0123456789abcdefABCDEF" for c in text)


class Control:
    """Listens on a socket file (mode 0600) for the time of a block."""

    def __init__(self, wlc: "EmulatedWlc", path: Path) -> None:
        self._wlc, self._path = wlc, path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        old = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(old)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, and remove the socket file."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                caller.settimeout(PATIENCE_S)
                line = caller.recv(LINE_LIMIT).decode(errors="replace")
                caller.sendall(obey(self._wlc, line).encode())


def ask(path: Path, line: str) -> str:
    """Send a line to a control socket and return the answer.

    Raises:
        OSError: nobody listens there, or answers.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(PATIENCE_S)
        caller.connect(str(path))
        caller.sendall(line.encode())
        answer = bytearray()
        while data := caller.recv(65_536):
            answer += data
    return answer.decode(errors="replace")
