# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp profile`: show, check and compare wire profiles."""

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nmsp_scapy.profile import Profile


@click.group()
def command() -> None:
    """Show, check and compare wire profiles.

    A profile is the wire layout as data: header fields, what the length covers,
    elements, numbers. NAME is a built-in one (nominal) or a TOML file.
    """


@command.command()
@click.argument("name", default="nominal")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--schema", is_flag=True, help="The JSON Schema of profile files.")
def show(name: str, as_json: bool, schema: bool) -> None:
    """Print a profile whole, with what it inherits, as TOML.

    \b
    Examples:
      nmsp profile show
      nmsp profile show mine.toml
      nmsp profile show > mine.toml     the nominal one, to be edited
    """
    import msgspec

    from nmsp_scapy.profile import writing

    if schema:
        click.echo(json.dumps(writing.schema(), indent=2))
        return
    profile = _read(name)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(profile), indent=2))
    else:
        click.echo(writing.written(profile), nl=False)


@command.command()
@click.argument("files", nargs=-1, required=True)
@click.pass_context
def check(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Say of each file whether it can work; exits 2 where one cannot.

    \b
    Example:
      nmsp profile check mine.toml
    """
    bad = False
    for name in files:
        try:
            profile = _read(name)
        except click.UsageError as error:
            bad = True
            click.echo(error.message, err=True)
            continue
        header = profile.header
        kinds = "no elements" if profile.elements is None else "elements"
        click.echo(
            f"{name}: can work: header of {header.size} bytes, {kinds}, "
            f"{len(profile.message_types)} messages"
        )
    ctx.exit(2 if bad else 0)


@command.command()
@click.argument("one")
@click.argument("other")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def diff(ctx: click.Context, one: str, other: str, as_json: bool) -> None:
    """List what sets two profiles apart; exits 1 where something does.

    \b
    Example:
      nmsp profile diff nominal mine.toml
    """
    from nmsp_scapy.profile import writing

    found = writing.differences(_read(one), _read(other))
    if as_json:
        rows = [{"place": p, "one": a, "other": b} for p, a, b in found]
        click.echo(json.dumps(rows, indent=2))
    for place, left, right in () if as_json else found:
        click.echo(f"{place}: {_shown(left)} -> {_shown(right)}")
    ctx.exit(1 if found else 0)


def _shown(value: object) -> str:
    return "-" if value is None else json.dumps(value)


def _read(name: str) -> "Profile":
    from nmsp_scapy.profile import reading

    try:
        return reading.read(name)
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from None
    except reading.ProfileError as error:
        raise click.UsageError(str(error)) from None
