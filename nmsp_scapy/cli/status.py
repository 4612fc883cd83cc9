# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp status`: the screens of both sides, from a capture."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nmsp_scapy.cli.options import (
    CAPTURE,
    UNREAD,
    key_options,
    key_store,
    wire_options,
    wire_profile,
)

if TYPE_CHECKING:
    from nmsp_scapy.status import Status


@click.command()
@click.argument("capture", type=CAPTURE)
@click.option("--mse", "form", flag_value="mse", help="The MSE's NMSP Status page.")
@click.option("--ios", "form", flag_value="ios", help="IOS-XE's show nmsp screens.")
@click.option("--json", "form", flag_value="json", help="For programs.")
@key_options
@wire_options
@click.pass_context
def command(
    ctx: click.Context,
    capture: str,
    form: str | None,
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
    ports: tuple[int, ...],
    profile_file: Path | None,
) -> None:
    """Show what MSE and WLC would show of the tunnels in a capture.

    The MSE's page stands unless another form is asked for. Counts are the capture's:
    it may begin later than the tunnel did.

    \b
    Examples:
      nmsp status up.pcapng --keylog mse.keys
      nmsp status up.pcapng --rsa-key wlc.pem --ios
      nmsp status up.pcapng --json | jq '.conversations[].subscribed'

    Exits 0 when all was read, 2 on usage, 3 when something could not be read.
    """
    from nmsp_scapy.capture import CaptureError
    from nmsp_scapy.cli.progress import reading, ticking
    from nmsp_scapy.dissect import dissect
    from nmsp_scapy.status import Tally

    keys = key_store(keylogs, rsa_keys, password_file)
    profile = wire_profile(profile_file)
    tally = Tally(profile)
    try:
        with reading(capture, quiet=False) as (source, tick):
            found = dissect(source, keys=keys, profile=profile, ports=frozenset(ports))
            tally.feed_all(ticking(found, tick))
    except CaptureError as error:
        click.echo(f"nmsp: {error}", err=True)
        ctx.exit(UNREAD)
    statuses = tally.conversations
    if not statuses:
        click.echo(f"nmsp: {capture}: no NMSP connection in it", err=True)
        ctx.exit(UNREAD)
    click.echo(_screen(form, statuses), nl=False)
    lost = sum(status.lost for status in statuses) + tally.damages
    if lost:
        click.echo(
            f"nmsp: {lost} times bytes could not be read; nmsp doctor says why",
            err=True,
        )
    ctx.exit(UNREAD if lost else 0)


def _screen(form: str | None, statuses: "list[Status]") -> str:
    import msgspec

    from nmsp_scapy.status.ios import ios_screens
    from nmsp_scapy.status.mse import mse_status
    from nmsp_scapy.status.report import Report

    if form == "ios":
        return ios_screens(statuses)
    if form == "json":
        text = msgspec.json.encode(Report(statuses))
        return msgspec.json.format(text, indent=2).decode() + "\n"
    return "\n".join(mse_status(status) for status in statuses)
