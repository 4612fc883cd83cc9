# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp completion`: what a shell needs to complete our commands."""

import click

PROGRAMS = ("nmsp", "nmsp-conformance")
SHELLS = {
    "bash": 'eval "$(_{variable}_COMPLETE=bash_source {program})"',
    "zsh": 'eval "$(_{variable}_COMPLETE=zsh_source {program})"',
    "fish": "_{variable}_COMPLETE=fish_source {program} | source",
}
"""The line a program that belongs into the shell's start file."""


@click.command()
@click.argument("shell", type=click.Choice(sorted(SHELLS)))
def command(shell: str) -> None:
    """Print the lines that complete commands and options in a shell.

    \b
    Examples:
      nmsp completion bash >> ~/.bashrc
      nmsp completion zsh >> ~/.zshrc
      nmsp completion fish > ~/.config/fish/completions/nmsp.fish
    """
    for program in PROGRAMS:
        variable = program.replace("-", "_").upper()
        click.echo(SHELLS[shell].format(variable=variable, program=program))
