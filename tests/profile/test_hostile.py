# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever a profile says, it is read or refused with its line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy import layers, records
from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.profile.reading import ProfileError, parsed

HEAD = 'inherits = "nominal"\nname = "mine"\n'
NUMBERS = st.integers(-2, 20) | st.integers(-(1 << 70), 1 << 70)
VALUES = NUMBERS | st.booleans() | st.floats() | st.text(max_size=8)
FIELD = st.fixed_dictionaries(
    {"name": st.sampled_from(["type", "length", "a", "unknown_3", "elements", "é"]),
     "offset": NUMBERS, "width": NUMBERS},
    optional={"kind": st.sampled_from(["mac", "ipv4", "text", "dbm", "time", "x"]),
              "byte_order": st.sampled_from(["big", "little"]), "value": NUMBERS},
)  # fmt: skip
TABLES = ("header.fields", "bodies.ECHO_REQUEST", "values.STATUS", "values.NOBODY")
GEOMETRY = ("size", "covers_from", "trailer", "maximum", "trailer_counted")
ELEMENTS = (
    "type_offset", "type_width", "length_offset", "length_width", "value_offset",
    "covers_from", "alignment",
)  # fmt: skip


def toml(value: object) -> str:
    """A JSON value is TOML's too, but for DEL and what is no number."""
    spelt = json.dumps(value).replace("\x7f", "\\u007f")
    return {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}.get(spelt, spelt)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Profiles that keep the form and say anything."""
    lines = [HEAD]
    for table, keys in (("header", GEOMETRY), ("elements", ELEMENTS)):
        said = draw(st.dictionaries(st.sampled_from(keys), VALUES, max_size=3))
        lines += [f"[{table}]", *(f"{k} = {toml(v)}" for k, v in said.items())]
    for table in draw(st.lists(st.sampled_from(TABLES), max_size=4)):
        one = draw(FIELD)
        lines += [f"[[{table}]]", *(f"{k} = {toml(v)}" for k, v in one.items())]
    return "\n".join(lines)


@given(texts(), st.binary(max_size=80))
def test_what_is_not_refused_reads_any_bytes(text: str, raw: bytes) -> None:
    try:
        profile = parsed(text)
    except ProfileError:
        return
    json.loads(records.to_json(raw, profile))
    layers.bind(profile).dissect(raw)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("[header]\nsize = " + "9" * 5000, 4, "too long"),
        ("[header]\nsize = " + "9" * 4000, 4, "1 to 256"),
        ("x = " + "[" * 5000 + "]" * 5000, 3, "recursion"),
        ("[message_types]\n\"a\\u001b[2J\" = 7", 4, r"\\x1b"),
    ],
    ids=["digits", "large", "deep", "escape"],
)  # fmt: skip
def test_extremes_are_refused_in_one_printable_line(
    text: str, line: int, word: str
) -> None:
    with pytest.raises(ProfileError, match=word) as refused:
        parsed(HEAD + text)
    assert refused.value.line == line
    assert str(refused.value).isprintable()


def test_nothing_said_is_the_nominal_layout() -> None:
    assert parsed(HEAD).header == NOMINAL.header
