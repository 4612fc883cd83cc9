# SPDX-License-Identifier: GPL-2.0-or-later
"""Walks all that the layers declare: nothing is without diagram, source and proof."""

import inspect
import re
from pathlib import Path

import pytest
from scapy.packet import Packet

from nmsp_scapy import layers
from nmsp_scapy.constants import ElementType, Grade, MessageType
from nmsp_scapy.layers import NMSP, bind
from nmsp_scapy.layers.fields import NumberField, WireField
from nmsp_scapy.profile import NOMINAL
from tests.gear.diagram import diagram, drawn_in

ROOT = Path(__file__).parent.parent.parent
DRAWN = [NMSP, *layers.MESSAGES.values(), *layers.ELEMENTS.values()]
EVERY = list(layers.CLASSES.values())


def class_name(cls):
    return cls.__name__


def test_each_number_stands_once_and_has_a_class():
    for registry, classes in (
        (MessageType, layers.MESSAGES),
        (ElementType, layers.ELEMENTS),
    ):
        assert set(classes) == {member.name for member in registry}
        assert len(registry) == len(registry.__members__)
    assert all(
        layers.bind().message(name).number == MessageType[name]
        for name in layers.MESSAGES
    )


def test_each_class_is_named_after_its_message_or_element():
    for name, cls in (layers.MESSAGES | layers.ELEMENTS).items():
        assert cls.__name__ == "NMSP" + name.title().replace("_", "")
        assert cls._name == name


@pytest.mark.parametrize("cls", DRAWN, ids=class_name)
def test_the_diagram_is_that_of_fields_desc(cls):
    assert [line.strip() for line in diagram(cls)] == drawn_in(cls)


@pytest.mark.parametrize("cls", DRAWN, ids=class_name)
def test_the_diagram_names_each_field(cls):
    drawn = " ".join(drawn_in(cls))
    names = re.findall(r"[a-z]\w*", drawn)
    assert names == [field.name for field in cls.fields_desc]


@pytest.mark.parametrize("cls", EVERY, ids=class_name)
def test_the_source_begins_with_its_grade(cls):
    source = inspect.cleandoc(cls.__doc__).partition("Source: ")[2]
    assert source.split(":")[0] in set(Grade)


@pytest.mark.parametrize("cls", DRAWN, ids=class_name)
def test_attributes_say_what_each_field_is(cls):
    text = inspect.cleandoc(cls.__doc__).partition("Attributes:\n")[2]
    said = re.findall(r"^ {4}(\w+): ", text.partition("\n\n")[0], re.M)
    head = () if cls is NMSP else ("type", "length")
    assert said == [f.name for f in cls.fields_desc if f.name not in head]


@pytest.mark.parametrize("cls", EVERY, ids=class_name)
def test_no_field_hides_an_attribute(cls):
    for field in cls.fields_desc:
        assert field.name not in Packet.__slots__
        assert not hasattr(Packet, field.name)


def test_units_are_suffixes():
    counted = {"bytes", "packets"}
    for cls in DRAWN:
        for field in cls.fields_desc:
            unit = getattr(field, "unit", "").lower()
            if unit and unit not in counted and isinstance(field, WireField):
                assert field.name.endswith(f"_{unit}")


def test_defaults_fit_their_fields():
    for cls in layers.ELEMENTS.values():
        raw = bytes(cls())
        assert bind().element_plan.walk(raw, 0, len(raw)).reason == ""


def test_each_family_has_its_files():
    for module in layers.FAMILIES:
        family = module.__name__.rpartition(".")[2]
        assert (ROOT / "tests" / "uts" / f"{family}.uts").exists()
        page = (ROOT / "docs" / "protocol" / f"{family}.md").read_text()
        campaign = (ROOT / "tests" / "uts" / f"{family}.uts").read_text()
        for cls in vars(module).values():
            if getattr(cls, "__module__", "") == module.__name__:
                assert f"`{cls.__name__}`" in page
                assert cls.__name__ in campaign


def test_what_is_contained_is_declared():
    for cls in (*layers.MESSAGES.values(), *layers.ELEMENTS.values()):
        for holds in cls.contains:
            assert holds.element.name in layers.ELEMENTS
    held = {
        holds.element.name
        for cls in (*layers.MESSAGES.values(), *layers.ELEMENTS.values())
        for holds in cls.contains
    }
    assert held == set(layers.ELEMENTS)


def test_numbers_are_read_as_the_profile_orders_them():
    for cls in layers.ELEMENTS.values():
        for field in cls.value_fields:
            if isinstance(field, NumberField):
                assert field.byte_order == NOMINAL.elements.byte_order
