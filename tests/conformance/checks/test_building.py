# SPDX-License-Identifier: GPL-2.0-or-later
# ruff: noqa: E501 - a border a line
"""The bytes by which the service is tried, at the borders of what can be said.

`make mutation` calls these too.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from conformance.building import Builder
from conformance.checks import robustness
from conformance.checks.requests import INFORMATION
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Field, HeaderGeometry, Profile
from tests.gear.odd_profiles import LITTLE


def small(maximum: int = 65_535, *, length: int = 2, **elements: int) -> Profile:
    """A header of six bytes; elements of three bytes before the value."""
    usual = {"length_width": 1, "value_offset": 3, "covers_from": 3}
    fields = (Field("type", 0, 1), Field("transaction_id", 1, 3))
    numbers = NOMINAL.message_types.items()
    return Profile(
        name="small",
        header=HeaderGeometry(
            size=4 + length,
            fields=(*fields, Field("length", 4, length)),
            maximum=maximum,
        ),
        elements=ElementGeometry(**{**usual, **elements}),  # type: ignore[arg-type]
        message_types={name: number for name, number in numbers if number < 256},
        element_types=NOMINAL.element_types,
        services=NOMINAL.services,
    )


ROOMY = {"length_width": 2, "value_offset": 4, "covers_from": 4}
"""Elements whose lengths are no bound where a message's are."""

TIGHT = {"type_width": 1, "length_offset": 1, "value_offset": 2, "covers_from": 2}


class Made(msgspec.Struct):
    """What is made of a profile, and the part of it that tells."""

    id: str
    make: Callable[..., Any]
    profile: Profile
    given: tuple[Any, ...]
    expected: object

    def decided(self) -> object:
        made = self.make(Builder(self.profile), *self.given)
        return bytes(made).hex() if hasattr(made, "build") else made


def levels(link: Builder, depth: int) -> tuple[int, int]:
    """How many elements, and their bytes."""
    count, whole = robustness.nested(link, depth)
    return count, len(bytes(whole))


def unused(_: Builder, first: int, width: int, known: list[int]) -> int:
    return robustness._unused(first, width, known)


MADE = [
    Made("the largest of four bytes", robustness.largest, NOMINAL, ("length",), 0xFFFFFFFF),
    Made("the largest of one", robustness.largest, small(), ("type",), 255),
    Made("a number of two bytes", unused, NOMINAL, (0x7ABC, 2, []), 0x7ABC),
    Made("a number of one byte", unused, NOMINAL, (0x7BEF, 1, []), 0xEF),
    Made("one that is taken", unused, NOMINAL, (3, 1, [3]), 2),
    Made("all but one are taken", unused, NOMINAL, (2, 1, [2]), 1),
    Made("an unknown message", robustness.unknown_message, NOMINAL, (), bytes.fromhex("01007abc0000000c00000001")),
    Made("an unknown element", robustness.unknown_element, NOMINAL, (), "7eef00021234"),
    Made("a message without body", robustness.empty_length, NOMINAL, (), 12),
    Made("too few bytes", robustness.no_element, NOMINAL, (), bytes(3)),
    Made("the largest length of an element", robustness.overrunning, NOMINAL, (INFORMATION,), "0003ffff030900"),
    Made("as deep as is asked", levels, NOMINAL, (30,), (30, 120)),
    Made("an element's length is the bound", levels, small(), (999,), (86, 258)),
    Made("it is, in steps of two", levels, small(**TIGHT), (999,), (128, 256)),
    Made("a message's length is", levels, small(length=1, **ROOMY), (999,), (62, 248)),
    Made("what the receiver takes is", levels, small(102, **ROOMY), (999,), (24, 96)),
    Made("one byte less than another would need", levels, small(101, **ROOMY), (999,), (23, 92)),
    Made("padding counts", levels, small(99, alignment=4), (999,), (23, 91)),
]  # fmt: skip


@pytest.mark.parametrize("made", MADE, ids=lambda m: m.id.replace(" ", "-"))
def test_it_is_made_as_the_profile_lays_it_out(made: Made) -> None:
    assert made.decided() == made.expected


def test_an_unknown_element_is_one_everywhere() -> None:
    for profile in (NOMINAL, LITTLE, small()):
        element = robustness.unknown_element(Builder(profile))
        assert element.type not in profile.element_types.values()
