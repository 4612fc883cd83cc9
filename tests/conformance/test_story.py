# SPDX-License-Identifier: GPL-2.0-or-later
from pathlib import Path

from click.testing import CliRunner

from conformance.emulator.authlist import AuthList
from conformance.story import SCREEN, main


def test_the_source_document_is_relived(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--fast", "--keep", str(tmp_path)])
    assert result.exit_code == 0, result.output
    said = result.output
    assert "NOT AS IN THE SOURCE" not in said
    assert "the WLC's AuthList rejects the MSE's certificate" in said
    assert "[hash-mismatch, certain]" in said
    for name, (count, size) in SCREEN.items():
        assert f"as in the source: {name} {count}, {size} bytes" in said
    assert len(AuthList.read(tmp_path / "wlc-running-config.txt")) == 1
