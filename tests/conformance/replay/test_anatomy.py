# SPDX-License-Identifier: GPL-2.0-or-later
"""Each field's bytes stand where the anatomy says, in whatever layout."""

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.replay.anatomy import Leaf, Part, anatomy, decoded
from nmsp_scapy import layers, records
from nmsp_scapy.layers.fields import NumberField
from nmsp_scapy.profile import NOMINAL, Profile
from tests.gear.messages import damaged, messages, profiles

drawn = st.one_of(st.just(NOMINAL), profiles())


def reads(raw: bytes, leaf: Leaf, part: Part, profile: Profile) -> object:
    """Read a field's bytes with the layers' own field."""
    assert leaf.offset is not None
    assert leaf.length is not None
    own = raw[leaf.offset : leaf.offset + leaf.length]
    binding = layers.bind(profile)
    if not part.inside:
        fields = binding.header.fields_desc
    else:
        cls = binding.element(part.name) or binding.unknown_element
        fields = [field.under(profile) for field in cls.value_fields]
    field = next((f for f in fields if f.name == leaf.name), None)
    if field is None or leaf.name in ("value", "raw", "trailing"):
        return own.hex()
    if not isinstance(field, NumberField) and field.kind == "bytes":
        return own.hex()
    return field.m2i(None, own)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_field_is_read_where_it_is_said_to_stand(data: st.DataObject) -> None:
    profile = data.draw(drawn)
    raw = data.draw(messages(profile))
    for part in decoded(raw, profile).walk():
        for leaf in part.leaves:
            if leaf.offset is None or isinstance(leaf.value, dict):
                continue
            if leaf.name == "malformed" or "body" in records.decode(raw, profile):
                continue
            assert reads(raw, leaf, part, profile) == leaf.value


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_nothing_stands_outside_the_message(data: st.DataObject) -> None:
    profile = data.draw(drawn)
    raw = data.draw(damaged(profile))
    whole = anatomy(raw, records.decode(raw, profile), profile)
    for part in whole.walk():
        assert 0 <= part.offset <= part.offset + part.length <= len(raw)
        for leaf in part.leaves:
            if leaf.offset is not None and len(raw) >= profile.header.size:
                assert leaf.offset + (leaf.length or 0) <= len(raw)


def test_what_an_element_is_about_is_its_address() -> None:
    binding = layers.bind(NOMINAL)
    mac = "02:00:5e:00:00:01"
    inner = binding.element("MAC_ADDRESS")(mac=mac)  # type: ignore[misc]
    station = binding.element("STATISTICS")(elements=[inner])  # type: ignore[misc]
    body = binding.message("STATISTICS_NOTIFICATION")
    assert body is not None
    raw = bytes(binding.header() / body(elements=[station]))
    (part,) = decoded(raw, NOMINAL).parts
    assert (part.path, part.inside, part.identity) == ("elements.0", "STATISTICS", mac)
    assert part.parts[0].path == "elements.0.elements.0"
    assert part.parts[0].inside == "STATISTICS.MAC_ADDRESS"
