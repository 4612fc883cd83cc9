# SPDX-License-Identifier: GPL-2.0-or-later
"""`run`, `listen` and `check` as a user meets them: processes and exit codes."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from conformance import matrix

ROOT = Path(__file__).parents[2]
QUICK = ["--timeout-factor", "0.2"]


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> str:
    who = matrix.listed().listed
    path = tmp_path_factory.mktemp("identity") / "mse.pem"
    path.write_bytes(
        who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + who.certificate.public_bytes(Encoding.PEM)
    )
    return str(path)


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_an_honest_endpoint_exits_0_and_leaves_captures(
    identity: str, tmp_path: Path
) -> None:
    with matrix.wlc() as met:
        done = conformance(
            "run", f"127.0.0.1:{met.target[1]}", "echo", "--identity", identity,
            "-n", "2", "-o", str(tmp_path), "--report", "junit",
            "--report", "html", "--report", "sarif", "--report", "markdown",
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    cases = result["runs"][0]["cases"]
    assert {case["verdict"] for case in cases} == {"pass"}
    assert cases[0]["id"].endswith("[first]")
    assert cases[-1]["id"].endswith("[last]")
    capture = tmp_path / "echo.answers_echo.pcapng"
    assert capture.stat().st_mode & 0o077 == 0
    port = str(met.target[1])
    told = conformance("check", str(capture), "NMSP-ECHO-1", "--port", port)
    assert told.returncode == 0, told.stdout
    ElementTree.parse(tmp_path / "junit.xml")  # noqa: S314 - ours


def test_a_faulty_endpoint_exits_1_and_is_told_why(identity: str) -> None:
    with matrix.wlc("echo-wrong-transaction") as met:
        done = conformance(
            "run", f"127.0.0.1:{met.target[1]}", "NMSP-ECHO-3", "--identity", identity,
            *QUICK,
        )  # fmt: skip
        (told,) = [line for line in done.stdout.splitlines() if "  again  " in line]
        _, program, *line = shlex.split(told)
        again = conformance(*line)
    assert program == "nmsp-conformance"
    assert (again.returncode, again.stdout.count("(new)")) == (1, 1)
    assert "--timeout-factor 0.2" in told
    assert done.returncode == 1, done.stdout + done.stderr
    assert "DIFFERENCE (new) NMSP-ECHO-3 (MUST, assumed)" in done.stdout
    assert "expected  transaction 1" in done.stdout
    assert "actual    transaction 2" in done.stdout


def test_an_assumption_is_not_held_against_whom_it_is_not_trusted(
    identity: str,
) -> None:
    with matrix.wlc("echo-wrong-transaction") as met:
        done = conformance(
            "run", f"127.0.0.1:{met.target[1]}", "NMSP-ECHO-3", "--identity", identity,
            *QUICK, "--trust", "observed",
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOTE (new) NMSP-ECHO-3" in done.stdout


def test_a_closed_port_exits_3_with_every_case_in_the_report(identity: str) -> None:
    done = conformance("run", "127.0.0.1:1", "--identity", identity, *QUICK, "--json")
    assert done.returncode == 3, done.stderr
    cases = json.loads(done.stdout)["runs"][0]["cases"]
    assert len(cases) > 100
    assert {case["verdict"] for case in cases} == {"inconclusive"}


@pytest.mark.parametrize(
    "wrong",
    [
        ["nothing-like-it"],
        ["--shard", "3/2"],
        ["--report", "html"],
        ["--risk", "any"],
        ["--timeout-factor", "nan"],
    ],
)
def test_usage_exits_2(identity: str, wrong: list[str]) -> None:
    done = conformance("run", "127.0.0.1:1", *wrong, "--identity", identity)
    assert done.returncode == 2, done.stdout
    assert "Error" in done.stderr


def test_pytest_runs_it_as_a_plugin(identity: str, tmp_path: Path) -> None:
    with matrix.wlc() as met:
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "--pyargs", "conformance", "-q",
                "-p", "no:randomly", "-c", "/dev/null",
                f"--rootdir={tmp_path}",
                f"--nmsp-target=127.0.0.1:{met.target[1]}",
                f"--nmsp-identity={identity}", "--nmsp-timeout-factor=0.2",
                "--nmsp-select=capability", "-m", "must and safe",
                f"--junitxml={tmp_path / 'j.xml'}",
            ],
            cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    tree = ElementTree.parse(tmp_path / "j.xml")  # noqa: S314 - ours
    found = tree.iter("testcase")
    assert {case.get("name") for case in found} >= {"tells_capability"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("notifications", 0), ("tls13", 0), ("tls10-rsa-rejected", 3)],
)
def test_check_judges_the_bundled_captures(name: str, code: int) -> None:
    done = conformance("check", f"pcaps/{name}.pcapng")
    assert done.returncode == code, done.stdout + done.stderr
