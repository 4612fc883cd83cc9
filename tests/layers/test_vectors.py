# SPDX-License-Identifier: GPL-2.0-or-later
"""Every vector is dissected, compared, built again and compared byte for byte."""

import pytest
from scapy.packet import Raw

from nmsp_scapy import layers, records
from nmsp_scapy.constants import Grade
from nmsp_scapy.layers import NMSP
from tests.gear.packets import comparable, record_of
from tests.gear.vectors import every_vector, named

CONDITIONS = {"valid", "truncated", "trailing", "unknown_element"}
VECTORS = every_vector()
VALID = [vector for vector in VECTORS if vector.condition == "valid"]


def without_names(record):
    """Leave out what a vector does not write: names, and fields that are absent."""
    if isinstance(record, list):
        return [without_names(each) for each in record]
    if not isinstance(record, dict):
        return record
    derived = {f"{key}_name" for key in record} | {f"{key}_names" for key in record}
    return {
        key: without_names(value)
        for key, value in record.items()
        if value is not None and key not in derived | {"name"}
    }


def build(fields):
    """Build an element from a vector's fields, its type and length left to it."""
    cls = layers.bind().element(fields["type"])
    if cls is None:
        return layers.NMSPUnknownElement(type=fields["type"], value=fields["value"])
    own = {k: v for k, v in fields.items() if k not in ("type", "length")}
    if "elements" in own:
        own["elements"] = [build(element) for element in own["elements"]]
    for field in cls.value_fields:
        if field.kind == "bytes":
            own[field.name] = bytes.fromhex(own[field.name])
    return cls(**own)


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_fields_are_those_of_the_vector(vector):
    packet = NMSP(vector.raw)
    said = without_names(record_of(packet))
    assert said.pop("malformed") == vector.malformed.hex()
    elements = said.pop("elements", [])
    assert said == vector.header
    assert elements == vector.elements
    assert bytes(packet) == vector.raw


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_records_say_the_same(vector):
    record = {"malformed": ""} | comparable(records.decode(vector.raw))
    assert record == record_of(NMSP(vector.raw))


@pytest.mark.parametrize("vector", VALID, ids=named)
def test_building_fills_types_and_lengths(vector):
    header = vector.header
    elements = [build(fields) for fields in vector.elements]
    body = layers.bind().message(vector.message)(elements=elements)
    given = {k: header[k] for k in ("flags", "transaction_id")}
    assert bytes(NMSP(**given) / body) == vector.raw
    extra = bytes(NMSP(**given) / body / Raw(b"\0\5\0"))
    trailing = next(v for v in VECTORS if named(v) == f"{vector.message}-trailing")
    assert extra == trailing.raw


@pytest.mark.parametrize("vector", VALID, ids=named)
def test_each_cut_is_kept_and_named(vector):
    for size in range(1, len(vector.raw)):
        cut = vector.raw[:size]
        assert bytes(NMSP(cut)) == cut
        assert records.decode(cut)["malformed"]["reason"]


def test_each_message_has_a_vector_of_each_condition():
    have = {(vector.message, vector.condition) for vector in VECTORS}
    assert have == {(name, each) for name in layers.MESSAGES for each in CONDITIONS}


def test_each_element_stands_in_a_valid_vector():
    def types(elements):
        for element in elements:
            yield element["type"]
            yield from types(element.get("elements", []))

    seen = {number for vector in VALID for number in types(vector.elements)}
    assert seen == set(layers.bind().element_names)


def test_each_vector_has_a_graded_source():
    for vector in VECTORS:
        assert vector.source.split(":")[0] in set(Grade)
