# SPDX-License-Identifier: GPL-2.0-or-later
"""Exit codes are the contract of a pipeline: each command, each code.

Each command is run as a process at least once; where only another code of the same
command is asked for, it runs in this process. Code 4, a bug of ours, is had by breaking
our own code: by a plugin, as pytest loads them, where pytest runs the scenarios, else
by replacing one function.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from conformance import matrix
from conformance.cli.main import main
from tests.gear.gnutls import free_port

ROOT = Path(__file__).parents[2]
QUICK = ["--timeout-factor", "0.2"]
GOOD, SILENT = "pcaps/tls13.pcapng", "pcaps/tls10-rsa-rejected.pcapng"

PLUGIN = """\
import functools, msgspec
from conformance import scenario

def breaking(function):
    @functools.wraps(function)
    def broken(peer, judge):
        raise RuntimeError("broken on purpose")
    return broken

for name in ("echo.answers_echo", "echo.mse_sends_echo"):
    case = scenario.load()[name]
    broken = breaking(case.function)
    scenario.load()[name] = msgspec.structs.replace(case, function=broken)
"""

CRASHING = PLUGIN.replace(
    'raise RuntimeError("broken on purpose")', "import os; os._exit(9)"
)

SWALLOWING = PLUGIN.replace(
    'raise RuntimeError("broken on purpose")',
    """import os, signal, time
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            pass""",
).replace("echo.mse_sends_echo", "echo.answers_echo_once")
"""As a callback of OpenSSL does, when the signal comes in the midst of it."""

Done = subprocess.CompletedProcess[str]


def conformance(*arguments: str, **environment: str) -> Done:
    """Run the command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
        env=os.environ | environment,
    )  # fmt: skip


def called(*arguments: str, breaking: str = "") -> Done:
    """Run the command in this process, which is quicker and ends no other way.

    Args:
        arguments: of the command.
        breaking: names a function that is to raise.
    """

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    with chdir(ROOT), pytest.MonkeyPatch.context() as patch:
        if breaking:
            patch.setattr(breaking, broken)
        done = CliRunner().invoke(main, arguments)
    return subprocess.CompletedProcess(
        arguments, done.exit_code, done.stdout, done.stderr
    )


def is_bug(done: Done) -> bool:
    """Tell whether it ended as a bug of ours that is told in one line."""
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return done.returncode == 4 and "bug of ours: RuntimeError: broken on" in line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("exits")
    who = matrix.listed().listed
    (made / "mse.pem").write_bytes(
        who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + who.certificate.public_bytes(Encoding.PEM)
    )
    (made / "breaking_plugin.py").write_text(PLUGIN)
    (made / "crashing_plugin.py").write_text(CRASHING)
    (made / "swallowing_plugin.py").write_text(SWALLOWING)
    return made


@pytest.fixture
def broken(folder: Path) -> dict[str, str]:
    """Environment in which pytest loads a plugin that breaks a scenario."""
    return {
        "PYTEST_PLUGINS": "breaking_plugin",
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
    }


@contextmanager
def wlc(fault: str = "") -> Iterator[str]:
    with matrix.wlc(fault) as met:
        yield f"127.0.0.1:{met.target[1]}"


# --- run ------------------------------------------------------------------------


def line(target: str, folder: Path, *more: str) -> tuple[str, ...]:
    identity = ("--identity", str(folder / "mse.pem"))
    return ("run", target, *identity, *QUICK, *more)


def run(target: str, folder: Path, *more: str, **environment: str) -> Done:
    return conformance(*line(target, folder, *more), **environment)


def test_run_exits_0_and_4(folder: Path, broken: dict[str, str]) -> None:
    with wlc() as target:
        assert run(target, folder, "echo.answers_echo").returncode == 0
        bug = run(target, folder, "echo.answers_echo", "--json", **broken)
    assert bug.returncode == 4, bug.stdout + bug.stderr
    told = json.loads(bug.stdout)
    assert told["exit"] == 4
    verdicts = {c["id"]: c["verdict"] for c in told["runs"][0]["cases"]}
    assert verdicts["echo.answers_echo"] == "error"


def test_a_case_whose_worker_dies_is_a_bug_and_not_lost(
    folder: Path, broken: dict[str, str]
) -> None:
    crashing = broken | {"PYTEST_PLUGINS": "crashing_plugin"}
    chosen = ("echo.answers_echo", "echo.answers_echo_once", "-n", "2", "--json")
    with wlc() as target:
        done = run(target, folder, *chosen, **crashing)
    assert (done.returncode, done.stderr) == (4, "")
    cases = {c["id"]: c for c in json.loads(done.stdout)["runs"][0]["cases"]}
    assert cases["echo.answers_echo"]["verdict"] == "error"
    assert "its process ended" in cases["echo.answers_echo"]["detail"]
    assert cases["echo.answers_echo_once"]["verdict"] == "pass"


def test_run_exits_2_on_claims_that_are_none(folder: Path) -> None:
    """Other usage, and 3 where nobody answers, is tested with `run`."""
    done = called(*line("127.0.0.1:1", folder, "--claims", "README.md"))
    assert (done.returncode, done.stdout) == (2, "")


def test_run_exits_1_on_a_deviation_and_on_an_entry_that_is_stale_or_expired(
    folder: Path, tmp_path: Path
) -> None:
    out, known = str(tmp_path / "out"), tmp_path / "known.toml"
    case = (folder, "NMSP-ECHO-3")
    with wlc("echo-wrong-transaction") as target:
        before = called(*line(target, *case, "-o", out))
        made = called("baseline", "make", out, str(known), "--reason", "a ticket")
        after = called(*line(target, *case, "--claims", str(known)))
    assert (before.returncode, made.returncode, after.returncode) == (1, 0, 0)
    with wlc() as target:
        stale = called(*line(target, *case, "--claims", str(known)))
        text = known.read_text()
        known.write_text(f"{text}expires = 2020-01-01\n")
        expired = called(*line(target, *case, "--claims", str(known)))
    assert (stale.returncode, expired.returncode) == (1, 1)
    told = " ".join(stale.stdout.split())
    assert "stale: NMSP-ECHO-3 echo." in told
    assert "no longer occurs: take it off the list (a ticket)" in told
    assert "expired on 2020-01-01" in expired.stdout


# --- listen -----------------------------------------------------------------------


@contextmanager
def mse(port: int, *more: str) -> Iterator[None]:
    """An MSE as a process of its own, that dials and dials again."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "nmsp_scapy", "emulate", "mse", f"127.0.0.1:{port}",
            "--identity", "keys/mse.pem", "--echo", "0.1", "--reconnect", "0.1", *more,
        ],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def listening(port: int, *more: str) -> tuple[str, ...]:
    return (
        "listen", "--host", "127.0.0.1", "--port", str(port),
        "--identity", "keys/wlc.pem", "--quiet", *QUICK, *more,
    )  # fmt: skip


def test_listen_judges_an_mse_that_dials(tmp_path: Path) -> None:
    port, out = free_port(), tmp_path / "out"
    with mse(port):
        chosen = ("session.*", "echo.mse_sends_echo", "-o", str(out))
        done = conformance(*listening(port, *chosen))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    (run_,) = json.loads((out / "result.json").read_text())["runs"]
    assert run_["role"] == "mse"
    assert len(run_["cases"]) > 6
    assert {case["verdict"] for case in run_["cases"]} == {"pass"}
    capture = str(out / "echo.mse_sends_echo.pcapng")
    checked = called("check", capture, "NMSP-ECHO-9", "--port", str(port))
    assert checked.returncode == 0, checked.stdout


def test_listen_exits_1_on_a_fault(tmp_path: Path) -> None:
    port = free_port()
    with mse(port, "--fault", "echoes-alike"):
        done = called(*listening(port, "NMSP-ECHO-10"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NMSP-ECHO-10" in done.stdout


def test_listen_exits_2_3_and_4(broken: dict[str, str]) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        taken = called(*listening(port, "NMSP-ECHO-9"))
    assert taken.returncode == 2, taken.stdout
    assert "in use" in taken.stderr
    nobody = called(*listening(port, "NMSP-ECHO-9", "--timeout-factor", "0.002"))
    assert nobody.returncode == 3, nobody.stdout
    with mse(port):
        bug = conformance(*listening(port, "NMSP-ECHO-9"), **broken)
    assert bug.returncode == 4, bug.stdout + bug.stderr


# --- check --------------------------------------------------------------------------


def test_check_exits_1_2_and_4(folder: Path, tmp_path: Path) -> None:
    assert called("check", GOOD, "NMSP-NOTHING-1").returncode == 2
    assert is_bug(called("check", GOOD, breaking="conformance.capture.check"))
    with wlc("echo-wrong-transaction") as target:
        called(*line(target, folder, "NMSP-ECHO-3", "-o", str(tmp_path)))
    capture = next(tmp_path.glob("echo.*.pcapng"))
    held = [
        "check", str(capture), "NMSP-ECHO-3", "--port", target.rpartition(":")[2],
        "--trust", "assumed",
    ]  # fmt: skip
    assert conformance(*held).returncode == 1
    known = tmp_path / "known.toml"
    known.write_text('[[known]]\nrequirement = "NMSP-ECHO-3"\nreason = "a ticket"\n')
    assert called(*held, "--claims", str(known)).returncode == 0


# --- replay ---------------------------------------------------------------------------


def test_replay_exits_0_to_4(folder: Path) -> None:
    quick = [*QUICK, "--linger", "1", "--ignore", "SOFTWARE_VERSION"]
    common = ["--identity", str(folder / "mse.pem"), *quick]
    codes = []
    for fault in ("", "echo-twice", "mute"):
        with wlc(fault) as target:
            command = called if fault else conformance
            done = command("replay", GOOD, target, *common)
            codes.append((done.returncode, done.stderr))
    assert codes == [(0, ""), (1, ""), (3, "")]
    usage = called("replay", GOOD, target, *common, "--conversation", "9")
    assert usage.returncode == 2
    breaking = "conformance.replay.script.read"
    assert is_bug(called("replay", GOOD, target, breaking=breaking))


# --- diff and baseline ----------------------------------------------------------------


def test_check_diff_and_baseline_exit_0_to_4(tmp_path: Path) -> None:
    good, silent = str(tmp_path / "good"), str(tmp_path / "silent")
    assert conformance("check", GOOD, "-o", good).returncode == 0
    assert called("check", SILENT, "-o", silent).returncode == 3
    assert called("diff", good, good).returncode == 0
    assert conformance("diff", good, silent).returncode == 1
    assert called("diff", good, "README.md").returncode == 2
    assert is_bug(called("diff", good, good, breaking="conformance.diff.compare"))
    known = tmp_path / "known.toml"
    assert called("baseline", "show", str(known)).returncode == 2
    text = '[[known]]\nrequirement = "NMSP-ECHO-1"\nreason = "was so once"\n'
    known.write_text(text)
    assert called("baseline", "check", good, str(known)).returncode == 1
    assert conformance("baseline", "check", silent, str(known)).returncode == 3
    assert called("baseline", "update", good, str(known)).returncode == 0
    assert called("baseline", "check", good, str(known)).returncode == 0
    known.write_text(text)
    bug = "conformance.baseline.state_of"
    assert is_bug(called("baseline", "show", str(known), breaking=bug))


# --- a bug ----------------------------------------------------------------------------


def test_a_bug_shows_its_traceback_to_those_who_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NMSP_DEBUG", "1")
    done = called("diff", "docs", "docs", breaking="conformance.reading.read")
    assert done.returncode == 4
    assert "Traceback" in done.stderr
    assert "broken on purpose" in done.stderr


def test_an_interrupted_run_is_not_green_and_names_what_it_left(
    folder: Path, tmp_path: Path
) -> None:
    with wlc() as target:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "conformance", "run", target,
                "--identity", str(folder / "mse.pem"), "--json", "-o", str(tmp_path),
            ],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + 60
        while len([*tmp_path.glob("*.txt")]) < 3 and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    cases = json.loads(told)["runs"][0]["cases"]
    left = [case for case in cases if "interrupted" in case.get("detail", "")]
    assert left
    assert {case["verdict"] for case in left} == {"inconclusive"}


def test_an_interrupt_before_the_first_case_is_no_bug(folder: Path) -> None:
    interrupting = folder / "interrupting_plugin.py"
    interrupting.write_text("def pytest_sessionstart():\n    raise KeyboardInterrupt\n")
    with wlc() as target:
        done = run(
            target, folder, "echo.answers_echo",
            PYTEST_PLUGINS="interrupting_plugin",
            PYTHONPATH=os.pathsep.join((str(folder), str(ROOT))),
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == "nmsp-conformance: interrupted, nothing is judged\n"


def test_a_case_in_which_a_callback_swallowed_an_interrupt_is_not_judged(
    folder: Path, broken: dict[str, str]
) -> None:
    swallowing = broken | {"PYTEST_PLUGINS": "swallowing_plugin"}
    chosen = ("echo.answers_echo", "echo.answers_echo_once", "--json")
    with wlc() as target:
        done = run(target, folder, *chosen, **swallowing)
    assert done.returncode == 3, done.stderr
    cases = json.loads(done.stdout)["runs"][0]["cases"]
    details = [case.get("detail", "") for case in cases]
    assert sum("interrupted" in detail for detail in details) == 2


def test_a_reader_that_leaves_is_no_bug() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "check", GOOD, "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), told) == (0, "")
