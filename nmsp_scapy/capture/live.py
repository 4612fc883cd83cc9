# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of an interface as they pass: Linux packet sockets, root only."""

import socket
import sys
from collections.abc import Container, Iterator
from struct import Struct
from time import time_ns
from types import TracebackType
from typing import Self, cast

from nmsp_scapy.capture.items import CaptureError, Damage, Datagram, Interface, Segment
from nmsp_scapy.capture.session import Session
from nmsp_scapy.capture.source import Wait

LARGEST = 1 << 18
"""Most bytes of a packet; offload joins segments far beyond what a wire carries."""

BUFFER = 16 << 20
"""Bytes that the kernel keeps while we are busy."""

BATCH = 512
"""Packets handed out at once when they come quickly."""

PERIOD_S = 0.2
"""How often, at least, the caller's `wait` is asked."""

# Numbers of the Linux kernel that Python does not name.
_ALL = 0x0003
_RECEIVE_BUFFER_FORCE = 33
_TIMESTAMP_NS = 35
_SOL_PACKET = 263
_STATISTICS = 6
_OUTGOING = 4
_LOOPBACK = 772

_TIMESPEC = Struct("@ll").unpack_from
_COUNTS = Struct("@II").unpack_from


class LiveCapture:
    """An interface that is listened to. Iterates as `Capture` does, without end.

    Attributes:
        format: `live`.
        secrets: always empty; an interface tells none.
        interfaces: the one.
        comments: always empty.
    """

    format = "live"

    def __init__(
        self,
        interface: str,
        ports: Container[int] | None = None,
        wait: Wait | None = None,
    ) -> None:
        """Begin to listen.

        Args, Raises: as in `open_live`.
        """
        self.secrets: list[tuple[int, bytes]] = []
        self.comments: list[str] = []
        self.interfaces = [Interface(1, name=interface, ticks=1_000_000_000)]
        self._wait = wait
        self._session = Session(ports)
        self._session.network.base = None
        self._socket = _listen(interface)

    def batches(self) -> Iterator[list[Segment | Datagram | Damage]]:
        """Yield what has come, as soon as it has; an empty list when nothing has."""
        while True:
            self._collect()
            self._count_losses()
            yield cast(
                "list[Segment | Datagram | Damage]", self._session.take()
            )  # packets as such only come from files
            if self._wait is not None and not self._wait():
                return

    def __iter__(self) -> Iterator[Segment | Datagram | Damage]:
        for batch in self.batches():
            yield from batch

    def _collect(self) -> None:
        """Take what waits in the socket; wait for the first for a while."""
        self._socket.settimeout(PERIOD_S)
        for _ in range(BATCH):
            try:
                data, extra, _, address = self._socket.recvmsg(LARGEST, 64)
            except (TimeoutError, BlockingIOError):
                return
            except OSError as error:
                raise CaptureError(
                    f"the interface is gone: {error.strerror}"
                ) from error
            self._socket.settimeout(0)
            _, protocol, direction, hardware, *_ = address
            if direction == _OUTGOING and hardware == _LOOPBACK:
                continue  # it comes in, too
            session = self._session
            session.frame += 1
            session.network.packet(
                protocol, data, 0, len(data), session.frame, _time_ns(extra)
            )

    def _count_losses(self) -> None:
        counts = self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8)
        _, lost = _COUNTS(counts)
        if lost:
            self._session.network.found.append(
                Damage(
                    None, None, f"the kernel dropped {lost} packets: we were too slow"
                )
            )

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _listen(interface: str) -> socket.socket:
    if sys.platform != "linux":
        raise CaptureError("live capture needs Linux; capture to a file with tcpdump")
    try:
        listening = socket.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL)
        )
    except PermissionError as error:
        raise CaptureError(
            "live capture needs root (CAP_NET_RAW): run it with sudo, or capture "
            "to a file with tcpdump"
        ) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, _TIMESTAMP_NS, 1)
        try:
            listening.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, BUFFER)
        except OSError:  # root inside a container may not; the default will do
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        if interface != "any":
            listening.bind((interface, _ALL))
    except OSError as error:
        listening.close()
        raise CaptureError(f"interface {interface}: {error.strerror}") from error
    return listening


def _time_ns(extra: list[tuple[int, int, bytes]]) -> int:
    """Read the kernel's time of a packet; now, where it has none."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP_NS and len(data) >= 16:
            seconds, rest = _TIMESPEC(data)
            return cast("int", seconds * 1_000_000_000 + rest)
    return time_ns()


def open_live(
    interface: str, *, ports: Container[int] | None = None, wait: Wait | None = None
) -> LiveCapture:
    """Listen to an interface.

    Args:
        interface: its name; `any` is all of them.
        ports: as in `open_capture`.
        wait: called several times a second; False ends the capture. A key log that
            grows meanwhile can be read again there.

    Raises:
        CaptureError: not root, not Linux, or no such interface.
    """
    return LiveCapture(interface, ports, wait)
