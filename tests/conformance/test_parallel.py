# SPDX-License-Identifier: GPL-2.0-or-later
"""The same result in any order, on any number of processes, and put together."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from conformance import matrix, plugin, selection
from conformance.report.privacy import MAC
from conformance.scenarios.information import UNKNOWN
from tests.gear.gnutls import free_port

SOME = ("NMSP-CAPABILITY-*", "NMSP-ECHO-[1-4]")


def judged(path: Path) -> dict[str, tuple[str, ...]]:
    """Verdict and reason of each case and requirement; the sanity cases apart."""
    runs = json.loads(path.read_text())["runs"]
    return {
        case["id"]: (
            case["verdict"],
            case.get("reason", ""),
            *(f"{p['requirement']} {p['verdict']}" for p in case["requirements"]),
        )
        for run in runs
        for case in run["cases"]
        if "[" not in case["id"]
    }


def pytest_run(
    folder: Path, port: int, identity: Path, *more: str, select: tuple[str, ...] = SOME
) -> tuple[int, Path, list[str]]:
    """Run the plugin from a foreign folder; exit code, result, ids as they ran."""
    result = folder / f"{len([*folder.glob('*.json')])}.json"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--pyargs", "conformance", "-v",
            "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:hypothesispytest",
            f"--rootdir={folder}",
            f"--nmsp-target=127.0.0.1:{port}", f"--nmsp-identity={identity}",
            "--nmsp-timeout-factor=0.3", f"--nmsp-json={result}",
            *(f"--nmsp-select={each}" for each in select), *more,
        ],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip
    assert result.exists(), done.stdout + done.stderr
    order = [
        w[0]
        for line in done.stdout.splitlines()
        if "::" in line
        for w in [line.split()]
    ]
    return done.returncode, result, order


def test_order_processes_and_shards_change_no_verdict(
    listed_pem: Path, tmp_path: Path
) -> None:
    with matrix.wlc("echo-wrong-transaction") as met:
        port = met.target[1]
        code, one, order = pytest_run(tmp_path, port, listed_pem, "--nmsp-seed=1")
        again, two, other = pytest_run(tmp_path, port, listed_pem, "--nmsp-seed=2")
        many, three, _ = pytest_run(tmp_path, port, listed_pem, "-n4")
        shards = [
            judged(pytest_run(tmp_path, port, listed_pem, f"--nmsp-shard={i}/2")[1])
            for i in (1, 2)
        ]
    expected = judged(one)
    assert (code, again, many) == (1, 1, 1)
    assert {verdict for verdict, *_ in expected.values()} >= {"pass", "fail"}
    assert len(expected) > 5
    assert judged(two) == judged(three) == expected
    assert sorted(order) == sorted(other)
    assert order != other
    assert json.loads(one.read_text())["runs"][0]["seed"] == 1
    assert sum(map(len, shards)) == len(expected)
    assert {k: v for shard in shards for k, v in shard.items()} == expected


@pytest.mark.parametrize("count", [1, 2, 7])
def test_shards_are_disjoint_and_complete(count: int) -> None:
    whole = [case.id for case in selection.chosen("wlc", [])]
    parts = [
        [case.id for case in selection.chosen("wlc", [], shard=f"{i}/{count}")]
        for i in range(1, count + 1)
    ]
    assert sorted(name for part in parts for name in part) == sorted(whole)


@contextmanager
def worker_at_a_socket(folder: Path) -> Iterator[str]:
    """Serve as another machine does, from a folder of its own; yields its address."""
    where = f"127.0.0.1:{free_port()}"
    script = "execnet.script.socketserver"
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", script, where],
        cwd=folder, env=environment, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert b"Entering Accept loop" in process.stdout.readline()
        yield where
    finally:
        process.kill()
        process.stdout.close()
        process.wait(20)


@pytest.mark.parametrize("carrier", ["popen", "socket"])
def test_remote_workers_carry_a_run(
    carrier: str, listed_pem: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        met = stack.enter_context(matrix.wlc())
        if carrier == "popen":
            workers = f"2*popen//python={sys.executable}"
        else:
            other = tmp_path / "other"
            other.mkdir()
            workers = f"socket={stack.enter_context(worker_at_a_socket(other))}"
        code, result, _ = pytest_run(
            tmp_path, met.target[1], listed_pem,
            "--dist=load", f"--tx={workers}", select=("capability",),
        )  # fmt: skip
    assert code == 0
    verdicts = {verdict[0] for verdict in judged(result).values()}
    assert "pass" in verdicts
    assert verdicts <= {"pass", "not_applicable"}


def test_marks_narrow_a_run(listed_pem: Path, tmp_path: Path) -> None:
    with matrix.wlc() as met:
        code, result, _ = pytest_run(
            tmp_path, met.target[1], listed_pem, "-m", "echo and safe and not should"
        )
    assert code == 0
    assert {name.partition(".")[0] for name in judged(result)} == {"echo"}


def test_auto_is_more_workers_than_cores_where_an_endpoint_is_judged(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    auto = pytestconfig.hook.pytest_xdist_auto_num_workers
    cores = auto(config=pytestconfig)
    monkeypatch.setattr(pytestconfig.option, "nmsp_target", "192.0.2.10")
    assert auto(config=pytestconfig) == max(plugin.WAITING, os.cpu_count() or 1)
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "3")
    assert auto(config=pytestconfig) == 3
    assert cores <= (os.cpu_count() or 1)


@pytest.mark.parametrize("shown", [False, True])
def test_what_pytest_reports_tells_nobody_either(
    shown: bool, listed_pem: Path, tmp_path: Path
) -> None:
    """Two processes see the same stations; they have the names of the run's result."""
    junit = tmp_path / "junit.xml"
    more = "--nmsp-show-identities" if shown else "-n2"
    with matrix.wlc("unknown-mac-invented") as met:
        code, result, _ = pytest_run(
            tmp_path, met.target[1], listed_pem, f"--junitxml={junit}", more,
            select=("NMSP-MEASUREMENT-4", "NMSP-INFORMATION-4", "NMSP-STATISTICS-4"),
        )  # fmt: skip
    told, by_pytest = (set(MAC.findall(p.read_text())) for p in (result, junit))
    assert code == 1
    assert by_pytest
    assert by_pytest <= told
    assert (UNKNOWN in by_pytest) is shown
