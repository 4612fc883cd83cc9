# SPDX-License-Identifier: GPL-2.0-or-later
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from nmsp_scapy.cli.main import main
from tests.gear.talks import Talk, clear_talk, talk

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "docs/schema/ndjson.json").read_text())


def nmsp(*args: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args], input=stdin)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return write(tmp_path / "x.pcapng", talk())


def write(path: Path, one: Talk, *, secrets: bool = True) -> Path:
    path.write_bytes(one.pcapng(secrets=secrets))
    return path


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_text_is_one_line_a_message(capture: Path) -> None:
    result = nmsp("dissect", capture)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"# {capture}"
    assert "conversation 0: 10.1.1.10:40001 (MSE) to 10.1.1.1:16113 (WLC)" in lines[2]
    assert "TLS 1.2" in lines[3]
    shown = [line for line in lines if "MSE > WLC" in line or "MSE < WLC" in line]
    assert (
        "0.011000  MSE > WLC  CAPABILITY_NOTIFICATION  RSSI{MOBILE_STATION}"
        in (shown[0])
    )
    assert sum("ECHO_RE" in line for line in shown) == 4
    assert lines[-1].startswith("1 conversation, 16 messages: 8 MEASUREMENT_NOTIF")
    assert "\x1b" not in result.stdout


def test_a_hole_is_seen_and_is_exit_3(tmp_path: Path) -> None:
    one = talk()
    one.dropped = {20}
    path = write(tmp_path / "x.pcapng", one)
    result = nmsp("dissect", path)
    assert result.exit_code == 3
    assert "*** gap: " in result.stdout
    assert "could not be read: 1 gap" in result.stdout
    for form in ("ndjson", "tsv"):
        result = nmsp("dissect", path, "--format", form)
        assert result.exit_code == 3
        assert "gap" in result.output


def test_verbose_shows_tree_and_bytes(capture: Path) -> None:
    result = nmsp("dissect", capture, "-v")
    assert "000c    SERVICE  type=2 length=9 service=1 service_name=RSSI" in (
        result.stdout
    )
    assert "0000  01 00 00 07 00 00 00 19" in result.stdout


def test_tls_tells_what_was_negotiated_and_never_a_secret(capture: Path) -> None:
    result = nmsp("dissect", capture, "--tls")
    assert "key exchange ECDHE_RSA" in result.stdout
    assert "MSE certificate: CN=mse, key SHA-1 " in result.stdout
    assert "WLC Finished: verified" in result.stdout
    assert "client certificate: asked for" in result.stdout
    for line in talk().key_log.splitlines():
        assert line.split()[-1].decode() not in result.stdout


def test_a_session_that_stays_closed_says_why(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pcapng", talk(), secrets=False)
    result = nmsp("dissect", path, "--tls")
    assert result.exit_code == 3
    assert "stays closed: no key was given" in result.stdout
    assert "*** no-key" in result.stdout


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_every_line_of_ndjson_follows_the_schema(version: str, tmp_path: Path) -> None:
    one = talk(version)
    one.dropped = {20}
    path = write(tmp_path / "x.pcapng", one)
    result = nmsp("dissect", path, "--format", "ndjson", "--tls")
    check = Draft202012Validator(SCHEMA)
    lines = objects(result)
    for line in lines:
        check.validate(line)
    messages = [line for line in lines if line["kind"] == "message"]
    assert len(messages) == len(one.said) - 1
    (gap,) = (line for line in lines if line.get("event") == "gap")
    assert gap["lost"]
    assert gap["length"] > 0
    assert {line["event"] for line in lines if line["kind"] == "event"} >= {
        "conversation",
        "alert",
        "closed",
        "session",
    }


def test_the_schema_refuses_what_is_not_the_contract() -> None:
    check = Draft202012Validator(SCHEMA)
    check.check_schema(SCHEMA)
    assert not check.is_valid({"kind": "message"})
    assert not check.is_valid({"kind": "event", "event": "unheard-of"})


def test_a_message_is_the_contract_to_the_letter(capture: Path) -> None:
    result = nmsp("dissect", capture, "--format", "ndjson")
    line = next(o for o in objects(result) if o.get("name") == "ECHO_REQUEST")
    assert line == {
        "kind": "message",
        "conversation": 0,
        "index": 8,
        "time": "2023-11-14T22:13:20.028000Z",
        "direction": "mse->wlc",
        "frames": [28],
        "type": 1,
        "name": "ECHO_REQUEST",
        "version": 1,
        "flags": 0,
        "length": 12,
        "transaction_id": 3,
        "elements": [],
    }


def test_keys_come_from_several_logs_and_a_bad_line_costs_nothing(
    tmp_path: Path,
) -> None:
    one = talk("1.3")
    path = write(tmp_path / "x.pcapng", one, secrets=False)
    lines = one.key_log.splitlines(keepends=True)
    (tmp_path / "a").write_bytes(b"\r\nCLIENT_RANDOM short\r\n" + b"".join(lines[:2]))
    (tmp_path / "b").write_bytes(b"".join(lines[2:]))
    keys = ("--keylog", tmp_path / "a", "--keylog", tmp_path / "b")
    result = nmsp("dissect", path, *keys)
    assert result.exit_code == 0, result.output
    assert "key-log: a:2" in result.stdout
    assert "16 messages" in result.stdout


def test_several_captures_are_numbered_through(tmp_path: Path) -> None:
    a = write(tmp_path / "a.pcapng", talk("1.0"))
    b = write(tmp_path / "b.pcapng", clear_talk())
    lines = objects(nmsp("dissect", a, b, "--format", "ndjson"))
    told = [o for o in lines if o.get("event") == "conversation"]
    assert [(o["conversation"], o["transport"]) for o in told] == [
        (0, "tls"),
        (1, "tcp"),
    ]
    assert [o["capture"] for o in told] == [str(a), str(b)]


def test_standard_input_is_read() -> None:
    result = nmsp("dissect", "-", stdin=talk().pcapng())
    assert "16 messages" in result.stdout


def test_an_output_appears_whole_or_not_at_all(tmp_path: Path, capture: Path) -> None:
    out = tmp_path / "out.ndjson"
    assert nmsp("dissect", capture, "--format", "ndjson", "-o", out).exit_code == 0
    assert len(out.read_text().splitlines()) > 16
    junk = tmp_path / "junk"
    junk.write_bytes(b"no capture")
    before = sorted(tmp_path.iterdir())
    result = nmsp("dissect", junk, "-o", tmp_path / "none" / "x")
    assert result.exit_code == 2
    assert sorted(tmp_path.iterdir()) == before
    assert nmsp("dissect", capture, "-o", capture).exit_code == 2
    assert nmsp("dissect", capture).exit_code == 0


def test_bad_input_is_one_clear_line(tmp_path: Path, capture: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"no capture at all")
    result = nmsp("dissect", junk, capture)
    assert result.exit_code == 3
    assert "16 messages" in result.stdout  # the others are read all the same
    (line,) = result.stderr.splitlines()
    assert "this is no capture" in line
    assert nmsp("dissect", tmp_path / "absent").exit_code == 2
    assert nmsp("dissect").exit_code == 2
    assert nmsp("dissect", capture, "--keylog", tmp_path / "absent").exit_code == 2
    assert nmsp("dissect", capture, "--rsa-key", junk).exit_code == 2
    assert nmsp("dissect", capture, "--profile", junk).exit_code == 2


def test_a_capture_without_our_port_says_so(capture: Path) -> None:
    result = nmsp("dissect", capture, "--port", "17000")
    assert result.exit_code == 0
    assert "no connection with port 17000" in result.stderr


WHERE = [
    ("type == ECHO_REQUEST and direction == 'mse->wlc'", 2),
    ("type == 1 or type == 2", 4),
    ("type in (ECHO_REQUEST, ECHO_RESPONSE)", 4),
    ("name == 'ECHO_REQUEST'", 2),
    ("not type == MEASUREMENT_NOTIFICATION", 8),
    ("type != MEASUREMENT_NOTIFICATION", 8),
    ("length > 12 and length <= 25", 4),
    ("12 < length <= 25", 4),
    ("rssi_a_dbm < -41", 2),
    ("mac == '00:00:5e:00:53:01'", 1),
    ("'53:0' in mac", 8),
    ("element == STATUS", 1),
    ("'RSSI_SAMPLE' in elements", 8),
    ("code == SUCCESS", 1),
    ("sub_services == RSSI_MOBILE_STATION", 3),
    ("flags & 1", 0),
    ("conversation == 0 and index < 3", 3),
    ("frame == 12", 1),
    ("transaction_id", 6),
    ("ssid == 'x'", 0),
    ("mac < 5", 0),
]


@pytest.mark.parametrize(("expression", "count"), WHERE)
def test_where_picks_messages(expression: str, count: int, capture: Path) -> None:
    result = nmsp("dissect", capture, "--format", "ndjson", "--where", expression)
    assert result.exit_code == 0, result.output
    lines = objects(result)
    assert sum(line["kind"] == "message" for line in lines) == count
    assert any(line.get("event") == "closed" for line in lines)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "type ==",
        "tpye == 1",
        "type == ECHO_REQUST",
        "__import__('os')",
        "type.__class__",
        "(lambda: 1)()",
        "[x for x in mac]",
        "type is 1",
        "1 + 1",
        "a" * 5000,
        "not " * 500 + "type",
        "(" * 300 + "type" + ")" * 300,
        "type == 1 if type else 2",
        "f'{type}'",
        "mac[0]",
        "x := 1",
    ],
)
def test_where_refuses_all_else(expression: str, capture: Path) -> None:
    result = nmsp("dissect", capture, "--where", expression)
    assert result.exit_code == 2
    assert "--where" in result.stderr


def test_a_misspelt_name_is_answered_with_the_right_one(capture: Path) -> None:
    result = nmsp("dissect", capture, "--where", "type == ECHO_REQUST")
    assert "did you mean ECHO_REQUEST" in result.stderr


def run(*args: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "nmsp_scapy", *map(str, args)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, **options
    )


def test_a_broken_pipe_is_quiet(capture: Path) -> None:
    command = [sys.executable, "-m", "nmsp_scapy", "dissect", "-v", str(capture)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_a_bug_is_one_line_and_exit_4(capture: Path, monkeypatch: Any) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("so far so good\nand on")

    monkeypatch.setattr("nmsp_scapy.decrypt.Decryption._batch", broken)
    result = nmsp("dissect", capture)
    assert result.exit_code == 4
    (line,) = result.stderr.splitlines()
    assert "bug of ours: ZeroDivisionError: so far so good and on" in line
    assert "--debug" in line
    assert "Traceback" in nmsp("--debug", "dissect", capture).stderr


def test_help_is_cheap_and_every_command_has_examples() -> None:
    costs = []
    for _ in range(5):
        before = os.times()
        done = run("--help")
        after = os.times()
        assert done.returncode == 0
        costs.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    assert min(costs) < 0.25
    for name in ("dissect", "decrypt", "shell", "completion", "authlist"):
        assert "Example" in nmsp(name, "--help").stdout


def test_completion_is_told_and_works() -> None:
    told = nmsp("completion", "bash").stdout
    assert 'eval "$(_NMSP_COMPLETE=bash_source nmsp)"\n' in told
    assert "_NMSP_CONFORMANCE_COMPLETE=bash_source nmsp-conformance" in told
    environment = {
        **os.environ,
        "_NMSP_COMPLETE": "bash_complete",
        "COMP_WORDS": "nmsp dis",
        "COMP_CWORD": "1",
    }
    assert run(env=environment).stdout.split(b",")[-1].strip() == b"dissect"


def test_modes_of_outputs(tmp_path: Path, capture: Path) -> None:
    out = tmp_path / "out"
    out.write_text("old")
    out.chmod(0o640)
    assert nmsp("dissect", capture, "-o", out).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    link = tmp_path / "link"
    link.symlink_to(out)
    assert nmsp("dissect", capture, "-o", link).exit_code == 0
    assert link.is_symlink()
