# SPDX-License-Identifier: GPL-2.0-or-later
"""What each report looks like, in every letter.

After a change that is meant: `NMSP_GOLDEN=write pytest
tests/conformance/report/test_golden.py`, and read the difference.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from conformance.report import console, html, junit, markdown, sarif
from conformance.report import json as json_report
from conformance.report.privacy import pseudonymised
from conformance.result import Run
from tests.gear.results import sample

GOLDEN = Path(__file__).parents[2] / "golden" / "conformance"
WRITERS: dict[str, Callable[[Sequence[Run]], str]] = {
    "console.txt": lambda runs: console.report(runs, verbose=True),
    "result.json": json_report.text_of,
    junit.NAME: junit.text_of,
    sarif.NAME: sarif.text_of,
    markdown.NAME: markdown.text_of,
    html.NAME: html.text_of,
}


def runs() -> list[Run]:
    second = sample(target="198.51.100.7:16113")
    second.cases = second.cases[2:3]
    return [sample(), pseudonymised(second, b"salt")]


@pytest.fixture(autouse=True)
def _few_scenarios(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many scenarios there are is no matter of these files."""
    monkeypatch.setattr(console, "not_run", lambda _: 7)


@pytest.mark.parametrize("name", WRITERS)
def test_a_report_reads_as_it_did(name: str) -> None:
    path = GOLDEN / name
    text = WRITERS[name](runs())
    if os.environ.get("NMSP_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(WRITERS)
