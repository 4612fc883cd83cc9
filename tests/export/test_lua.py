# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark, with the dissector made from the layers, says what we say."""

import itertools
import random
import re
from itertools import zip_longest
from pathlib import Path

import pytest
from click.testing import CliRunner
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from nmsp_scapy import layers, records
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.cli.main import main
from nmsp_scapy.cli.options import key_store
from nmsp_scapy.conversation import Message
from nmsp_scapy.dissect import dissect
from nmsp_scapy.export.lua import dissector
from nmsp_scapy.layers import NMSP
from nmsp_scapy.profile import NOMINAL
from tests.gear.bundled import bundled
from tests.gear.captures import pcapng
from tests.gear.dtls import openssl_dtls
from tests.gear.odd_profiles import LITTLE, ODD
from tests.gear.talks import MSE, WLC, script, talk
from tests.gear.tls import openssl
from tests.gear.vectors import every_vector
from tests.gear.wireshark import corpus, ours, run_tshark, tcp_capture, tshark_messages

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def lua(tmp_path_factory):
    path = tmp_path_factory.mktemp("lua") / "nmsp.lua"
    path.write_text(dissector())
    return path


def delimited():
    return [v.raw for v in every_vector() if v.condition != "truncated"]


def test_every_message_and_element_of_the_vectors(tshark, lua, tmp_path):
    raws = delimited()
    capture = tcp_capture(tmp_path / "x.pcap", raws)
    assert tshark_messages(tshark, capture, lua) == [ours(raw) for raw in raws]


def test_a_corpus_cut_into_any_segments(tshark, lua, tmp_path):
    raws = corpus(1, 400)
    cuts = random.Random(2)
    sizes = (cuts.choice([1, 3, 11, 40, 700, 1400]) for _ in itertools.count())
    capture = tcp_capture(tmp_path / "x.pcap", raws, sizes)
    said = tshark_messages(tshark, capture, lua)
    for number, (theirs, raw) in enumerate(zip(said, raws, strict=True)):
        assert theirs == ours(raw), (number, raw.hex())
    assert {layers.NMSP(raw).message for raw in raws} == set(NOMINAL.message_types)


def test_the_corpus_has_every_message_and_element():
    """What is compared is all that the layers declare: within DTLS too."""
    for raws in (corpus(1, 400), datagrams()):
        assert {layers.NMSP(raw).message for raw in raws} == set(layers.MESSAGES)
        names = set()
        for raw in raws:
            names |= set(element_names(records.decode(raw)))
        assert names == set(layers.ELEMENTS)


def element_names(record):
    for each in record.get("elements", ()):
        if "value" not in each:
            yield each["name"]
        yield from element_names(each)


def datagrams():
    return [raw for raw in corpus(6, 580) if len(raw) < 400]


@pytest.mark.parametrize("profile", ODD, ids=lambda profile: profile.name)
def test_other_wire_profiles(tshark, tmp_path, profile):
    lua = tmp_path / "nmsp.lua"
    lua.write_text(dissector([profile, NOMINAL]))
    raws = [raw for raw in corpus(3, 120, profile) if framed(raw, profile)]
    capture = tcp_capture(tmp_path / "x.pcap", raws)
    said = tshark_messages(tshark, capture, lua)
    for number, (theirs, raw) in enumerate(zip(said, raws, strict=True)):
        assert theirs == ours(raw, profile), (number, raw.hex())


def framed(raw, profile):
    return layers.bind(profile).dissect(raw).name != "NMSP (truncated)"


def test_the_profile_is_a_preference(tshark, tmp_path):
    lua = tmp_path / "nmsp.lua"
    lua.write_text(dissector([LITTLE, NOMINAL]))
    raws = delimited()
    capture = tcp_capture(tmp_path / "x.pcap", raws)
    said = tshark_messages(tshark, capture, lua, "-o", "nmsp.profile:nominal")
    numbers = [ours(raw) for raw in raws]
    assert [each["nmsp.type"] for each in said] == [n["nmsp.type"] for n in numbers]


def test_the_port_is_a_preference(tshark, lua, tmp_path):
    raws = delimited()[:5]
    capture = tcp_capture(tmp_path / "x.pcap", raws, port=17000)
    assert tshark_messages(tshark, capture, lua) == []
    said = tshark_messages(tshark, capture, lua, "-o", "nmsp.port:17000")
    assert said == [ours(raw) for raw in raws]


def expert_infos(tshark, lua, capture, *options):
    said = run_tshark(
        tshark,
        *("-r", capture, "-X", f"lua_script:{lua}", *options),
        *("-T", "fields", "-e", "_ws.expert.message"),
    )
    return said.splitlines()


def test_what_is_assumed_is_a_preference(tshark, lua, tmp_path):
    raws = [bytes(NMSP() / layers.NMSPLocationNotification())]
    capture = tcp_capture(tmp_path / "x.pcap", raws)
    [said] = expert_infos(tshark, lua, capture)
    assert "Layout is assumed" in said
    assert "Message id is provisional" in said
    assert expert_infos(tshark, lua, capture, "-o", "nmsp.grades:FALSE") == [""]


def test_elements_are_a_preference(tshark, lua, tmp_path):
    mac = layers.NMSPMacAddress(mac="00:11:22:33:44:55")
    sound = bytes(NMSP() / layers.NMSPMeasurementNotification(elements=[mac]))
    broken = sound[:-7] + b"\xff" + sound[-6:]
    capture = tcp_capture(tmp_path / "x.pcap", [sound, broken], map(len, [sound] * 2))
    shown = tshark_messages(tshark, capture, lua, "-o", "nmsp.elements:FALSE")
    assert [set(each) - set(shown[0]) for each in shown] == [set(), {"nmsp.left"}]
    assert "nmsp.element" not in shown[0]
    assert shown[0]["nmsp.type"] == "15"
    assert "nmsp.element" in tshark_messages(tshark, capture, lua)[0]


def test_every_preference_is_tested():
    registered = set(
        re.findall(r"^nmsp\.prefs\.(\w+) =", dissector([LITTLE, NOMINAL]), re.M)
    )
    assert registered == {"port", "profile", "grades", "elements"}
    tests = Path(__file__).read_text()
    assert all(f'"nmsp.{name}:' in tests for name in registered)


def test_requests_and_responses_are_linked(tshark, lua, tmp_path):
    query = layers.NMSPQuery(service="RSSI")
    status = layers.NMSPStatus()
    rssi = layers.NMSPService(service="RSSI", sub_services="RSSI_TAG")
    heard = layers.NMSPMeasurementNotification(elements=[layers.NMSPMeasurement()])
    talk = [
        NMSP(transaction_id=1) / layers.NMSPServiceSubscribeRequest(elements=[rssi]),
        NMSP(transaction_id=1) / layers.NMSPServiceSubscribeResponse(elements=[status]),
        NMSP(transaction_id=2) / layers.NMSPMeasurementRequest(elements=[query]),
        NMSP(transaction_id=2, flags="MORE") / layers.NMSPMeasurementResponse(),
        NMSP(transaction_id=2) / layers.NMSPMeasurementResponse(),
        NMSP() / heard,
        NMSP(transaction_id=9) / layers.NMSPEchoResponse(),
        NMSP(transaction_id=3)
        / layers.NMSPIdsSetResponse(elements=[layers.NMSPStatus(code="BUSY")]),
    ]
    raws = [bytes(packet) for packet in talk]
    capture = tcp_capture(tmp_path / "x.pcap", raws, map(len, raws))
    names = ["request_in", "response_in", "part", "subscribed_in", "subscribed"]
    names += ["response.unasked", "status.refused", "response_time"]
    columns = [part for name in names for part in ("-e", f"nmsp.{name}")]
    said = run_tshark(
        tshark,
        *("-r", capture, "-X", f"lua_script:{lua}", "-2", "-T", "fields"),
        *("-E", "separator=;", *columns),
    )
    rows = [line.split(";") for line in said.splitlines()]
    assert [row[0] for row in rows] == ["", "1", "", "3", "3", "", "", ""]
    assert [row[1] for row in rows] == ["2", "", "4", "", "", "", "", ""]
    assert [row[2] for row in rows] == ["", "", "", "1", "2", "", "", ""]
    assert rows[5][3:5] == ["1", "RSSI"]
    assert [bool(row[5]) for row in rows] == [False] * 6 + [True] * 2
    assert [bool(row[6]) for row in rows] == [False] * 7 + [True]
    assert float(rows[4][7]) == pytest.approx(2e-6)


def test_the_packet_list_says_what_the_message_is(tshark, lua, tmp_path):
    raws = [v.raw for v in every_vector() if v.condition == "valid"]
    capture = tcp_capture(tmp_path / "x.pcap", raws, map(len, raws))
    listed = run_tshark(
        tshark,
        *("-r", capture, "-X", f"lua_script:{lua}"),
        *("-o", 'gui.column.format:"P","%p","I","%i"'),
    ).splitlines()
    assert all(line.split()[0] == "NMSP" for line in listed)
    by_name = {line.split()[1]: line for line in listed}
    assert set(by_name) == set(layers.MESSAGES)
    assert by_name["SERVICE_SUBSCRIBE_REQUEST"].endswith(
        "#45 RSSI, ATTACHMENT, INFORMATION, LOCATION, STATISTICS"
    )
    assert by_name["MEASUREMENT_RESPONSE"].endswith(
        "#42 (more) SUCCESS, RSSI, MEASUREMENT"
    )


def test_a_connection_on_ports_that_were_used_before_is_another(tshark, lua, tmp_path):
    """The first is reset with a question open, which the second asks again."""
    query = layers.NMSPMeasurementRequest(elements=[layers.NMSPQuery(service="RSSI")])
    asked = bytes(NMSP(transaction_id=5) / query)
    answer = bytes(NMSP(transaction_id=5) / layers.NMSPMeasurementResponse())
    first, second = TcpFrames(MSE, WLC), TcpFrames(MSE, WLC, isn=99_999_999)
    frames = first.open() + first.data(0, asked) + first.reset(0)
    frames += second.open() + second.data(0, asked) + second.data(1, answer)
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng(frames))
    names = ("response_in", "request_in", "request.repeated")
    said = run_tshark(
        tshark,
        *("-r", path, "-X", f"lua_script:{lua}", "-2", "-Y", "nmsp"),
        *("-T", "fields", "-e", "frame.number"),
        *(part for name in names for part in ("-e", f"nmsp.{name}")),
    )
    assert said == "4\t\t\t\n10\t12\t\t\n12\t\t10\t\n"


def test_connections_on_the_same_ports_may_carry_different_things(
    tshark, lua, tmp_path
):
    """One MSE speaks TLS, another none, both from one port."""
    tls, clear = talk("1.2"), TcpFrames(("10.9.9.9", MSE[1]), WLC, isn=5)
    frames = clear.open()
    for side, raw in script():
        frames += clear.data(side, raw)
    mixed = [one for pair in zip_longest(frames, tls.frames) for one in pair if one]
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng(mixed, secrets=tls.key_log))
    said = tshark_messages(tshark, path, lua)
    assert len(said) == 2 * len(script())


def test_what_was_asked_is_not_counted_with_what_came(tshark, lua, tmp_path):
    asked = layers.NMSPQuery(service="INFORMATION", sub_service=9)
    came = [layers.NMSPInformation(), layers.NMSPInformation()]
    body = layers.NMSPInformationResponse(elements=[layers.NMSPStatus(), asked, *came])
    capture = tcp_capture(tmp_path / "x.pcap", [bytes(NMSP() / body)])
    options = ("-r", capture, "-X", f"lua_script:{lua}")
    listed = run_tshark(tshark, *options)
    told = "INFORMATION_RESPONSE SUCCESS, INFORMATION, 2 x INFORMATION\n"
    assert listed.endswith(told)
    shown = run_tshark(tshark, *options, "-O", "nmsp", "-Y", NAMED)
    assert "QUERY: INFORMATION, INFORMATION_MOBILE_STATION\n" in shown


NAMED = 'nmsp.element.sub_service == "INFORMATION_MOBILE_STATION"'


def test_a_filter_finds_what_the_packet_list_does_not_show(tshark, lua, tmp_path):
    raws = [v.raw for v in every_vector() if v.condition == "valid"]
    capture = tcp_capture(tmp_path / "x.pcap", raws, map(len, raws))
    found = run_tshark(
        tshark,
        *("-r", capture, "-X", f"lua_script:{lua}"),
        *(
            "-Y",
            'nmsp.measurement.rssi_a_dbm < -60 && nmsp.type == "MEASUREMENT_RESPONSE"',
        ),
    )
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize("length", [0, 11, 70_000, 0xFFFFFFFF])
def test_an_impossible_length_is_named(tshark, lua, tmp_path, length):
    raw = bytes.fromhex("01000001") + length.to_bytes(4) + bytes(12)
    capture = tcp_capture(tmp_path / "x.pcap", [bytes(NMSP()), raw])
    found = run_tshark(
        tshark,
        *("-r", capture, "-X", f"lua_script:{lua}", "-Y", "nmsp.length.invalid"),
    )
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize("one", bundled(), ids=lambda one: one.name)
def test_every_bundled_capture(tshark, lua, one):
    options = opened_by(one)
    store = key_store(options["--keylog"], options["--rsa-key"], None)
    found = [m for m in dissect(one.path, keys=store) if isinstance(m, Message)]
    preferences = [f"tls.keylog_file:{path}" for path in options["--keylog"]]
    preferences += [f'uat:rsa_keys:"{path}",""' for path in options["--rsa-key"]]
    switches = [part for each in preferences for part in ("-o", each)]
    said = tshark_messages(tshark, one.path, lua, *switches)
    assert said == [ours(message.raw) for message in found]
    assert found or "rejected" in one.name


def opened_by(one):
    options = {"--keylog": (), "--rsa-key": ()}
    for name, path in zip(one.options[::2], one.options[1::2], strict=True):
        options[name] += (ROOT / path,)
    return options


@pytest.mark.parametrize("form", ["cleartext", "upper-pdu", "pcapng"])
@pytest.mark.parametrize("name", ["tls13", "tls12-ipv6", "notifications"])
def test_what_decrypt_writes_shows_each_message_once(tshark, lua, tmp_path, form, name):
    one = next(each for each in bundled() if each.name == f"{name}.pcapng")
    assert shown_once(tshark, lua, tmp_path, form, one.path, opened_by(one)) > 10


@pytest.mark.parametrize("form", ["cleartext", "upper-pdu"])
def test_behind_a_gap_too(tshark, lua, tmp_path, form):
    lost = tmp_path / "lost.pcapng"
    whole = ROOT / "pcaps" / "notifications.pcapng"
    run_tshark(tshark, "-r", whole, "-Y", "frame.number != 40", "-w", lost)
    assert shown_once(tshark, lua, tmp_path, form, lost, exit_code=3) > 50


def shown_once(tshark, lua, tmp_path, form, capture, keys=None, exit_code=0):
    path = tmp_path / "out.pcapng"
    keys = keys or {"--keylog": (), "--rsa-key": ()}
    given = [str(part) for name in keys for file in keys[name] for part in (name, file)]
    run = CliRunner().invoke(
        main, ["decrypt", str(capture), "-o", str(path), "--format", form, *given]
    )
    assert run.exit_code == exit_code, run.output
    store = key_store(keys["--keylog"], keys["--rsa-key"], None)
    found = [m for m in dissect(capture, keys=store) if isinstance(m, Message)]
    said = tshark_messages(tshark, path, lua)
    assert said == [ours(message.raw) for message in found]
    return len(found)


def test_where_wireshark_says_less_text_ends_at_a_nul(tshark, lua, tmp_path):
    text = layers.NMSPSoftwareVersion(version="8.0\0.110")
    raw = bytes(NMSP() / layers.NMSPCapabilityNotification(elements=[text]))
    capture = tcp_capture(tmp_path / "x.pcap", [raw])
    [said] = tshark_messages(tshark, capture, lua)
    assert said["nmsp.element"][0]["nmsp.element.version"] == "8.0"
    assert layers.NMSP(raw).elements[0].version == "8.0\0.110"


def test_random_bytes_raise_nothing(tshark, lua, tmp_path):
    noise = random.Random(4)
    raws = []
    for _ in range(300):
        body = noise.randbytes(noise.randrange(60))
        kind = noise.choice([*NOMINAL.message_types.values(), 4711])
        head = b"\1\0" + kind.to_bytes(2) + (12 + len(body)).to_bytes(4) + bytes(4)
        raws.append(head + body)
    capture = tcp_capture(tmp_path / "x.pcap", raws)
    said = tshark_messages(tshark, capture, lua)
    for number, (theirs, raw) in enumerate(zip(said, raws, strict=True)):
        assert theirs == ours(raw), (number, raw.hex())
    told = run_tshark(
        tshark, "-r", capture, "-X", f"lua_script:{lua}", "-Y", "_ws.lua.error"
    )
    assert told == ""


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("size", [7, 37, 16_000])
def test_messages_across_tls_records(tshark, lua, tmp_path, version, size):
    raws = corpus(5, 60)
    stream = b"".join(raws)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    recorded = openssl(version, talk=[(1, piece) for piece in pieces[:800]])
    made = TcpFrames(MSE, WLC)
    frames = made.open()
    for side, data in recorded.flow:
        for at in range(0, len(data), 900):
            frames += made.data(side, data[at : at + 900])
    path = tmp_path / "x.pcapng"
    secrets = b"\n".join(recorded.key_log) + b"\n"
    path.write_bytes(pcapng(frames, secrets=secrets))
    said = tshark_messages(tshark, path, lua)
    sent = len(b"".join(pieces[:800]))
    ends = itertools.accumulate(map(len, raws))
    whole = [raw for raw, end in zip(raws, ends, strict=True) if end <= sent]
    assert len(whole) > 30
    assert said[: len(whole)] == [ours(raw) for raw in whole]


def test_dtls_and_udp(tshark, lua, tmp_path):
    raws = datagrams()
    recorded = openssl_dtls(
        "DTLS 1.2", "ECDHE-RSA-AES128-GCM-SHA256", talk=[(1, r) for r in raws]
    )
    secrets = b"\n".join(recorded.key_log) + b"\n"
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng([udp(*each) for each in recorded.flow], secrets=secrets))
    assert tshark_messages(tshark, path, lua) == [ours(raw) for raw in raws]
    path.write_bytes(pcapng([udp(1, raw) for raw in raws]))
    assert tshark_messages(tshark, path, lua) == [ours(raw) for raw in raws]


def udp(side, data):
    ends = [MSE, WLC]
    source, target = ends[side], ends[1 - side]
    return bytes(
        Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        / IP(src=source[0], dst=target[0])
        / UDP(sport=source[1], dport=target[1])
        / data
    )
