# SPDX-License-Identifier: GPL-2.0-or-later
import os
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nmsp_scapy.capture import open_capture
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.cli.main import main
from tests.gear.shark import plaintext, shark
from tests.gear.talks import START_NS, Talk, talk

VERSIONS = ["1.0", "1.2", "1.3"]


def nmsp(*args: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args], input=stdin)


def write(path: Path, one: Talk, *, secrets: bool = True) -> Path:
    path.write_bytes(one.pcapng(secrets=secrets))
    return path


def sides(one: Talk) -> list[bytes]:
    return [b"".join(m for s, m in one.said if s == side) for side in (0, 1)]


def private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("version", VERSIONS)
def test_raw_is_what_was_said(version: str, tmp_path: Path) -> None:
    one = talk(version)
    out = tmp_path / "raw"
    path = write(tmp_path / "x.pcapng", one)
    assert nmsp("decrypt", path, "-o", out, "--format", "raw").exit_code == 0
    files = sorted(out.iterdir())
    assert [f.name for f in files] == ["0-client.bin", "0-server.bin"]
    assert [f.read_bytes() for f in files] == sides(one)
    assert all(private(f) for f in files)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700


def test_raw_says_what_it_lacks(tmp_path: Path) -> None:
    one = talk()
    one.dropped = {20}
    path = write(tmp_path / "x.pcapng", one)
    result = nmsp("decrypt", path, "-o", tmp_path / "raw", "--format", "raw")
    assert result.exit_code == 3
    assert "gap wlc->mse" in result.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_pcapng_opens_in_tshark_by_itself(
    version: str, tmp_path: Path, tshark: str
) -> None:
    one = talk(version)
    path = write(tmp_path / "x.pcapng", one, secrets=False)
    keys = tmp_path / "x.keys"
    keys.write_bytes(b"CLIENT_RANDOM " + b"11" * 32 + b" " + b"22" * 48 + b"\n")
    with keys.open("ab") as file:
        file.write(one.key_log)
    out = tmp_path / "out.pcapng"
    assert nmsp("decrypt", path, "-o", out, "--keylog", keys).exit_code == 0
    assert private(out)
    assert b"11" * 32 not in out.read_bytes()  # exactly the secrets that it needs
    assert plaintext(tshark, out) == sides(one)


def test_pcapng_keeps_the_capture_as_it_was(tmp_path: Path) -> None:
    one = talk()
    path = tmp_path / "x.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file, comments=["of the file"], hardware="lab")
        writer.secrets(b"CLIENT_RANDOM " + b"33" * 32 + b" " + b"44" * 48 + b"\n")
        writer.secrets(one.key_log)
        writer.interface(name="eth7", description="mirror")
        for number, frame in enumerate(one.frames, 1):
            notes = ["of the frame"] if number == 5 else []
            writer.packet(frame, START_NS + number, comments=notes)
    out = tmp_path / "out.pcapng"
    assert nmsp("decrypt", path, "-o", out).exit_code == 0
    with open_capture(path) as before, open_capture(out) as after:
        assert list(before.packets()) == list(after.packets())
        assert before.interfaces == after.interfaces
        assert before.comments == after.comments
        ((_, secrets),) = after.secrets
    assert b"33" * 32 not in secrets
    assert secrets.split()[1] in one.key_log
    assert b"lab" in out.read_bytes()


def test_events_become_comments_of_frames(tmp_path: Path, tshark: str) -> None:
    one = talk()
    one.dropped = {20}
    path = write(tmp_path / "x.pcapng", one)
    for form in ("pcapng", "cleartext", "upper-pdu"):
        out = tmp_path / f"{form}.pcapng"
        assert nmsp("decrypt", path, "-o", out, "--format", form).exit_code == 3
        comments = shark(tshark, out, "-Tfields", "-e", "frame.comment")
        assert any("NMSP: gap" in comment for comment in comments), form


def test_a_classic_capture_becomes_a_pcapng(tmp_path: Path, tshark: str) -> None:
    one = talk()
    path = write(tmp_path / "x.pcapng", one, secrets=False)
    classic = tmp_path / "x.pcap"
    subprocess.run(
        [tshark, "-F", "pcap", "-r", path, "-w", classic],
        check=True,
        capture_output=True,
    )
    keys = tmp_path / "x.keys"
    keys.write_bytes(one.key_log)
    out = tmp_path / "out.pcapng"
    assert nmsp("decrypt", classic, "--keylog", keys, "-o", out).exit_code == 0
    assert "16 messages" in nmsp("dissect", out).stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_cleartext_is_sound_tcp(version: str, tmp_path: Path, tshark: str) -> None:
    one = talk(version)
    path = write(tmp_path / "x.pcapng", one)
    out = tmp_path / "out.pcapng"
    assert nmsp("decrypt", path, "-o", out, "--format", "cleartext").exit_code == 0
    assert private(out)
    args = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    bad = "tcp.analysis.flags or tcp.checksum.status == 0 or ip.checksum.status == 0"
    assert shark(tshark, out, *args, "-Y", bad) == []
    payload = shark(tshark, out, "-Y", "tcp.len > 0", "-Tfields", "-e", "tcp.payload")
    assert [bytes.fromhex(p) for p in payload] == [m for _, m in one.said]
    times = shark(
        tshark, out, "-Y", "tcp.len > 0", "-Tfields", "-e", "frame.time_epoch"
    )
    original = shark(
        tshark, path, "-Y", "tls.app_data", "-Tfields", "-e", "frame.time_epoch"
    )
    assert times == original
    assert "16 messages" in nmsp("dissect", out).stdout


def test_upper_pdu_is_one_pdu_a_message(tmp_path: Path, tshark: str) -> None:
    one = talk()
    path = write(tmp_path / "x.pcapng", one)
    out = tmp_path / "out.pcapng"
    assert nmsp("decrypt", path, "-o", out, "--format", "upper-pdu").exit_code == 0
    assert private(out)
    shown = shark(
        tshark,
        out,
        *("-Tfields", "-e", "exported_pdu.prot_name", "-e", "exported_pdu.dst_port"),
        *("-e", "exported_pdu.ipv4_src", "-e", "exported_pdu.orig_fno"),
    )
    assert len(shown) == len(one.said)
    assert shown[0].split("\t")[1:] == ["16113", "10.1.1.10", "12"]
    result = nmsp("dissect", out, "--format", "ndjson")
    assert result.exit_code == 0
    assert result.stdout.count('"kind":"message"') == len(one.said)
    assert '"transport":"pdu"' in result.stdout


def test_standard_input_and_an_output_that_is_a_capture(tmp_path: Path) -> None:
    out = tmp_path / "out.pcapng"
    data = talk().pcapng()
    assert nmsp("decrypt", "-", "-o", out, stdin=data).exit_code == 0
    assert "16 messages" in nmsp("dissect", out).stdout
    assert nmsp("decrypt", out, "-o", out).exit_code == 2
    assert nmsp("decrypt", out).exit_code == 2
    assert nmsp("decrypt", out, "-o", out, "--format", "raw").exit_code == 2


def test_a_damaged_capture_is_written_without_its_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(talk().pcapng()[:-40])
    out = tmp_path / "out.pcapng"
    assert nmsp("decrypt", path, "-o", out).exit_code == 3
    assert nmsp("dissect", out).exit_code == 0
    assert sorted(os.listdir(tmp_path)) == ["out.pcapng", "x.pcapng"]


def test_what_is_no_capture_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(b"no capture")
    for form in ("pcapng", "cleartext", "upper-pdu"):
        out = tmp_path / "out"
        assert nmsp("decrypt", path, "-o", out, "--format", form).exit_code == 3
        assert not out.exists()
