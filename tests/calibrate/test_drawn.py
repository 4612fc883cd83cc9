# SPDX-License-Identifier: GPL-2.0-or-later
"""How often calibrate finds drawn layouts: a thin cut of `benchmarks.calibrate`."""

import random

from nmsp_scapy.calibrate import calibrate
from nmsp_scapy.profile.reading import parsed
from nmsp_scapy.profile.writing import written
from tests.gear.drawn import judged, runs
from tests.gear.geometries import draw_geometry

SEEDS = range(1000, 1020)
FRESH = 4


def test_layouts_are_found_as_often_as_is_said_and_nothing_wrong_is_claimed() -> None:
    headers, bodies, wrong = [], [], []
    for seed in SEEDS:
        geometry = draw_geometry(seed)
        found = calibrate(runs(geometry, seed))
        assert found.profile is not None, seed
        assert parsed(written(found.profile)) == found.profile, seed
        verdict = judged(geometry, found, seed)
        headers.append(verdict)
        wrong += [(seed, one) for one in verdict.wrong]
        if geometry.profile.elements is not None:
            bodies.append(verdict)
    assert all(one.framing for one in headers)
    assert sum(one.always for one in headers) >= 0.95 * len(headers)
    assert all(one.exact or one.zeros for one in headers if one.always)
    assert sum(one.listed for one in headers) >= 0.95 * len(headers)
    assert sum(one.exact_elements for one in bodies) >= 0.9 * len(bodies)
    assert not wrong


def test_layouts_that_nobody_has_seen_are_read_right() -> None:
    for _ in range(FRESH):
        seed = random.SystemRandom().randrange(1 << 40)
        geometry = draw_geometry(seed)
        verdict = judged(geometry, calibrate(runs(geometry, seed)), seed)
        assert verdict.framing, seed
        assert not verdict.wrong, seed
