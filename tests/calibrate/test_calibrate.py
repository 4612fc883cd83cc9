# SPDX-License-Identifier: GPL-2.0-or-later
import json
import random
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner

from nmsp_scapy.calibrate import Calibration, Run, calibrate, runs_of
from nmsp_scapy.cli.main import main
from nmsp_scapy.integrity import Gap, Item, Plain
from nmsp_scapy.profile.reading import parsed, read
from nmsp_scapy.profile.writing import written
from tests.gear.drawn import capture, judged, runs
from tests.gear.geometries import draw_geometry
from tests.gear.talk import conversation, records

SEEDS = range(1000, 1016)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_layout_is_found_and_nothing_wrong_is_claimed(seed: int) -> None:
    geometry = draw_geometry(seed)
    found = calibrate(runs(geometry, seed))
    verdict = judged(geometry, found, seed)
    assert verdict.framing
    assert not verdict.wrong
    assert found.profile is not None
    assert parsed(written(found.profile)) == found.profile


def test_a_hole_and_a_late_start_do_not_hinder() -> None:
    geometry = draw_geometry(5)
    sent = records(conversation(geometry, 5), 5)
    places, items = [0, 0], []
    for number, (when, side, data) in enumerate(sent):
        item: Item = Plain(data, places[side], int(when * 1e9), (number + 1,))
        if number == len(sent) // 2:
            item = Gap(places[side], len(data), 0, (), "lost")
        items.append((side, item))
        places[side] += len(data)
    late = runs_of(items[9:], begins=False)
    found = calibrate(late)
    verdict = judged(geometry, found, 5)
    assert verdict.framing
    assert not verdict.wrong


def streams(both: list[bytes]) -> list[Run]:
    """Bytes of both sides, cut as records might be."""
    rng = random.Random(1)
    items = []
    for side, data in enumerate(both):
        at = 0
        while at < len(data):
            size = rng.randint(20, 400)
            items.append((side, Plain(data[at : at + size], at, at, (1,))))
            at += size
    return runs_of(items)


def foreign(name: str) -> list[Run]:
    """Conversations that are not NMSP."""
    rng = random.Random(name)
    if name == "random":
        return streams([rng.randbytes(60_000), rng.randbytes(60_000)])
    if name == "http":
        ask = b"".join(
            b"GET /%d HTTP/1.1\r\nHost: x.example\r\n\r\n" % n for n in range(300)
        )
        body = b"".join(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % n + b"x" * n
            for n in range(1, 300)
        )
        return streams([ask, body])
    items = []
    for n in range(300):
        if name == "mqtt":
            topic = b"\x00\x05a/b/c" + rng.randbytes(rng.randint(1, 90))
            turns = [(0, b"\xc0\0"), (1, b"\xd0\0")] if n % 9 == 0 else []
            turns.append((n % 2, b"\x30" + bytes([len(topic)]) + topic))
        else:
            own = rng.randbytes(rng.randint(20, 900))
            turns = [(n % 2, b"\x17\x03\x03" + struct.pack(">H", len(own)) + own)]
        items += [(side, Plain(raw, 0, n, (n,))) for side, raw in turns]
    return runs_of(items)


@pytest.mark.parametrize("name", ["random", "http", "mqtt", "tls"])
def test_what_is_no_nmsp_is_no_profile(name: str) -> None:
    found = calibrate(foreign(name))
    assert found.profile is None
    assert found.reason.startswith("no such structure")


def test_one_direction_alone_is_not_enough() -> None:
    geometry = draw_geometry(5)
    own = [run for run in runs(geometry, 5) if run.side == 1]
    assert calibrate(own) == Calibration(None, [], calibrate(own).reason)


def test_the_command_writes_a_profile_that_reads_the_capture(tmp_path: Path) -> None:
    geometry = draw_geometry(5)
    path, profile = tmp_path / "x.pcapng", tmp_path / "mine.toml"
    path.write_bytes(capture(geometry, 5))
    run = CliRunner().invoke
    result = run(main, ["calibrate", str(path), "-o", str(profile)])
    assert result.exit_code == 0, result.output
    assert "header.length: " in result.stdout
    assert read(profile).name == "mine"
    arguments = ["dissect", str(path), "--profile", str(profile), "--format", "ndjson"]
    shown = run(main, arguments)
    assert shown.exit_code == 0, shown.output
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    types = [line["type"] for line in lines if line["kind"] == "message"]
    assert types == [one.kind for one in conversation(geometry, 5)]


def test_the_command_says_that_there_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    rng = random.Random(3)
    said = [(n % 2, rng.randbytes(300)) for n in range(80)]
    path.write_bytes(capture(draw_geometry(5), 5, said))
    profile = tmp_path / "mine.toml"
    result = CliRunner().invoke(main, ["calibrate", str(path), "-o", str(profile)])
    assert result.exit_code == 3
    assert "no such structure" in result.stderr
    assert not profile.exists()
