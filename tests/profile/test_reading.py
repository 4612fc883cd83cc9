# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles from TOML: what works is read, what cannot is refused with its line."""

import contextlib
import json
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nmsp_scapy import layers
from nmsp_scapy.cli.profile import command
from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.profile.reading import SIZE_LIMIT, ProfileError, parsed, read
from nmsp_scapy.profile.writing import differences, schema, written

HEAD = 'inherits = "nominal"\nname = "mine"\n'
ROOT = Path(__file__).parent.parent.parent


def test_the_nominal_profile_is_written_and_read_back() -> None:
    assert parsed(written(NOMINAL)) == NOMINAL
    assert read("nominal") is NOMINAL


def test_what_is_not_said_is_inherited() -> None:
    mine = parsed(f"{HEAD}[message_types]\nECHO_REQUEST = 100\n")
    assert mine.message_types["ECHO_REQUEST"] == 100
    assert mine.message_types["ECHO_RESPONSE"] == 2
    assert mine.header == NOMINAL.header
    assert differences(NOMINAL, mine) == [
        ("name", "nominal", "mine"),
        ("message_types.ECHO_REQUEST", 1, 100),
    ]


def test_a_profile_without_elements_says_false() -> None:
    mine = parsed(f"{HEAD}elements = false\n")
    assert mine.elements is None
    assert parsed(written(mine)) == mine


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("name = 3\n", 1, "Expected `str`"),
        (f"{HEAD}surprise = 1\n", 3, "unknown field"),
        (f"{HEAD}[header]\nsize = 8\n", 3, "ends behind the header"),
        (f"{HEAD}[header]\nsize = 0\n", 4, "1 to 256"),
        (f"{HEAD}[header]\ncovers_from = 13\n", 4, "0 to 12"),
        (f"{HEAD}[header]\nmaximum = 11\n", 4, "largest message"),
        (f"{HEAD}[elements]\nalignment = 0\n", 4, "1 to 64"),
        (f"{HEAD}[elements]\nlength_offset = 1\n", 4, "overlap"),
        (f"{HEAD}[elements]\ntype_width = 9\n", 4, "1 to 8"),
        (f"{HEAD}[elements]\nvalue_offset = 3\n", 3, "own header"),
        (f"{HEAD}[message_types]\nMINE = 1\n", 4, "1 is ECHO_REQUEST already"),
        (f"{HEAD}[message_types]\nMINE = 65536\n", 4, "does not fit 2 bytes"),
        (f"{HEAD}[message_types]\n'no name' = 9\n", 4, "letters"),
        (
            f"{HEAD}[[header.fields]]\nname = 'type'\noffset = 0\nwidth = 2\n"
            "[[header.fields]]\nname = 'length'\noffset = 1\nwidth = 2\n",
            9,
            "overlaps 'type'",
        ),
        (f"{HEAD}[header]\nfields = []\n", 4, "there is no field"),
        (
            f"{HEAD}[[header.fields]]\nname = 'type'\noffset = 0\nwidth = 9\n",
            6,
            "1 to 8 bytes",
        ),
        (
            f"{HEAD}[[header.fields]]\nname = 'x'\nkind = 'mac'\noffset = 0\n"
            "width = 4\n",
            7,
            "a mac has 6 bytes",
        ),
        (f"{HEAD}[[bodies.NO_SUCH]]\nname='a'\noffset=0\nwidth=1\n", 3, "no message"),
        ("inherits = 'elsewhere'\n", 1, "no profile 'elsewhere'"),
        ("a = [\n\n", 1, "Invalid"),
        ("[header]\nsize = 1\nsize = 2\n", 3, "overwrite"),
        (f"{HEAD}[headers.x]\na = 1\n", 3, "unknown field `headers`"),
        (f"{HEAD}a.b.c = 1\n", 3, "unknown field `a`"),
        (f"{HEAD}[services]\nONE = 1\nTWO = 'b'\n", 5, "services.TWO: Expected"),
        (
            f"{HEAD}[statements.a]\nvalue = '1'\ngrade = 'observed'\n"
            "[statements.\"header.type\"]\nvalue = '1'\ngrade = 'certain'\n",
            8,
            "statements.header.type.grade: Invalid",
        ),
        (f"{HEAD}[header]\nsize = 0 # '''\n", 4, "1 to 256"),
        (f"{HEAD}note = '''\n[header]\nsize = 0\n'''\n[header]\nsize = 0\n", 8, "1 to"),
        (f"{HEAD}elements = 5\n", 3, "Expected"),
        (f"{HEAD}header = {{size = 0}}\n", 3, "1 to 256"),
    ],
)
def test_what_cannot_work_is_refused_with_its_line(
    text: str, line: int, word: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        parsed(text, "p.toml")
    assert word in str(caught.value)
    assert str(caught.value).startswith(f"p.toml:{line}: ")


def test_the_length_must_be_able_to_name_a_message() -> None:
    fields = (
        "[[header.fields]]\nname='type'\noffset=0\nwidth=1\n"
        "[[header.fields]]\nname='length'\noffset=1\nwidth=1\n"
    )
    big = "inherits='nominal'\nname='x'\n[header]\nsize=256\n" + fields
    with pytest.raises(ProfileError, match="cannot say"):
        parsed(big + "[message_types]\n")


def test_a_file_inherits_from_the_file_beside_it(tmp_path: Path) -> None:
    base, mine = tmp_path / "base.toml", tmp_path / "mine.toml"
    base.write_text(f"{HEAD}[message_types]\nECHO_REQUEST = 7000\n")
    mine.write_text("inherits = 'base'\nname = 'x'\n")
    assert read(mine).message_types["ECHO_REQUEST"] == 7000


def test_the_mark_that_some_editors_write_first_is_no_text(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f"{HEAD}[header]\nsize = 0\n", encoding="utf-8-sig")
    with pytest.raises(ProfileError, match=r"mine\.toml:4: header\.size"):
        read(mine)
    mine.write_text(HEAD, encoding="utf-8-sig")
    assert read(mine).name == "mine"


def test_the_file_that_says_it_is_blamed(tmp_path: Path) -> None:
    base, mine = tmp_path / "base.toml", tmp_path / "mine.toml"
    base.write_text(f"{HEAD}\n[header]\n\nsize = 0\n")
    mine.write_text("inherits = 'base'\nname = 'x'\n[header]\nmaximum = 500\n")
    with pytest.raises(ProfileError, match=r"base\.toml:6: header\.size"):
        read(mine)


def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_bytes(HEAD.encode() + b"[header]\nsize = 12 # \xff\n")
    with pytest.raises(ProfileError, match=r"mine\.toml:4: not UTF-8 text"):
        read(mine)


@pytest.mark.parametrize("base", ["../up", "/etc/passwd", "a/b", "", ".", "..", 3])
def test_a_name_in_a_profile_never_leads_elsewhere(
    tmp_path: Path, base: object
) -> None:
    (tmp_path / "up.toml").write_text(HEAD)
    inner = tmp_path / "inner"
    inner.mkdir()
    mine = inner / "mine.toml"
    mine.write_text(f"inherits = {json.dumps(base)}\nname = 'x'\n")
    with pytest.raises(ProfileError, match=r"inherits from|plain name"):
        read(mine)


def test_a_link_beside_it_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text(HEAD)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "base.toml").symlink_to(elsewhere)
    (inner / "mine.toml").write_text("inherits = 'base'\nname = 'x'\n")
    with pytest.raises(ProfileError, match="no profile"):
        read(inner / "mine.toml")


def test_a_circle_is_refused(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.toml").write_text(f"inherits = '{base}'\nname = 'x'\n")
    with pytest.raises(ProfileError, match="itself"):
        read(tmp_path / "a.toml")


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * (SIZE_LIMIT + 10))
    with pytest.raises(ProfileError, match="larger"):
        read(huge)


@given(st.text(max_size=300) | st.text(alphabet="[]=.a1'\"\n ", max_size=200))
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(ProfileError):
        parsed(text)


def test_a_profile_that_is_read_drives_the_layers() -> None:
    wide = parsed(
        f"{HEAD}[header]\nsize = 16\ncovers_from = 16\n"
        "[[header.fields]]\nname='magic'\noffset=0\nwidth=4\nvalue=3735928559\n"
        "[[header.fields]]\nname='length'\noffset=4\nwidth=4\nbyte_order='little'\n"
        "[[header.fields]]\nname='type'\noffset=8\nwidth=2\nbyte_order='little'\n"
        "[[header.fields]]\nname='transaction_id'\noffset=12\nwidth=4\n"
    )
    bound = layers.bind(wide)
    body = bound.message("ECHO_REQUEST")
    assert body is not None
    raw = bytes(bound.header(transaction_id=5) / body())
    assert raw.hex() == "deadbeef000000000100000000000005"
    assert bound.dissect(raw).transaction_id == 5


def test_a_note_in_any_letters_reads_back() -> None:
    mine = msgspec.structs.replace(NOMINAL, note='a \U0001f600 \x7f "b"\n')
    assert parsed(written(mine)) == mine


def test_the_published_schema_is_the_models() -> None:
    published = json.loads((ROOT / "docs/schema/profile.json").read_text())
    assert published == schema()
    check = Draft202012Validator(published)
    assert not list(check.iter_errors(tomllib.loads(written(NOMINAL))))
    assert not list(check.iter_errors({"inherits": "nominal", "name": "x"}))
    assert list(check.iter_errors({"name": "x"}))


def test_the_commands_say_what_they_find(tmp_path: Path) -> None:
    run = CliRunner().invoke
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    shown = run(command, ["show"])
    good.write_text(shown.output.replace('"nominal"', '"mine"'))
    bad.write_text(f"{HEAD}[header]\nsize = 0\n")
    assert run(command, ["check", str(good)]).exit_code == 0
    refused = run(command, ["check", str(good), str(bad)])
    assert refused.exit_code == 2
    assert "bad.toml:4: header.size" in refused.output
    assert run(command, ["diff", "nominal", "nominal"]).exit_code == 0
    assert run(command, ["diff", "nominal", str(good)]).exit_code == 1
    assert run(command, ["show", str(tmp_path / "none.toml")]).exit_code == 2
    assert json.loads(run(command, ["show", "--json"]).output)["name"] == "nominal"
