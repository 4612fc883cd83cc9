# SPDX-License-Identifier: GPL-2.0-or-later
"""The `nmsp-conformance` group and its table of commands, imported when run."""

import importlib

import click

import nmsp_scapy

COMMANDS: dict[str, str] = {
    "check": "Judge the conversations of a capture",
    "coverage": "Show which scenarios evaluate which requirement",
    "explain": "Explain a requirement or a scenario",
    "list": "List scenarios",
    "listen": "Judge an MSE that dials",
    "run": "Judge a WLC",
}
"""Short help by command name; it is `conformance.cli.<name>_.command`."""


class CommandTable(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"conformance.cli.{cmd_name}_")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the table; nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=CommandTable)
@click.version_option(nmsp_scapy.__version__, prog_name="nmsp-conformance")
def main() -> None:
    """Judge whether an NMSP endpoint does what it must.

    Exits 0 when all is well, 1 on a deviation, 2 on usage, 3 when something could
    not be judged or nothing was, 4 on a bug of ours.
    """
