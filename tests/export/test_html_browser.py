# SPDX-License-Identifier: GPL-2.0-or-later
"""The report in a browser: it renders, complains of nothing, and opens at once."""

import re
import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.export.test_html import page

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--hide-scrollbars"),
    *("--disable-component-update", "--disable-sync", "--enable-logging=stderr"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page())
    return path


def run(
    chromium: str, report: Path, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    profile = report.parent / f"profile-{time.monotonic_ns()}"
    return subprocess.run(
        [
            chromium,
            *ARGUMENTS,
            f"--user-data-dir={profile}",
            *arguments,
            report.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )


def test_the_page_renders_and_complains_of_nothing(chromium: str, report: Path) -> None:
    done = run(chromium, report, "--dump-dom")
    assert "CONSOLE" not in done.stderr
    assert done.stdout.count("<svg") == page().count("<svg")
    assert "Nothing is wrong" in done.stdout


@pytest.mark.parametrize("width", [420, 1100])
def test_the_page_is_painted(chromium: str, report: Path, width: int) -> None:
    shot = report.parent / f"shot-{width}.png"
    run(chromium, report, f"--screenshot={shot}", f"--window-size={width},1600")
    data = shot.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (width, 1600)
    # A page that fails to style or draw compresses to next to nothing.
    assert len(data) > 40_000


def test_the_page_prints(chromium: str, report: Path) -> None:
    out = report.parent / "report.pdf"
    run(chromium, report, f"--print-to-pdf={out}")
    assert len(re.findall(rb"/Type\s*/Page\b", out.read_bytes())) >= 2


def test_the_page_opens_in_two_seconds(chromium: str, report: Path) -> None:
    empty = report.parent / "empty.html"
    empty.write_text("<!doctype html><title>empty</title>")

    def seconds(page_: Path) -> float:
        shot = f"--screenshot={report.parent / 'opened.png'}"
        began = time.monotonic()
        run(chromium, page_, shot)
        return time.monotonic() - began

    seconds(empty)
    longer = [seconds(report) - seconds(empty) for _ in range(3)]
    assert min(longer) < 2.0
