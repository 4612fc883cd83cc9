# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark's tools make of captures, read by them and by us."""

import re
import subprocess
from pathlib import Path
from random import Random

import pytest

from nmsp_scapy.capture import Damage, Packet, Segment, open_capture
from nmsp_scapy.capture.pcapng import TLS_KEY_LOG
from nmsp_scapy.integrity import Gap, Plain
from nmsp_scapy.streams import Notice, Reassembler
from tests.conftest import program
from tests.gear.captures import Tap, frame, pcap, pcapng

PORT = 16_113
CHANCE = Random(16_113)
QUESTION, ANSWER = CHANCE.randbytes(20_000), CHANCE.randbytes(30_000)


def conversation(port: int = 40_000) -> Tap:
    tap = Tap(client=("10.0.0.1", port)).open()
    for at in range(0, 20_000, 1000):
        tap.write(0, QUESTION[at : at + 1000])
        tap.write(1, ANSWER[at * 3 // 2 : at * 3 // 2 + 1500])
    return tap.finish()


def run(*command: object) -> str:
    return subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True
    ).stdout


def streams(path: Path) -> list[tuple[bytes, bytes]]:
    """Both directions of every connection of a file, which must be whole."""
    reassembler = Reassembler({PORT})
    out = []
    with open_capture(path) as capture:
        for segment in capture:
            assert isinstance(segment, Segment)
            out += reassembler.feed(segment)
    out += reassembler.close()
    assert not [i for _, _, i in out if isinstance(i, Gap)]
    read: dict[int, list[bytes]] = {}
    for connection, side, item in out:
        if isinstance(item, Plain):
            read.setdefault(connection.index, [b"", b""])[side] += item.data
    return [(both[0], both[1]) for both in read.values()]


def followed(tshark: str, path: Path) -> bytes:
    """What tshark takes for the first connection's bytes, both ways interleaved."""
    said = run(
        tshark, "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE",
        "-q", "-z", "follow,tcp,raw,0",
    )  # fmt: skip
    lines = [line.strip() for line in said.splitlines()]
    return bytes.fromhex(
        "".join(x for x in lines if x and not set(x) - set("0123456789abcdef"))
    )


def packets(path: Path) -> int:
    with open_capture(path) as capture:
        return sum(isinstance(p, Packet) for p in capture.packets())


def capinfos(path: Path) -> int:
    said = run(program("capinfos"), "-c", "-M", "-T", "-r", path)
    return int(said.split("\t")[1])


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole.pcapng"
    path.write_bytes(pcapng([frame(s) for s in conversation().segments]))
    return path


def test_we_follow_a_stream_as_tshark_does(whole: Path, tshark: str) -> None:
    assert streams(whole) == [(QUESTION, ANSWER)]
    theirs = followed(tshark, whole)
    assert len(theirs) == len(QUESTION) + len(ANSWER)
    assert theirs.startswith(QUESTION[:1000] + ANSWER[:1500])
    assert capinfos(whole) == packets(whole)


@pytest.mark.parametrize("name", ["pcap", "nsecpcap", "modpcap", "pcapng"])
@pytest.mark.parametrize("compression", ["", "gzip"])
def test_editcap_writes_the_same_in_every_format(
    name: str, compression: str, whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "edited"
    run(program("editcap"), "-F", name, whole, path)
    if compression:
        run("gzip", path)
        path = tmp_path / "edited.gz"
    assert streams(path) == [(QUESTION, ANSWER)]
    assert capinfos(path) == packets(path) == packets(whole)


def test_mergecap_of_interleaved_files_and_of_formats(tmp_path: Path) -> None:
    one, two = conversation(), conversation(40_001)
    halves = [[s for s in one.segments if s.flow == flow] for flow in one.flows]
    (tmp_path / "a").write_bytes(pcap([frame(s) for s in halves[0]]))
    (tmp_path / "b").write_bytes(pcapng([frame(s) for s in halves[1]]))
    (tmp_path / "c").write_bytes(pcap([frame(s) for s in two.segments], order=">"))
    files = [tmp_path / name for name in "abc"]
    for options in ([], ["-a"]):
        path = tmp_path / "merged"
        run(program("mergecap"), *options, "-w", path, *files)
        assert sorted(streams(path)) == [(QUESTION, ANSWER)] * 2
        assert capinfos(path) == packets(path)


def test_a_capture_that_holds_everything_twice(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice"
    run(program("mergecap"), "-w", path, whole, whole)
    assert streams(path) == [(QUESTION, ANSWER)]
    run(program("mergecap"), "-a", "-w", path, whole, whole)
    assert streams(path) == [(QUESTION, ANSWER)]


def test_times_out_of_order(whole: Path, tmp_path: Path) -> None:
    taken = {0, 1, 2}
    tap = conversation()
    chance = Random(5)
    keys = [(n + (0 if n in taken else chance.randint(0, 12)), n) for n in range(len(tap.segments))]  # fmt: skip # noqa: E501
    path = tmp_path / "disorder"
    path.write_bytes(pcapng([frame(tap.segments[n]) for _, n in sorted(keys)]))
    assert streams(path) == [(QUESTION, ANSWER)]
    ordered = tmp_path / "ordered"
    run(program("reordercap"), path, ordered)
    assert streams(ordered) == [(QUESTION, ANSWER)]


def test_a_snap_length_of_editcap_leaves_named_holes(
    whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "cut"
    run(program("editcap"), "-s", "100", whole, path)
    reassembler = Reassembler({PORT})
    with open_capture(path) as capture:
        out = [
            o for s in capture if isinstance(s, Segment) for o in reassembler.feed(s)
        ]
    out += reassembler.close()
    assert not [i for _, _, i in out if isinstance(i, Notice) and i.kind == "stray"]
    for side, written in ((0, QUESTION), (1, ANSWER)):
        at = 0
        for item in (i for _, where, i in out if where == side):
            if isinstance(item, Plain):
                assert item.offset == at
                assert item.data == written[at : at + len(item.data)]
                at += len(item.data)
            elif isinstance(item, Gap):
                assert item.length is not None
                at += item.length
        assert at == len(written)


def test_secrets_that_editcap_puts_in_are_read(whole: Path, tmp_path: Path) -> None:
    keys, path = tmp_path / "keys", tmp_path / "with"
    keys.write_bytes(b"# a key log\n")
    run(program("editcap"), "--inject-secrets", f"tls,{keys}", whole, path)
    with open_capture(path) as capture:
        assert capture.secrets == [(TLS_KEY_LOG, b"# a key log\n")]


def test_secrets_that_we_write_are_found_by_wireshark(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(
        pcapng([frame(Tap().open().segments[0])], secrets=b"# a key log\n")
    )
    said = run(program("capinfos"), path)
    assert re.search(r"decryption secrets in file: *1$", said, re.M)


def test_a_cut_file_ends_for_all_at_the_same_packet(
    whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "cut"
    path.write_bytes(whole.read_bytes()[:30_000])
    with open_capture(path) as capture:
        found = list(capture)
    assert isinstance(found[-1], Damage)
    said = subprocess.run(
        [program("capinfos"), "-c", "-M", "-T", "-r", str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert int(said.stdout.split("\t")[1]) == len(found) - 1
