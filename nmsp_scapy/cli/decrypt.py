# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp decrypt`: what TLS carried, as files."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

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
    from nmsp_scapy.profile import Profile

FORMATS = ["pcapng", "cleartext", "upper-pdu", "raw"]


@click.command()
@click.argument("capture", type=CAPTURE)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="File to write, whole or not at all; for raw a directory.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="pcapng",
    show_default=True,
)
@key_options
@wire_options
@jobs_option
@click.pass_context
def command(
    ctx: click.Context,
    capture: str,
    output: Path,
    form: str,
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
    ports: tuple[int, ...],
    profile_file: Path | None,
    jobs: int,
) -> None:
    """Write what TLS carried, for other tools.

    \b
    pcapng     the capture as it was, with the secrets inside that it needs
    cleartext  TCP on the same addresses and ports, without TLS
    upper-pdu  one exported PDU a message (link type 252)
    raw        OUT/<conversation>-client.bin and OUT/<conversation>-server.bin

    What is written can be read by its owner alone. Frames of pcapng, cleartext and
    upper-pdu have comments where something could not be read. What deviates from a
    requirement is added by nmsp-conformance check OUT --annotate TOLD.pcapng.

    \b
    Examples:
      nmsp decrypt x.pcap --keylog x.keys -o x.pcapng
      nmsp decrypt x.pcap --rsa-key wlc.pem -o clear.pcapng --format cleartext
      nmsp decrypt x.pcapng -o pdus.pcapng --format upper-pdu
      nmsp decrypt x.pcapng -o bytes --format raw --jobs 2

    Exits 0 when all was read, 2 on usage, 3 when something could not be read.
    """
    from nmsp_scapy.cli.reading import Losses, Reading, spare

    profile = wire_profile(profile_file)
    keys = key_store(keylogs, rsa_keys, password_file)
    spare(output, (capture,))
    reader = Reading(keys, profile, frozenset(ports))
    losses = Losses()
    if form == "raw":
        _raw(reader, capture, output, losses, jobs)
    elif form == "pcapng":
        with ExitStack() as stack:
            _pcapng(stack, reader, capture, output, losses)
    else:
        with ExitStack() as stack:
            _messages(stack, form, reader, profile, capture, output, losses)
    losses.close()
    ctx.exit(UNREAD if reader.unread else 0)


def _raw(
    reader: "Reading", capture: str, output: Path, losses: "Losses", jobs: int
) -> None:
    from nmsp_scapy.cli.jobs import can_share
    from nmsp_scapy.export.raw import RawWriter

    if output.exists() and not output.is_dir():
        raise click.UsageError(f"-o {output}: --format raw writes a directory")
    try:
        writer = RawWriter(output)
    except OSError as error:
        raise click.UsageError(f"-o {output}: {error.strerror}") from None
    if jobs > 1 and can_share((capture,), reader.ports):
        reader.by_several(
            (capture,), jobs, lambda _: writer, losses=losses, framed=False
        )
        return
    for batch in reader.open(capture):
        losses.events(writer.take(batch))
    writer.close()


def _messages(
    stack: ExitStack,
    form: str,
    reader: "Reading",
    profile: "Profile",
    capture: str,
    output: Path,
    losses: "Losses",
) -> None:
    from nmsp_scapy.cli.reading import output_file
    from nmsp_scapy.conversation import Event
    from nmsp_scapy.export.cleartext import CleartextWriter
    from nmsp_scapy.export.upper_pdu import UpperPduWriter

    file = output_file(stack, output, private=True)
    if form == "cleartext":
        clear = CleartextWriter(file, profile)
        for opened in reader.open(capture):
            clear.write(opened)
            for found in opened:
                if type(found) is tuple:
                    losses.hole(found[0].index, found[1], found[2])
                elif isinstance(found, Event):
                    losses.event(found)
    else:
        pdus = UpperPduWriter(file)
        for batch in reader.read(capture):
            pdus.write(batch)
            losses.events(batch)
    if reader.useless:
        raise click.exceptions.Exit(UNREAD)


def _pcapng(
    stack: ExitStack, reader: "Reading", capture: str, output: Path, losses: "Losses"
) -> None:
    from nmsp_scapy.cli.reading import output_file, seekable
    from nmsp_scapy.conversation import Event, Message
    from nmsp_scapy.export.notes import Notes
    from nmsp_scapy.export.pcapng import write_capture

    file = seekable(stack, capture)
    notes = Notes()
    for batch in reader.read(capture, file):
        for one in batch:
            if isinstance(one, Event):
                losses.event(one)
            if not isinstance(one, Message):
                notes.add(one)
    if reader.useless:
        raise click.exceptions.Exit(UNREAD)
    secrets = "".join(f"{line}\n" for line in reader.key_log).encode()
    out = output_file(stack, output, private=True)
    file.seek(0)
    write_capture(file, out, secrets, notes.by_frame, sound=not losses.damaged)
