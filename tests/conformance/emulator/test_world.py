# SPDX-License-Identifier: GPL-2.0-or-later
"""The radio world: the same seed walks the same way, and time makes it move."""

from conformance.emulator.world import NOISE_FLOOR_DBM, World


def _shown(world: World) -> list[object]:
    return [(t.x, t.y, t.sent, world.hearing(t)) for t in world.things]


def test_the_same_seed_is_the_same_world() -> None:
    one, same, other = World(7), World(7), World(8)
    for world in (one, same, other):
        world.advance(100.0)
        world.advance(109.5)
    assert _shown(one) == _shown(same) != _shown(other)


def test_asking_changes_nothing_and_time_does() -> None:
    world = World()
    world.advance(5.0)
    before = _shown(world)
    world.advance(5.9)
    assert _shown(world) == before
    world.advance(6.0)
    assert _shown(world) != before


def test_time_that_does_not_pass_moves_nothing() -> None:
    world = World()
    world.advance(5.0)
    before = _shown(world)
    world.advance(4.0)
    assert _shown(world) == before


def test_what_is_heard_is_plausible() -> None:
    world = World()
    for now in range(0, 600, 10):
        world.advance(float(now))
        for thing in world.things:
            heard = world.hearing(thing)
            loudness = [one.rssi_dbm for one in heard]
            assert loudness == sorted(loudness, reverse=True)
            assert all(NOISE_FLOOR_DBM <= dbm < -10 for dbm in loudness)
            assert world.loudest_dbm(thing.mac) == loudness[0]
