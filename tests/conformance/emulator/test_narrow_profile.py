# SPDX-License-Identifier: GPL-2.0-or-later
"""A profile without provisional numbers: what it has no word for is left unsaid."""

from conformance.emulator.mse import EVERYTHING, MseSession, Plan
from conformance.emulator.wlc import Settings, WlcSession
from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.profile.reading import parsed
from nmsp_scapy.profile.writing import written

KEPT = {name: n for name, n in NOMINAL.message_types.items() if n < 0x100}
NARROW = parsed(
    "\n".join(
        line
        for line in written(NOMINAL).splitlines()
        if line.split(" = ")[0] not in NOMINAL.message_types.keys() - KEPT.keys()
    )
)


def test_both_sides_go_on_without_the_messages_that_are_missing() -> None:
    assert "LOCATION_REQUEST" not in NARROW.message_types
    wlc = WlcSession(Settings(profile=NARROW, interval_s=1.0), 0.0)
    mse = MseSession(Plan(profile=NARROW, asks=EVERYTHING), 0.0)
    for turn in range(12):
        now = float(turn)
        for data in mse.take():
            wlc.receive(data, now)
        wlc.tick(now)
        for data in wlc.take():
            mse.receive(data, now)
    said = mse.session.received
    assert said["MEASUREMENT_NOTIFICATION"].count > 3
    assert said["STATISTICS_RESPONSE"].count
    assert mse.settled
    assert not wlc.ending
    assert set(said) <= set(KEPT)
