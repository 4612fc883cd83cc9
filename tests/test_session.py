# SPDX-License-Identifier: GPL-2.0-or-later
import gzip
import io
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from scapy.sendrecv import sniff
from scapy.utils import rdpcap, wrpcap

from nmsp_scapy import NMSP, NMSPEchoRequest, NMSPSession
from tests.gear.talks import START_NS, STEP_NS, Talk, clear_talk, talk


def write(folder: Path, one: Talk, *, secrets: bool = True) -> str:
    path = folder / "x.pcapng"
    path.write_bytes(one.pcapng(secrets=secrets))
    return str(path)


def said(packets: Iterable[Packet]) -> list[bytes]:
    return [bytes(p[NMSP]) for p in packets]


def everything(one: Talk) -> list[bytes]:
    return [raw for _, raw in one.said]


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_sniff_yields_one_packet_a_message(version: str, tmp_path: Path) -> None:
    one = talk(version)
    packets = sniff(offline=write(tmp_path, one), session=NMSPSession())
    assert said(packets) == everything(one)


def test_keys_beside_the_capture(tmp_path: Path) -> None:
    one = talk("1.3")
    keys = tmp_path / "x.keys"
    keys.write_bytes(one.key_log)
    path = write(tmp_path, one, secrets=False)
    packets = sniff(offline=path, session=NMSPSession(keylog=str(keys)))
    assert said(packets) == everything(one)


def test_packets_have_the_addresses_ports_and_time_of_their_frames(
    tmp_path: Path,
) -> None:
    one = talk()
    packets = sniff(offline=write(tmp_path, one), session=NMSPSession())
    first, second = packets[0], packets[1]
    assert (first[IP].src, first[IP].dst) == ("10.1.1.10", "10.1.1.1")
    assert (first[TCP].sport, first[TCP].dport) == (40001, 16113)
    assert (second[IP].src, second[TCP].sport) == ("10.1.1.1", 16113)
    frame = 12  # after the handshakes of TCP and TLS
    assert Decimal(str(first.time)) == Decimal(START_NS + frame * STEP_NS).scaleb(-9)
    assert packets[1][TCP].seq == 1
    assert packets[2][TCP].seq == 1 + len(one.said[0][1])
    echo = next(p for p in packets if NMSPEchoRequest in p)
    assert isinstance(echo, Ether)
    assert echo[NMSP].transaction_id == 3


def test_holes_are_visible(tmp_path: Path) -> None:
    one = talk()
    one.dropped = {20}
    session = NMSPSession()
    packets = sniff(offline=write(tmp_path, one), session=session)
    assert len(packets) == len(one.said) - 1
    assert [e.event for e in session.events if e.lost] == ["gap"]


def test_a_count_ends_the_sniffing_and_a_filter_of_packets_works(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, talk())
    assert len(sniff(offline=path, session=NMSPSession(), count=3)) == 3
    echoes = sniff(
        offline=path, session=NMSPSession, lfilter=lambda p: NMSPEchoRequest in p
    )
    assert len(echoes) == 2


def test_files_that_are_open_or_compressed(tmp_path: Path) -> None:
    one = talk()
    packets = sniff(offline=one.open(), session=NMSPSession())
    assert said(packets) == everything(one)
    path = tmp_path / "x.pcapng.gz"
    path.write_bytes(gzip.compress(one.pcapng()))
    assert said(sniff(offline=str(path), session=NMSPSession())) == everything(one)


def test_a_list_of_packets_is_read_as_it_comes(tmp_path: Path) -> None:
    one = clear_talk()
    packets = rdpcap(write(tmp_path, one))
    found = sniff(offline=packets, session=NMSPSession())
    assert said(found) == everything(one)
    assert found[0].time == packets[3].time


def test_what_was_sniffed_can_be_written_and_followed(tmp_path: Path) -> None:
    one = talk()
    packets = sniff(offline=write(tmp_path, one), session=NMSPSession())
    file = io.BytesIO()
    file.close = lambda: None  # type: ignore[method-assign]
    wrpcap(file, packets)
    file.seek(0)
    again = sniff(offline=file, session=NMSPSession())
    for address in ("10.1.1.10", "10.1.1.1"):
        own = [p for p in packets if p[IP].src == address]
        assert said([p for p in again if p[IP].src == address]) == said(own)


def test_several_captures_share_a_session(tmp_path: Path) -> None:
    path = write(tmp_path, talk())
    session = NMSPSession()
    packets = sniff(offline=[path, path], session=session)
    assert len(packets) == 2 * len(talk().said)
    assert sorted(session.conversations) == [0, 1]
