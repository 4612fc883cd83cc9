# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance diff`: what sets two results apart."""

from pathlib import Path

import click

RESULT = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("before", metavar="A", type=RESULT)
@click.argument("after", metavar="B", type=RESULT)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.pass_context
def command(
    ctx: click.Context, before: Path, after: Path, form: str, as_json: bool
) -> None:
    """Compare two results of an endpoint: A before, B after.

    A and B are what `run`, `listen` and `check` leave with -o (the folder, or its
    result.json) or write with --json. New deviations that would fail B's run, and
    what was judged well in A and could not be judged in B, make it worse.

    Exits 0 when nothing got worse, 1 when something did, 3 when nothing stands in
    both.

    \b
    Examples:
      nmsp-conformance diff before/ after/
      nmsp-conformance diff 17.9.json 17.12.json --format markdown
    """
    import msgspec

    from conformance import diff, diff_report
    from conformance.cli.refusing import Refused
    from conformance.reading import ResultError, read

    try:
        found = diff.compare(read(before), read(after))
    except (ResultError, diff.ApartError) as error:
        raise Refused(str(error)) from None
    if as_json or form == "json":
        encoded = msgspec.json.format(msgspec.json.encode(found), indent=2)
        click.echo(encoded.decode())
    elif form == "markdown":
        click.echo(diff_report.markdown_of(found), nl=False)
    else:
        click.echo(diff_report.text_of(found), nl=False)
    ctx.exit(found.exit)
