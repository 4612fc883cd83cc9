# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp report`: a capture as one page."""

from pathlib import Path

import click

from nmsp_scapy.cli.options import (
    CAPTURE,
    UNREAD,
    key_options,
    key_store,
    wire_options,
    wire_profile,
)


@click.command()
@click.argument("capture", type=CAPTURE)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page; an existing file is replaced.",
)
@key_options
@wire_options
@click.pass_context
def command(
    ctx: click.Context,
    capture: str,
    output: Path,
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
    ports: tuple[int, ...],
    profile_file: Path | None,
) -> None:
    """Write a self-contained HTML page: ladder, rates, echo, RSSI, TLS, events.

    The page loads nothing and runs no script; it holds no key.

    \b
    Examples:
      nmsp report up.pcapng --keylog mse.keys -o report.html
      nmsp report up.pcapng --rsa-key wlc.pem -o report.html

    Exits 0 when all was read, 2 on usage, 3 when something could not be read.
    """
    from nmsp_scapy.capture import CaptureError, open_capture
    from nmsp_scapy.cli.progress import reading
    from nmsp_scapy.decrypt import Decryption
    from nmsp_scapy.dissect import Dissection
    from nmsp_scapy.doctor import attempts
    from nmsp_scapy.export.html import Gathered, render

    profile = wire_profile(profile_file)
    gathered = Gathered(profile)
    decryption = Decryption(
        key_store(keylogs, rsa_keys, password_file),
        profile=profile,
        ports=frozenset(ports),
    )
    begun = []
    try:
        with reading(capture, quiet=False) as (source, tick):
            for batch in Dissection(decryption, profile).run(source):
                gathered.feed_all(batch)
                tick()
        if capture != "-":
            with open_capture(capture, ports=frozenset(ports)) as again:
                begun = attempts(again)
    except CaptureError as error:
        click.echo(f"nmsp: {error}", err=True)
        ctx.exit(UNREAD)
    name = "standard input" if capture == "-" else Path(capture).name
    page = render(gathered, name, begun)
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror}") from None
    lost = any(event.lost for event in gathered.events)
    ctx.exit(UNREAD if lost else 0)
