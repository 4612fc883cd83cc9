# SPDX-License-Identifier: GPL-2.0-or-later
import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result

from nmsp_scapy.cli.main import main
from nmsp_scapy.trace.report import Report
from tests.trace.english import SOURCE, english

ROOT = Path(__file__).parent.parent.parent
SCHEMA = ROOT / "docs" / "schema" / "trace.json"


def nmsp(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["trace", *args], input=stdin)


def test_the_source_is_explained() -> None:
    result = nmsp(str(SOURCE))
    assert result.exit_code == 0
    assert "alert certificate_unknown written at 22:28:12.070, 1.001 s" in result.stdout
    assert "up after 1.332 s, 0.994 s of it" in result.stdout
    assert "59026048 is read as 590a6048: one digit apart" in result.stdout
    assert "attribute type password" in result.stdout


def test_brief_is_a_line_a_connection() -> None:
    lines = nmsp("--brief", str(SOURCE)).stdout.splitlines()
    assert "authlist-rejected" in lines[0]
    assert " up " in lines[1]


def test_json_holds_to_its_schema() -> None:
    result = json.loads(nmsp("--json", str(SOURCE), str(SOURCE)).stdout)
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(result, schema)
    assert schema == msgspec.json.schema(Report)
    outcomes = [c["verdict"]["outcome"] for c in result["connections"]]
    assert outcomes == ["authlist-rejected", "up"] * 2
    alert = next(s for s in result["connections"][0]["steps"] if s["where"] == 0x4008)
    assert alert["time"] == "2015-06-03T22:28:12.070Z"
    assert alert["seconds"] == pytest.approx(1.308)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"connections": [{}], "logs": []}, schema)


def test_standard_input_and_gzip_are_read(tmp_path: Path) -> None:
    path = tmp_path / "trace.gz"
    path.write_bytes(gzip.compress(SOURCE.read_bytes()))
    expected = nmsp("--brief", str(SOURCE)).stdout.splitlines()[:2]
    assert nmsp("--brief", str(path)).stdout.splitlines()[:2] == expected
    piped = nmsp("--brief", "-", stdin=SOURCE.read_bytes())
    assert piped.stdout.splitlines()[:2] == expected


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\xff" * 5000, b"x" * 3_000_000, b"SSL conn \n" * 1000, b"[[[[\n" * 99],
    ids=["empty", "binary", "one huge line", "empty claims", "brackets"],
)
def test_a_log_that_says_nothing_is_exit_3(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    result = nmsp(str(path))
    assert result.exit_code == 3
    assert "no line tells of an NMSP connection" in result.stderr


def test_a_huge_line_hides_nothing_after_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"y" * 5_000_000 + b"\n" + SOURCE.read_bytes())
    assert "authlist-rejected" in nmsp("--brief", str(path)).stdout


def test_what_cannot_be_read_is_exit_3(tmp_path: Path) -> None:
    result = nmsp(str(tmp_path / "absent"), str(SOURCE))
    assert result.exit_code == 3
    assert "No such file" in result.stderr
    assert "authlist-rejected" in result.stdout
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(SOURCE.read_bytes())[:500])
    assert nmsp(str(cut)).exit_code == 3


def test_usage_is_exit_2() -> None:
    assert nmsp().exit_code == 2
    assert nmsp("--follow", "-").exit_code == 2


def test_a_growing_log_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    lines = english().splitlines(keepends=True)
    path.write_text("".join(lines[:30]))
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "nmsp_scapy", "trace", "--follow", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "connection allocated" in said
        with path.open("a") as file:
            for line in lines[30:]:
                file.write(line)
        deadline = time.monotonic() + 30
        while "the connection is up after 1.332 s" not in said:
            assert time.monotonic() < deadline
            said += process.stdout.readline()
        assert "alert certificate_unknown written" in said
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=20)[0]
    assert process.returncode == 0, rest
