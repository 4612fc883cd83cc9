# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever a capture does to a connection, what comes out is what was written.

The oracle is the bytes that the two endpoints wrote.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.capture import Segment
from nmsp_scapy.integrity import Gap, Plain
from nmsp_scapy.streams import Connection, Out, Reassembler
from tests.fuzz.targets import contiguous
from tests.gear.captures import ACK, FIN, MASK, Tap, flow, renumbered

Positions = set[int]
CHANCE = st.randoms(use_true_random=True)


@dataclass
class Direction:
    """What one direction of a connection came out as."""

    items: list[Plain | Gap] = field(default_factory=list)

    @property
    def delivered(self) -> Positions:
        return {
            position
            for item in self.items
            if isinstance(item, Plain)
            for position in range(item.offset, item.offset + len(item.data))
        }


def run(segments: list[Segment]) -> list[Out]:
    reassembler = Reassembler({16_113})
    out = [o for segment in segments for o in reassembler.feed(segment)]
    return out + reassembler.close()


def directions(out: list[Out]) -> dict[tuple[int, int], Direction]:
    result: dict[tuple[int, int], Direction] = defaultdict(Direction)
    for connection, side, item in out:
        if isinstance(item, Plain | Gap):
            result[connection.index, side].items.append(item)
    return result


def check(direction: Direction, truth: bytes, base: int = 0) -> None:
    """The direction is the truth from `base` on, every hole named."""
    expected = 0
    for item in direction.items:
        assert item.offset == expected
        if isinstance(item, Plain):
            assert item.data
            start = base + item.offset
            assert item.data == truth[start : start + len(item.data)]
            expected += len(item.data)
        else:
            assert item.length is not None
            assert item.length > 0
            expected += item.length
    assert base + expected <= len(truth)


def truth(length: int, side: int) -> bytes:
    """Bytes that tell their own place."""
    return b"".join((2 * n + side).to_bytes(3, "big") for n in range(length // 3 + 1))[
        :length
    ]


def tap_of(chance: Random) -> Tap:
    """A connection: any cuts, any initial numbers, often one about to wrap."""
    isn = [
        chance.choice((chance.randint(0, MASK), MASK - chance.randint(0, 300), MASK))
        for _ in (0, 1)
    ]
    tap = Tap(client=("10.0.0.1", chance.randint(1024, 60_000)), isn=(isn[0], isn[1]))
    tap.open()
    left = [bytearray(truth(chance.randint(0, 600), side)) for side in (0, 1)]
    while any(left):
        side = chance.choice([n for n in (0, 1) if left[n]])
        size = chance.choice((1, chance.randint(1, 120)))
        tap.write(side, bytes(left[side][:size]), acknowledged=chance.random() < 0.5)
        del left[side][:size]
    if chance.random() < 0.5:
        tap.finish(*chance.sample((0, 1), 2))
    return tap


def first_number(tap: Tap, side: int) -> int:
    """Sequence number of the first byte that a side wrote."""
    finished = any(s.flags & FIN and s.flow == tap.flows[side] for s in tap.segments)
    return tap.next[side] - len(tap.written[side]) - finished


def repeated(chance: Random, tap: Tap) -> list[Segment]:
    """The segments with some again, later, whole or cut otherwise."""
    out: list[Segment] = []
    for segment in tap.segments:
        out.append(segment)
        if segment.payload and chance.random() < 0.2:
            side = tap.flows.index(segment.flow)
            start = (segment.seq - first_number(tap, side)) & MASK
            low = max(0, start - chance.randint(0, 50))
            again = bytes(tap.written[side][low : start + len(segment.payload)])
            seq = (segment.seq - (start - low)) & MASK
            out.append(Segment(0, 0, segment.flow, seq, segment.ack, ACK, again))
        if chance.random() < 0.1:
            out.append(segment)
    return out


def shuffled(chance: Random, segments: list[Segment], reach: int) -> list[Segment]:
    """Move segments to later places, at most `reach` further."""
    keys = [
        (n + (chance.randint(0, reach) if chance.random() < 0.3 else 0), n)
        for n in range(len(segments))
    ]
    return [segments[n] for _, n in sorted(keys)]


def sampled(chance: Random, segments: list[Segment]) -> list[Segment]:
    """Lose some segments: none, a few or many."""
    share = chance.choice((0.0, 0.05, 0.3))
    return [segment for segment in segments if chance.random() >= share]


def positions(tap: Tap, segments: list[Segment]) -> tuple[Positions, Positions]:
    """Which bytes of each side a list of segments holds."""
    held: tuple[Positions, Positions] = (set(), set())
    for side in (0, 1):
        first = first_number(tap, side)
        for segment in segments:
            if segment.flow == tap.flows[side] and segment.payload:
                start = (segment.seq - first) & MASK
                held[side].update(range(start, start + len(segment.payload)))
    return held


def unseen_fin(tap: Tap, kept: list[Segment], side: int) -> bytes:
    """A byte more where a FIN was sent and lost: acknowledgements count it too."""
    sent = [s.flow for s in tap.segments if s.flags & FIN]
    seen = [s.flow for s in kept if s.flags & FIN]
    return b"?" if tap.flows[side] in sent and tap.flows[side] not in seen else b""


@given(CHANCE)
def test_a_complete_capture_gives_every_byte(chance: Random) -> None:
    tap = tap_of(chance)
    segments = renumbered(shuffled(chance, repeated(chance, tap), 20))
    result = directions(run(segments))
    for side in (0, 1):
        direction = result.get((0, side), Direction())
        check(direction, bytes(tap.written[side]))
        assert not [i for i in direction.items if isinstance(i, Gap)]
        assert len(direction.delivered) == len(tap.written[side])
    assert {index for index, _ in result} <= {0}


@given(CHANCE)
def test_what_is_lost_is_named_and_all_else_given(chance: Random) -> None:
    tap = tap_of(chance)
    segments = repeated(chance, tap)
    kept = segments[:3] + shuffled(chance, sampled(chance, segments[3:]), 20)
    result = directions(run(renumbered(kept)))
    held = positions(tap, kept)
    for side in (0, 1):
        direction = result.get((0, side), Direction())
        check(direction, bytes(tap.written[side]) + unseen_fin(tap, kept, side))
        assert direction.delivered == held[side]


@given(CHANCE)
def test_a_late_start_gives_every_byte_from_then_on(chance: Random) -> None:
    tap = tap_of(chance)
    late = tap.segments[chance.randint(3, max(3, len(tap.segments) - 1)) :]
    kept = shuffled(chance, sampled(chance, late), 20)
    result = directions(run(renumbered(kept)))
    held = positions(tap, kept)
    for side in (0, 1):
        direction = result.get((0, side), Direction())
        if held[side]:
            base = min(held[side])
            written = bytes(tap.written[side]) + unseen_fin(tap, kept, side)
            check(direction, written, base)
            assert {base + p for p in direction.delivered} == held[side]
        else:
            assert not direction.delivered


@given(CHANCE)
def test_connections_merged_in_any_way_do_not_touch(chance: Random) -> None:
    several = {tap.flows[0]: tap for tap in (tap_of(chance) for _ in range(3))}
    queues = [list(tap.segments) for tap in several.values()]
    merged: list[Segment] = []
    while any(queues):
        merged.append(chance.choice([q for q in queues if q]).pop(0))
    out = run(renumbered(merged))
    result = directions(out)
    connections: dict[int, Connection] = {c.index: c for c, _, _ in out}
    assert len(connections) == len(several)
    for connection in connections.values():
        tap = several[flow(connection.client, connection.server)]
        for side in (0, 1):
            direction = result.get((connection.index, side), Direction())
            check(direction, bytes(tap.written[side]))
            assert len(direction.delivered) == len(tap.written[side])


@given(CHANCE)
def test_nonsense_is_survived(chance: Random) -> None:
    flows = Tap().flows
    segments = [
        Segment(
            number,
            chance.randint(0, 2**40),
            chance.choice(flows),
            chance.choice((0, 1, 5, MASK, chance.randint(0, MASK))),
            chance.choice((0, 1, 5, MASK, chance.randint(0, MASK))),
            chance.randint(0, 255),
            chance.randbytes(chance.randint(0, 4)),
            chance.choice((0, 0, 0, 1, 9)),
        )
        for number in range(1, chance.randint(2, 60))
    ]
    contiguous(run(segments))
