# SPDX-License-Identifier: GPL-2.0-or-later
"""Deviations and events stand as comments on the frames of the capture itself."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli.main import main
from nmsp_scapy import layers
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.cli.main import main as nmsp
from nmsp_scapy.export.lua import dissector
from nmsp_scapy.layers import NMSP
from tests.gear.captures import pcapng
from tests.gear.talks import MSE, WLC, script
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


def test_what_no_message_shows_stands_where_it_was_last_heard_of(
    tshark: str, tmp_path: Path
) -> None:
    """A listed MSE is refused: there is no message, but an alert."""
    capture = ROOT / "pcaps" / "tls10-rsa-rejected.pcapng"
    listed = ("--authlist", str(ROOT / "keys" / "authlist.txt"))
    key = ("--rsa-key", str(ROOT / "keys" / "wlc.pem"))
    out = annotated(tmp_path, capture, *listed, *key)
    found = rows(tshark, tmp_path, out, "tls.alert_message.desc", "frame.comment")
    [told] = [row for row in found if row[1]]
    assert told[0] == "46"
    assert "NMSP-AUTHLIST-1: expected " in told[1]


@pytest.mark.parametrize("form", ["pcapng", "cleartext"])
def test_an_export_can_be_annotated(tshark: str, tmp_path: Path, form: str) -> None:
    """The way that `nmsp decrypt --help` names: export, then check the export."""
    capture, out = ROOT / "pcaps" / "tls13.pcapng", tmp_path / "out.pcapng"
    command = ["decrypt", str(capture), "-o", str(out), "--format", form]
    assert CliRunner().invoke(nmsp, command).exit_code == 0
    told = annotated(tmp_path, out, "NMSP-NOTIFICATIONS-2")
    found = rows(tshark, tmp_path, told, "nmsp.deviation", "frame.comment")
    marked = [row for row in found if row[0]]
    assert len(marked) == 2
    assert all(row[1].startswith("NMSP-NOTIFICATIONS-2: expected ") for row in marked)


def test_silence_is_told_on_the_last_message(tshark: str, tmp_path: Path) -> None:
    """The WLC never tells its capabilities, and no frame shows that."""
    said = [each for n, each in enumerate(script()) if n != 1]
    made = TcpFrames(MSE, WLC)
    frames = made.open()
    for side, raw in said:
        frames += made.data(side, raw)
    last = len(frames) - 1
    capture = tmp_path / "x.pcapng"
    capture.write_bytes(pcapng(frames + made.finish(0) + made.finish(1)))
    out = annotated(tmp_path, capture, "--trust", "assumed", "NMSP-CAPABILITY-1")
    comments = [row[0] for row in rows(tshark, tmp_path, out, "frame.comment")]
    [at] = [number for number, text in enumerate(comments, 1) if text]
    assert at == last
    assert comments[at - 1].startswith("NMSP-CAPABILITY-1: expected a CAPABILITY")


def test_the_capture_itself_is_never_written_over(tmp_path: Path) -> None:
    capture = tcp_capture(tmp_path / "x.pcap", [bytes(NMSP())])
    run = CliRunner().invoke(main, ["check", str(capture), "--annotate", str(capture)])
    assert run.exit_code == 2
    assert "capture that is read" in run.output
