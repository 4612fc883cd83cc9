# SPDX-License-Identifier: GPL-2.0-or-later
"""The options that `run` and `listen` share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
RISKS = ("safe", "may-drop-session", "may-crash")
TRUSTS = ("auto", "documented", "observed", "reported", "inferred", "assumed")
POLICIES = ("legacy-3850", "c9800", "c9800-strong", "fips")
FILE = click.Path(exists=True, dir_okay=False)


def writable_folder(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> str | None:
    """Refuse at once a folder that could not be made after the run."""
    del ctx, param
    if value is not None:
        folder = Path(value).absolute()
        there = next(p for p in (folder, *folder.parents) if p.exists())
        if not there.is_dir():
            raise click.BadParameter(f"{there} is no folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise click.BadParameter(f"{there} cannot be written to")
    return value


def _all(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return add


judging = _all(
    click.option(
        "--trust",
        type=click.Choice(TRUSTS),
        default="auto",
        show_default=True,
        help="The least sure grade that is held against the endpoint.",
    ),
    click.option("--strict", is_flag=True, help="Warnings fail."),
)
"""What is held against an endpoint."""

live = _all(
    judging,
    click.option(
        "--identity", type=FILE, help="PEM with key and certificate to present."
    ),
    click.option(
        "--exclude", multiple=True, metavar="SELECTOR", help="Leave these out."
    ),
    click.option(
        "--risk",
        type=click.Choice(RISKS),
        default="safe",
        show_default=True,
        help="The most that a case may risk.",
    ),
    click.option(
        "--timeout-factor",
        type=click.FloatRange(min=0.001),
        default=1.0,
        show_default=True,
        help="Scales every wait.",
    ),
    click.option("--profile", type=FILE, help="Wire profile, TOML."),
    click.option("--claims", type=FILE, help="What the endpoint claims, TOML."),
    click.option(
        "--tls",
        type=click.Choice(POLICIES),
        help="TLS policy that it claims; goes before that of --claims.",
    ),
    click.option(
        "--authlist-command",
        default="",
        metavar="CMD",
        help="Changes the endpoint's AuthList: run, without a shell, with "
        "add or remove, MAC, SHA-1 and SHA-256.",
    ),
    click.option(
        "--statistics-command",
        default="",
        metavar="CMD",
        help="Prints the endpoint's show nmsp statistics connection.",
    ),
    click.option(
        "--statistics",
        default="",
        metavar="FILE",
        help="The same, as a file that is written anew while the run goes on.",
    ),
    click.option("--shard", metavar="I/N", default="", help="Run the i-th of n parts."),
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="The order of the cases, and nothing else; 0 is the catalogue's.",
    ),
)
"""How an endpoint is met."""

outputs = _all(
    click.option(
        "-o",
        "--output",
        type=click.Path(file_okay=False),
        callback=writable_folder,
        help="Folder for captures, transcripts and reports.",
    ),
    click.option("--json", "as_json", is_flag=True, help="The result for programs."),
    click.option(
        "--report",
        "formats",
        multiple=True,
        type=click.Choice(["html", "junit", "sarif", "markdown"]),
        help="Written into the output folder; may be repeated.",
    ),
    click.option("--show-identities", is_flag=True, help="Hide no address or name."),
    click.option("-v", "--verbose", is_flag=True, help="List every case."),
)
"""What comes out."""
