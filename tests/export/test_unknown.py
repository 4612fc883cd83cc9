# SPDX-License-Identifier: GPL-2.0-or-later
"""What is opaque is laid out, called what it looks like, and named in a profile."""

import itertools
import json
import random
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nmsp_scapy.cli.main import main
from nmsp_scapy.conversation import Direction, Message
from nmsp_scapy.export import unknown
from nmsp_scapy.export.unknown import LETTERS, Group, Key, Opaque
from tests.gear.captures import Tap, frame, pcapng

CHANCE = random.Random(5)
VENDOR = bytes.fromhex("020011")
STATIONS = [VENDOR + CHANCE.randbytes(3) for _ in range(9)]
WORDS = [b"lobby-01", b"lobby-02", b"roof-103", b"cellar-4"]
NUMBER = 99


def body(at: int) -> bytes:
    """Constant, counter, address, one of few, signal strength, text, anything."""
    return (
        b"\x00\x2a"
        + (7000 + at).to_bytes(4)
        + CHANCE.choice(STATIONS)
        + CHANCE.choice((b"\x01", b"\x02", b"\x09"))
        + (256 - CHANCE.randrange(35, 90)).to_bytes(1)
        + CHANCE.choice(WORDS)
        + CHANCE.randbytes(3)
    )


EXPECTED = "..ccccmmmmmmedaaaaaaaa???"


def raw(data: bytes, number: int = NUMBER) -> bytes:
    return (
        b"\x01\0" + number.to_bytes(2) + (12 + len(data)).to_bytes(4) + bytes(4) + data
    )


def message(data: bytes, at: int, number: int = NUMBER) -> Message:
    way, time_ns = Direction.WLC_TO_MSE, 10**18 + at * 10**9
    whole = raw(data, number)
    return Message(0, at, time_ns, way, (at + 1,), whole, number, 1, 0, len(whole), 0)


def written(path: Path, raws: list[bytes]) -> Path:
    """A connection without TLS in which the WLC says these, after an echo."""
    tap = Tap().open()
    tap.write(0, raw(b"", 1))
    for one in raws:
        tap.write(1, one)
    path.write_bytes(pcapng([frame(segment) for segment in tap.segments]))
    return path


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return written(tmp_path / "x.pcapng", [raw(body(at)) for at in range(60)])


def nmsp(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_each_column_is_called_what_it_looks_like() -> None:
    opaque = Opaque()
    for at in range(60):
        opaque.add(message(body(at), at))
    ((group, parts, columns),) = opaque.groups()
    assert group.title == "99, wlc->mse: 25 bytes, 60 times"
    assert "".join(LETTERS[column.kind] for column in columns) == EXPECTED
    assert columns[0].entropy == 0.0
    assert columns[-1].entropy > 4
    assert [(one.offset, one.width, one.kind) for one in parts] == [
        (2, 4, "number"), (6, 6, "mac"), (13, 1, "dbm"), (14, 8, "text"),
    ]  # fmt: skip


def test_what_is_named_in_the_profile_shows_at_once(
    capture: Path, tmp_path: Path
) -> None:
    first = nmsp("dissect", capture, "--unknown")
    assert first.exit_code == 0
    found = re.search(r"names to be found:\n((?:    .*\n|\n)+)", first.output)
    assert found is not None
    snippet = re.sub(r"^    ", "", found[1], flags=re.M)
    assert 'name = "unknown_6"' in snippet
    profile = tmp_path / "mine.toml"
    named = snippet.replace('"unknown_6"', '"station"')
    profile.write_text(f'name = "mine"\ninherits = "nominal"\n\n{named}')
    lines = nmsp("dissect", capture, "--profile", profile, "--format", "ndjson").output
    records = [json.loads(line) for line in lines.splitlines()]
    bodies = [record["body"] for record in records if "body" in record]
    assert len(bodies) == 60
    assert {one["station"] for one in bodies} <= {s.hex(":") for s in STATIONS}
    assert bodies[0]["unknown_2"] == 7000
    assert -90 < bodies[0]["unknown_13"] < -30
    again = nmsp("dissect", capture, "--profile", profile, "--unknown")
    assert again.output == "nothing in 61 messages is opaque under this profile\n"


def test_values_of_unknown_elements_are_laid_out_too(tmp_path: Path) -> None:
    values = [bytes([1, at, 7]) for at in range(30)]
    raws = [raw(b"\x7f\x01\0\x03" + value, 15) for value in values]
    capture = written(tmp_path / "x.pcapng", raws)
    found = nmsp("dissect", capture, "--unknown", "--format", "ndjson")
    (group,) = [json.loads(line) for line in found.output.splitlines()]
    assert (group["what"], group["number"], group["count"]) == ("element", 0x7F01, 30)
    kinds = [column["kind"] for column in group["columns"]]
    assert kinds == ["counter", "counter", "constant"]  # 256 and up
    assert group["samples"][0] == "010007"


def test_many_values_are_thinned_evenly_and_stay_in_order() -> None:
    group = Group(Key("message", 1, "", 4), "x")
    for at in range(10_000):
        group.add(at.to_bytes(4), at, at)
    numbers = [int.from_bytes(one.data) for one in group.samples]
    assert group.count == 10_000
    assert unknown.SAMPLES // 2 <= len(numbers) <= unknown.SAMPLES
    steps = {b - a for a, b in itertools.pairwise(numbers)}
    assert len(steps) == 1
    assert numbers[-1] > 9_900


def test_groups_are_bounded_and_what_is_left_out_is_told() -> None:
    opaque = Opaque()
    for size in range(1, unknown.GROUPS + 20):
        opaque.add(message(bytes(size), size))
    assert len(opaque.groups()) == unknown.GROUPS
    assert opaque.left_out == 19


def test_a_long_value_is_looked_at_in_its_beginning() -> None:
    opaque = Opaque()
    for at in range(5):
        opaque.add(message(bytes(60_000), at))
    ((group, _, columns),) = opaque.groups()
    assert len(columns) == unknown.WIDTH
    assert len(group.samples[0].data) == unknown.WIDTH


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_one_file_that_a_reader_without_colour_can_read(
    capture: Path, tmp_path: Path
) -> None:
    page = tmp_path / "x.html"
    done = nmsp("dissect", capture, "--unknown", "--format", "html", "-o", page)
    assert done.exit_code == 0
    text = page.read_text()
    cells = Cells()
    cells.feed(text)
    assert not {"script", "img", "link", "iframe"} & set(cells.tags)
    assert not re.search(r"https?://|url\(", text)
    assert 'lang="en"' in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    letters = re.findall(r'title="byte \d+: [^"]*">(.)</td>', text)
    assert "".join(letters) == EXPECTED


def test_names_from_a_capture_and_a_profile_are_escaped(tmp_path: Path) -> None:
    profile = tmp_path / "x.toml"
    name = "<script>alert(1)</script>"
    profile.write_text(
        f'name = "x"\ninherits = "nominal"\nelements = false\n'
        f'[message_types]\n"{name}" = 98\n'
    )
    capture = written(tmp_path / "<i>.pcapng", [raw(b"<b>\x1b[31m", 98)] * 3)
    checked = nmsp("profile", "check", profile)
    if checked.exit_code == 0:
        done = nmsp(
            "dissect", capture, "--profile", profile, "--unknown", "--format", "html"
        )
        assert done.exit_code == 0
        assert "<script>" not in done.output
        assert "<i>" not in done.output
        assert "\x1b" not in done.output


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("--unknown", "--format", "tsv"), "--unknown is written as text"),
        (("--format", "html"), "--format html is for --unknown"),
    ],
)
def test_formats_that_do_not_fit(
    capture: Path, args: tuple[str, ...], reason: str
) -> None:
    done = nmsp("dissect", capture, *args)
    assert done.exit_code == 2
    assert reason in done.output


def test_a_browser_shows_it(capture: Path, tmp_path: Path, chromium: str) -> None:
    page, shot = tmp_path / "x.html", tmp_path / "x.png"
    assert nmsp("dissect", capture, "--unknown", "--format", "html", "-o", page)
    subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu",
            "--window-size=900,900", f"--user-data-dir={tmp_path}/profile",
            f"--screenshot={shot}", page.as_uri(),
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert shot.stat().st_size > 20_000
