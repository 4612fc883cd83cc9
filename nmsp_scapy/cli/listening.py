# SPDX-License-Identifier: GPL-2.0-or-later
"""An interface or a pipe as capture, with key logs that may still be growing."""

import contextlib
import io
import os
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, cast

import click

from nmsp_scapy.capture import CaptureError
from nmsp_scapy.capture.live import LiveCapture, open_live
from nmsp_scapy.tls import KeyLog, KeyStore

PIECE = 1 << 20
"""Most bytes that are read of a key log at once."""


class GrowingLogs:
    """Key logs that are read on as they grow. One may appear later."""

    def __init__(self, store: KeyStore, paths: Sequence[Path]) -> None:
        """Read what there is.

        Args:
            store: gets the secrets; told that more may come.
            paths: of the logs.
        """
        store.growing = True
        self._waiting = [(path, KeyLog(store, path.name)) for path in paths]
        self._open: list[tuple[IO[bytes], KeyLog]] = []
        self.look()

    def look(self) -> None:
        """Read what has come since."""
        for path, log in list(self._waiting):
            with contextlib.suppress(OSError):
                self._open.append((path.open("rb"), log))
                self._waiting.remove((path, log))
        for file, log in self._open:
            while data := file.read(PIECE):
                log.feed(data)

    def close(self) -> None:
        """Read no more."""
        for file, log in self._open:
            log.close()
            file.close()


def is_piped(captures: Sequence[str]) -> bool:
    """Tell whether a pipe is the capture: its writer may still be at work."""
    if tuple(captures) != ("-",):
        return False
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # there is none, or no file
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class Piped(io.RawIOBase):
    """Standard input; behind each piece of it the key logs are read on."""

    def __init__(self, logs: GrowingLogs | None) -> None:
        """Begin."""
        self._logs = logs

    def read(self, size: int = io.DEFAULT_BUFFER_SIZE, /) -> bytes:
        """Return what is there, once something is; `b""` at the end."""
        data = os.read(sys.stdin.fileno(), size)
        if self._logs is not None:
            self._logs.look()
        return data


@contextlib.contextmanager
def piped(store: KeyStore, keylogs: Sequence[Path]) -> Iterator[IO[bytes]]:
    """Read standard input while it comes; the arguments are as in `listening`.

    An interrupt is meant for whoever writes into the pipe; a second one is for us.
    """

    def first(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, first)
    logs = GrowingLogs(store, keylogs) if keylogs else None
    try:
        yield cast("IO[bytes]", Piped(logs))  # all that is asked of a source
    finally:
        signal.signal(signal.SIGINT, before)
        if logs is not None:
            logs.close()


@contextlib.contextmanager
def listening(
    interface: str,
    ports: frozenset[int],
    store: KeyStore,
    keylogs: Sequence[Path],
    *,
    quiet: bool = False,
) -> Iterator[LiveCapture]:
    """Listen to an interface until interrupted.

    Args:
        interface: its name; `any` is all of them.
        ports: of the WLC.
        store: gets the secrets of the key logs.
        keylogs: read on while they grow.
        quiet: whether to say nothing of it.

    Raises:
        click.UsageError: not root, not Linux, or no such interface.
    """
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    logs = GrowingLogs(store, keylogs)

    def wait() -> bool:
        logs.look()
        return not stopped

    try:
        live = open_live(interface, ports=ports, wait=wait)
    except CaptureError as error:
        logs.close()
        raise click.UsageError(str(error)) from None
    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        with live:
            if not quiet:
                click.echo(f"nmsp: listening to {interface}; Ctrl-C ends it", err=True)
            yield live
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        logs.close()


def live(
    interface: str | None,
    ports: frozenset[int],
    store: KeyStore,
    keylogs: Sequence[Path],
) -> contextlib.AbstractContextManager[LiveCapture | IO[bytes]]:
    """Listen to an interface, or read the pipe where there is none."""
    if interface is None:
        return piped(store, keylogs)
    return listening(interface, ports, store, keylogs)
