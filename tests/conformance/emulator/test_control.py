# SPDX-License-Identifier: GPL-2.0-or-later
"""The console of an emulated WLC takes what it knows, and says what it does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.emulator.authlist import AuthList
from conformance.emulator.control import REFUSED, Control, ask, obey
from conformance.emulator.server import EmulatedWlc
from tests.gear.emulators import MSE, WLC

MAC, SHA1 = "02005ee00009", "ab" * 20


@pytest.fixture(scope="module")
def gear() -> Iterator[EmulatedWlc]:
    gear = EmulatedWlc(presented=WLC, authlist=AuthList.of(MSE.der))
    yield gear
    gear.stop()


def test_entries_are_added_and_removed(gear: EmulatedWlc, tmp_path: Path) -> None:
    path = tmp_path / "s"
    before = len(gear.authlist)
    with Control(gear, path):
        assert ask(path, f"add {MAC} {SHA1} {'cd' * 32}") == ""
        assert len(gear.authlist) == before + 1
        assert ask(path, f"remove {MAC} {SHA1}") == ""
        assert len(gear.authlist) == before
        assert "show nmsp statistics connection" in ask(path, "statistics")
    with pytest.raises(OSError, match="No such file"):
        ask(path, "statistics")


@pytest.mark.parametrize(
    "line", ["", "reload", f"add {MAC}", "add xyz abc", f"add {MAC} 12", "remove"]
)
def test_what_is_no_command_changes_nothing(gear: EmulatedWlc, line: str) -> None:
    before = gear.authlist.changes
    assert obey(gear, line).startswith(REFUSED)
    assert gear.authlist.changes == before
