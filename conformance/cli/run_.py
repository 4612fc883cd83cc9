# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance run`: judge a WLC."""

from typing import Any

import click

from conformance.cli.options import live, outputs


@click.command()
@click.argument("target", metavar="HOST[:PORT]")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("-n", "workers", metavar="N|auto", help="Processes, by pytest-xdist.")
@live
@outputs
@click.pass_context
def command(ctx: click.Context, /, target: str, **given: Any) -> None:
    """Judge a WLC as an MSE would meet it.

    The identity's MAC address and key hash must stand in the WLC's AuthList; all
    other identities are made for the run and must not.

    \b
    Examples:
      nmsp-conformance run 192.0.2.10 --identity mse.pem
      nmsp-conformance run 192.0.2.10 echo NMSP-AUTHLIST-2 --identity mse.pem
      nmsp-conformance run 192.0.2.10 --identity mse.pem -n auto -o out
    """
    from conformance.driver import drive

    ctx.exit(drive({"--nmsp-target": target}, **given))
