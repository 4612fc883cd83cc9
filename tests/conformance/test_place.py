# SPDX-License-Identifier: GPL-2.0-or-later
"""A field path leads to its bytes, and to no others."""

import pytest

from conformance.place import Place, locate
from nmsp_scapy import layers

BOUND = layers.bind()


def message() -> bytes:
    def service(number: int, mask: int) -> object:
        return BOUND.element("SERVICE")(service=number, sub_services=mask)

    mac = BOUND.element("MAC_ADDRESS")(mac="02:00:00:00:00:01")
    inside = BOUND.element("MEASUREMENT")(elements=[mac])
    status = BOUND.element("STATUS")(code=4)
    body = BOUND.message("MEASUREMENT_RESPONSE")
    return bytes(
        BOUND.header(transaction_id=7)
        / body(elements=[status, service(1, 1), service(2, 2), inside])
    )


@pytest.mark.parametrize(
    ("path", "offset", "length", "name"),
    [
        ("transaction_id", 8, 4, "nmsp.transaction_id"),
        ("flags", 1, 1, "nmsp.flags"),
        ("elements.status", 12, 6, "nmsp.element"),
        ("elements.status.code", 16, 2, "nmsp.element.code"),
        ("elements.0.code", 16, 2, "nmsp.element.code"),
        ("elements.code", 16, 2, "nmsp.element.code"),
        ("elements.2.sub_services", 36, 8, "nmsp.element.sub_services"),
        ("elements.measurement.mac_address.mac", 52, 6, "nmsp.element.mac"),
        ("elements.mac_address", 48, 10, "nmsp.element"),
    ],
)
def test_a_path_leads_to_its_bytes(
    path: str, offset: int, length: int, name: str
) -> None:
    assert locate(message(), path) == Place(offset, length, name)


@pytest.mark.parametrize(
    "path", ["elements", "elements.sub_services", "elements.service", "elements.9"]
)
def test_what_cannot_be_told_apart_is_the_body(path: str) -> None:
    raw = message()
    assert locate(raw, path) == Place(12, len(raw) - 12, "nmsp.element")


@pytest.mark.parametrize("path", ["", "nothing", "header.type"])
def test_what_fits_nothing_is_the_message(path: str) -> None:
    raw = message()
    assert locate(raw, path) == Place(0, len(raw), "nmsp")


def test_broken_bytes_are_no_obstacle() -> None:
    raw = message()
    for size in range(len(raw)):
        place = locate(raw[:size], "elements.status.code")
        assert place.offset + place.length <= max(size, 18)
