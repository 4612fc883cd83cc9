# SPDX-License-Identifier: GPL-2.0-or-later
"""What a file that cannot be used comes to: one line, and the exit code of usage."""

import click


class Refused(click.ClickException):
    """What was given cannot be used; the command line itself is well-formed."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Write one line to standard error; no usage, which would explain nothing."""
        del file
        click.echo(f"nmsp-conformance: {self.format_message()}", err=True)
