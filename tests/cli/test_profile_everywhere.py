# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands go by the profile that they are given; each says where that is held.

What speaks NMSP is tried in `tests/conformance/test_profile_live.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from conformance.cli.main import main as conformance
from nmsp_scapy.cli.main import main
from nmsp_scapy.profile.reading import read
from nmsp_scapy.profile.writing import written
from nmsp_scapy.session import NMSPSession
from tests.gear.drawn import capture
from tests.gear.geometries import draw_geometry
from tests.gear.talk import conversation

ROOT = Path(__file__).parents[2]
SEED = 15

HERE = "this file"
LIVE = "tests/conformance/test_profile_live.py"
DRIVES = "tests/calibrate/test_drives.py"
LAYOUT_FREE = "reads or writes no message"
RESULTS = "reads results, which name their profile"

HELD = {
    "nmsp authlist new": LAYOUT_FREE,
    "nmsp authlist show": LAYOUT_FREE,
    "nmsp calibrate": "makes profiles",
    "nmsp completion": LAYOUT_FREE,
    "nmsp decrypt": HERE,
    "nmsp dissect": HERE,
    "nmsp doctor": HERE,
    "nmsp emulate control": LAYOUT_FREE,
    "nmsp emulate faults": LAYOUT_FREE,
    "nmsp emulate mse": LIVE,
    "nmsp emulate wlc": LIVE,
    "nmsp extcap": "tests/cli/test_extcap.py",
    "nmsp profile check": "reads profiles",
    "nmsp profile diff": "reads profiles",
    "nmsp profile show": "reads profiles",
    "nmsp report": HERE,
    "nmsp shell": HERE,
    "nmsp status": HERE,
    "nmsp tap": LIVE,
    "nmsp trace": "reads a controller's words",
    "nmsp wireshark check": "tests/export/test_wireshark.py",
    "nmsp wireshark install": "tests/export/test_wireshark.py",
    "nmsp wireshark lua": DRIVES,
    "nmsp wireshark uninstall": LAYOUT_FREE,
    "nmsp-conformance baseline check": RESULTS,
    "nmsp-conformance baseline make": RESULTS,
    "nmsp-conformance baseline show": RESULTS,
    "nmsp-conformance baseline update": RESULTS,
    "nmsp-conformance check": HERE,
    "nmsp-conformance coverage": LAYOUT_FREE,
    "nmsp-conformance diff": RESULTS,
    "nmsp-conformance explain": LAYOUT_FREE,
    "nmsp-conformance list": LAYOUT_FREE,
    "nmsp-conformance listen": LIVE,
    "nmsp-conformance replay": LIVE,
    "nmsp-conformance run": LIVE,
}
"""Where each command is held to its profile, or why it needs none."""


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Walk through a command line to its commands."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command, info_name=name)
    for part in command.list_commands(context):
        below = command.get_command(context, part)
        assert below is not None
        yield from commands(below, f"{name} {part}")


COMMANDS = dict(commands(main, "nmsp")) | dict(
    commands(conformance, "nmsp-conformance")
)


def test_each_command_takes_a_profile_or_has_its_reason() -> None:
    assert COMMANDS.keys() == HELD.keys()
    takes = {
        name
        for name, command in COMMANDS.items()
        if any(opt.endswith("-profile") for p in command.params for opt in p.opts)
    }
    assert takes == {n for n, held in HELD.items() if held == HERE or ".py" in held}
    for held in HELD.values():
        assert ".py" not in held or (ROOT / held).exists()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A capture in a drawn layout, and the profile of that layout."""
    folder, geometry = tmp_path_factory.mktemp("drawn"), draw_geometry(SEED)
    (folder / "x.pcapng").write_bytes(capture(geometry, SEED))
    (folder / "mine.toml").write_text(written(geometry.profile))
    return folder / "x.pcapng", folder / "mine.toml"


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["dissect"], "ECHO_REQUEST"),
        (["status"], "MEASUREMENT_NOTIFICATION"),
        (["report", "-o", "OUT"], "MEASUREMENT_NOTIFICATION"),
        (["doctor"], "1 of 1 conversations speak NMSP"),
        (
            ["shell", "-c", "print(sorted({p[NMSP].message for p in packets}))"],
            "ECHO_R",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_names_messages_by_its_profile_alone(
    drawn: tuple[Path, Path], tmp_path: Path, command: list[str], shown: str
) -> None:
    path, profile = drawn
    said = []
    for turn, more in enumerate(([], ["--profile", str(profile)])):
        out = tmp_path / f"{turn}.out"
        line = [str(out) if word == "OUT" else word for word in command]
        result = CliRunner().invoke(main, [*line, str(path), *more])
        said.append(result.stdout + (out.read_text() if out.exists() else ""))
    assert shown not in said[0]
    assert shown in said[1]


def test_check_judges_what_the_profile_names(drawn: tuple[Path, Path]) -> None:
    path, profile = drawn
    passed = []
    for more in ([], ["--profile", str(profile)]):
        result = CliRunner().invoke(conformance, ["check", str(path), "--json", *more])
        (run,) = json.loads(result.stdout)["runs"]
        passed.append({c["id"] for c in run["cases"] if c["verdict"] == "pass"})
    assert not any("echo" in name.lower() for name in passed[0])
    assert any("echo" in name.lower() for name in passed[1])


def test_decrypt_cuts_one_pdu_a_message(
    drawn: tuple[Path, Path], tmp_path: Path
) -> None:
    path, profile = drawn
    out = tmp_path / "pdu.pcapng"
    arguments = ["--profile", str(profile)]
    made = CliRunner().invoke(
        main,
        ["decrypt", str(path), *arguments, "--format", "upper-pdu", "-o", str(out)],
    )
    assert made.exit_code == 0, made.output
    again = CliRunner().invoke(main, ["dissect", str(out), *arguments])
    count = len(conversation(draw_geometry(SEED), SEED))
    assert f"{count} messages" in again.stdout


def test_a_scapy_session_reads_by_its_profile(drawn: tuple[Path, Path]) -> None:
    path, profile = drawn
    packets = list(NMSPSession(profile=read(profile)).read(str(path)))
    assert len(packets) == len(conversation(draw_geometry(SEED), SEED))
