# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp shell`: the Scapy shell with a capture's messages loaded."""

import click


@click.command()
def command() -> None:
    """Open the Scapy shell (in the making)."""
