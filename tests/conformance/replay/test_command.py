# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance replay` as a user meets it: exit codes, files, what it says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from conformance import matrix
from conformance.cli.main import main
from conformance.replay.outcome import schema
from nmsp_scapy.export.lua import dissector
from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.profile.writing import written
from tests.gear.gnutls import free_port
from tests.gear.wireshark import run_tshark

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "docs" / "schema" / "replay.json"
CAPTURE = "pcaps/tls13.pcapng"
QUICK = ["--timeout-factor", "0.2", "--linger", "1.5", "--ignore", "SOFTWARE_VERSION"]


@pytest.fixture
def target() -> Iterator[str]:
    with matrix.wlc() as met:
        yield f"127.0.0.1:{met.target[1]}"


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("identity") / "mse.pem"
    who = matrix.listed().listed
    path.write_bytes(
        who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + who.certificate.public_bytes(Encoding.PEM)
    )
    return str(path)


@pytest.fixture(autouse=True)
def checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def conformance(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def replay(*arguments: str) -> Result:
    return conformance("replay", *arguments)


def test_the_same_exits_0_and_the_recording_stands_on_its_own(
    target: str, identity: str, tmp_path: Path
) -> None:
    own = tmp_path / "own.pcapng"
    done = replay(
        CAPTURE, target, "--identity", identity, *QUICK,
        "-o", str(tmp_path / "out"), "--capture", str(own),
    )  # fmt: skip
    assert (done.exit_code, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith(f"wlc {target} against conversation 0 of tls13.pcap")
    assert re.search(r"played (\d+) of \1 messages of the MSE \(fast\)", done.stdout)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"replay.json", "replay.txt", "replay.pcapng"}
    for path in (own, tmp_path / "out" / "replay.pcapng"):
        assert path.stat().st_mode & 0o077 == 0
    port = target.rpartition(":")[2]
    checked = conformance("check", str(own), "NMSP-ECHO-1", "--port", port)
    assert checked.exit_code == 0, checked.stdout


def test_a_replay_can_be_replayed(target: str, identity: str, tmp_path: Path) -> None:
    own = str(tmp_path / "own.pcapng")
    common = ["--identity", identity, *QUICK]
    assert replay(CAPTURE, target, *common, "--capture", own).exit_code == 0
    port = target.rpartition(":")[2]
    done = replay(own, target, *common, "--port", port)
    assert done.exit_code == 0, done.stdout


def test_a_difference_exits_1_and_json_tells_it(identity: str) -> None:
    with matrix.wlc("echo-wrong-transaction") as met:
        done = replay(
            CAPTURE, f"127.0.0.1:{met.target[1]}", "--identity", identity, *QUICK,
            "--json",
        )  # fmt: skip
    assert (done.exit_code, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    (found,) = told["differences"]
    assert (found["aspect"], found["field"]) == ("field", "transaction_id")
    assert (found["offset"], found["length"]) == (8, 4)
    assert found["frames"]
    assert told["exit"] == 1


def test_wireshark_finds_the_message_that_differs(
    identity: str, tshark: str, tmp_path: Path
) -> None:
    own, lua = tmp_path / "own.pcapng", tmp_path / "nmsp.lua"
    with matrix.wlc("echo-wrong-transaction") as met:
        port = met.target[1]
        done = replay(
            CAPTURE, f"127.0.0.1:{port}", "--identity", identity, *QUICK,
            "--capture", str(own),
        )  # fmt: skip
    assert done.exit_code == 1
    found = re.search(r"(?m)^  wireshark (.+)  \(own\.pcapng\)$", done.stdout)
    assert found is not None, done.stdout
    assert found[1] == "nmsp.type == 2 && nmsp.transaction_id == 7"
    lua.write_text(dissector(port=port))
    shown = run_tshark(
        tshark, "-r", own, "-X", f"lua_script:{lua}", "-Y", found[1],
        "-T", "fields", "-e", "frame.number",
    )  # fmt: skip
    assert len(shown.split()) == 1


def test_the_published_schema_is_the_model_s() -> None:
    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(schema()))


def test_identities_have_other_names_unless_asked_for(
    target: str, identity: str
) -> None:
    common = [CAPTURE, target, "--identity", identity, *QUICK, "--json"]
    station = "02:00:5e:b0:0e:00"
    hidden, shown = replay(*common), replay(*common, "--show-identities")
    assert station in shown.stdout
    assert station not in hidden.stdout
    assert station.replace(":", "") not in hidden.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["pcaps/tls12-ecdhe.pcapng"], "no-keys"),
        (["pcaps/tls10-rsa-rejected.pcapng"], "no-keys"),
        (["pcaps/tls12-ecdhe.pcapng"], "(--keylog, --rsa-key)"),
        (["pcaps/tls13-rejected.pcapng"], "the WLC says nothing in the capture"),
        (["keys/README.md"], "cannot be read"),
        ([CAPTURE, "--port", "1"], "no conversation"),
        ([CAPTURE, "--messages", "5"], "not looked at"),
    ],
)
def test_what_cannot_be_compared_exits_3(
    target: str, identity: str, arguments: list[str], why: str
) -> None:
    capture, *more = arguments
    done = replay(capture, target, "--identity", identity, *QUICK, *more)
    assert (done.exit_code, done.stderr) == (3, ""), done.stdout
    assert "not judged" in done.stdout
    assert why in " ".join(done.stdout.split())


def test_a_refused_connection_exits_3(identity: str) -> None:
    done = replay(CAPTURE, f"127.0.0.1:{free_port()}", "--identity", identity)
    assert (done.exit_code, done.stderr) == (3, "")
    assert "dependency-failed): no connection" in done.stdout


def test_a_rejected_identity_exits_3_and_names_the_list(target: str) -> None:
    done = replay(CAPTURE, target, "--identity", "keys/mse.pem", *QUICK)
    assert (done.exit_code, done.stderr) == (3, "")
    assert "alert 46" in done.stdout
    assert "AuthList" in done.stdout


def test_another_profile_accuses_nobody(
    target: str, identity: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    text = written(NOMINAL).replace('name = "nominal"', 'name = "other"', 1)
    other.write_text(re.sub(r"(?m)^([A-Z_]+) = (\d+)$", _moved, text))
    done = replay(CAPTURE, target, "--identity", identity, "--profile", str(other))
    assert (done.exit_code, done.stderr) == (3, ""), done.stdout
    assert "profile-unconfirmed" in done.stdout
    assert "the WLC of the capture was not seen" in " ".join(done.stdout.split())
    assert "nmsp calibrate" in " ".join(done.stdout.split())


def _moved(found: "re.Match[str]") -> str:
    """Give each message and element another number."""
    return f"{found[1]} = {int(found[2]) + 1000}"


@pytest.mark.parametrize(
    "wrong",
    [
        [CAPTURE],
        ["no-such-file.pcapng", "127.0.0.1"],
        [CAPTURE, "host:port"],
        [CAPTURE, "127.0.0.1", "--identity", "keys/README.md"],
        [CAPTURE, "127.0.0.1", "--timing", "slow"],
        [CAPTURE, "127.0.0.1", "--conversation", "7"],
        [CAPTURE, "127.0.0.1", "--capture", CAPTURE],
        [CAPTURE, "127.0.0.1", "--capture", "no/such/folder.pcapng"],
        [CAPTURE, "127.0.0.1", "-o", "README.md/x"],
        [CAPTURE, "127.0.0.1", "--profile", "README.md"],
    ],
)
def test_usage_exits_2_before_anything_is_sent(wrong: list[str]) -> None:
    done = replay(*wrong)
    assert done.exit_code == 2, done.stdout
    assert done.stdout == ""
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_docs_show_what_is_said(identity: str) -> None:
    text = (ROOT / "docs" / "conformance.md").read_text()
    shown = re.search(
        r"^\$ nmsp-conformance replay.*\n((?:.+\n|\n)+?)1\n```", text, re.M
    )
    assert shown is not None
    with matrix.wlc("echo-wrong-transaction") as met:
        target = f"127.0.0.1:{met.target[1]}"
        done = replay(CAPTURE, target, "--identity", identity, *QUICK[:4])

    def plain(told: str) -> str:
        """Leave out what differs between runs, and the release's own name."""
        told = re.sub(r"\n\nFIELD CAPABILITY_NOTIFICATION SOFTWARE_VERSION.*?(?=\n\n)",
                      "", told, flags=re.DOTALL)  # fmt: skip
        return re.sub(r":\d+ |\d+ notifications|\d+ differences?", "N ", told)

    assert plain(done.stdout) == plain(shown[1])


def test_a_shell_completes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def completed(line: str) -> set[str]:
        words = line.split(" ")
        environment = {
            "_NMSP_CONFORMANCE_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        done = CliRunner().invoke(main, env=environment, prog_name="nmsp-conformance")
        return {told.partition(",")[2] for told in done.output.splitlines()}

    assert completed("nmsp-conformance re") == {"replay"}
    assert completed("nmsp-conformance baseline u") == {"update"}
    assert completed("nmsp-conformance replay --timing ") == {"fast", "original"}
    assert completed("nmsp-conformance diff --form") == {"--format"}
