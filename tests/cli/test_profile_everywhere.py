# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that read captures go by the profile that they are given."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from nmsp_scapy.cli.main import main
from nmsp_scapy.profile.reading import read
from nmsp_scapy.profile.writing import written
from nmsp_scapy.session import NMSPSession
from tests.gear.drawn import capture
from tests.gear.geometries import draw_geometry
from tests.gear.talk import conversation

SEED = 15


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
