# SPDX-License-Identifier: GPL-2.0-or-later
"""The suite as it is installed from its wheel, used from a folder of the user's."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from conformance import matrix

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command whose environment tells nothing of this checkout."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "PYTHON", "COV"))
    }
    return subprocess.run(
        list(map(str, arguments)), cwd=cwd, capture_output=True, text=True, timeout=120,
        check=False, env=environment | {"PYTEST_XDIST_AUTO_NUM_WORKERS": "2"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of a fresh environment; of ours it has the dependencies alone."""
    folder = tmp_path_factory.mktemp("wheel")
    made = run(*PIP, "wheel", "--no-deps", "--no-build-isolation", ROOT, cwd=folder)
    assert made.returncode == 0, made.stderr
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    programs = folder / "venv" / "bin"
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    there = ("--python", programs / "python", "install", "--no-deps", "--no-compile")
    put = run(*PIP, *there, wheel, cwd=folder)
    assert put.returncode == 0, put.stderr
    return programs


@pytest.fixture
def foreign(tmp_path: Path, listed_pem: Path) -> Path:
    """A folder in which a user has his identity and nothing else."""
    (tmp_path / "mse.pem").write_bytes(listed_pem.read_bytes())
    return tmp_path


def test_the_plugin_runs_from_a_wheel_in_a_foreign_folder(
    installed: Path, foreign: Path
) -> None:
    with matrix.wlc("echo-wrong-transaction") as met:
        done = run(
            installed / "python", "-m", "pytest", "--pyargs", "conformance",
            "--nmsp-target", f"127.0.0.1:{met.target[1]}", "--nmsp-identity", "mse.pem",
            "-n", "auto", "-m", "(echo and must and safe) or ap_info",
            "-p", "no:hypothesispytest", "--nmsp-json=result.json",
            cwd=foreign,
        )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "nmsp-scapy-" in done.stdout  # among the plugins
    assert "created: 2/2 workers" in done.stdout
    assert "NMSP-ECHO-3 (MUST, assumed)" in done.stdout
    assert re.search(r"^wlc .* 1 fail, .* \(exit 1\)$", done.stdout, re.MULTILINE)
    (result,) = json.loads((foreign / "result.json").read_text())["runs"]
    families = {case["id"].partition(".")[0] for case in result["cases"]}
    assert families == {"session", "echo", "ap_info"}  # the sanity case is a session's
    code = "import conformance; print(conformance.__file__)"
    where = run(installed / "python", "-c", code, cwd=foreign)
    assert Path(where.stdout.strip()).is_relative_to(installed.parent)


def test_the_command_has_all_that_its_reports_need(
    installed: Path, foreign: Path
) -> None:
    kinds = {"html": "html", "junit": "xml", "sarif": "sarif", "markdown": "md"}
    with matrix.wlc() as met:
        done = run(
            installed / "nmsp-conformance", "run", f"127.0.0.1:{met.target[1]}",
            "capability", "--identity", "mse.pem", "-o", "out",
            *(f"--report={kind}" for kind in kinds), cwd=foreign,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    left = {path.suffix for path in (foreign / "out").iterdir()}
    assert left >= {f".{suffix}" for suffix in kinds.values()}
