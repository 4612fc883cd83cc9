# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp calibrate`: find the true layout from decrypted traffic."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nmsp_scapy.cli.options import (
    CAPTURE,
    UNREAD,
    key_options,
    key_store,
    port_option,
)

if TYPE_CHECKING:
    from nmsp_scapy.calibrate import Calibration, Finding, Run
    from nmsp_scapy.cli.reading import Reading


@click.command()
@click.argument("capture", type=CAPTURE)
@key_options
@port_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Profile to write, whole or not at all; none without.",
)
@click.option("--json", "as_json", is_flag=True, help="The findings, for programs.")
@click.pass_context
def command(
    ctx: click.Context,
    capture: str,
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
    ports: tuple[int, ...],
    output: Path | None,
    as_json: bool,
) -> None:
    """Find the byte layout that a capture's endpoints speak.

    Looks for the header in which both directions walk out exactly, with echo in turn
    and the documented message numbers from their senders; then for the elements that
    fill every body. Says of each statement what speaks for it, what it does not
    exclude, and by which convention it chose among equals. All conversations are
    measured together. A minute of traffic may be enough, five are better.

    \b
    Examples:
      nmsp calibrate x.pcapng -o mine.toml
      nmsp calibrate x.pcap --keylog x.keys -o mine.toml
      nmsp dissect x.pcapng --profile mine.toml

    Exits 0 when a profile was found, 2 on usage, 3 when there is no such structure.
    """
    import json

    import msgspec

    from nmsp_scapy.calibrate import calibrate
    from nmsp_scapy.cli.reading import Reading, output_file, spare
    from nmsp_scapy.profile.writing import written

    spare(output, (capture,))
    keys = key_store(keylogs, rsa_keys, password_file)
    reader = Reading(keys, ports=frozenset(ports))
    runs = _runs(reader, capture)
    if not runs:
        click.echo(f"nmsp: {capture}: nothing in it could be decrypted", err=True)
        ctx.exit(UNREAD)
    name = output.stem if output else "calibrated"
    found = calibrate(runs, name=name)
    if output is not None and found.profile is not None:
        # Before anything is shown: whoever reads that may stop reading.
        with ExitStack() as stack:
            output_file(stack, output).write(written(found.profile).encode())
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found), indent=2))
    else:
        _tell(found)
    if found.profile is None:
        click.echo(f"nmsp: {capture}: {found.reason}", err=True)
        ctx.exit(UNREAD)


def _runs(reader: "Reading", capture: str) -> "list[Run]":
    """Read all conversations."""
    from nmsp_scapy.calibrate import Collector
    from nmsp_scapy.conversation import Conversation

    sides: dict[int, tuple[Collector, Collector]] = {}
    for batch in reader.open(capture):
        for found in batch:
            if isinstance(found, Conversation):
                begins = found.began == "syn" or found.transport == "pdu"
                sides[found.index] = (
                    Collector(0, begins=begins, conversation=found.index),
                    Collector(1, begins=begins, conversation=found.index),
                )
            elif type(found) is tuple:
                conversation, side, item = found
                sides[conversation.index][side].feed(item)
    return [run for pair in sides.values() for one in pair for run in one.finish()]


def _mark(one: "Finding") -> str:
    """How sure a statement is."""
    if one.determined:
        return "determined"
    return "by convention" if one.convention else "not determined"


def _tell(found: "Calibration") -> None:
    for one in found.findings:
        click.echo(f"{one.statement}: {one.value}  [{_mark(one)}]")
        bits = "" if one.bits is None else f" ({one.bits:.0f} bits against chance)"
        click.echo(f"    {one.evidence}{bits}")
        if one.convention:
            click.echo(f"    {one.convention}")
        for other in one.others[:6]:
            click.echo(f"    {other}")
        if len(one.others) > 6:
            click.echo(f"    and {len(one.others) - 6} more")
        if one.frames:
            click.echo(f"    frames {', '.join(map(str, one.frames))}")
