# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp completion`: what a shell needs to complete our commands."""

import click

SHELLS = {
    "bash": 'eval "$(_NMSP_COMPLETE=bash_source nmsp)"',
    "zsh": 'eval "$(_NMSP_COMPLETE=zsh_source nmsp)"',
    "fish": "_NMSP_COMPLETE=fish_source nmsp | source",
}
"""The line that belongs into the shell's start file."""


@click.command()
@click.argument("shell", type=click.Choice(sorted(SHELLS)))
def command(shell: str) -> None:
    """Print the line that completes nmsp's commands and options in a shell.

    \b
    Examples:
      nmsp completion bash >> ~/.bashrc
      nmsp completion zsh >> ~/.zshrc
      nmsp completion fish > ~/.config/fish/completions/nmsp.fish
    """
    click.echo(SHELLS[shell])
