# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance list`: what can be run."""

import json

import click


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(selectors: tuple[str, ...], as_json: bool) -> None:
    """List scenarios: id, role, risk, requirements.

    SELECTOR is an id, a requirement's id, a family, role, level, risk, grade, or
    @file with one a line. Those of one kind are alternatives, different kinds narrow.

    \b
    Examples:
      nmsp-conformance list
      nmsp-conformance list echo --json
    """
    from conformance import scenario, selection

    try:
        found = selection.select(list(scenario.load().values()), selectors)
    except selection.SelectorError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        click.echo(json.dumps({"scenarios": scenario.as_json(found)}, indent=2))
        return
    for case in found:
        names = " ".join(case.requirements)
        click.echo(f"{case.id:52} {case.role}  {case.risk:16} {names}")
    click.echo(f"{len(found)} scenarios", err=True)
