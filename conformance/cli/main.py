# SPDX-License-Identifier: GPL-2.0-or-later
"""The `nmsp-conformance` group and its table of commands, imported when run."""

import errno
import importlib
import os
import sys
from typing import Any

import click

import nmsp_scapy

COMMANDS: dict[str, str] = {
    "baseline": "Keep the list of known deviations",
    "check": "Judge the conversations of a capture",
    "coverage": "Show which scenarios evaluate which requirement",
    "diff": "Compare two results",
    "explain": "Explain a requirement or a scenario",
    "list": "List scenarios",
    "listen": "Judge an MSE that dials",
    "replay": "Play the MSE's side of a capture at a WLC",
    "run": "Judge a WLC",
}
"""Short help by command name; it is `conformance.cli.<name>_.command`."""

INCONCLUSIVE, BUG = 3, 4
"""Exit codes, as `verdict.Exit` has them; it would cost its import here."""

DEBUG = "NMSP_DEBUG"
"""Environment variable that shows the traceback of a bug, as for `nmsp`."""


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

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that nobody foresaw is one line and exit 4."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("nmsp-conformance: interrupted, nothing is judged", err=True)
            ctx.exit(INCONCLUSIVE)
        except Exception as error:  # noqa: BLE001 - the last resort
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                _leave_quietly()
                ctx.exit(0)
            _tell(error)
            ctx.exit(BUG)


def _leave_quietly() -> None:
    """Nobody reads on: let nothing complain when standard output is closed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _tell(error: Exception) -> None:
    """Say what happened in one line; with the traceback for those who ask."""
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    text = " ".join(str(error).split())[:200]
    click.echo(
        f"nmsp-conformance: this is a bug of ours: {type(error).__name__}: {text} "
        f"({nmsp_scapy.__version__}). Please report it with the output of the same "
        f"command under {DEBUG}=1.",
        err=True,
    )


@click.group(cls=CommandTable)
@click.version_option(nmsp_scapy.__version__, prog_name="nmsp-conformance")
def main() -> None:
    """Judge whether an NMSP endpoint does what it must.

    Exits 0 when all is well, 1 on a deviation, 2 on usage, 3 when something could
    not be judged or nothing was, 4 on a bug of ours.
    """
