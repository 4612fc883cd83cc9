# SPDX-License-Identifier: GPL-2.0-or-later
"""The `nmsp` group and its table of commands.

A command is imported when it is run, so that `nmsp --help` costs only this
table. Commands that need an endpoint (`emulate`, `tap`) come from other
distributions or packages through the entry-point group `nmsp.commands`.
"""

import errno
import importlib
import os
import sys
from typing import Any

import click

import nmsp_scapy

COMMANDS: dict[str, str] = {
    "authlist": "MAC and key hashes of certificates, ready to paste",
    "calibrate": "find the true layout from decrypted traffic",
    "completion": "the line that completes nmsp in your shell",
    "decrypt": "write what TLS carried: raw, pcapng, cleartext, upper-pdu",
    "dissect": "captures to messages: text, ndjson, tsv, parquet",
    "doctor": "name the cause when a tunnel is down or nothing decrypts",
    "report": "a capture as one HTML page",
    "extcap": "a capture source that Wireshark starts",
    "profile": "wire profiles: show, check, compare",
    "shell": "the Scapy shell, with a capture's messages loaded",
    "status": "the screens of MSE and WLC, from a capture",
    "trace": "explain a controller's NMSP trace",
    "wireshark": "the dissector for Wireshark: lua, install, check",
}
"""Short help by command name; the command is `nmsp_scapy.cli.<name>.command`."""

BUG = 4
"""Exit code of an error that is ours."""

DEBUG = "NMSP_DEBUG"
"""Environment variable that turns tracebacks on, as `--debug` does."""


class CommandTable(click.Group):
    """A group whose commands are imported on use, and whose errors are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        from importlib.metadata import entry_points

        plugins = {entry.name for entry in entry_points(group="nmsp.commands")}
        return sorted(plugins | COMMANDS.keys())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"nmsp_scapy.cli.{cmd_name}")
            command: click.Command = module.command
            return command
        from importlib.metadata import entry_points

        for entry in entry_points(group="nmsp.commands", name=cmd_name):
            plugin: click.Command = entry.load()
            return plugin
        return None

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands; those of the table without importing them."""
        rows = []
        for name in self.list_commands(ctx):
            told = COMMANDS.get(name)
            if told is None:
                told = self._told_by_plugin(ctx, name)
            rows.append((name, told))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _told_by_plugin(self, ctx: click.Context, name: str) -> str:
        """Short help of a command from elsewhere, which may be broken."""
        try:
            command = self.get_command(ctx, name)
        except ImportError as error:
            return f"(cannot be loaded: {error})"
        return command.get_short_help_str(60) if command else ""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that nobody foresaw is one line and exit 4."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except OSError as error:
            if error.errno == errno.EPIPE:
                _leave_quietly()
                ctx.exit(0)
            _tell(ctx, error)
            ctx.exit(BUG)
        except Exception as error:  # noqa: BLE001 - the last resort
            _tell(ctx, error)
            ctx.exit(BUG)


def _leave_quietly() -> None:
    """Nobody reads on: let nothing complain when standard output is closed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)


def _tell(ctx: click.Context, error: Exception) -> None:
    """Say what happened, for people; with the traceback for those who ask."""
    if ctx.params.get("debug") or os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        click.echo(f"nmsp: {name}{error.strerror}", err=True)
        return
    text = " ".join(str(error).split())[:200]
    click.echo(
        f"nmsp: this is a bug of ours: {type(error).__name__}: {text} "
        f"(nmsp {nmsp_scapy.__version__}). Please report it with the output of the "
        "same command after `nmsp --debug`.",
        err=True,
    )


@click.group(
    cls=CommandTable,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 all was read, 2 usage, 3 something could not be read, "
    "4 a bug of ours. Each command has examples in its --help.",
)
@click.version_option(nmsp_scapy.__version__, prog_name="nmsp")
@click.option("--debug", is_flag=True, help="Show the traceback of a bug.")
def main(debug: bool) -> None:
    """Read, decrypt and explain Cisco NMSP."""
