# SPDX-License-Identifier: GPL-2.0-or-later
"""What every bundled capture looks like, in every line.

After `make captures`, or a change that is meant: `NMSP_GOLDEN=write pytest
tests/test_golden.py`, and read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from nmsp_scapy.cli.main import main
from tests.gear.bundled import ROOT, Bundled, bundled

GOLDEN = Path(__file__).parent / "golden"
FORMS = {"txt": ("--tls",), "ndjson": ("--format", "ndjson", "--tls")}


def test_every_capture_is_told_of_in_the_readme() -> None:
    assert [one.path for one in bundled()] == sorted(ROOT.glob("pcaps/*.pcap*"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("one", bundled(), ids=lambda b: str(b.name))
def test_a_bundled_capture_reads_as_it_did(
    one: Bundled, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(
        main, ["dissect", f"pcaps/{one.name}", *one.options, *FORMS[form]]
    )
    path = GOLDEN / f"{one.path.stem}.{form}"
    if os.environ.get("NMSP_GOLDEN") == "write":
        path.write_bytes(result.stdout_bytes)
    assert result.exit_code == 0
    assert result.stdout_bytes == path.read_bytes()
