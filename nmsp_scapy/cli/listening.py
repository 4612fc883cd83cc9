# SPDX-License-Identifier: GPL-2.0-or-later
"""An interface in place of a capture, with key logs that may still be growing."""

import contextlib
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

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
