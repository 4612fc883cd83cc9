# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of the loopback interface as they are: Linux packet sockets, root only."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self

_ALL = 0x0003
_OUTGOING = 4
SETTLE_S = 0.3


class Sniffer:
    """Keeps the packets of one port while a block runs.

    Attributes:
        packets: (time in ns since 1970, Ethernet frame), in order.
    """

    def __init__(self, port: int, interface: str = "lo") -> None:
        """Begin to listen.

        Raises:
            PermissionError: not root.
        """
        self.packets: list[tuple[int, bytes]] = []
        self._port = port.to_bytes(2)
        self._socket = socket.socket(
            socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL)
        )
        self._socket.bind((interface, _ALL))
        self._socket.settimeout(0.1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                frame, address = self._socket.recvfrom(1 << 18)
                # Loopback shows each packet twice, going out and coming in.
                if address[2] != _OUTGOING and self._carries(frame):
                    self.packets.append((time.time_ns(), frame))

    def _carries(self, frame: bytes) -> bool:
        """Tell whether a frame is TCP from or to the port."""
        if frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_TCP:
            start = 14 + (frame[14] & 0x0F) * 4
        elif frame[12:14] == b"\x86\xdd" and frame[20] == socket.IPPROTO_TCP:
            start = 54
        else:
            return False
        return self._port in (frame[start : start + 2], frame[start + 2 : start + 4])

    def __enter__(self) -> Self:
        """Begin to keep packets."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the last packets, then stop."""
        time.sleep(SETTLE_S)
        self._over.set()
        self._thread.join()
        self._socket.close()
