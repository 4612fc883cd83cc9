# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles that have no word for something, or no room: that is left unsaid."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.emulator.cli import command
from conformance.emulator.mse import EVERYTHING, MseSession, Plan
from conformance.emulator.wlc import Settings, WlcSession
from nmsp_scapy.profile import (
    NOMINAL,
    ElementGeometry,
    Field,
    HeaderGeometry,
    Profile,
)
from nmsp_scapy.profile.reading import parsed
from nmsp_scapy.profile.writing import written
from tests.gear.odd_profiles import FLAT

KEPT = {name: n for name, n in NOMINAL.message_types.items() if n < 0x100}
NARROW = parsed(
    "\n".join(
        line
        for line in written(NOMINAL).splitlines()
        if line.split(" = ")[0] not in NOMINAL.message_types.keys() - KEPT.keys()
    )
)


CRAMPED = Profile(
    name="cramped",
    header=HeaderGeometry(
        size=12,
        fields=(
            Field("type", 0, 2),
            Field("length", 2, 1),
            Field("transaction_id", 4, 1),
        ),
        maximum=255,
    ),
    elements=ElementGeometry(
        length_offset=4, length_width=1, value_offset=12, covers_from=0, alignment=4
    ),
    message_types=NOMINAL.message_types,
    element_types=NOMINAL.element_types,
    services=NOMINAL.services,
)
"""A message of 255 bytes is the longest, of elements whose heads take 12."""


def talk(profile: Profile, turns: int) -> tuple[WlcSession, MseSession]:
    wlc = WlcSession(Settings(profile=profile, interval_s=1.0), 0.0)
    mse = MseSession(Plan(profile=profile, asks=EVERYTHING), 0.0)
    for turn in range(turns):
        now = float(turn)
        for data in mse.take():
            wlc.receive(data, now)
        wlc.tick(now)
        for data in wlc.take():
            mse.receive(data, now)
    assert not wlc.ending
    return wlc, mse


def test_both_sides_go_on_without_the_messages_that_are_missing() -> None:
    assert "LOCATION_REQUEST" not in NARROW.message_types
    _, mse = talk(NARROW, 12)
    said = mse.session.received
    assert said["MEASUREMENT_NOTIFICATION"].count > 3
    assert said["STATISTICS_RESPONSE"].count
    assert mse.settled
    assert set(said) <= set(KEPT)


def test_what_has_no_room_in_one_message_goes_into_several() -> None:
    _, mse = talk(CRAMPED, 20)
    _, roomy = talk(NOMINAL, 20)
    said, told = mse.session.received, roomy.session.received
    assert said["CAPABILITY_NOTIFICATION"].count == 1
    assert 0 < len(mse.services) < len(roomy.services)
    name = "MEASUREMENT_NOTIFICATION"
    assert said[name].count > 2 * told[name].count > 10


@pytest.mark.parametrize("side", [["wlc", "--listen", "127.0.0.1:0"], ["mse", "::1"]])
def test_a_profile_without_elements_is_refused_in_one_line(
    side: list[str], tmp_path: Path
) -> None:
    flat = tmp_path / "flat.toml"
    flat.write_text(written(FLAT))
    told = CliRunner().invoke(command, [*side, "--profile", str(flat)])
    assert told.exit_code == 2
    last = told.stderr.splitlines()[-1]
    assert (
        last == "Error: profile flat: it has no elements, so that nothing can be said"
    )


def test_transactions_begin_again_where_their_numbers_end() -> None:
    session = MseSession(Plan(profile=CRAMPED), 0.0).session
    sent = [session.send("ECHO_REQUEST", [], 0.0, forced=True) for _ in range(300)]
    assert [raw[4] for raw in sent[253:257]] == [254, 255, 1, 2]
