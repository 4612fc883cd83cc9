# SPDX-License-Identifier: GPL-2.0-or-later
"""Several processes write what one would, and fail as kindly."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nmsp_scapy.cli import jobs
from nmsp_scapy.cli.jobs import End, Jobs, Work, can_share
from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.tls import KeyStore
from tests.gear.bundled import bundled
from tests.gear.captures import Tap
from tests.gear.hostile import file_of
from tests.gear.kinds import recorded

CAPTURES = [str(one.path) for one in bundled() if not one.options]


def nmsp(*args: str | Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "nmsp_scapy", *map(str, args)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "format_",
    [
        ("ndjson",),
        ("ndjson", "--tls", "--where", "type == ECHO_REQUEST"),
        ("tsv", "--columns", "conversation,frame,name,length"),
    ],
    ids=["ndjson", "where", "tsv"],
)
def test_the_output_is_that_of_one_process(format_: tuple[str, ...]) -> None:
    one = nmsp("dissect", *CAPTURES, "--format", *format_)
    several = nmsp("dissect", *CAPTURES, "--format", *format_, "--jobs", "3")
    assert one.stdout.count(b"\n") > 20
    assert several.stdout == one.stdout
    assert sorted(several.stderr.splitlines()) == sorted(one.stderr.splitlines())
    assert several.returncode == one.returncode


@pytest.fixture(scope="module")
def two_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two MSEs that talk to one WLC at the same time."""
    session, segments = recorded("tls13-gcm"), []
    for host in ("10.0.0.7", "10.0.0.8"):
        tap = Tap(client=(host, 40_000)).open()
        for side, data in session.flow:
            tap.write(side, data)
        segments.append(tap.finish().segments)
    mixed = [one for pair in zip(*segments, strict=True) for one in pair]
    path = tmp_path_factory.mktemp("pairs") / "two.pcapng"
    path.write_bytes(file_of(mixed, session.key_log))
    return path


def test_one_capture_is_shared_where_several_pairs_of_hosts_talk(
    two_pairs: Path, tmp_path: Path
) -> None:
    ports = frozenset({16113})
    assert can_share([str(two_pairs)], ports)
    assert not can_share([str(two_pairs)], frozenset({1}))
    assert not can_share(CAPTURES[:1], ports)
    assert can_share(CAPTURES[:2], ports)
    assert not can_share(["-"], ports)
    (tmp_path / "none").write_bytes(b"no capture at all")
    assert not can_share([str(tmp_path / "none")], ports)


@pytest.mark.parametrize("several", [False, True], ids=["a-pair", "two-pairs"])
def test_raw_files_are_those_of_one_process(
    several: bool, two_pairs: Path, tmp_path: Path
) -> None:
    capture = two_pairs if several else CAPTURES[0]
    for count in "12":
        done = nmsp(
            "decrypt", capture, "--format", "raw", "--jobs", count,
            "-o", tmp_path / count,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / count).iterdir()}
        for count in "12"
    )
    assert one
    assert one == two


def test_what_is_no_capture_is_said_once_and_the_rest_is_read(tmp_path: Path) -> None:
    none = tmp_path / "none.pcap"
    none.write_bytes(b"GET / HTTP/1.1\r\n\r\n")
    found = nmsp(
        "dissect", CAPTURES[0], none, CAPTURES[1], "--format", "tsv", "--jobs", "2"
    )
    assert found.returncode == 3
    assert found.stderr.count(b"none.pcap: this is no capture") == 1
    assert found.stdout.startswith(b"conversation\t")
    assert found.stdout.count(b"conversation\t") == 1
    conversations = {line.split(b"\t")[0] for line in found.stdout.splitlines()[1:]}
    assert {b"0", b"1"} <= conversations


def test_a_heading_stands_above_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcapng"
    empty.write_bytes(Path(CAPTURES[0]).read_bytes()[:300])
    args = ("dissect", empty, "--format", "tsv", "--columns", "type", "--port", "9")
    assert nmsp(*args, "--jobs", "2").stdout == nmsp(*args).stdout == b"type\n"


class Numbers:
    """Writes a line a part."""

    def __init__(self, file: jobs.IO[bytes]) -> None:
        self.file = file

    def begin(self, capture: str) -> None:
        pass

    def take(self, results: list[object]) -> list[jobs.Event]:
        self.file.write(b"x" * len(results) + b"\n")
        return []

    def close(self) -> None:
        pass


def work(taker: type[Numbers], *captures: str) -> Work:
    return Work(captures, KeyStore(), NOMINAL, frozenset({16113}), taker)


def test_who_is_ahead_waits_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> list[bytes]:
        with Jobs(work(Numbers, *CAPTURES), 2) as processes:
            return [
                bytes(part.text)
                for _ in CAPTURES
                for parts in processes.read()
                for part in parts
            ]

    expected = read()
    monkeypatch.setattr(jobs, "WAITING", 0)
    assert len(expected) > len(CAPTURES)
    assert read() == expected


class Failing(Numbers):
    def take(self, results: list[object]) -> list[jobs.Event]:
        raise ValueError("of all things")


class Dying(Numbers):
    def take(self, results: list[object]) -> list[jobs.Event]:
        os.kill(os.getpid(), signal.SIGKILL)
        return []


def test_an_error_of_a_process_is_raised_here() -> None:
    with (
        pytest.raises(ValueError, match="of all things"),
        Jobs(work(Failing, CAPTURES[0]), 2) as processes,
    ):
        list(processes.read())


def test_a_process_that_dies_is_noticed() -> None:
    with (
        pytest.raises(RuntimeError, match="has ended"),
        Jobs(work(Dying, CAPTURES[0]), 2) as processes,
    ):
        list(processes.read())


def test_the_end_tells_what_became_of_the_capture(tmp_path: Path) -> None:
    none = tmp_path / "none"
    none.write_bytes(b"nothing like it")
    with Jobs(work(Numbers, CAPTURES[0], str(none)), 2) as processes:
        assert list(processes.read())
        assert processes.end == End(1, False, "")
        assert not [part for parts in processes.read() for part in parts if part.text]
        assert "this is no capture" in processes.end.error
