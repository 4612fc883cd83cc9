# SPDX-License-Identifier: GPL-2.0-or-later
"""The `nmsp` group and its table of commands.

A command is imported when it is run, so that `nmsp --help` costs only this
table. Commands that need an endpoint (`emulate`, `tap`) come from other
distributions or packages through the entry-point group `nmsp.commands`.
"""

import importlib
from importlib.metadata import entry_points

import click

import nmsp_scapy

COMMANDS: dict[str, str] = {
    "authlist": "MAC and key hashes of certificates, ready to paste",
    "trace": "explain a controller's NMSP trace",
}
"""Short help by command name; the command is `nmsp_scapy.cli.<name>.command`."""


class CommandTable(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        plugins = {entry.name for entry in entry_points(group="nmsp.commands")}
        return sorted(plugins | COMMANDS.keys())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"nmsp_scapy.cli.{cmd_name}")
            command: click.Command = module.command
            return command
        for entry in entry_points(group="nmsp.commands", name=cmd_name):
            plugin: click.Command = entry.load()
            return plugin
        return None


@click.group(cls=CommandTable)
@click.version_option(nmsp_scapy.__version__, prog_name="nmsp")
def main() -> None:
    """Read, decrypt and explain Cisco NMSP."""
