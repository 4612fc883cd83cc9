# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP for the tester: six verbs, and an end that always has a kind."""

import contextlib
import select
import socket
import struct
import time
from typing import Self

from conformance.observation import EndKind

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close send RST."""


class Tcp:
    """One connection.

    Attributes:
        local, remote: (address, port).
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        self._socket = sock
        self.local: tuple[str, int] = sock.getsockname()[:2]
        self.remote: tuple[str, int] = sock.getpeername()[:2]

    @classmethod
    def connect(cls, host: str, port: int, timeout_s: float) -> "Self | EndKind":
        """Dial; what stands in the way is returned, not raised."""
        try:
            sock = socket.create_connection((host, port), timeout_s)
        except ConnectionRefusedError:
            return EndKind.REFUSED
        except TimeoutError:
            return EndKind.TIMEOUT
        except ConnectionResetError:
            return EndKind.RST
        except OSError:
            return EndKind.UNREACHABLE
        try:
            return cls(sock)
        except OSError:  # it was reset before it could be asked who is there
            sock.close()
            return EndKind.RST

    def send(self, data: bytes, timeout_s: float) -> EndKind | None:
        """Send all of it, or tell what ended the connection."""
        view, until = memoryview(data), time.monotonic() + timeout_s
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                left = until - time.monotonic()
                if left <= 0 or not select.select([], [self._socket], [], left)[1]:
                    return EndKind.TIMEOUT
            except OSError:
                return EndKind.RST
        return None

    def receive(self, timeout_s: float) -> bytes | EndKind | None:
        """Wait for bytes; None when none came in time."""
        try:
            if not select.select([self._socket], [], [], max(0.0, timeout_s))[0]:
                return None
            return self._socket.recv(CHUNK) or EndKind.FIN
        except BlockingIOError:
            return None
        except OSError:
            return EndKind.RST

    def half_close(self) -> None:
        """Send FIN and go on reading."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """Send RST."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()

    def close(self) -> None:
        """Close in order."""
        self._socket.close()


class Listener:
    """Accepts connections, for an endpoint under test that dials.

    Attributes:
        port: where it listens; an ephemeral one when 0 was asked for.
        met: whether a connection has ever come.
    """

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=16)
        self.met = False
        self.port: int = self._socket.getsockname()[1]

    def accept(self, timeout_s: float) -> Tcp | None:
        """Wait for a connection; None when none came in time."""
        self._socket.settimeout(max(0.001, timeout_s))
        try:
            sock, _ = self._socket.accept()
        except (TimeoutError, BlockingIOError):
            return None
        self.met = True
        return Tcp(sock)

    def arrival(self, timeout_s: float) -> Tcp | None:
        """Wait for a connection as `accept` does; here nobody can help it along."""
        return self.accept(timeout_s)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
