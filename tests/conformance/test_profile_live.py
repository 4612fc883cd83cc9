# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that speaks NMSP speaks the profile given: real processes, one layout.

The layout is drawn; beside it, each tool is tried with the nominal profile, which it is
not, so that a tool which looks at no profile is found out.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.profile.writing import written
from tests.gear.geometries import draw_geometry
from tests.gear.gnutls import free_port

ROOT = Path(__file__).parents[2]
MSE, WLC, LISTED = (
    str(ROOT / "keys" / n) for n in ("mse.pem", "wlc.pem", "authlist.txt")
)
SEED = 15
QUICK = ("--timeout-factor", "0.4")


def command(module: str, *args: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, args)]


def done(module: str, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(module, *args), cwd=ROOT, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip


@contextmanager
def running(*args: object) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command("nmsp_scapy", *args), cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def address(ready: Path) -> str:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if ready.exists() and (text := ready.read_text().strip()):
            return text
        time.sleep(0.02)
    raise AssertionError("not ready in half a minute")


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn layout, and the nominal one beside it."""
    folder = tmp_path_factory.mktemp("profiles")
    (folder / "nominal.toml").write_text(written(NOMINAL))
    (folder / "mine.toml").write_text(written(draw_geometry(SEED).profile))
    return folder / "mine.toml"


@pytest.fixture
def wlc(mine: Path, tmp_path: Path) -> Iterator[str]:
    ready = tmp_path / "wlc"
    with running(
        "emulate", "wlc", "--listen", "127.0.0.1:0", "--authlist", LISTED,
        "--authlist-wait", "0", "--interval", "0.1", "--identity", WLC,
        "--profile", mine, "--ready-file", ready,
    ):  # fmt: skip
        yield address(ready)


def verdicts(output: str) -> dict[str, str]:
    (run,) = json.loads(output)["runs"]
    return {case["id"]: case["verdict"] for case in run["cases"]}


def test_run_judges_an_emulated_wlc(wlc: str, mine: Path) -> None:
    chosen = ("echo.answers_echo", "measurement.answers_measurement_request")
    asked = ("run", wlc, *chosen, "--identity", MSE, *QUICK, "--json")
    right = verdicts(done("conformance", *asked, "--profile", mine).stdout)
    wrong = verdicts(done("conformance", *asked).stdout)
    assert {right[name] for name in chosen} == {"pass"}
    assert "pass" not in {wrong[name] for name in chosen}


def test_listen_judges_an_emulated_mse(mine: Path) -> None:
    chosen = ("echo.mse_sends_echo", "echo.mse_numbers_its_echoes")
    said = []
    for profile in (mine, mine.parent / "nominal.toml"):
        port = free_port()
        with running(
            "emulate", "mse", f"127.0.0.1:{port}", "--identity", MSE, "--reconnect",
            "0.1", "--echo", "0.1", "--profile", mine,
        ):  # fmt: skip
            listened = done(
                "conformance", "listen", *chosen, "--host", "127.0.0.1", "--port", port,
                "--identity", WLC, "--profile", profile, "--json", "--timeout-factor",
                "0.1",
            )  # fmt: skip
        said.append(verdicts(listened.stdout))
    right, wrong = said
    assert {right[name] for name in chosen} == {"pass"}
    assert "pass" not in {wrong[name] for name in chosen}


def test_the_tap_names_what_passes(wlc: str, mine: Path, tmp_path: Path) -> None:
    ready = tmp_path / "tap"
    with running(
        "tap", "127.0.0.1:0", wlc, "--identity", MSE, "-o", tmp_path / "t.pcapng",
        "--live", "--profile", mine, "--ready-file", ready,
    ) as tap:  # fmt: skip
        done(
            "nmsp_scapy", "emulate", "mse", address(ready), "--identity", MSE,
            "--profile", mine, "--echo", "0.3", "--for", "3",
        )  # fmt: skip
        tap.terminate()
        shown = tap.communicate(timeout=30)[0]
    assert "ECHO_REQUEST" in shown
    assert "ECHO_RESPONSE" in shown, shown


def test_a_capture_is_replayed(wlc: str, mine: Path, tmp_path: Path) -> None:
    capture = tmp_path / "m.pcapng"
    met = done(
        "nmsp_scapy", "emulate", "mse", wlc, "--identity", MSE, "--profile", mine,
        "--echo", "0.3", "--for", "2", "--capture", capture,
    )  # fmt: skip
    assert met.returncode == 0, met.stderr
    port = ("--port", wlc.rpartition(":")[2])
    again = ("replay", capture, wlc, "--identity", MSE, "--json", *port, *QUICK)
    played = done("conformance", *again, "--profile", mine)
    right = json.loads(played.stdout)
    wrong = done("conformance", *again)
    assert right["answers"] > 3, played.stdout
    assert wrong.returncode == 3, wrong.stdout
