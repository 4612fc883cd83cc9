# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp doctor`: why a tunnel is down, or nothing decrypts."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nmsp_scapy.cli.options import (
    CAPTURE,
    FILE,
    UNREAD,
    key_options,
    key_store,
    read_file,
    wire_options,
    wire_profile,
)

if TYPE_CHECKING:
    from nmsp_scapy.authlist import Identity
    from nmsp_scapy.authlist.pasted import Entry
    from nmsp_scapy.doctor import Attempt, Diagnosis
    from nmsp_scapy.trace import Connection

ILL = 1


@click.command()
@click.argument("capture", type=CAPTURE)
@click.option("--trace", "traces", multiple=True, type=FILE, help="The WLC's trace.")
@click.option(
    "--cert",
    type=FILE,
    help="The certificate whose MAC and hash stand in the WLC's list.",
)
@click.option(
    "--authlist",
    "config",
    type=FILE,
    help="The WLC's list: its configuration or a show output, pasted into a file.",
)
@key_options
@wire_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(
    ctx: click.Context,
    capture: str,
    traces: tuple[Path, ...],
    cert: Path | None,
    config: Path | None,
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
    ports: tuple[int, ...],
    profile_file: Path | None,
    as_json: bool,
) -> None:
    """Name the cause: capture, trace, certificate and list side by side.

    \b
    Examples:
      nmsp doctor down.pcapng
      nmsp doctor down.pcapng --trace trace.txt --authlist running-config.txt
      nmsp doctor up.pcapng --keylog mse.keys --json

    Exits 0 when nothing is wrong, 1 when something is, 2 on usage, 3 when nothing is
    seen to be wrong but not all could be read.
    """
    import msgspec

    from nmsp_scapy.capture import CaptureError
    from nmsp_scapy.cli.progress import reading, ticking
    from nmsp_scapy.dissect import dissect
    from nmsp_scapy.doctor import Chart, diagnose
    from nmsp_scapy.doctor.report import diagnosis_text

    expected = _certificate(cert) if cert is not None else None
    entries = _entries(config) if config is not None else []
    connections = _connections(traces)
    keys = key_store(keylogs, rsa_keys, password_file)
    profile = wire_profile(profile_file)
    with tempfile.TemporaryDirectory() as directory:
        path = _seekable(capture, Path(directory))
        try:
            chart = Chart()
            with reading(str(path), quiet=False) as (source, tick):
                read = dissect(
                    source, keys=keys, profile=profile, ports=frozenset(ports)
                )
                chart.feed_all(ticking(read, tick))
            begun = _attempts(path, ports)
        except CaptureError as error:
            click.echo(f"nmsp: {error}", err=True)
            ctx.exit(UNREAD)
    found = diagnose(
        chart, begun, connections=connections, expected=expected, entries=entries
    )
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        click.echo(diagnosis_text(found), nl=False)
    ctx.exit(_code(found))


def _code(found: "Diagnosis") -> int:
    from nmsp_scapy.doctor.finding import UNREAD as READING

    if any(finding.cause not in READING for finding in found.findings):
        return ILL
    return 0 if found.healthy else UNREAD


def _seekable(capture: str, directory: Path) -> str:
    """Two passes are made: what comes through a pipe is put into a file."""
    if capture != "-":
        return capture
    path = directory / "capture"
    with path.open("wb") as file:
        while chunk := sys.stdin.buffer.read(1 << 20):
            file.write(chunk)
    return str(path)


def _attempts(path: str, ports: tuple[int, ...]) -> "list[Attempt]":
    from nmsp_scapy.capture import open_capture
    from nmsp_scapy.doctor import attempts

    with open_capture(path, ports=frozenset(ports)) as capture:
        return attempts(capture)


def _certificate(path: Path) -> "Identity":
    from nmsp_scapy.authlist import identity_of
    from nmsp_scapy.authlist.containers import certificates_in

    try:
        return identity_of(certificates_in(read_file(path))[0])
    except ValueError as error:
        raise click.UsageError(f"--cert: {path}: {error}") from None


def _entries(path: Path) -> "list[Entry]":
    from nmsp_scapy.authlist.pasted import entries_in

    entries = entries_in(read_file(path).decode("utf-8", "replace"))
    if not entries:
        raise click.UsageError(
            f"--authlist: {path}: neither a MAC address nor a key hash in it"
        )
    return entries


def _connections(paths: tuple[Path, ...]) -> "list[Connection]":
    from nmsp_scapy.cli.trace import lines_of
    from nmsp_scapy.trace import connections

    found: list[Connection] = []
    for path in paths:
        with path.open("rb") as file:
            said = list(connections(lines_of(file)))
        if not said:
            raise click.UsageError(
                f"--trace: {path}: no line tells of an NMSP connection"
            )
        found += said
    return found
