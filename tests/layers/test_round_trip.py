# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever the bytes are, the layers give them back."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy import layers
from nmsp_scapy.layers import NMSP, NMSPMalformedElement
from nmsp_scapy.layers.geometry import NESTING_LIMIT
from nmsp_scapy.profile import NOMINAL
from tests.gear.messages import damaged, hostile, messages, profiles


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_come_back(raw):
    assert bytes(NMSP(raw)) == raw


def test_no_bytes_come_back_as_none():
    # NMSP(b"") is NMSP(), Scapy's way to make a new packet.
    assert bytes(layers.bind().dissect(b"")) == b""


@given(damaged())
def test_damaged_messages_come_back(raw):
    packet = layers.bind().dissect(raw)
    assert bytes(packet) == raw
    assert bytes(packet.copy()) == raw
    packet.show(dump=True)
    packet.summary()


@given(st.data())
def test_damaged_messages_come_back_under_any_profile(data):
    profile = data.draw(profiles())
    raw = data.draw(damaged(profile))
    assert bytes(layers.bind(profile).dissect(raw)) == raw


@given(st.data())
def test_what_is_built_is_read_as_it_was_built(data):
    profile = data.draw(profiles() | st.just(NOMINAL))
    raw = data.draw(messages(profile))
    packet = layers.bind(profile).dissect(raw)
    assert NMSPMalformedElement not in packet
    assert bytes(packet) == raw
    del packet.length
    assert bytes(packet) == raw


def test_a_change_deep_inside_is_built():
    sample = layers.NMSPRssiSample(rssi_a_dbm=-40)
    raw = bytes(
        NMSP()
        / layers.NMSPMeasurementNotification(
            elements=[layers.NMSPMeasurement(elements=[sample])]
        )
    )
    packet = NMSP(raw)
    packet.elements[0].elements[0].rssi_a_dbm = -41
    assert NMSP(bytes(packet)).elements[0].elements[0].rssi_a_dbm == -41


@pytest.mark.parametrize("depth", [NESTING_LIMIT, NESTING_LIMIT + 1, 16_000])
def test_nesting_is_bounded(depth):
    raw = hostile(depth)
    packet = NMSP(raw)
    assert bytes(packet) == raw
    assert (NMSPMalformedElement in packet) is (depth > NESTING_LIMIT)


@pytest.mark.parametrize("element", ["00050000", "00100000", "ffff0000"])
def test_time_grows_with_the_bytes(element):
    def seconds(count):
        raw = bytes.fromhex("0100000f") + (12 + 4 * count).to_bytes(4) + bytes(4)
        raw += bytes.fromhex(element) * count
        start = time.process_time()
        assert bytes(NMSP(raw)) == raw
        return time.process_time() - start

    seconds(200)
    assert seconds(4000) < 60 * max(seconds(200), 0.005)
