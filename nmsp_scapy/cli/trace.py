# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp trace`: a controller's trace, explained."""

import gzip
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from nmsp_scapy.trace.connection import Connection, Step, Tracker

UNREADABLE = 3
CHUNK = 1 << 20
POLL_S = 0.2


@click.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--brief", is_flag=True, help="One line a connection.")
@click.option("--no-timeline", is_flag=True, help="Leave the timelines out.")
@click.option("--follow", "-f", is_flag=True, help="Go on as the log grows.")
@click.pass_context
def command(
    ctx: click.Context,
    logs: tuple[str, ...],
    as_json: bool,
    brief: bool,
    no_timeline: bool,
    follow: bool,
) -> None:
    """Explain a controller's NMSP trace: what became of each connection, and why.

    LOG is the output of `show trace messages nmsp`, a radioactive trace, an IOS log or
    an AireOS debug, gzipped or not; - is standard input.

    \b
    Examples:
      nmsp trace trace.txt
      nmsp trace --brief trace.txt.gz
      nmsp trace --json trace.txt | jq '.connections[].verdict.outcome'
      nmsp trace --follow console.log

    Exits 0 when all was read, 2 on usage, 3 when a log could not be read or says
    nothing of NMSP connections.
    """
    if follow and (len(logs) > 1 or logs[0] == "-"):
        raise click.UsageError("--follow takes one file")
    if follow:
        ctx.exit(_follow(logs[0], as_json))
    shown = _JsonPrinter() if as_json else _TextPrinter(brief, not no_timeline)
    code = 0
    for log in logs:
        try:
            code = _read(log, shown) or code
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or error
            click.echo(f"nmsp: {log}: {reason}", err=True)
            code = UNREADABLE
    shown.close()
    ctx.exit(code)


def _read(log: str, shown: "_TextPrinter | _JsonPrinter") -> int:
    from nmsp_scapy.trace.connection import Tracker

    tracker = Tracker()
    with _open(log) as file:
        for connection in tracker.feed_all(lines_of(file)):
            shown.connection(log, connection)
    for connection in tracker.close():
        shown.connection(log, connection)
    shown.log(log, tracker)
    if not tracker.trace.connections:
        click.echo(
            f"nmsp: {log}: no line tells of an NMSP connection ({tracker.trace.lines} "
            "lines read); on IOS-XE: set trace nmsp connection level debug, then show "
            "trace messages nmsp",
            err=True,
        )
        return UNREADABLE
    return 0


@contextmanager
def _open(log: str) -> Iterator[IO[bytes]]:
    if log == "-":
        yield sys.stdin.buffer
        return
    with Path(log).open("rb") as file:
        if file.peek(2)[:2] != b"\x1f\x8b":
            yield file
            return
        with gzip.open(file) as unpacked:
            yield cast("IO[bytes]", unpacked)


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """Split a log into lines; one of any length costs no more than a chunk."""
    rest = b""
    skipping = False
    while chunk := file.read(CHUNK):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if skipping and lines:
            lines, skipping = lines[1:], False
        yield from lines
        if len(rest) > CHUNK:
            if not skipping:
                yield rest
            rest, skipping = b"", True
    if rest and not skipping:
        yield rest


class _TextPrinter:
    def __init__(self, brief: bool, timeline: bool) -> None:
        self.brief = brief
        self.timeline = timeline

    def connection(self, _log: str, connection: "Connection") -> None:
        from nmsp_scapy.trace.report import brief_text, connection_text

        if self.brief:
            click.echo(brief_text(connection))
        else:
            click.echo(connection_text(connection, timeline=self.timeline))

    def log(self, log: str, tracker: "Tracker") -> None:
        from nmsp_scapy.trace.report import log_record, log_text

        click.echo(log_text(log_record(log, tracker.trace)), nl=False)

    def close(self) -> None:
        pass


class _JsonPrinter:
    """Prints connections as they end, so that memory stays flat."""

    def __init__(self) -> None:
        self.logs: list[bytes] = []
        self.count = 0
        click.echo('{"connections":[', nl=False)

    def connection(self, log: str, connection: "Connection") -> None:
        import msgspec

        from nmsp_scapy.trace.report import connection_record

        text = msgspec.json.encode(connection_record(log, connection)).decode()
        click.echo(("," if self.count else "") + text)
        self.count += 1

    def log(self, log: str, tracker: "Tracker") -> None:
        import msgspec

        from nmsp_scapy.trace.report import log_record

        self.logs.append(msgspec.json.encode(log_record(log, tracker.trace)))

    def close(self) -> None:
        click.echo('],"logs":[' + b",".join(self.logs).decode() + "]}")


def _follow(log: str, as_json: bool) -> int:
    """Print steps as they come and the verdict when a connection ends or is up."""
    import msgspec

    from nmsp_scapy.trace.connection import Tracker
    from nmsp_scapy.trace.events import Kind
    from nmsp_scapy.trace.report import connection_record, connection_text, follow_text

    def verdict(connection: "Connection") -> None:
        if as_json:
            record = connection_record(log, connection)
            click.echo(msgspec.json.encode(record).decode())
        else:
            click.echo(connection_text(connection, timeline=False))

    def step_said(connection: "Connection", step: "Step") -> None:
        if not as_json:
            click.echo(follow_text(step, connection))
        if step.kind is Kind.UP:
            verdict(connection)

    tracker = Tracker(step_said)
    try:
        for line in _growing(Path(log)):
            ended = tracker.idle() if line is None else tracker.feed(line)
            for connection in ended:
                if connection.first(Kind.UP) is None:
                    verdict(connection)
    except OSError as error:
        click.echo(f"nmsp: {log}: {error.strerror}", err=True)
        return UNREADABLE
    except KeyboardInterrupt:
        pass
    return 0


def _growing(path: Path) -> Iterator[bytes | None]:
    """Yield a growing file's lines, and None whenever it rests.

    A file that shrinks or is replaced is read from its beginning again.
    """
    file = path.open("rb")
    rest = b""
    try:
        while True:
            chunk = file.read(CHUNK)
            if chunk:
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop()[-CHUNK:]
                yield from lines
                continue
            yield None
            time.sleep(POLL_S)
            if not path.exists():
                continue
            now, ours = path.stat(), os.fstat(file.fileno())
            if now.st_size < file.tell() or not os.path.samestat(now, ours):
                file.close()
                file, rest = path.open("rb"), b""
    finally:
        file.close()
