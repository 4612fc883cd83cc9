# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's tools as clients of our capture sources."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from nmsp_scapy.export.lua import dissector
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.profile.writing import written
from tests.conformance.tap.test_proxy import TAP, visit, wlc_for_tap
from tests.gear.odd_profiles import LITTLE
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


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@needs_root
@pytest.mark.parametrize("profile", [NOMINAL, LITTLE], ids=lambda p: p.name)
def test_tshark_shows_messages_as_they_pass(
    tshark: str, tmp_path: Path, fifo: Path, profile: Profile
) -> None:
    log, layout = tmp_path / "growing.keys", tmp_path / "layout.toml"
    log.touch()
    layout.write_text(written(profile))
    lua = tmp_path / "nmsp.lua"
    lua.write_text(dissector([profile]))
    talking = threading.Thread(target=converse, args=(log, profile))
    talking.start()
    while not log.with_suffix(".port").exists():
        time.sleep(0.05)
    port = log.with_suffix(".port").read_text()
    told = ("--nmsp-interface", "lo", "--nmsp-port", port)
    told += ("--nmsp-keylog", str(log), "--nmsp-profile", str(layout))
    told += ("--nmsp-rsa-key", "")  # what is left empty in Wireshark's dialog
    with reading(tshark, fifo, lua) as shown, started("nmsp-live", fifo, *told) as own:
        while not listens(own.pid):
            time.sleep(0.05)
        log.with_suffix(".go").touch()
        types = profile.message_types
        wait_for(
            shown,
            {types["CAPABILITY_NOTIFICATION"]: 2, types["STATISTICS_RESPONSE"]: 2},
        )
        talking.join()


@pytest.mark.parametrize("tls", ["1.0", "1.3"])
def test_the_proxy_is_shown_while_it_runs(
    tshark: str, tmp_path: Path, fifo: Path, tls: str
) -> None:
    """tshark opens TLS by the secrets that come down the pipe before the packets."""
    identity = tmp_path / "tap.pem"
    identity.write_bytes(TAP.pem)
    with wlc_for_tap(tls=tls) as wlc:
        lua = tmp_path / "nmsp.lua"
        lua.write_text(dissector(port=wlc.port))
        port = free_port()
        told = ("--nmsp-listen", f"127.0.0.1:{port}", "--nmsp-identity", str(identity))
        told += ("--nmsp-target", f"127.0.0.1:{wlc.port}")
        with (
            reading(tshark, fifo, lua) as shown,
            started("nmsp-tap", fifo, *told, path=commands(tmp_path)) as own,
        ):
            while not listens(own.pid):
                time.sleep(0.05)
            mse = visit(port)
            assert mse.session is not None
            passed: Counter[int] = Counter()
            for table in (mse.session.session.sent, mse.session.session.received):
                for name, one in table.items():
                    passed[NOMINAL.message_types[name]] += one.count
            assert passed.total() > 20
            wait_for(shown, passed)  # to the last one, with the proxy still there


def commands(folder: Path) -> Path:
    """Name the commands of other packages as an installation does."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told = folder / "site" / "nmsp_commands-0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Name: nmsp-commands\nVersion: 0\n")
    listed = project["entry-points"]["nmsp.commands"].items()
    lines = ["[nmsp.commands]", *(f"{name} = {place}" for name, place in listed)]
    (told / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return told.parent


@contextmanager
def started(
    name: str, fifo: Path, *arguments: str, path: Path = ROOT
) -> Iterator[subprocess.Popen[str]]:
    """Start a source as Wireshark does, and end it as it does.

    Wireshark shows what it writes to standard error as an error, so that it may not.
    """
    source = subprocess.Popen(
        [
            *(*EXTCAP, "--capture", "--extcap-interface", name),
            *("--fifo", str(fifo), *arguments),
        ],
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(path)])},
        text=True,
    )
    try:
        yield source
    finally:
        source.terminate()
        _, errors = source.communicate(timeout=60)
    assert (source.returncode, errors) == (0, "")


def listens(pid: int) -> bool:
    """Whether a process has a packet socket, or a TCP socket that listens."""
    own = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    packet = [row.split() for row in Path("/proc/net/packet").read_text().split("\n")]
    tcp = [row.split() for row in Path("/proc/net/tcp").read_text().split("\n")]
    inodes = [row[8] for row in packet[1:-1]]
    inodes += [row[9] for row in tcp[1:-1] if row[3] == "0A"]
    return any(f"socket:[{inode}]" in own for inode in inodes)


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def reading(tshark: str, fifo: Path, lua: Path) -> Iterator[IO[str]]:
    """Read the pipe with tshark; yield its lines, a frame each."""
    with subprocess.Popen(
        [
            *(tshark, "-i", str(fifo), "-l", "-X", f"lua_script:{lua}"),
            *("-T", "fields", "-e", "nmsp.type"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        patience = threading.Timer(90, process.kill)
        patience.start()
        try:
            yield process.stdout
        finally:
            patience.cancel()
            process.kill()


def wait_for(lines: IO[str], wanted: Mapping[int, int]) -> None:
    """Read lines until so many messages of each type were in them."""
    seen: Counter[int] = Counter()
    for line in lines:
        seen.update(int(word) for word in line.replace(",", " ").split())
        if all(seen[kind] >= count for kind, count in wanted.items()):
            return
    raise AssertionError(f"tshark ended with {dict(seen)}")
