# SPDX-License-Identifier: GPL-2.0-or-later
"""Elements of two messages are paired by what they are about."""

from typing import Any

from conformance.observation import Seen
from conformance.replay.ignoring import Ignoring
from conformance.replay.outcome import Difference
from conformance.replay.parts import differences
from nmsp_scapy import layers
from nmsp_scapy.profile import NOMINAL

BINDING = layers.bind(NOMINAL)
MACS = tuple(f"02:00:5e:00:00:{n:02x}" for n in range(4))


def element(name: str, **fields: Any) -> Any:
    cls = BINDING.element(name)
    assert cls is not None
    return cls(**fields)


def station(mac: str, *, last: int = 0, kind: int = 0) -> Any:
    return element(
        "STATISTICS",
        elements=[
            element("MAC_ADDRESS", mac=mac),
            element("ENTITY", kind=kind),
            element("LAST_HEARD", last_heard_s=last),
        ],
    )


def seen(*elements: Any, name: str = "STATISTICS_RESPONSE", **header: int) -> Seen:
    body = BINDING.message(name)
    assert body is not None
    raw = bytes(BINDING.header(**header) / body(elements=list(elements)))
    return Seen(3, 1.0, "wlc", raw, (17,))


def between(one: Seen, other: Seen, **more: Any) -> list[Difference]:
    return differences(one, other, Ignoring(**more))


def told(found: list[Difference]) -> list[tuple[str, str, str, str]]:
    return [(d.aspect.value, d.place, d.expected, d.actual) for d in found]


def test_the_same_has_no_difference() -> None:
    one = seen(station(MACS[0]), station(MACS[1]))
    assert between(one, one) == []


def test_a_field_is_named_with_path_and_bytes() -> None:
    status = [seen(element("STATUS", code=code)) for code in (0, 3)]
    (found,) = between(*status)
    assert (found.place, found.field) == ("STATUS.code", "elements.0.code")
    assert (found.expected, found.actual) == ("0 (SUCCESS)", "3 (NOT_SUBSCRIBED)")
    assert (found.offset, found.length) == (16, 2)
    assert (found.frames, found.index) == ((17,), 3)


def test_the_header_is_compared() -> None:
    (found,) = between(seen(transaction_id=1), seen(transaction_id=2))
    assert (found.place, found.offset, found.length) == ("transaction_id", 8, 4)


def test_what_varies_is_left_out_unless_asked_for() -> None:
    one, other = seen(station(MACS[0], last=1)), seen(station(MACS[0], last=9))
    assert between(one, other) == []
    (found,) = between(one, other, compared=["last_heard_s"])
    assert found.field == "elements.0.elements.2.last_heard_s"


def test_elements_in_another_order_are_compared_and_the_order_told() -> None:
    one = seen(*(station(mac) for mac in MACS[:3]))
    other = seen(*(station(mac) for mac in (MACS[1], MACS[0], MACS[2])))
    assert [d.aspect for d in between(one, other)] == ["order"]
    changed = seen(station(MACS[1], kind=1), station(MACS[0]), station(MACS[2]))
    fields = [d for d in between(one, changed) if d.aspect == "field"]
    assert [d.field for d in fields] == ["elements.0.elements.1.kind"]


def test_an_element_more_and_one_less_are_told() -> None:
    one, other = seen(station(MACS[0])), seen(station(MACS[0]), station(MACS[1]))
    assert told(between(one, other)) == [
        ("field", "STATISTICS", "absent", f"STATISTICS {MACS[1]}")
    ]
    assert told(between(other, one)) == [
        ("field", "STATISTICS", f"STATISTICS {MACS[1]}", "absent")
    ]


def test_another_station_is_one_difference() -> None:
    one, other = seen(station(MACS[0], kind=1)), seen(station(MACS[1]))
    assert told(between(one, other)) == [
        ("field", "STATISTICS", f"about {MACS[0]}", f"about {MACS[1]}")
    ]
    assert len(between(one, other, ignored=["mac"])) == 1


def test_what_cannot_be_read_is_a_difference() -> None:
    one = seen(station(MACS[0]))
    cut = Seen(1, 0.0, "wlc", one.raw[:4] + b"\0\0\0\x20" + one.raw[8:32])
    places = [d.place for d in between(one, cut)]
    assert "malformed" in places or "STATISTICS.malformed" in places
