# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers that speak no NMSP and no TLS: what passes on them is worth nothing."""

import contextlib
import select
import socket
import struct
import threading
from types import TracebackType
from typing import Self

KINDS = ("silent", "closing", "resetting", "hanging", "echoing")
RESET = struct.pack("ii", 1, 0)


class NullPeer:
    """A TCP server of one of the kinds.

    silent reads and says nothing; closing closes at once; resetting resets at once;
    hanging does not even read; echoing sends every byte back.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._stopped, self._stop = socket.socketpair()
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.send(b"x")
        self._thread.join(5.0)
        for sock in (*self._held, self._listener, self._stop, self._stopped):
            sock.close()

    def _serve(self) -> None:
        reading: list[socket.socket] = []
        while True:
            watched = [self._listener, self._stopped, *reading]
            ready = select.select(watched, [], [])[0]
            if self._stopped in ready:
                return
            for sock in ready:
                if sock is self._listener:
                    self._accepted(sock.accept()[0], reading)
                elif not self._read(sock):
                    reading.remove(sock)

    def _accepted(self, sock: socket.socket, reading: list[socket.socket]) -> None:
        if self.kind == "closing":
            sock.close()
        elif self.kind == "resetting":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sock.close()
        else:
            self._held.append(sock)
            if self.kind != "hanging":
                reading.append(sock)

    def _read(self, sock: socket.socket) -> bool:
        with contextlib.suppress(OSError):
            data = sock.recv(65_536)
            if data and self.kind == "echoing":
                sock.sendall(data)
            return bool(data)
        return False
