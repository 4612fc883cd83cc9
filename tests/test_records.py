# SPDX-License-Identifier: GPL-2.0-or-later
"""Records say what the Scapy packets say: the layers are the only definition."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy import layers, records
from nmsp_scapy.layers.geometry import NESTING_LIMIT
from nmsp_scapy.profile import NOMINAL, Field
from tests.gear.messages import damaged, hostile, messages, profiles
from tests.gear.packets import comparable, record_of


def agree(raw, profile=NOMINAL):
    expected = record_of(layers.bind(profile).dissect(raw))
    for _ in range(2):  # the second time from the kept shape
        record = records.decode(raw, profile)
        assert comparable({"malformed": ""} | record) == expected
    return record


@given(messages())
def test_well_formed_messages(raw):
    assert "malformed" not in agree(raw)


@given(damaged())
def test_damaged_messages(raw):
    agree(raw)


@given(st.binary(max_size=200))
def test_any_bytes(raw):
    agree(raw)


@given(st.data())
def test_any_profile(data):
    profile = data.draw(profiles())
    agree(data.draw(messages(profile)), profile)
    agree(data.draw(damaged(profile)), profile)


@pytest.mark.parametrize("depth", [NESTING_LIMIT, NESTING_LIMIT + 1, 16_000])
def test_nesting(depth):
    agree(hostile(depth))


@given(messages())
def test_any_json_parser_reads_them(raw):
    assert json.loads(records.to_json(raw)) == records.decode(raw)


@given(
    st.lists(messages() | damaged() | st.binary(max_size=30), max_size=12), st.data()
)
def test_many_at_once_are_written_as_one_by_one(some, data):
    raws = data.draw(st.permutations([*some, *some]))
    heads = [f'{{"index":{at},' for at in range(len(raws))]
    expected = [
        head + records.to_json(raw)[1:] for head, raw in zip(heads, raws, strict=True)
    ]
    fresh = records.Reader(layers.Binding(NOMINAL, layers.MESSAGES, layers.ELEMENTS))
    assert fresh.to_json_many(raws, heads) == expected  # shapes are new
    assert fresh.to_json_many(raws, heads) == expected  # and kept


def test_many_of_one_length_and_type_can_differ_in_shape():
    element = layers.NMSPStatus(code=2)
    raw = bytes(layers.NMSP() / layers.NMSPIdsSetResponse(elements=[element]))
    unknown, cut = bytearray(raw), bytearray(raw)
    unknown[12:14], cut[14:16] = b"\xff\xff", b"\xff\xff"
    other = bytearray(cut)
    other[-1] = 9
    raws = [bytes(one) for one in (cut, raw, unknown, other, raw, cut)]
    made = records.reader().to_json_many(raws, ["{"] * len(raws))
    assert made == [records.to_json(one) for one in raws]
    assert len(set(made)) == 4


@pytest.mark.parametrize("widths", [(1,), (2, 4), (1, 1, 2), (4, 1), (6,), (8, 1)])
def test_a_body_of_fields_of_any_width(widths):
    fields, at = [], 0
    for width in widths:
        fields.append(
            Field(f"f{at}", at, width, kind="mac" if width == 6 else "number")
        )
        at += width
    bodies = {"ECHO_REQUEST": tuple(fields)}
    profile = msgspec.structs.replace(NOMINAL, name="bodied", bodies=bodies)
    for size in (at, at + 3, at - 1, 0):
        body = bytes(range(1, size + 1))
        raw = b"\1\0\0\1" + (12 + size).to_bytes(4) + bytes(4) + body
        record = agree(raw, profile)
    raw = b"\1\0\0\1" + (12 + at).to_bytes(4) + bytes(4) + bytes(range(1, at + 1))
    record = agree(raw, profile)
    assert list(record["body"]) == [field.name for field in fields]


def test_a_kept_shape_is_not_taken_for_another():
    status = layers.NMSPStatus(code=2)
    raw = bytes(layers.NMSP() / layers.NMSPIdsSetResponse(elements=[status]))
    unknown = bytearray(raw)
    unknown[12:14] = b"\xff\xff"
    assert agree(raw)["elements"][0]["code_name"] == "UNSUPPORTED"
    assert agree(bytes(unknown))["elements"][0]["value"] == "0002"
    assert agree(raw)["elements"][0]["code"] == 2


def test_what_is_kept_is_bounded():
    reader = records.Reader(layers.Binding(NOMINAL, layers.MESSAGES, layers.ELEMENTS))
    for size in range(2 * records.SHAPES):
        text = layers.NMSPSoftwareVersion(version="x" * size)
        body = layers.NMSPCapabilityNotification(elements=[text])
        reader.to_json(bytes(layers.NMSP() / body))
    kept = [shape for alike in reader._shapes.values() for shape in alike]
    assert 0 < len(kept) <= records.SHAPES
    assert len(reader._elements) <= 4 * records.SHAPES + 1


def test_values_that_do_not_recur_are_not_kept():
    field = layers.NMSPMacAddress.value_fields[0]
    recurring = records.Recurring([(field, 6)])
    for number in range(2 * records.RECURRING):
        assert recurring[number.to_bytes(6)].startswith(',"mac":"00:00:')
    assert len(recurring) <= records.RECURRING
