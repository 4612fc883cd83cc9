# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that do to a real session whatever captures do, and what must come out.

Run as `python -m tests.gear.hostile KIND 'Spoiling(...)' OUT.pcapng` to keep one that
came out wrong.
"""

import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, cycle, pairwise
from pathlib import Path

from hypothesis import strategies as st

from nmsp_scapy.capture import Segment
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.conversation import Conversation
from nmsp_scapy.decrypt import Decryption
from nmsp_scapy.integrity import Item, Plain
from tests.gear.captures import FIN, MASK, START_NS, SYN, Tap, frame
from tests.gear.kinds import FEATURES, KINDS, contents, recorded
from tests.gear.tls import Recorded

Span = tuple[int, int]
CLIENT = "10.0.0.1"


@dataclass(frozen=True)
class Spoiling:
    """What a capture does to a connection.

    Numbers of segments are taken modulo how many there are.

    Attributes:
        cuts: sizes of the segments, used in turns.
        isn: initial sequence numbers.
        again: copies: of which segment, how much later, how many bytes before it too.
        forged: which segment comes again, later than any is moved, with other bytes.
        moved: which segment comes how much later.
        lost: which segments the capture lacks.
        snapped: of which segment only so many bytes of payload were kept.
        late: segments before the capture's first.
        silent: acknowledgements that stand alone are left out.
        closed: whether both sides finish.
    """

    cuts: tuple[int, ...] = (1448,)
    isn: tuple[int, int] = (1000, 5000)
    again: tuple[tuple[int, int, int], ...] = ()
    forged: tuple[int, ...] = ()
    moved: tuple[tuple[int, int], ...] = ()
    lost: frozenset[int] = frozenset()
    snapped: tuple[tuple[int, int], ...] = ()
    late: int = 0
    silent: bool = False
    closed: bool = True


NUMBERS = st.sampled_from((0, 1000, 2**31 - 9, MASK - 3000, MASK - 200, MASK))
ORDINALS = st.integers(0, 400)
FARTHEST = 20
"""How much later a segment may come."""


def spoilings(*, whole: bool = False, started: bool = True) -> st.SearchStrategy:
    """Any spoiling; a `whole` one lacks no byte, a `started` one no beginning.

    What starts late holds no copies: they may show bytes from before its beginning,
    which nobody can place any more.
    """
    none = st.just(())
    few = {"max_size": 6}
    return st.builds(
        Spoiling,
        cuts=st.lists(
            st.sampled_from((1448, 1, 3, 5, 60, 333, 4000, 65_000))
            | st.integers(1, 2000),
            min_size=1,
            max_size=6,
        ).map(tuple).filter(lambda cuts: sum(cuts) > 60 * len(cuts)),
        isn=st.tuples(NUMBERS, NUMBERS),
        again=st.lists(
            st.tuples(ORDINALS, st.integers(0, FARTHEST), st.integers(0, 3000)), **few
        ).map(tuple) if started else none,
        forged=st.lists(ORDINALS, max_size=3).map(tuple) if whole else none,
        moved=st.lists(st.tuples(ORDINALS, st.integers(1, FARTHEST)), **few).map(tuple),
        lost=st.just(frozenset()) if whole else st.frozensets(ORDINALS, **few),
        snapped=none if whole else st.lists(
            st.tuples(ORDINALS, st.integers(0, 400)), max_size=3
        ).map(tuple),
        late=st.just(0) if started else st.integers(3, 60),
        silent=st.booleans(),
        closed=st.booleans(),
    )  # fmt: skip


def tap_of(session: Recorded, spoiling: Spoiling, port: int) -> Tap:
    """The perfect capture of a session, cut as the spoiling says."""
    tap = Tap(client=(CLIENT, port), isn=spoiling.isn).open()
    sizes = cycle(spoiling.cuts)
    for side, data in session.flow:
        at = 0
        while at < len(data):
            size = next(sizes)
            acknowledged = not spoiling.silent
            tap.write(side, data[at : at + size], acknowledged=acknowledged)
            at += size
    return tap.finish() if spoiling.closed else tap


def spoiled(tap: Tap, spoiling: Spoiling) -> list[Segment]:
    """The segments of a capture that does this; the handshake of TCP stays first."""
    count = len(tap.segments)
    keys: list[tuple[float, Segment]] = []
    moved = {3 + n % (count - 3): by for n, by in spoiling.moved}
    snapped = {n % count: keep for n, keep in spoiling.snapped}
    lost = {3 + n % (count - 3) for n in spoiling.lost}
    copied = {n % count: (later, before) for n, later, before in spoiling.again}
    forged = {n % count for n in spoiling.forged}
    for n, segment in enumerate(tap.segments):
        if n in forged and segment.payload:
            other = bytes(byte ^ 0x55 for byte in segment.payload)
            keys.append((n + FARTHEST + 1, _changed(segment, payload=other)))
        if n in copied:
            later, before = copied[n]
            copy = _longer(tap, segment, before)
            keys.append((n + later + 0.5, copy))
        if n in lost:
            continue
        kept = segment
        if n in snapped and segment.payload:
            payload = segment.payload[: snapped[n]]
            missing = len(segment.payload) - len(payload)
            kept = _changed(segment, payload=payload, missing=missing)
        keys.append((n + moved.get(n, 0), kept))
    ordered = [segment for _, segment in sorted(keys, key=lambda pair: pair[0])]
    return ordered[spoiling.late :]


def _changed(segment: Segment, **changes: object) -> Segment:
    values = {name: getattr(segment, name) for name in Segment.__struct_fields__}
    return Segment(**(values | changes))


def _longer(tap: Tap, segment: Segment, before: int) -> Segment:
    """The segment sent again, together with bytes before it."""
    side = tap.flows.index(segment.flow)
    start = (segment.seq - first_number(tap, side)) & MASK
    if not segment.payload or segment.flags & (SYN | FIN):
        return segment
    low = max(0, start - before)
    data = bytes(tap.written[side][low : start + len(segment.payload)])
    return _changed(segment, seq=(segment.seq - start + low) & MASK, payload=data)


def first_number(tap: Tap, side: int) -> int:
    """Sequence number of the first byte that a side wrote."""
    finished = any(s.flags & FIN and s.flow == tap.flows[side] for s in tap.segments)
    return tap.next[side] - len(tap.written[side]) - finished


def file_of(segments: list[Segment], key_log: list[bytes]) -> bytes:
    """A capture file of the segments, with the secrets inside."""
    file = io.BytesIO()
    writer = PcapngWriter(file)
    writer.interface()
    writer.secrets(b"\n".join(key_log) + b"\n")
    for number, segment in enumerate(segments):
        whole = _changed(segment, payload=segment.payload + bytes(segment.missing))
        data = frame(whole)
        kept = data[: len(data) - segment.missing]
        writer.packet(kept, START_NS + number * 10**6, wire_length=len(data))
    return file.getvalue()


@dataclass
class Read:
    """What came out of a connection.

    Attributes:
        items: application data and holes of each side.
        opened: whether it was taken for TLS.
    """

    conversation: Conversation
    items: tuple[list[Item], list[Item]]

    def plain(self, side: int) -> bytes:
        """Application data of a side."""
        return b"".join(i.data for i in self.items[side] if isinstance(i, Plain))

    def holes(self, side: int) -> list[Span]:
        """Places in the stream of a side that were named as holes."""
        return [
            (item.offset, item.offset + (item.length or 0))
            for item in self.items[side]
            if not isinstance(item, Plain)
        ]


def read(data: bytes) -> list[Read]:
    """Every connection of a capture."""
    found: dict[int, Read] = {}
    for batch in Decryption().run(io.BytesIO(data)):
        for made in batch:
            if isinstance(made, Conversation):
                found[made.index] = Read(made, ([], []))
            elif isinstance(made, tuple):
                found[made[0].index].items[made[1]].append(made[2])
    return list(found.values())


def held(tap: Tap, segments: list[Segment], side: int) -> list[Span]:
    """Runs of a side's bytes that the segments hold, in order."""
    first = first_number(tap, side)
    return _united(
        (start, start + len(s.payload))
        for s in segments
        if s.flow == tap.flows[side] and s.payload
        for start in [(s.seq - first) & MASK]
    )


def _united(spans: Iterable[Span]) -> list[Span]:
    """The same places, those that touch as one."""
    runs: list[Span] = []
    for start, stop in sorted(spans):
        if runs and start <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(stop, runs[-1][1]))
        else:
            runs.append((start, stop))
    return runs


def _first_seen(tap: Tap, segments: list[Segment], side: int) -> int:
    """Where the capture of a side begins: at its SYN, or at its first payload."""
    if any(segment.flags & SYN for segment in segments):
        return 0
    first = first_number(tap, side)
    return min(
        (s.seq - first) & MASK
        for s in segments
        if s.flow == tap.flows[side] and (s.payload or s.missing)
    )


def _sure(tap: Tap, spoiling: Spoiling, side: int) -> int:
    """How many bytes stand before the first that is missing.

    Copies count for nothing: what the other side acknowledges, or a snap length cut,
    is given up before its copy comes.
    """
    plain = replace(spoiling, again=(), moved=())
    segments = [s for s in spoiled(tap, plain) if s.flow == tap.flows[side]]
    first = first_number(tap, side)
    run = held(tap, segments, side)[:1]
    ends = [end for start, end in run if start == 0]
    cut = [((s.seq - first) & MASK) + len(s.payload) for s in segments if s.missing]
    return min(ends + cut) if ends else 0


def judge(
    kind: str, tap: Tap, spoiling: Spoiling, segments: list[Segment], found: Read
) -> None:
    """Hold what came out against what the endpoints wrote.

    Every byte that the capture lacks lies in a hole, and what came out is exactly the
    records that no hole touches. Where the handshakes are whole, so is all before the
    first missing byte; `FEATURES` have handshakes later on, which a hole may spoil.
    """
    runs = [held(tap, segments, side) for side in (0, 1)]
    records = [
        [(start, stop) for owner, start, stop in contents(kind) if owner == side]
        for side in (0, 1)
    ]
    sure = [_sure(tap, spoiling, side) for side in (0, 1)]
    intact = kind in KINDS and all(sure[n] >= records[n][0][0] for n in (0, 1))
    for side, run in enumerate(runs):
        if not run:
            assert not found.plain(side)
            continue
        base, end = _first_seen(tap, segments, side), run[-1][1]
        holes = _united((base + a, base + b) for a, b in found.holes(side))
        for (_, stop), (start, _) in pairwise([(0, base), *run]):
            assert stop == start or any(a <= stop and start <= b for a, b in holes)
        written = _records_of(kind, side)
        out = [
            data
            for (start, stop), data in zip(records[side], written, strict=True)
            if base <= start and stop <= end
            if not any(a < stop and start < b for a, b in holes)
        ]
        assert found.plain(side) == b"".join(out)
        before = sum(stop <= sure[side] for _, stop in records[side])
        if intact:
            assert found.plain(side).startswith(b"".join(written[:before]))


@cache
def _records_of(kind: str, side: int) -> list[bytes]:
    """What each record of a side holds."""
    lengths = [n for (owner, *_), n in contents(kind).items() if owner == side]
    places = accumulate(lengths, initial=0)
    written = recorded(kind).written[side]
    return [written[at:to] for at, to in pairwise(places)]


def capture(kind: str, spoiling: Spoiling, port: int = 40_000) -> bytes:
    """The capture file of a spoiled session."""
    session = recorded(kind)
    return file_of(spoiled(tap_of(session, spoiling, port), spoiling), session.key_log)


def main() -> None:
    """Write a capture."""
    kind, text, path = sys.argv[1:]
    assert kind in {*KINDS, *FEATURES}
    spoiling = eval(text, {"Spoiling": Spoiling, "frozenset": frozenset})  # noqa: S307
    Path(path).write_bytes(capture(kind, spoiling))


if __name__ == "__main__":
    main()
