# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol pages are those that the layers make."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_pages_are_current():
    made = runpy.run_path(str(ROOT / "scripts" / "protocol_pages.py"))["pages"]()
    folder = ROOT / "docs" / "protocol"
    kept = {path.name: path.read_text() for path in folder.glob("*.md")}
    assert kept == made, "run: python scripts/protocol_pages.py"
