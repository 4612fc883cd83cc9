# SPDX-License-Identifier: GPL-2.0-or-later
"""The labelled set that the emulators play: diagnosed without an error."""

from pathlib import Path

import pytest

from nmsp_scapy.authlist.pasted import entries_in
from nmsp_scapy.capture import open_capture
from nmsp_scapy.dissect import dissect
from nmsp_scapy.doctor import Chart, attempts, diagnose
from nmsp_scapy.trace import connections
from tests.doctor.emulated import SCENES, Scene, play


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_cause_is_named_and_no_other(scene: Scene, tmp_path: Path) -> None:
    played = play(scene, tmp_path)
    ports = frozenset({played.port})
    chart = Chart()
    chart.feed_all(dissect(played.capture, ports=ports))
    with open_capture(played.capture, ports=ports) as capture:
        begun = attempts(capture)
    trace = played.trace.split(b"\n") if scene.with_trace else []
    diagnosis = diagnose(
        chart,
        begun,
        connections=list(connections(trace)),
        entries=entries_in(played.config) if scene.with_config else [],
    )
    assert {str(found.cause) for found in diagnosis.findings} == scene.causes
    assert diagnosis.healthy == (not scene.causes), diagnosis.summary
