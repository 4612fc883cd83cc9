# SPDX-License-Identifier: GPL-2.0-or-later
import json
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from nmsp_scapy.calibrate import Run, calibrate, runs_of
from nmsp_scapy.cli.main import main
from nmsp_scapy.integrity import Gap, Item, Plain
from nmsp_scapy.profile.reading import read
from tests.gear.drawn import capture, judged, runs
from tests.gear.foreign import FOREIGN, foreign, turns
from tests.gear.geometries import draw_geometry
from tests.gear.talk import conversation, records


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


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_nmsp_is_no_profile(name: str) -> None:
    found = calibrate(foreign(name))
    assert found.profile is None
    assert found.reason.startswith("no such structure")


def test_one_direction_alone_claims_no_more_than_it_knows() -> None:
    geometry = draw_geometry(5)
    for side, who in enumerate(["MSE", "WLC"]):
        own = [run for run in runs(geometry, 5) if run.side == side]
        found = calibrate(own)
        assert found.profile is not None
        told = {one.statement: one for one in found.findings}
        assert not told["header.type"].determined
        assert f"of the {who} alone" in told["conversations"].evidence
        assert not judged(geometry, found, 5).wrong


@pytest.mark.parametrize("seed", [100, 107, 119, 125])
def test_echo_is_known_by_what_it_does_where_its_numbers_are_others(seed: int) -> None:
    geometry = draw_geometry(seed, renumbered=True)
    found = calibrate(runs(geometry, seed))
    verdict = judged(geometry, found, seed)
    assert verdict.always
    assert not verdict.wrong
    assert found.profile is not None
    numbers = geometry.profile.message_types
    for name in ("ECHO_REQUEST", "ECHO_RESPONSE", "CAPABILITY_NOTIFICATION"):
        assert found.profile.message_types[name] == numbers[name]
    told = {one.statement: one for one in found.findings}
    assert not told["header.type"].determined
    assert "15 s apart, as is the default" in told["header.type"].evidence


def test_conversations_are_measured_together() -> None:
    geometry = draw_geometry(8)
    both: list[Run] = []
    for number, seed in enumerate([8, 9]):
        sent = records(conversation(geometry, seed, 70), seed)
        both += runs_of(
            (
                (side, Plain(data, 0, int(when * 1e9), (number * 1000 + frame,)))
                for frame, (when, side, data) in enumerate(sent)
            ),
            conversation=number,
        )
    found = calibrate(both)
    verdict = judged(geometry, found, 8)
    assert verdict.always
    assert not verdict.wrong
    assert found.findings[0].value == "2 of 2"


def test_another_protocol_beside_it_is_left_out() -> None:
    geometry = draw_geometry(8)
    others = [msgspec.structs.replace(run, conversation=1) for run in foreign("http")]
    found = calibrate([*runs(geometry, 8), *others])
    assert judged(geometry, found, 8).always
    assert found.findings[0].value == "1 of 2"


def test_elements_are_certain_only_where_the_end_of_messages_is_known() -> None:
    """Without a trailer they could begin earlier, with bytes of a trailer behind."""
    certain = set()
    for seed in range(8):
        geometry = draw_geometry(seed)
        told = {f.statement: f for f in calibrate(runs(geometry, seed)).findings}
        elements, trailer = told["elements"], told["header.trailer"].value
        if elements.value != "none":
            certain.add((trailer != "0", elements.determined))
            assert elements.determined or elements.convention
    assert (False, False) in certain
    assert (True, True) in certain
    assert (False, True) not in certain


@pytest.mark.parametrize("seed", [103, 106])
def test_a_type_above_255_is_read_whole_from_one_direction_too(seed: int) -> None:
    # The low byte of a number that is not public is by chance a documented one.
    geometry = draw_geometry(seed)
    own = [run for run in runs(geometry, seed) if run.side == 1]
    assert judged(geometry, calibrate(own), seed).framing


def test_a_megabyte_takes_less_than_ten_seconds() -> None:
    geometry = draw_geometry(2003)
    sent = records(conversation(geometry, 8, 2700), 8)
    own = runs_of(
        (side, Plain(data, 0, int(when * 1e9), (frame,)))
        for frame, (when, side, data) in enumerate(sent)
    )
    assert sum(len(run.data) for run in own) > 1_000_000
    began = time.process_time()
    found = calibrate(own)
    assert time.process_time() - began < 10
    assert judged(geometry, found, 8).always


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


@pytest.mark.parametrize("name", ["random", "http", "mqtt", "tls", "http2", "dns"])
def test_the_command_says_that_there_is_nothing(name: str, tmp_path: Path) -> None:
    """Inside real TLS; HTTP/2 and DNS have lengths too, and are no NMSP for that."""
    path = tmp_path / "x.pcapng"
    said = [(side, data) for _, side, data in turns(name)]
    path.write_bytes(capture(draw_geometry(5), 5, said))
    profile = tmp_path / "mine.toml"
    result = CliRunner().invoke(main, ["calibrate", str(path), "-o", str(profile)])
    assert result.exit_code == 3
    assert "no such structure" in result.stderr
    assert not profile.exists()
