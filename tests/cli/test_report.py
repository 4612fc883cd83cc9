# SPDX-License-Identifier: GPL-2.0-or-later
from pathlib import Path

from click.testing import CliRunner, Result

from nmsp_scapy.cli.main import main
from tests.gear.talks import talk


def nmsp(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["report", *args], input=stdin)


def test_a_page_is_written(tmp_path: Path) -> None:
    capture, page = tmp_path / "up.pcapng", tmp_path / "report.html"
    capture.write_bytes(talk().pcapng())
    assert nmsp(str(capture), "-o", str(page)).exit_code == 0
    assert "<title>NMSP: up.pcapng</title>" in page.read_text()
    assert "CLIENT_RANDOM" not in page.read_text()
    assert nmsp("-", "-o", str(page), stdin=talk().pcapng()).exit_code == 0


def test_what_could_not_be_read_is_exit_3(tmp_path: Path) -> None:
    capture, page = tmp_path / "up.pcapng", tmp_path / "report.html"
    capture.write_bytes(talk().pcapng(secrets=False))
    assert nmsp(str(capture), "-o", str(page)).exit_code == 3
    assert "no key opens the session" in page.read_text()
    capture.write_bytes(b"junk" * 9)
    result = nmsp(str(capture), "-o", str(page))
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1


def test_usage_is_exit_2(tmp_path: Path) -> None:
    capture = tmp_path / "up.pcapng"
    capture.write_bytes(talk().pcapng())
    assert nmsp(str(capture)).exit_code == 2
    assert nmsp(str(capture), "-o", str(tmp_path / "no" / "where.html")).exit_code == 2
