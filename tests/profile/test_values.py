# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields that a profile names in the values of elements are seen by every tool."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyarrow import parquet

from nmsp_scapy import layers, records
from nmsp_scapy.cli.main import main
from nmsp_scapy.profile.reading import ProfileError, parsed
from nmsp_scapy.profile.writing import differences, written
from tests.gear.captures import Tap, frame, pcapng
from tests.gear.odd_profiles import FLAT
from tests.gear.shark import shark

HEAD = 'inherits = "nominal"\nname = "mine"\n'
TEXT = f"""{HEAD}
[element_types]
BEACON = 200

[[values.BEACON]]
name = "signal"
offset = 1
width = 1
kind = "dbm"

[[values.BEACON]]
name = "age"
offset = 2
width = 2
byte_order = "little"

[[values.STATUS]]
name = "reason"
offset = 0
width = 1
"""
BODY = bytes.fromhex("00c8000405b4020100010002 0700")


def raw(body: bytes, number: int = 15) -> bytes:
    head = b"\x01\x00" + number.to_bytes(2) + (12 + len(body)).to_bytes(4)
    return head + bytes(4) + body


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A connection without TLS in which the WLC says it, after an echo."""
    path, tap = tmp_path / "x.pcapng", Tap().open()
    tap.write(0, raw(b"", 1))
    for _ in range(9):
        tap.write(1, raw(BODY))
    path.write_bytes(pcapng([frame(segment) for segment in tap.segments]))
    return path


def nmsp(*args: str | Path) -> str:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_packets_and_records_say_the_same_in_each_field_s_byte_order() -> None:
    mine = parsed(TEXT)
    packet = layers.bind(mine).dissect(raw(BODY))
    beacon, status = packet.payload.elements
    told, code = json.loads(records.to_json(raw(BODY), mine))["elements"]
    assert (told["name"], code["name"]) == ("BEACON", "STATUS")
    assert beacon.signal == told["signal"] == -76
    assert beacon.age == told["age"] == 0x0102
    assert beacon.unknown_0 == bytes.fromhex(told["unknown_0"]) == b"\x05"
    assert status.reason == code["reason"] == 7
    assert bytes(packet) == raw(BODY)
    packet.payload.elements[0].age = 3
    assert bytes(packet) == raw(BODY.replace(b"\x02\x01", b"\x03\x00"))


def test_a_value_too_short_for_its_fields_is_malformed_and_kept() -> None:
    mine, short = parsed(TEXT), raw(bytes.fromhex("00c8000305b402"))
    (told,) = json.loads(records.to_json(short, mine))["elements"]
    assert told["value"] == "05b402"
    assert "malformed" in told
    assert bytes(layers.bind(mine).dissect(short)) == short


def test_it_is_written_read_back_and_compared() -> None:
    mine = parsed(TEXT)
    assert parsed(written(mine)) == mine
    places = {place for place, _, _ in differences(parsed(HEAD), mine)}
    assert "values.BEACON.age.byte_order" in places


def test_where_and_wireshark_know_the_fields(
    capture: Path, tmp_path: Path, tshark: str
) -> None:
    profile, lua = tmp_path / "mine.toml", tmp_path / "nmsp.lua"
    profile.write_text(TEXT)
    asked = ["dissect", capture, "--profile", profile, "--format", "ndjson"]
    shown = nmsp(*asked, "--where", "signal == -76 and age == 258")
    assert shown.count('"signal":-76') == 9
    nmsp("wireshark", "lua", "--profile", profile, "-o", lua)
    fields = ("nmsp.element.signal", "nmsp.element.age", "nmsp.element.reason")
    chosen = [part for name in fields for part in ("-e", name)]
    said = shark(
        tshark, capture, "-X", f"lua_script:{lua}", "-d", "tcp.port==16113,nmsp",
        "-Y", "nmsp.element.signal == -76", "-T", "fields", *chosen,
    )  # fmt: skip
    assert said == ["-76\t258\t7"] * 9


def test_the_lines_of_unknown_name_an_element_s_fields(
    capture: Path, tmp_path: Path
) -> None:
    shown = nmsp("dissect", capture, "--unknown")
    found = re.search(r"names to be found:\n((?:    .*\n|\n)+)", shown)
    assert found is not None
    snippet = re.sub(r"^    ", "", found[1], flags=re.M)
    profile = tmp_path / "mine.toml"
    profile.write_text(HEAD + "[element_types]\nELEMENT_200 = 200\n")
    still = nmsp("dissect", capture, "--profile", profile, "--unknown")
    assert "ELEMENT_200: 4 bytes, 9 times" in still
    profile.write_text(HEAD + snippet)
    after = nmsp("dissect", capture, "--profile", profile, "--unknown")
    assert after.startswith("nothing in 10 messages is opaque")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("[[values.NOBODY]]\nname='a'\noffset=0\nwidth=1", 3, "no element NOBODY"),
        ("[[values.STATUS]]\nname='length'\noffset=0\nwidth=1", 4, "already"),
        ("[[values.STATUS]]\nname='a'\noffset=99999999999\nwidth=1", 5, "below"),
        ("[[values.STATUS]]\nname='unknown_3'\noffset=0\nwidth=1", 4, "claims"),
        ("elements=false\n[[values.STATUS]]\nname='a'\noffset=0\nwidth=1", 4, "no el"),
        ("[[bodies.ECHO_REQUEST]]\nname='a'\noffset=99999999999\nwidth=1", 5, "below"),
    ],
)
def test_fields_that_cannot_be_are_refused(text: str, line: int, word: str) -> None:
    with pytest.raises(ProfileError, match=rf"profile:{line}: .*{word}"):
        parsed(f"{HEAD}{text}\n")


def test_fields_of_the_profile_are_columns(capture: Path, tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.toml", tmp_path / "x.parquet"
    mine.write_text(TEXT)
    given = ("dissect", capture, "--profile", mine)
    head, first, second, *_ = nmsp(*given, "--format", "tsv").splitlines()
    assert head.split("\t")[-3:] == ["BEACON.signal", "BEACON.age", "STATUS.reason"]
    assert first.split("\t")[-3:] == ["", "", ""]
    assert second.split("\t")[-3:] == ["-76", "258", "7"]
    chosen = ("--columns", "frame,BEACON.signal")
    assert nmsp(*given, "--format", "tsv", *chosen).splitlines()[2] == "6\t-76"
    nmsp(*given, "--format", "parquet", "-o", out)
    table = parquet.read_table(out)
    assert str(table.schema.field("BEACON.signal").type) == "int64"
    assert table.column("BEACON.age").to_pylist()[:2] == [None, 258]


def test_fields_of_a_body_are_columns(tmp_path: Path) -> None:
    mine, path, bound = tmp_path / "flat.toml", tmp_path / "x.pcapng", layers.bind(FLAT)
    body = bound.message("ECHO_REQUEST")
    assert body is not None
    said = bound.header() / body(uptime=5, peer="02:00:00:00:00:01", level=-5)
    tap = Tap().open()
    tap.write(0, bytes(said))
    path.write_bytes(pcapng([frame(segment) for segment in tap.segments]))
    mine.write_text(written(FLAT))
    names = "ECHO_REQUEST.uptime,ECHO_REQUEST.peer,ECHO_REQUEST.level"
    given = ("--profile", mine, "--format", "tsv", "--columns", names)
    assert nmsp("dissect", path, *given).splitlines() == [
        names.replace(",", "\t"),
        "5\t02:00:00:00:00:01\t-5",
    ]
