# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance coverage`: which scenarios evaluate which requirement."""

import json
from typing import Any

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show each requirement with its scenarios, or why it has none.

    Exits 3 when a requirement has neither.

    \b
    Example:
      nmsp-conformance coverage --json
    """
    found = _rows()
    bare = [r["id"] for r in found if not r["scenarios"] and not r["excluded"]]
    if as_json:
        click.echo(json.dumps({"requirements": found}, indent=2))
    else:
        for row in found:
            tried = ", ".join(row["scenarios"]) or f"excluded: {row['excluded'] or '?'}"
            click.echo(
                f"{row['id']:24} {row['role']} {row['level']:6} {row['grade']:10} "
                f"{tried}"
            )
        click.echo(
            f"{len(found)} requirements, {len(bare)} without a scenario or reason"
        )
    ctx.exit(3 if bare or not found else 0)


def _rows() -> list[dict[str, Any]]:
    import msgspec

    from conformance import requirements, scenario

    tried: dict[str, list[str]] = {}
    for case in scenario.load().values():
        for name in case.requirements:
            tried.setdefault(name, []).append(case.id)
    return [
        {
            **msgspec.to_builtins(each),
            "family": each.family,
            "scenarios": tried.get(each.id, []),
        }
        for each in requirements.load().values()
    ]
