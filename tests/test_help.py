# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command explains itself with an example."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from conformance.cli.main import main as conformance
from nmsp_scapy.cli.main import main as nmsp


def leaves(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize(
    ("group", "path"),
    [(group, path) for group in (nmsp, conformance) for path in leaves(group, ())],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else one.name,
)
def test_help_has_an_example(group: click.Group, path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(group, [*path, "--help"])
    assert shown.exit_code == 0
    lines = [line.strip() for line in shown.output.splitlines()]
    assert {"Example:", "Examples:"} & set(lines)
    assert "\\b" not in shown.output
