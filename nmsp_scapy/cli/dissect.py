# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp dissect`: captures to messages."""

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import click

from nmsp_scapy.cli.options import (
    CAPTURE,
    UNREAD,
    jobs_option,
    key_options,
    key_store,
    wire_options,
    wire_profile,
)

if TYPE_CHECKING:
    from nmsp_scapy.cli.reading import Losses, Reading
    from nmsp_scapy.conversation import Event, Message, Result
    from nmsp_scapy.decrypt import Open
    from nmsp_scapy.profile import Profile

    Keep = Callable[[Message], bool]

FORMATS = ["text", "ndjson", "tsv", "parquet", "html"]

UNKNOWN = ("text", "ndjson", "html")
"""Formats of what is opaque."""

SHARED = {"ndjson", "tsv"}
"""Formats that several processes can write: a result stands for itself there."""


class Writer(Protocol):
    """What every format's writer does."""

    def begin(self, capture: str) -> None:
        """Go on with another capture."""

    def write(self, results: "Iterable[Result]") -> None:
        """Write a batch."""

    def close(self) -> None:
        """Write what comes last."""


@click.command()
@click.argument("captures", nargs=-1, type=CAPTURE, metavar="CAPTURE...")
@key_options
@wire_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="text for people; ndjson for programs; columns as tsv or parquet; html for "
    "--unknown.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here, whole or not at all; standard output unless given.",
)
@click.option(
    "--where",
    metavar="EXPR",
    help="Only messages for which this holds; events are always shown.",
)
@click.option(
    "--columns",
    metavar="NAME,...",
    help="Columns of tsv and parquet; all of them unless given (docs/columns.md).",
)
@click.option(
    "--rows",
    type=click.Choice(["messages", "samples"]),
    default="messages",
    show_default=True,
    help="What a row of tsv and parquet is.",
)
@click.option("-v", "--verbose", is_flag=True, help="Each message as tree and bytes.")
@click.option(
    "--tls",
    "sessions",
    is_flag=True,
    help="What each TLS session negotiated, its certificates, why it stays closed.",
)
@click.option(
    "--unknown",
    is_flag=True,
    help="Instead of messages, what is opaque in them, laid out byte by byte.",
)
@click.option(
    "-i",
    "--interface",
    metavar="IFACE",
    help="Listen there instead of reading captures (root); key logs may be growing.",
)
@jobs_option
@click.pass_context
def command(
    ctx: click.Context,
    captures: tuple[str, ...],
    interface: str | None,
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
    ports: tuple[int, ...],
    profile_file: Path | None,
    form: str,
    output: Path | None,
    where: str | None,
    columns: str | None,
    rows: str,
    verbose: bool,
    sessions: bool,
    unknown: bool,
    jobs: int,
) -> None:
    """Show the messages of captures, and all that could not be read.

    CAPTURE is pcap or pcapng, gzip or zstd compressed or not; - is standard input.
    What comes through a pipe is shown as it comes; key logs may be growing then.
    Secrets inside a pcapng are used by themselves.

    --where is made of header fields (type, name, direction, length, index, ...) and
    the fields of elements (mac, rssi_a_dbm, ...; true where any element fits), the
    names of messages and elements, numbers and quoted text, compared by == != < <= >
    >= in, and joined by and, or, not and brackets.

    --unknown groups bodies and element values that the profile does not explain by
    number and length, and shows what each byte does from one message to the next.

    \b
    Examples:
      nmsp dissect x.pcapng
      nmsp dissect x.pcapng --profile mine.toml --unknown
      nmsp dissect x.pcapng --unknown --format html -o unknown.html
      nmsp dissect x.pcap --keylog x.keys -v
      nmsp dissect x.pcap --rsa-key wlc.pem --tls
      nmsp dissect -i eth0 --keylog growing.keys
      ssh wlc-side tcpdump -U -w - | nmsp dissect - --keylog growing.keys
      nmsp dissect *.pcapng --format ndjson --jobs 4 -o out.ndjson
      nmsp dissect x.pcapng --where "type == ECHO_REQUEST and direction == 'mse->wlc'"
      nmsp dissect x.pcapng --format parquet --rows samples -o rssi.parquet
      nmsp dissect x.pcapng --where "rssi_a_dbm < -80 and mac == '00:00:5e:00:53:01'"

    Exits 0 when all was read, 2 on usage, 3 when something could not be read.
    """
    from nmsp_scapy.cli.jobs import can_share
    from nmsp_scapy.cli.listening import is_piped, live
    from nmsp_scapy.cli.reading import Losses, Reading, output_file, spare

    profile = wire_profile(profile_file)
    if (interface is None) == (not captures):
        raise click.UsageError("give captures, or an interface with -i")
    if unknown and form not in UNKNOWN:
        raise click.UsageError(f"--unknown is written as {', '.join(UNKNOWN)}")
    if form == "html" and not unknown:
        raise click.UsageError("--format html is for --unknown; see nmsp report")
    grow = interface is not None or is_piped(captures)
    keys = key_store(() if grow else keylogs, rsa_keys, password_file)
    keep = _test(where, profile)
    spare(output, captures)
    terminal = output is None and sys.stdout.isatty()
    reader = Reading(keys, profile, frozenset(ports), quiet=terminal)
    losses = Losses() if form in {"tsv", "parquet"} else None
    with ExitStack() as stack:
        file = output_file(stack, output)

        def writer(file: IO[bytes]) -> Writer:
            if unknown:
                return _opaque(file, form, profile)
            if form == "text":
                return _text(file, profile, terminal, verbose, sessions)
            if form == "ndjson":
                return _lines(file, profile, sessions)
            return _columns(form, file, profile, columns, rows)

        def taker(file: IO[bytes]) -> _Taker:
            return _Taker(writer(file), keep)

        shared = jobs > 1 and form in SHARED and not unknown and captures
        if shared and can_share(captures, frozenset(ports)):
            reader.by_several(captures, jobs, taker, file, losses)
        else:
            source: Open | IO[bytes] | None = None
            if grow:
                source = stack.enter_context(
                    live(interface, frozenset(ports), keys, keylogs)
                )
            names = captures or (str(interface),)
            _by_one(names, source, reader, taker(file), file, losses)
        file.flush()
    if losses is not None:
        losses.close()
    ctx.exit(UNREAD if reader.unread else 0)


class _Taker:
    """Writes the results that are asked for."""

    def __init__(self, writer: Writer, keep: "Keep | None") -> None:
        self._writer, self._keep = writer, keep
        self.begin, self.close = writer.begin, writer.close

    def take(self, results: "list[Result]") -> "list[Event]":
        """Write a batch; return the events in it."""
        from nmsp_scapy.conversation import Event, Message

        keep, kept = self._keep, results
        if keep is not None:
            kept = [m for m in results if not isinstance(m, Message) or keep(m)]
        self._writer.write(kept)
        return [found for found in results if isinstance(found, Event)]


def _by_one(
    captures: tuple[str, ...],
    source: "Open | IO[bytes] | None",
    reader: "Reading",
    taker: _Taker,
    file: IO[bytes],
    losses: "Losses | None",
) -> None:
    """Read captures one after the other, or what an interface shows."""
    for capture in captures:
        taker.begin(capture)
        for found in reader.read(capture, source):
            events = taker.take(found)
            if source is not None:
                file.flush()
            if losses is not None:
                losses.events(events)
    taker.close()


def _test(expression: str | None, profile: "Profile") -> "Keep | None":
    if expression is None:
        return None
    from nmsp_scapy.where import WhereError, where

    try:
        return where(expression, profile)
    except WhereError as error:
        raise click.UsageError(f"--where: {error}") from None


def _text(
    file: IO[bytes], profile: "Profile", terminal: bool, verbose: bool, sessions: bool
) -> Writer:
    from nmsp_scapy.export.text import TextWriter, coloured, plain

    show = coloured() if terminal else plain(file)
    return TextWriter(show, profile=profile, verbose=verbose, sessions=sessions)


def _lines(file: IO[bytes], profile: "Profile", sessions: bool) -> Writer:
    from nmsp_scapy.export.ndjson import NdjsonWriter

    return NdjsonWriter(file, profile=profile, sessions=sessions)


def _opaque(file: IO[bytes], form: str, profile: "Profile") -> Writer:
    from nmsp_scapy.export.unknown import UnknownWriter

    return UnknownWriter(file, form, profile)


def _columns(
    form: str, file: IO[bytes], profile: "Profile", columns: str | None, rows: str
) -> Writer:
    from nmsp_scapy.export.columns import (
        ParquetWriter,
        Rows,
        TsvWriter,
        chosen,
        columns_of,
    )

    try:
        names = chosen(columns, rows, columns_of(profile))
    except ValueError as error:
        raise click.UsageError(f"--columns: {error}") from None
    made = Rows(names, rows, profile)
    if form == "tsv":
        return TsvWriter(file, made)
    try:
        return ParquetWriter(file, made)
    except ImportError:
        raise click.UsageError(
            "--format parquet needs pyarrow: pip install nmsp-scapy[columns]"
        ) from None
