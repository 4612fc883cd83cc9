# SPDX-License-Identifier: GPL-2.0-or-later
"""What commands that read captures share: captures in, files out."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import click

from nmsp_scapy.capture import CaptureError
from nmsp_scapy.capture.source import CHUNK
from nmsp_scapy.cli.progress import reading
from nmsp_scapy.conversation import Event, Result
from nmsp_scapy.decrypt import DIRECTIONS, Decryption, Open, Opened, Source
from nmsp_scapy.dissect import Dissection, hole_event
from nmsp_scapy.export.notes import note
from nmsp_scapy.export.output import replacing
from nmsp_scapy.export.printable import printable
from nmsp_scapy.integrity import Item, Plain
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.tls import KeyStore, Opener

if TYPE_CHECKING:
    from nmsp_scapy.cli.jobs import Taker

T = TypeVar("T")

GARBAGE = 50_000
"""Objects between two collections: batches are made and dropped, cycles are rare."""

LARGE = 4 << 20
"""Bytes of a capture for which another process is worth its start."""

TOLD = 20
"""Losses that are told one by one."""


class Reading:
    """Reads captures one after the other; says on standard error what cannot be.

    Attributes:
        unread: whether something could not be read so far.
        useless: whether one was no capture at all.
        key_log: the lines that opened the sessions so far.
        ports: of the WLC.
    """

    def __init__(
        self,
        keys: KeyStore,
        profile: Profile = NOMINAL,
        ports: frozenset[int] = frozenset(),
        *,
        quiet: bool = False,
    ) -> None:
        """Begin.

        Args:
            keys: shared by all captures.
            profile: the wire layout.
            ports: of the WLC.
            quiet: whether to show no progress.
        """
        gc.freeze()  # what is imported stays
        gc.set_threshold(GARBAGE)
        self.unread = False
        self.useless = False
        self.key_log: dict[str, None] = {}
        self._keys, self._profile, self.ports = keys, profile, ports
        self._quiet = quiet
        self._first = 0

    def decryption(self, opener: Opener | None = None) -> Decryption:
        """Begin a capture; its conversations are numbered after those before.

        Args:
            opener: opens runs of records elsewhere.
        """
        return Decryption(
            self._keys,
            profile=self._profile,
            ports=self.ports,
            first=self._first,
            opener=opener,
        )

    def read(
        self, capture: str, file: IO[bytes] | Open | None = None
    ) -> Iterator[list[Result]]:
        """Read a capture to its messages, many results at a time.

        Args:
            capture: a path, or `-`.
            file: the capture, where it is open already, or an interface.
        """
        with _opener(capture, file) as opener:
            work = self.decryption(opener)
            results = Dissection(work, self._profile).run
            yield from self._run(capture, work, file, results)

    def open(self, capture: str) -> Iterator[list[Opened]]:
        """Read a capture to its decrypted bytes, many results at a time."""
        with _opener(capture, None) as opener:
            work = self.decryption(opener)
            yield from self._run(capture, work, None, work.run)

    def _run(
        self,
        capture: str,
        work: Decryption,
        file: IO[bytes] | Open | None,
        results: Callable[[Source], Iterator[T]],
    ) -> Iterator[T]:
        try:
            quiet = self._quiet or file is not None
            with reading(capture, quiet=quiet) as (source, tick):
                for batch in results(file or source):
                    yield batch
                    tick()
        except CaptureError as error:
            self.failed(capture, error)
        else:
            self.done(capture, work)

    def by_several(
        self,
        captures: tuple[str, ...],
        count: int,
        taker: "Callable[[IO[bytes]], Taker]",
        file: IO[bytes] | None = None,
        losses: "Losses | None" = None,
        *,
        framed: bool = True,
    ) -> None:
        """Have captures read by several processes.

        Args:
            captures: files.
            count: of processes.
            taker: what each makes of its share; see `jobs.Work`.
            file: where the text goes that they make.
            losses: is told the events.
            framed: whether the taker takes messages, or the decrypted bytes.
        """
        from nmsp_scapy.cli.jobs import Jobs, Work

        work = Work(captures, self._keys, self._profile, self.ports, taker, framed)
        with Jobs(work, count) as processes:
            for capture in captures:
                with reading(capture, quiet=self._quiet) as (_, tick):
                    for read, parts in enumerate(processes.read(), start=1):
                        for part in parts:
                            if file is not None:
                                file.write(part.text)
                            if losses is not None:
                                losses.events(part.events)
                        tick(read * CHUNK)
                end = processes.end
                if end.error:
                    self.failed(capture, CaptureError(end.error))
                else:
                    self._done(capture, end.conversations, end.unread)

    def failed(self, capture: str, error: CaptureError) -> None:
        """Say that a capture could not be read at all."""
        name = "" if str(error).startswith(capture) else f"{capture}: "
        click.echo(f"nmsp: {name}{error}", err=True)
        self.unread = self.useless = True

    def done(self, capture: str, work: Decryption) -> None:
        """Take note of what became of a capture."""
        self.key_log.update(work.key_log)
        self._done(capture, work.conversations, work.unread)

    def _done(self, capture: str, found: int, unread: bool) -> None:
        self.unread = self.unread or unread
        self._first += found
        if not found and not unread:
            ports = ", ".join(map(str, sorted(self.ports)))
            click.echo(
                f"nmsp: {capture}: no connection with port {ports} in it "
                "(--port names another)",
                err=True,
            )


@contextmanager
def _opener(capture: str, file: IO[bytes] | Open | None) -> Iterator[Opener | None]:
    """Let another process open the records of a large capture meanwhile."""
    path = Path(capture)
    if (
        file is not None
        or (os.cpu_count() or 1) < 2
        or not hasattr(os, "fork")
        or not path.is_file()
        or path.stat().st_size < LARGE
    ):
        yield None
        return
    from nmsp_scapy.cli.opener import ProcessOpener

    opener = ProcessOpener()
    try:
        yield opener
    finally:
        opener.close()


def spare(output: Path | None, captures: tuple[str, ...]) -> None:
    """Refuse an output that is one of the captures, or has no directory."""
    if output is None:
        return
    if not output.parent.is_dir():
        raise click.UsageError(f"-o {output}: there is no directory {output.parent}")
    for capture in captures:
        if capture != "-" and output.exists() and output.samefile(capture):
            raise click.UsageError(f"-o {output}: this is a capture that is read")


def output_file(
    stack: ExitStack, output: Path | None, *, private: bool = False
) -> IO[bytes]:
    """Open what is written to: a file that appears whole, or standard output."""
    if output is None or str(output) == "-":
        return sys.stdout.buffer
    try:
        return stack.enter_context(replacing(output, private=private))
    except OSError as error:
        raise click.UsageError(f"-o {output}: {error.strerror}") from None


def seekable(stack: ExitStack, capture: str) -> IO[bytes]:
    """Open a capture that is read twice; standard input is kept in a file."""
    if capture != "-":
        return stack.enter_context(Path(capture).open("rb"))
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack
    shutil.copyfileobj(sys.stdin.buffer, file)
    file.seek(0)
    return file


class Losses:
    """Says on standard error what could not be read.

    Attributes:
        damaged: whether the capture file itself is damaged.
    """

    def __init__(self) -> None:
        """Begin."""
        self.damaged = False
        self._count = 0

    def hole(self, conversation: int, side: int, item: Item) -> None:
        """Take an item of a direction; only holes are told."""
        if not isinstance(item, Plain):
            direction = DIRECTIONS[side]
            self.event(hole_event(item, conversation, direction, "tcp"))

    def event(self, event: Event) -> None:
        """Take an event; only losses and bad key log lines are told."""
        self.damaged = self.damaged or event.event == "damage"
        if not event.lost and event.event != "key-log":
            return
        self._count += 1
        if self._count > TOLD:
            return
        of = (
            "" if event.conversation is None else f"conversation {event.conversation}: "
        )
        click.echo(f"nmsp: {of}{printable(note(event))}", err=True)

    def events(self, results: Iterable[Result]) -> None:
        """Take the events of a batch."""
        for found in results:
            if isinstance(found, Event):
                self.event(found)

    def close(self) -> None:
        """Say how many were not told."""
        if self._count > TOLD:
            click.echo(f"nmsp: and {self._count - TOLD} more like these", err=True)
