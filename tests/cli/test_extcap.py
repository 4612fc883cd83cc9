# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's tools as clients of our capture sources."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from tests.gear.talking import converse

ROOT = Path(__file__).parent.parent.parent
EXTCAP = [sys.executable, "-m", "nmsp_scapy", "extcap"]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets need root")


def extcap(*arguments: str) -> str:
    done = subprocess.run(
        [*EXTCAP, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_it_speaks_the_extcap_protocol() -> None:
    listed = extcap("--extcap-interfaces", "--extcap-version=4.0")
    names = [line.split("{value=")[1].split("}")[0] for line in listed.splitlines()[1:]]
    assert names == ["nmsp-live", "nmsp-tap"]
    assert "{number=252}" in extcap("--extcap-dlts", "--extcap-interface", "nmsp-live")
    assert "{number=1}" in extcap("--extcap-dlts", "--extcap-interface", "nmsp-tap")
    for name in names:
        told = extcap("--extcap-config", "--extcap-interface", name)
        assert [line[:13] for line in told.splitlines()] == [
            f"arg {{number={at}}}"[:13] for at in range(len(told.splitlines()))
        ]


def test_what_is_missing_is_said() -> None:
    for arguments in (
        ["--capture"],
        ["--capture", "--extcap-interface", "nmsp-live"],
        ["--capture", "--extcap-interface", "nmsp-tap", "--fifo", "x"],
    ):
        done = subprocess.run(
            [*EXTCAP, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_wireshark_lists_the_sources(tshark: str) -> None:
    command, python = [tshark, "-D"], sys.executable
    if os.geteuid() == 0:  # tshark takes no folder of extcaps from root
        python = readable_python()
        assert python, "no interpreter that all may run: install python3"
        ids = ["--reuid=65534", "--regid=65534", "--clear-groups"]
        command = ["setpriv", *ids, *command]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "nmsp"
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{path_for_all()}" exec "{python}" -m nmsp_scapy '
            'extcap "$@"\n'
        )
        for path in (Path(folder), script):
            path.chmod(0o755)
        done = subprocess.run(
            command,
            env={**os.environ, "WIRESHARK_EXTCAP_DIR": folder, "HOME": "/"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert "nmsp-live (NMSP, decrypted live)" in done.stdout, done.stderr


def readable_python() -> str | None:
    """Find an interpreter of this version that others than root may run."""
    system = f"/usr/bin/python3.{sys.version_info.minor}"
    found = (sys.executable, system)
    return next((p for p in found if Path(p).exists() and readable_by_all(p)), None)


def path_for_all() -> str:
    """Where another interpreter finds the modules that this one has."""
    return os.pathsep.join([str(ROOT), *(part for part in sys.path if part)])


def readable_by_all(program: str) -> bool:
    path = Path(program).resolve()
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


@needs_root
def test_tshark_shows_messages_as_they_pass(tshark: str, tmp_path: Path) -> None:
    log, fifo = tmp_path / "growing.keys", tmp_path / "fifo"
    log.touch()
    os.mkfifo(fifo)
    lua = tmp_path / "nmsp.lua"
    subprocess.run([*EXTCAP[:-1], "wireshark", "lua", "-o", str(lua)], check=True)
    talking = threading.Thread(target=converse, args=(log,))
    talking.start()
    while not log.with_suffix(".port").exists():
        time.sleep(0.05)
    port = log.with_suffix(".port").read_text()
    with fifo_reader(tshark, fifo, lua) as reading:
        source = subprocess.Popen(
            [
                *(*EXTCAP, "--capture", "--extcap-interface", "nmsp-live"),
                *("--fifo", str(fifo), "--nmsp-interface", "lo"),
                *("--nmsp-port", port, "--nmsp-keylog", str(log)),
            ],
            stderr=subprocess.PIPE,
        )
        assert source.stderr is not None
        assert b"listening to lo" in source.stderr.readline()
        log.with_suffix(".go").touch()
        talking.join()
        time.sleep(1.0)
        source.terminate()
        _, errors = source.communicate(timeout=20)
        assert source.returncode == 0, errors
        told, _ = reading.communicate(timeout=30)
    names = told.split()
    assert names.count("7") == 2
    assert names.count("21") >= 2


def fifo_reader(tshark: str, fifo: Path, lua: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            *(tshark, "-i", str(fifo), "-l", "-X", f"lua_script:{lua}"),
            *("-T", "fields", "-e", "nmsp.type"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
