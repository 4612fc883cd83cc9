# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark, with the dissector made from the layers, says what we say."""

import itertools
import random

import pytest

from nmsp_scapy import layers
from nmsp_scapy.export.lua import dissector
from nmsp_scapy.profile import NOMINAL
from tests.gear.vectors import every_vector
from tests.gear.wireshark import corpus, ours, tcp_capture, tshark_messages


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
    cuts = random.Random(2)  # noqa: S311
    sizes = (cuts.choice([1, 3, 11, 40, 700, 1400]) for _ in itertools.count())
    capture = tcp_capture(tmp_path / "x.pcap", raws, sizes)
    said = tshark_messages(tshark, capture, lua)
    for number, (theirs, raw) in enumerate(zip(said, raws, strict=True)):
        assert theirs == ours(raw), (number, raw.hex())
    assert {layers.NMSP(raw).message for raw in raws} == set(NOMINAL.message_types)
