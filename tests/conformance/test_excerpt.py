# SPDX-License-Identifier: GPL-2.0-or-later
"""Each deviation that `check` finds has a capture of its own, which shows it again."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance import excerpt, matrix, scenario
from conformance.cli.main import main
from conformance.runner import run_case
from nmsp_scapy import layers
from nmsp_scapy.capture import Capture, Packet
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.layers import NMSP
from tests.gear.captures import pcapng
from tests.gear.talks import MSE, WLC, script

ECHO, CASE = "NMSP-ECHO-3", "echo.answers_echo_in_its_transaction"
OTHER = ("10.1.1.11", 40002)


def check(capture: Path, *more: object) -> Result:
    line = ["check", str(capture), *map(str, more), "--trust", "assumed"]
    return CliRunner().invoke(main, line)


def parts(folder: Path) -> list[dict[str, Any]]:
    (run,) = json.loads((folder / "result.json").read_text())["runs"]
    return [part for case in run["cases"] for part in case["requirements"]]


def deviating(folder: Path) -> dict[str, Any]:
    (part,) = [part for part in parts(folder) if part["verdict"] == "fail"]
    return part


def packets(path: Path) -> list[Packet]:
    with path.open("rb") as file:
        return [each for each in Capture(file).packets() if isinstance(each, Packet)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A recording of faulty gear: two connections over TLS, secrets inside."""
    folder = tmp_path_factory.mktemp("played")
    with matrix.wlc("echo-wrong-transaction") as settings:
        settings.output = folder
        case = run_case(scenario.load()[CASE], settings)
    return folder / case.capture, settings.target[1]


def test_it_ends_with_what_deviates_and_is_judged_alike(
    played: tuple[Path, int], tmp_path: Path
) -> None:
    capture, port = played
    found = check(capture, ECHO, "-o", tmp_path, "--port", port)
    assert found.exit_code == 1, found.output
    part = deviating(tmp_path)
    own = tmp_path / part["capture"]
    assert own.name == f"{ECHO}.0.pcapng"
    assert own.stat().st_mode & 0o777 == 0o600
    last = max(f for each in part["findings"] for f in each["evidence"]["frames"])
    assert len(packets(own)) == last < len(packets(capture))
    again = check(own, ECHO, "--port", port)
    assert again.exit_code == 1
    said = [
        re.findall(r"(?:expected|actual) .*", each.output) for each in (found, again)
    ]
    assert said[0] == said[1] != []


def test_the_command_that_is_told_judges_alike(
    played: tuple[Path, int], tmp_path: Path
) -> None:
    capture, port = played
    found = check(capture, ECHO, "-o", tmp_path, "--port", port, "--show-identities")
    (told,) = [line for line in found.output.splitlines() if "  again  " in line]
    _, program, *line = shlex.split(told)
    assert (program, line[0]) == ("nmsp-conformance", "check")
    assert CliRunner().invoke(main, line).exit_code == 1


def test_it_holds_its_own_secrets_alone(tmp_path: Path) -> None:
    """Two connections in one capture, and a key log that opens them both."""
    frames, secrets = [], []
    with matrix.wlc("echo-wrong-transaction") as settings:
        for name in ("one", "two"):
            settings.output = tmp_path / name
            settings.output.mkdir()
            case = run_case(scenario.load()[CASE], settings)
            capture = settings.output / case.capture
            frames += [packet.data for packet in packets(capture)]
            line = rb"[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+\n"
            secrets += re.findall(line, capture.read_bytes())
    keys, out = tmp_path / "keys.txt", tmp_path / "out"
    keys.write_bytes(b"".join(secrets))
    both, port = written(tmp_path, frames), settings.target[1]
    found = check(both, ECHO, "-o", out, "--port", port, "--keylog", keys)
    assert found.exit_code == 1, found.output
    kept = [(out / f"{ECHO}.{n}.pcapng").read_bytes() for n in (0, 1)]
    held = [{line for line in secrets if line in data} for data in kept]
    assert all(held)
    assert held[0].isdisjoint(held[1])


def talk(client: tuple[str, int], said: list[tuple[int, bytes]]) -> list[bytes]:
    made = TcpFrames(client, WLC)
    frames = made.open()
    for side, raw in said:
        frames += made.data(side, raw)
    return frames + made.finish(0) + made.finish(1)


def written(tmp_path: Path, frames: list[bytes]) -> Path:
    capture = tmp_path / "x.pcapng"
    capture.write_bytes(pcapng(frames))
    return capture


FAULTY = [
    (1, bytes(NMSP() / layers.NMSPCapabilityNotification())),
    (1, bytes(NMSP(transaction_id=9) / layers.NMSPCapabilityNotification())),
    (1, bytes(NMSP() / layers.NMSPCapabilityNotification())),
]
SILENT = [each for n, each in enumerate(script()) if n != 1]


def test_it_holds_one_conversation_of_several(tmp_path: Path) -> None:
    """Two take turns; then the ports of the first are used again."""
    one, other = talk(MSE, FAULTY), talk(OTHER, list(script()))
    turns = [frame for pair in zip(one, other, strict=False) for frame in pair]
    rest = one[len(other) :] + other[len(one) :]
    capture = written(tmp_path, turns + rest + talk(MSE, list(script())))
    out = tmp_path / "out"
    assert check(capture, "NMSP-CAPABILITY-4", "-o", out).exit_code == 1
    part = deviating(out)
    own = [packet.data for packet in packets(out / part["capture"])]
    assert own == one[: len(own)]
    (unmet,) = [found for found in part["findings"] if not found["met"]]
    assert unmet["evidence"]["frames"] == [len(own)]
    assert unmet["evidence"]["filter"].startswith(f"frame.number == {len(own)} && ")


def test_where_nothing_came_it_goes_on_to_the_end(tmp_path: Path) -> None:
    frames = talk(MSE, SILENT)
    out = tmp_path / "out"
    assert check(written(tmp_path, frames), "NMSP-CAPABILITY-1", "-o", out).exit_code
    part = deviating(out)
    assert [p.data for p in packets(out / part["capture"])] == frames
    (found,) = part["findings"]
    (number,) = found["evidence"]["frames"]
    (told,) = packets(out / part["capture"])[number - 1].comments
    assert told.startswith("NMSP-CAPABILITY-1: expected a CAPABILITY")


def test_fragments_belong_to_it(tmp_path: Path) -> None:
    frames = [piece for frame in talk(MSE, FAULTY) for piece in in_two(frame)]
    out = tmp_path / "out"
    capture = written(tmp_path, frames)
    assert check(capture, "NMSP-CAPABILITY-4", "-o", out).exit_code == 1
    own = out / deviating(out)["capture"]
    assert [p.data for p in packets(own)] == frames[: len(packets(own))]
    assert check(own, "NMSP-CAPABILITY-4").exit_code == 1


def in_two(frame: bytes) -> list[bytes]:
    """An Ethernet frame's IPv4 packet in two fragments, the last one first."""
    ethernet, head, data = frame[:14], frame[14:34], frame[34:]
    at = 8

    def piece(payload: bytes, part: int) -> bytes:
        length = (20 + len(payload)).to_bytes(2)
        return (
            ethernet
            + head[:2]
            + length
            + head[4:6]
            + part.to_bytes(2)
            + head[8:]
            + payload
        )

    return [piece(data[at:], at // 8), piece(data[:at], 0x2000)]


def test_the_capture_itself_is_never_written_over(tmp_path: Path) -> None:
    capture = tmp_path / "NMSP-CAPABILITY-1.0.pcapng"
    capture.write_bytes(pcapng(talk(MSE, SILENT)))
    before = capture.read_bytes()
    refused = check(capture, "NMSP-CAPABILITY-1", "-o", tmp_path)
    assert refused.exit_code == 2
    assert "is the capture that is read" in refused.output
    assert capture.read_bytes() == before


@pytest.mark.parametrize("at_once", [1, 64])
def test_they_are_bounded_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(excerpt, "MOST", 2)
    monkeypatch.setattr(excerpt, "AT_ONCE", at_once)
    ends = [("10.1.1.11", 40000 + n) for n in range(3)]
    capture = written(tmp_path, [frame for end in ends for frame in talk(end, SILENT)])
    found = check(capture, "NMSP-CAPABILITY-1", "-o", tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*.pcapng"))) == 2
    assert "3 deviations: the first 2 have captures" in " ".join(found.output.split())
