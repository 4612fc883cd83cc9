# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp shell`: the Scapy shell with a capture's messages loaded."""

from pathlib import Path
from typing import Any

import click

from nmsp_scapy.cli.options import (
    CAPTURE,
    key_options,
    key_store,
    wire_options,
    wire_profile,
)


def _execute(code: str, namespace: dict[str, Any]) -> None:
    """Run what the user typed; its errors are the user's own.

    Raises:
        click.UsageError: it ended with an error.
    """
    try:
        exec(compile(code, "-c", "exec"), namespace)  # noqa: S102 - typed by the user
    except Exception as error:  # noqa: BLE001 - whatever the user has typed
        what = type(error).__name__
        raise click.UsageError(f"-c: {what}: {error}".rstrip(": ")) from None


@click.command()
@click.argument("capture", type=CAPTURE)
@key_options
@wire_options
@click.option("-c", "code", metavar="CODE", help="Run this instead of a shell.")
def command(
    capture: str,
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
    ports: tuple[int, ...],
    profile_file: Path | None,
    code: str | None,
) -> None:
    """Open the Scapy shell with the messages of a capture.

    `packets` are the messages, one Scapy packet each, with addresses and times;
    `events` is what could not be read; every NMSP class is there by its name.

    \b
    Examples:
      nmsp shell x.pcapng
      nmsp shell x.pcap --keylog x.keys
      nmsp shell x.pcapng -c "packets.nsummary()"
    """
    from nmsp_scapy.cli.loading import load

    keys = key_store(keylogs, rsa_keys, password_file)
    names = load(capture, keys, wire_profile(profile_file), frozenset(ports))
    if code is not None:
        from scapy.main import init_session

        namespace: dict[str, Any] = init_session(names, ret=True)
        _execute(code, namespace)
        return
    from scapy.main import interact

    count = len(names["packets"])
    lost = sum(event.lost for event in names["events"])
    parts = "part" if lost == 1 else "parts"
    unread = f", {lost} {parts} could not be read: events" if lost else ""
    click.echo(f"packets: {count} NMSP messages of {capture}{unread}", err=True)
    interact(mydict=names, argv=["nmsp shell", "-H"])
