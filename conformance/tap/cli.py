# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp tap`: record one's own MSE and WLC where no key can be had."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nmsp_scapy.constants import PORT

if TYPE_CHECKING:
    from conformance.emulator.tls import Identity
    from conformance.tap.proxy import Leg

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, writable=True, path_type=Path)

WHAT_IT_IS = """\
This is a proxy that ends TLS on both sides: whoever runs it reads, and records, all
that passes. Use it between your own MSE and your own WLC only. The MSE must dial the
tap instead of the WLC, and the WLC must have the tap's identity in its AuthList:
"""


@click.command()
@click.argument("listen")
@click.argument("target")
@click.option(
    "--identity",
    required=True,
    type=FILE,
    metavar="FILE",
    help="Private key and certificate in one PEM; nmsp authlist new makes one.",
)
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    type=OUT,
    metavar="FILE",
    help="The pcapng, with its secrets inside (mode 0600).",
)
@click.option(
    "--leg",
    type=click.Choice(["wlc", "mse", "both"]),
    default="wlc",
    show_default=True,
    help="Which of the two TLS connections is recorded; both shows all twice.",
)
@click.option(
    "--tls",
    default="any",
    show_default=True,
    metavar="WHAT",
    help="1.0 to 1.3, a range (1.0..1.2), or legacy-3850, c9800, c9800-strong, fips.",
)
@click.option("--live", is_flag=True, help="Print each message as it passes.")
@click.option(
    "--profile", type=FILE, metavar="FILE", help="Wire profile, for --live alone."
)
@click.option(
    "--for", "seconds", type=float, metavar="SECONDS", help="Stop after a time."
)
@click.option("--ready-file", type=OUT, metavar="FILE", help="Write HOST:PORT there.")
def command(
    listen: str,
    target: str,
    identity: Path,
    out: Path,
    leg: str,
    tls: str,
    live: bool,
    profile: Path | None,
    seconds: float | None,
    ready_file: Path | None,
) -> None:
    """Record what MSE and WLC say, as a proxy between them.

    LISTEN and TARGET are HOST[:PORT]; TARGET is the WLC. Bytes are passed as they are.
    Without a port, 16113. A port of 0 in LISTEN takes a free one.

    \b
    Examples:
      nmsp authlist new --mac 02:00:5e:e0:00:77 -o tap.pem
      nmsp tap 0.0.0.0 192.0.2.10 --identity tap.pem -o tunnel.pcapng
      nmsp dissect tunnel.pcapng
    """
    from conformance.emulator.cli import waiting
    from conformance.emulator.tls import identity_file
    from conformance.recording import Recorder
    from conformance.tap.live import Live
    from conformance.tap.proxy import Tap
    from nmsp_scapy.cli.options import wire_profile

    where, whither = _address(listen), _address(target)
    shown = Live(wire_profile(profile)) if live else None
    try:
        presented = identity_file(identity)
        instructions = _instructions(presented)
        tap = Tap(
            where,
            whither,
            presented=presented,
            recorder=Recorder(out),
            record=_legs(leg),
            tls=tls,
            hear=shown.heard if shown else None,
            tell=lambda line: click.echo(line, err=True),
        )
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
    click.echo(WHAT_IT_IS, err=True)
    click.echo(instructions, err=True)
    name = f"{where[0]}:{tap.port}"
    click.echo(f"Listening on {name} for {target}; Ctrl-C stops.", err=True)
    with tap:
        if ready_file is not None:
            ready_file.write_text(f"{name}\n")
        waiting(seconds)
    for number, one in enumerate(tap.sessions):
        passed = ", ".join(
            f"{size} bytes of the {of}" for of, size in one.passed.items()
        )
        click.echo(f"{number}: {passed}", err=True)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        host, port = text, str(PORT)
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"{text!r} is no HOST or HOST:PORT")
    return host.strip("[]"), int(port)


def _legs(text: str) -> "frozenset[Leg]":
    from conformance.tap.proxy import Leg

    return frozenset(Leg) if text == "both" else frozenset({Leg(text)})


def _instructions(presented: "Identity") -> str:
    """Write what lets the tap into the WLC.

    Raises:
        ValueError: its certificate names no MAC address.
    """
    from nmsp_scapy.authlist.commands import aireos, ios_xe
    from nmsp_scapy.authlist.identity import identity_of

    shown = [identity_of(presented.der)]
    return f"On IOS-XE:\n\n{ios_xe(shown)}\nOn AireOS:\n\n{aireos(shown)}"
