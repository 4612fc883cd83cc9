# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp wireshark`: the dissector for Wireshark, made from the layers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nmsp_scapy.cli.options import FILE, UNREAD, wire_profile
from nmsp_scapy.constants import PORT

if TYPE_CHECKING:
    from nmsp_scapy.export.wireshark import Wireshark
    from nmsp_scapy.profile import Profile

profile_option = click.option(
    "--profile",
    "profile_files",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="Wire profile; may be given several times, the first is in use at first. The"
    " nominal one is always there.",
)
port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    help="Port of the WLC; a preference in Wireshark.",
)
tshark_option = click.option(
    "--tshark", metavar="PROGRAM", help="The tshark to ask; the one found by default."
)


@click.group()
def command() -> None:
    """Make, install and check the dissector for Wireshark."""


@command.command("lua")
@profile_option
@port_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; standard output by default.",
)
def lua(profile_files: tuple[Path, ...], port: int, output: Path | None) -> None:
    """Print the dissector, one Lua file.

    \b
    Examples:
      nmsp wireshark lua -o nmsp.lua
      tshark -X lua_script:nmsp.lua -r x.pcapng
    """
    text = _dissector(_profiles(profile_files), port)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text)


@command.command("install")
@profile_option
@port_option
@tshark_option
@click.option(
    "--keylog",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TLS key log that Wireshark is to read, for captures without secrets inside.",
)
@click.option(
    "--start/--no-start",
    default=True,
    show_default=True,
    help="Have Wireshark start with the profile, where you use no other of your own.",
)
def install(
    profile_files: tuple[Path, ...],
    port: int,
    tshark: str | None,
    keylog: Path | None,
    start: bool,
) -> None:
    """Put the dissector and a profile where this Wireshark reads them.

    The profile has columns, colouring rules, filter buttons and I/O graphs. Nothing of
    your own is written over: the profile is one beside yours, and Wireshark is told to
    start with it only where you never chose another. `uninstall` takes all of it away.

    \b
    Examples:
      nmsp wireshark install
      nmsp wireshark install --keylog mse.keys
    """
    from nmsp_scapy.export.wireshark import NO_CHOICE, PROFILE

    wireshark = _wireshark(tshark)
    text = _dissector(_profiles(profile_files), port)
    for path in wireshark.install(text, keylog):
        click.echo(f"wrote {path}")
    option = "-C NMSP "
    if start and wireshark.started_with in (NO_CHOICE, PROFILE):
        click.echo(f"wrote {wireshark.start_with(PROFILE)}")
        option = ""
    click.echo(f"open a capture with: wireshark {option}CAPTURE")


@command.command("uninstall")
@tshark_option
def uninstall(tshark: str | None) -> None:
    """Take away what `install` wrote.

    \b
    Example:
      nmsp wireshark uninstall
    """
    for path in _wireshark(tshark).uninstall():
        click.echo(f"removed {path}")


@command.command("check")
@profile_option
@port_option
@tshark_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(
    ctx: click.Context,
    profile_files: tuple[Path, ...],
    port: int,
    tshark: str | None,
    as_json: bool,
) -> None:
    """Say whether the installed dissector works, by running tshark.

    Exits 0 when it does, 3 when it does not.

    \b
    Example:
      nmsp wireshark check
    """
    import msgspec

    from nmsp_scapy.export.wireshark import WiresharkError

    profiles = _profiles(profile_files)
    wireshark = _wireshark(tshark)
    try:
        findings = wireshark.check(_dissector(profiles, port), profiles[0])
    except WiresharkError as error:
        raise click.ClickException(str(error)) from None
    good = all(finding.good for finding in findings)
    if as_json:
        told = msgspec.json.encode({"good": good, "findings": findings})
        click.echo(told.decode())
    else:
        for finding in findings:
            mark = "ok  " if finding.good else "FAIL"
            click.echo(f"{mark} {finding.what}: {finding.said}")
    ctx.exit(0 if good else UNREAD)


def _profiles(paths: tuple[Path, ...]) -> "list[Profile]":
    from nmsp_scapy.profile import NOMINAL

    given = [wire_profile(path) for path in paths]
    return [*given, NOMINAL]


def _dissector(profiles: "list[Profile]", port: int) -> str:
    from nmsp_scapy.export.lua import dissector

    return dissector(profiles, port)


def _wireshark(tshark: str | None) -> "Wireshark":
    from nmsp_scapy.export.wireshark import Wireshark, WiresharkError

    try:
        return Wireshark(tshark)
    except WiresharkError as error:
        raise click.ClickException(str(error)) from None
