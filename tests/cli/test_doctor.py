# SPDX-License-Identifier: GPL-2.0-or-later
import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result

from nmsp_scapy.cli.main import main
from nmsp_scapy.doctor import Diagnosis
from tests.gear.setups import Setup, setups

SCHEMA = Path(__file__).parent.parent.parent / "docs" / "schema" / "doctor.json"
SETUPS = {
    setup.name: setup
    for setup in setups()
    if setup.name
    in (
        "healthy, TLS 1.2",
        "no key, ECDHE",
        "SHA-1 as password",
        "certificate given has another key",
        "list unknown, trace at hand",
        "RST to a SYN",
    )
}


def nmsp(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["doctor", *args], input=stdin)


def arguments(setup: Setup, directory: Path) -> list[str]:
    capture = directory / "capture.pcapng"
    capture.write_bytes(setup.capture)
    found = [str(capture)]
    for option, data in (
        ("--trace", setup.trace),
        ("--authlist", setup.config.encode()),
        ("--cert", setup.certificate),
    ):
        if data:
            path = directory / option.strip("-")
            path.write_bytes(data)
            found += [option, str(path)]
    return found


@pytest.mark.parametrize("name", SETUPS)
def test_the_exit_code_tells_how_it_stands(name: str, tmp_path: Path) -> None:
    setup = SETUPS[name]
    result = nmsp(*arguments(setup, tmp_path))
    assert result.exit_code == setup.exit_code, result.output
    assert setup.cause in result.stdout


@pytest.mark.parametrize("name", SETUPS)
def test_json_holds_to_its_schema(name: str, tmp_path: Path) -> None:
    setup = SETUPS[name]
    result = json.loads(nmsp(*arguments(setup, tmp_path), "--json").stdout)
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(result, schema)
    assert schema == msgspec.json.schema(Diagnosis)
    assert [f["cause"] for f in result["findings"]] == (
        [setup.cause] if setup.cause else []
    )


def test_a_pipe_is_read_twice() -> None:
    setup = SETUPS["RST to a SYN"]
    assert nmsp("-", stdin=setup.capture).exit_code == 1


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff" * 99)
    good = tmp_path / "good"
    good.write_bytes(SETUPS["healthy, TLS 1.2"].capture)
    result = nmsp(str(junk))
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1
    for option in ("--trace", "--authlist", "--cert"):
        assert nmsp(str(good), option, str(junk)).exit_code == 2
    assert nmsp(str(tmp_path / "absent")).exit_code == 2
