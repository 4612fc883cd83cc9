# SPDX-License-Identifier: GPL-2.0-or-later
"""The report in a browser: painted, in the dark too, narrow and on paper."""

import re
import struct
import zlib
from pathlib import Path

import pytest

from conformance.report import html
from tests.export.test_html_browser import run
from tests.gear.results import sample

DARK = "--blink-settings=preferredColorScheme=0"
MEASURE = (
    "<script>document.title = [document.documentElement.scrollWidth, innerWidth,"
    "getComputedStyle(document.body).backgroundColor].join(' ')</script></body>"
)
"""What a test puts into a copy; the page itself has no script and allows none."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    endpoints = [sample(target=f"192.0.2.{n}:16113") for n in range(8)]
    endpoints[0] = sample("W" * 500, target="192.0.2.10:16113")
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html.text_of(endpoints), encoding="utf-8")
    return path


def corner(png: bytes) -> tuple[int, ...]:
    """The first pixel: no filter of PNG changes the first of the first line."""
    data, at = b"", 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    return tuple(zlib.decompress(data)[1:4])


def test_it_is_painted_in_light_and_in_the_dark(chromium: str, report: Path) -> None:
    shots = {}
    for name, options in (("light", []), ("dark", [DARK])):
        path = report.parent / f"{name}.png"
        shot = f"--screenshot={path}"
        done = run(chromium, report, *options, shot, "--window-size=1100,1600")
        assert "CONSOLE" not in done.stderr
        shots[name] = path.read_bytes()
        # A page that is blank compresses to next to nothing.
        assert len(shots[name]) > 40_000
    assert min(corner(shots["light"])) > 240
    assert max(corner(shots["dark"])) < 40


@pytest.mark.parametrize("width", [500, 1100])
def test_nothing_runs_out_of_the_window(
    chromium: str, report: Path, width: int
) -> None:
    copy = report.parent / f"measured-{width}.html"
    text = re.sub(r"<meta http-equiv[^>]*>", "", report.read_text())
    copy.write_text(text.replace("</body>", MEASURE))
    done = run(chromium, copy, "--dump-dom", f"--window-size={width},900")
    title = re.search(r"<title>(\d+) (\d+) (rgb[^<]*)</title>", done.stdout)
    assert title is not None, done.stdout[:500]
    assert int(title[1]) <= int(title[2]) <= width
    assert title[3] == "rgb(255, 255, 255)"


def test_it_prints_what_deviates(chromium: str, report: Path) -> None:
    out = report.parent / "report.pdf"
    run(chromium, report, DARK, f"--print-to-pdf={out}")
    assert len(re.findall(rb"/Type\s*/Page\b", out.read_bytes())) >= 4
