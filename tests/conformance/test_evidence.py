# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case leaves behind is written whatever an endpoint said."""

from pathlib import Path

from conformance.evidence import transcript_text, write_case
from conformance.result import Case, Line
from conformance.verdict import Verdict


def test_a_transcript_is_written_though_it_holds_no_text(tmp_path: Path) -> None:
    case = Case("x.y", "x", "wlc", "safe", "d", Verdict.FAIL)
    case.transcript = [Line(0.0, "message", "\ud800", "wlc", "00")]
    assert write_case(case, [], tmp_path) == ""
    written = tmp_path / "x.y.txt"
    assert "\\ud800" in written.read_text()
    assert written.stat().st_mode & 0o077 == 0
    assert transcript_text(case).startswith("x.y: fail\n")
