# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a result where it was asked for: the terminal, and files in a folder."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from conformance.report import console, json
from conformance.result import Run


def reports(runs: Sequence[Run], **given: Any) -> None:
    """Write what was asked for."""
    if given.get("output"):
        folder = Path(given["output"])
        json.write(runs, str(folder / "result.json"))
        for name in dict.fromkeys(given["formats"]):
            module = importlib.import_module(f"conformance.report.{name}")
            (folder / module.NAME).write_text(module.text_of(runs), encoding="utf-8")
    if given["as_json"]:
        click.echo(json.text_of(runs), nl=False)
    else:
        click.echo(console.report(runs, verbose=given["verbose"]), nl=False)
