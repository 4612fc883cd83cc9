# SPDX-License-Identifier: GPL-2.0-or-later
"""The out-of-order store: the first copy of each byte, in order, nothing between."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.streams.store import OVERHEAD, Chunk, SegmentStore


@given(st.randoms(use_true_random=True))
def test_it_is_what_a_dictionary_of_bytes_is(chance: Random) -> None:
    store, model = SegmentStore(), dict[int, int | None]()
    for number in range(chance.randint(1, 25)):
        start, length = chance.randint(0, 60), chance.randint(1, 20)
        data = chance.randbytes(length) if chance.random() < 0.8 else None
        if data is not None and chance.random() < 0.5:  # an honest copy
            data = bytes(model.get(start + n) or byte for n, byte in enumerate(data))
        held = {
            place: model[place]
            for place in range(start, start + length)
            if model.get(place) is not None
        }
        conflict = store.insert(Chunk(start, start + length, data, 0, number))
        differing = [
            place
            for place, byte in held.items()
            if data is not None and data[place - start] != byte
        ]
        assert (conflict[0] if conflict else None) == min(differing, default=None)
        for place in range(start, start + length):
            model.setdefault(place, data[place - start] if data is not None else None)
    chunks = store.chunks
    assert all(a.stop <= b.start for a, b in pairwise(chunks))
    seen = {
        c.start + n: (c.data[n] if c.data is not None else None)
        for c in chunks
        for n in range(c.stop - c.start)
    }
    assert seen == model
    sizes = [len(c.data) if c.data is not None else 0 for c in chunks]
    assert store.cost == sum(sizes) + OVERHEAD * len(chunks)
    distance = chance.randint(-30, 30)
    store.shift(distance)
    moved = {place + distance: byte for place, byte in model.items()}
    assert {p for p in moved if p >= 0} == {
        p for c in store.chunks for p in range(c.start, c.stop)
    }
    while len(store):
        assert store.pop().start >= 0
    assert store.cost == 0
