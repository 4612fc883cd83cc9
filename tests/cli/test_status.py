# SPDX-License-Identifier: GPL-2.0-or-later
import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result

from nmsp_scapy.cli.main import main
from nmsp_scapy.status.report import Report
from tests.gear.talks import talk

SCHEMA = Path(__file__).parent.parent.parent / "docs" / "schema" / "status.json"


def nmsp(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["status", *args], input=stdin)


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "up.pcapng"
    path.write_bytes(talk().pcapng())
    return str(path)


def test_the_mse_s_page_is_the_first(capture: str) -> None:
    result = nmsp(capture)
    assert result.exit_code == 0
    assert result.stdout == nmsp(capture, "--mse").stdout
    assert "MEASUREMENT_NOTIFICATION" in result.stdout


def test_ios_shows_four_screens(capture: str) -> None:
    assert nmsp(capture, "--ios").stdout.count("WLC#show nmsp") == 4


def test_json_holds_to_its_schema(capture: str) -> None:
    result = json.loads(nmsp(capture, "--json").stdout)
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(result, schema)
    assert schema == msgspec.json.schema(Report)
    (conversation,) = result["conversations"]
    assert conversation["echo_requests"] == conversation["echo_responses"] == 2
    assert conversation["subscribed"][0]["service"] == "RSSI"
    assert conversation["ended"] == "fin"


def test_a_pipe_is_read() -> None:
    assert nmsp("-", stdin=talk().pcapng()).exit_code == 0


def test_what_could_not_be_read_is_exit_3(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(talk().pcapng(secrets=False))
    result = nmsp(str(path))
    assert result.exit_code == 3
    assert "nmsp doctor says why" in result.stderr
    path.write_bytes(b"junk" * 9)
    result = nmsp(str(path))
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1
