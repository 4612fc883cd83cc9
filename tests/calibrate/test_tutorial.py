# SPDX-License-Identifier: GPL-2.0-or-later
"""The tutorial's commands, as written, on a layout drawn anew for each run."""

import random
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from nmsp_scapy.cli.main import main
from tests.gear.drawn import capture
from tests.gear.geometries import draw_geometry
from tests.gear.shark import shark
from tests.gear.talk import conversation

PAGE = Path(__file__).parents[2] / "docs/tutorial-unknown-layout.md"


def commands() -> list[list[str]]:
    (block,) = re.findall(r"^```\n(nmsp .*?)^```", PAGE.read_text(), re.M | re.S)
    return [shlex.split(line, comments=True)[1:] for line in block.splitlines()]


def test_the_tutorial_works_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tshark: str
) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    geometry = draw_geometry(seed)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("x.pcapng").write_bytes(capture(geometry, seed))
    results = [CliRunner().invoke(main, line) for line in commands()]
    codes = [result.exit_code for result in results]
    assert codes == [3, 0, 0, 1, 0, 0, 0], f"seed {seed}: {[r.output for r in results]}"
    shown = results[4].stdout
    said = conversation(geometry, seed)
    assert f"{len(said)} messages" in shown, f"seed {seed}"
    assert shown.count("ECHO_REQUEST") > 10, f"seed {seed}"
    lines = shark(
        tshark, Path("x.pcapng"), "-Y", "nmsp", "-T", "fields", "-e", "nmsp.type"
    )
    types = " ".join(lines).replace(",", " ").split()
    assert len(types) == len(said), f"seed {seed}"
