# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulators speak a drawn layout; what calibrate finds reads what they said."""

import time
from pathlib import Path

from click.testing import CliRunner

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from nmsp_scapy.cli.main import main
from tests.gear.emulators import MSE, WLC
from tests.gear.geometries import draw_geometry


def test_emulated_gear_in_a_drawn_layout_is_calibrated(tmp_path: Path) -> None:
    drawn = draw_geometry(15).profile
    path, mine = tmp_path / "x.pcapng", tmp_path / "mine.toml"
    settings = Settings(profile=drawn, interval_s=0.1)
    with EmulatedWlc(
        presented=WLC,
        authlist=AuthList.of(MSE.der),
        authlist_wait_s=0,
        settings=settings,
        recorder=Recorder(path),
    ) as wlc:
        plan = Plan(echo_s=0.2, dead_s=4, profile=drawn)
        with EmulatedMse(("127.0.0.1", wlc.port), presented=MSE, plan=plan):
            time.sleep(4)
    port = str(wlc.port)
    run = CliRunner().invoke
    result = run(main, ["calibrate", str(path), "--port", port, "-o", str(mine)])
    assert result.exit_code == 0, result.output
    arguments = ["dissect", str(path), "--port", port, "--profile"]
    ours = run(main, [*arguments, str(mine)])
    assert ours.exit_code == 0
    assert ours.stdout.count("MEASUREMENT_NOTIFICATION") > 10
    assert "truncated" not in ours.stdout
