# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance run`: judge a WLC, or all that an inventory names."""

from typing import Any

import click

from conformance.cli.options import FILE, live, outputs


@click.command()
@click.argument("target", metavar="HOST[:PORT]", required=False)
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--inventory", type=FILE, help="Many WLCs, TOML; no HOST then.")
@click.option("-n", "workers", metavar="N|auto", help="Processes, by pytest-xdist.")
@live
@outputs
@click.pass_context
def command(
    ctx: click.Context, /, target: str | None, inventory: str | None, **given: Any
) -> None:
    """Judge a WLC as an MSE would meet it.

    The identity's MAC address and key hash must stand in the WLC's AuthList; all
    other identities are made for the run and must not.

    \b
    Examples:
      nmsp-conformance run 192.0.2.10 --identity mse.pem
      nmsp-conformance run 192.0.2.10 echo NMSP-AUTHLIST-2 --identity mse.pem
      nmsp-conformance run 192.0.2.10 --identity mse.pem -n auto -o out
      nmsp-conformance run --inventory site.toml -n auto -o out --report html
    """
    from conformance.driver import drive

    if inventory is not None:
        given["selectors"] = (*([target] if target else ()), *given["selectors"])
        ctx.exit(drive({"--nmsp-inventory": inventory}, **given))
    if target is None:
        raise click.UsageError("Missing argument 'HOST[:PORT]', or --inventory")
    ctx.exit(drive({"--nmsp-target": target}, **given))
