# SPDX-License-Identifier: GPL-2.0-or-later
import random

import msgspec
import pytest

from nmsp_scapy.calibrate import calibrate, runs_of
from nmsp_scapy.calibrate import geometry as geometry_of
from nmsp_scapy.calibrate.describing import CONTAINERS, FIXED, OPEN, describe
from nmsp_scapy.calibrate.values import Part, Sample, parts
from nmsp_scapy.constants import ElementType, Grade
from nmsp_scapy.integrity import Plain
from nmsp_scapy.layers.base import NMSPElement
from nmsp_scapy.layers.fields import ElementsField, NumberField, TextField
from nmsp_scapy.profile import NOMINAL, Statement
from nmsp_scapy.profile.reading import parsed
from nmsp_scapy.profile.writing import differences, written
from tests.gear.drawn import runs
from tests.gear.geometries import draw_geometry
from tests.gear.talk import conversation


def samples(values: list[bytes], every_s: float = 1.0) -> list[Sample]:
    start = 1_700_000_000.0
    return [
        Sample(data, n, int((start + n * every_s) * 1e9))
        for n, data in enumerate(values, 1)
    ]


def kinds(found: list[Part]) -> list[tuple[int, int, str]]:
    return [(one.offset, one.width, one.kind) for one in found]


def test_a_sample_of_signal_strengths_is_taken_apart() -> None:
    rng = random.Random(1)
    vendors = [bytes.fromhex("001b0c"), bytes.fromhex("3c5ab4")]
    macs = [rng.choice(vendors) + rng.randbytes(3) for _ in range(9)]
    values = [
        bytes([rng.randint(0, 1), 7])
        + rng.choice(macs)
        + bytes([256 - rng.randint(40, 90), 0])
        for _ in range(200)
    ]
    assert kinds(parts(samples(values), set())) == [(2, 6, "mac"), (8, 1, "dbm")]


def test_clocks_counters_and_addresses_are_told_apart() -> None:
    rng = random.Random(2)
    values = [
        (1_700_000_000 + n + rng.randint(0, 1)).to_bytes(4, "little")
        + (900 + 3 * n).to_bytes(2, "big")
        + bytes([10, 1, rng.randint(0, 3), rng.randint(1, 254)])
        for n in range(100)
    ]
    assert kinds(parts(samples(values), set())) == [
        (0, 4, "time"),
        (4, 2, "number"),
        (6, 4, "ipv4"),
    ]


def test_chance_is_no_kind() -> None:
    rng = random.Random(3)
    for size in (4, 6, 16, 40):
        assert parts(samples([rng.randbytes(size) for _ in range(300)]), set()) == []


def test_text_is_told() -> None:
    told, _ = describe(samples([b"guest-net", b"corp"] * 5), set())
    assert told == "text, as 'guest-net'"


def test_the_forms_of_nominal_elements_are_those_of_the_layers() -> None:
    classes = {one.number: one for one in NMSPElement.__subclasses__()}
    for element in ElementType:
        fields = classes[element].value_fields
        if all(isinstance(one, ElementsField) for one in fields):
            assert element.name in CONTAINERS
        elif all(isinstance(one, NumberField) for one in fields):
            size = sum(one.width for one in fields)
            assert element.name == "QUERY" or FIXED[element.name] == {size}
        elif all(isinstance(one, TextField) for one in fields):
            assert element.name not in FIXED | dict.fromkeys(CONTAINERS | OPEN, 0)


def test_every_statement_in_the_profile_has_its_grade_and_its_frames() -> None:
    geometry = draw_geometry(4000)
    found = calibrate(runs(geometry, 4000))
    assert found.profile is not None
    told = found.profile.statements
    assert {one.statement for one in found.findings} == set(told)
    determined = {one.statement for one in found.findings if one.determined}
    for name, one in told.items():
        grade = Grade.OBSERVED if name in determined else Grade.INFERRED
        assert one.grade == grade
        assert one.note
        if name.startswith(("element ", "header.unknown", "header.type")):
            assert one.frames
    assert told["element 19"].value == "MAC address"
    assert told["element 189"].value.endswith("MAC address at 0, dBm at 10, dBm at 11")
    assert "chosen by convention" in told["header.length"].note


def test_what_a_profile_rests_on_is_read_back_and_is_no_difference() -> None:
    told = Statement('"odd" \\ value', Grade.OBSERVED, "a\nnote", [1, 2])
    one = msgspec.structs.replace(NOMINAL, statements={'element "5".x': told})
    assert parsed(written(one)) == one
    assert differences(one, NOMINAL) == []


def test_no_more_than_enough_conversations_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    geometry = draw_geometry(4060)
    every = [
        msgspec.structs.replace(run, conversation=number)
        for number in range(3)
        for run in runs(geometry, 4060)
    ]
    one = sum(len(run.data) for run in every) // 3
    monkeypatch.setattr(geometry_of, "LOOKED_AT", 2 * one)
    assert calibrate(every).findings[0].value == "2 of 3"


def test_a_magic_number_is_one_where_several_conversations_have_it() -> None:
    geometry = draw_geometry(4060)
    both = [
        run
        for number in (0, 1)
        for run in runs_of(
            (
                (one.side, Plain(one.raw, 0, int(one.time_s * 1e9), (n,)))
                for n, one in enumerate(conversation(geometry, number), 1)
            ),
            conversation=number,
        )
    ]
    alone = calibrate([run for run in both if run.conversation == 0]).profile
    together = calibrate(both).profile
    assert alone is not None
    assert together is not None
    magic = geometry.place("magic")
    for profile, value in ((alone, None), (together, geometry.fixed["magic"])):
        (own,) = (f for f in profile.header.fields if f.offset == magic.offset)
        assert own.value == value
    notes = {f.offset: f.note for f in together.header.fields}
    assert "the sum, little-endian of the header" in notes[7]
    assert "counts the messages of its direction" in notes[11]
