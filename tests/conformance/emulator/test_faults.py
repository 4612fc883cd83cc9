# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults are names that act: each one is known, told, and used."""

import re
from pathlib import Path

import pytest

from conformance.emulator.faults import FAULTS, MSE_FAULTS, QUIRKS, Faults

ALL = FAULTS | QUIRKS | MSE_FAULTS
EMULATOR = Path(__file__).parents[3] / "conformance" / "emulator"


def test_every_fault_acts_somewhere_and_every_switch_is_a_fault() -> None:
    text = "".join(
        path.read_text() for path in EMULATOR.glob("*.py") if path.stem != "faults"
    )
    quoted = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)*)"', text))
    switched = set(re.findall(r'_has\(\s*"([^"]+)"', text))
    idle = set(ALL) - quoted
    assert not idle, "named, but nothing acts on it"
    assert not switched - set(ALL), "acts, but has no name"


@pytest.mark.parametrize("name", ALL)
def test_a_fault_says_in_a_clause_what_it_breaks(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert re.fullmatch(r"[a-z].*[^.]", ALL[name])


def test_a_name_that_is_no_fault_is_refused_with_the_way_to_the_list() -> None:
    assert Faults.named(["plaintext"]) == {"plaintext"}
    with pytest.raises(ValueError, match=r"'plain-text'.*nmsp emulate faults"):
        Faults.named(["plain-text"])
