# SPDX-License-Identifier: GPL-2.0-or-later
"""Deviations and events stand as comments on the frames of the capture itself."""

from pathlib import Path

from click.testing import CliRunner

from conformance.cli.main import main
from nmsp_scapy import layers
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.export.lua import dissector
from nmsp_scapy.layers import NMSP
from tests.gear.captures import pcapng
from tests.gear.talks import MSE, WLC
from tests.gear.wireshark import run_tshark, tcp_capture

ROOT = Path(__file__).parents[2]


def annotated(tmp_path: Path, capture: Path, *more: str) -> Path:
    out = tmp_path / "told.pcapng"
    run = CliRunner().invoke(
        main, ["check", str(capture), "--annotate", str(out), *more]
    )
    assert run.exit_code in (0, 1, 3), run.output
    return out


def rows(tshark: str, tmp_path: Path, capture: Path, *fields: str) -> list[list[str]]:
    lua = tmp_path / "nmsp.lua"
    lua.write_text(dissector())
    columns = [part for field in fields for part in ("-e", field)]
    said = run_tshark(
        tshark,
        *("-r", capture, "-X", f"lua_script:{lua}", "-T", "fields"),
        *columns,
    )
    return [line.split("\t") for line in said.splitlines()]


def test_a_deviation_is_a_comment_and_is_marked(tshark: str, tmp_path: Path) -> None:
    """A notification in a transaction, in a capture without TLS."""
    talk = [
        NMSP() / layers.NMSPCapabilityNotification(),
        NMSP(transaction_id=9) / layers.NMSPCapabilityNotification(),
        NMSP() / layers.NMSPCapabilityNotification(),
    ]
    made = TcpFrames(MSE, WLC)
    frames = made.open()
    opened = len(frames)
    for packet in talk:
        frames += made.data(1, bytes(packet))
    each = (len(frames) - opened) // len(talk)
    capture = tmp_path / "x.pcapng"
    capture.write_bytes(pcapng(frames))
    out = annotated(tmp_path, capture, "--trust", "assumed", "NMSP-CAPABILITY-4")
    assert out.stat().st_mode & 0o777 == 0o600
    found = rows(
        tshark, tmp_path, out, "frame.number", "nmsp.deviation", "frame.comment"
    )
    carrier = opened + each
    assert [row[0] for row in found if row[1]] == [str(carrier + 1)]
    assert found[carrier][2].startswith("NMSP-CAPABILITY-4: expected ")
    assert [n for n, row in enumerate(found) if row[2]] == [carrier]


def test_an_event_is_a_comment(tshark: str, tmp_path: Path) -> None:
    capture = ROOT / "pcaps" / "tls13.pcapng"
    plain = annotated(tmp_path, capture).read_bytes()
    assert b"NMSP: gap" not in plain
    lost = tmp_path / "lost.pcapng"
    run_tshark(tshark, "-r", capture, "-Y", "frame.number != 20", "-w", lost)
    out = annotated(tmp_path, lost)
    comments = [row[0] for row in rows(tshark, tmp_path, out, "frame.comment")]
    assert any(comment.startswith("NMSP: gap") for comment in comments)


def test_the_capture_itself_is_never_written_over(tmp_path: Path) -> None:
    capture = tcp_capture(tmp_path / "x.pcap", [bytes(NMSP())])
    run = CliRunner().invoke(main, ["check", str(capture), "--annotate", str(capture)])
    assert run.exit_code == 2
    assert "capture that is read" in run.output
