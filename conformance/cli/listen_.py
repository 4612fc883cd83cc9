# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance listen`: judge an MSE that dials."""

from typing import Any

import click

from conformance.cli.options import live, outputs


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--role", type=click.Choice(["mse"]), default="mse", show_default=True)
@click.option("--host", default="0.0.0.0", show_default=True, help="Where to listen.")  # noqa: S104 - an MSE dials from elsewhere
@click.option("--port", type=click.IntRange(0, 65535), default=16113, show_default=True)
@click.option(
    "-q", "--quiet", is_flag=True, help="Do not tell the operator what only he can do."
)
@live
@outputs
@click.pass_context
def command(
    ctx: click.Context, /, role: str, host: str, port: int, **given: Any
) -> None:
    """Judge an MSE: be the WLC that it dials.

    The MSE is expected to dial again after each case, as it does on its own. One line
    tells its operator when it does not, and so what he must do; nothing is said else.

    \b
    Examples:
      nmsp-conformance listen --role mse --identity wlc.pem
      nmsp-conformance listen echo --identity wlc.pem --port 16114 -o out
    """
    from conformance.driver import drive

    del role
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    ctx.exit(drive({"--nmsp-listen": where}, workers=None, **given))
