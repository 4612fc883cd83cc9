# SPDX-License-Identifier: GPL-2.0-or-later
"""Put the segments of many connections together."""

from collections import deque
from collections.abc import Container
from ipaddress import ip_address

from nmsp_scapy.capture.items import Segment
from nmsp_scapy.integrity import Gap, Plain
from nmsp_scapy.streams.half import HALF, MASK, Half
from nmsp_scapy.streams.items import Address, Connection, Notice, Out
from nmsp_scapy.streams.store import Chunk, disagreement

FIN, SYN, RST, ACK = 1, 2, 4, 16
_ORDINARY = frozenset(f for f in range(256) if f & (FIN | SYN | RST | ACK) == ACK)

PATIENCE = 64
"""Packets of a connection for which a late one is waited, once a hole is certain."""

PATIENCE_NS = 2_000_000_000
"""The same in capture time."""

RETRANSMISSION_NS = 120_000_000_000
"""How long a hole that nobody acknowledged is kept open, in capture time."""

WINDOW = 1 << 26
"""A segment further ahead than this, bytes, belongs to no window in use."""

_OLD = 1 << 30

STRAYS = 8
"""Consecutive segments outside the window after which it is moved to them."""

STORE_BYTES = 4 << 20
STORE_CHUNKS = 4096
TOTAL_BYTES = 32 << 20
"""Bounds of the out-of-order store: of one direction, and of all together."""

CONNECTIONS = 4096
"""Connections remembered; then the ones longest silent are given up."""

RECENT = 64
"""Pieces of stream kept to compare late copies with: older ones are taken as equal."""


class Reassembler:
    """Puts the segments of any number of connections together.

    Memory is bounded, whatever the capture does. Feed it segments in the order of
    the capture; close it at the end.
    """

    def __init__(
        self, ports: Container[int] | None = None, *, connections: int = CONNECTIONS
    ) -> None:
        """Begin.

        Args:
            ports: of servers; only connections with one of them are looked at, and
                they tell client from server where no SYN does. None looks at all.
            connections: how many are remembered at once.
        """
        self._ports = ports
        self._limit = max(connections, 2)
        self._halves: dict[bytes, Half] = {}
        self._count = 0
        self._held = 0
        self._recent: deque[Out] = deque(maxlen=RECENT)
        self._closing: deque[tuple[int, Half]] = deque()
        self._former: dict[bytes, int] = {}
        self._out: list[Out] = []
        self._time_ns = 0

    def feed(self, segment: Segment) -> list[Out]:
        """Take a segment; return what it made certain, in order."""
        half = self._halves.get(segment.flow)
        if (
            half is not None
            and half.next == segment.seq
            and half.calm
            and segment.flags in _ORDINARY
            and not segment.missing
        ):
            half.ack = segment.ack
            payload = segment.payload
            frame = segment.frame
            if not payload:
                half.frame = frame
                return []
            offset = half.offset
            length = len(payload)
            half.offset = offset + length
            follows = segment.seq + length
            half.next = follows if follows <= MASK else follows & MASK
            half.last = frame
            out = (
                half.connection,
                half.side,
                Plain(payload, offset, segment.time_ns, (frame,)),
            )
            self._recent.append(out)
            return [out]
        return self._feed(segment, half)

    def close(self) -> list[Out]:
        """End: return what still waited, with the holes before it named."""
        for half in list(self._halves.values()):
            if not half.connection.ended:
                self._end(half, "end of capture")
        self._halves.clear()
        self._closing.clear()
        self._recent.clear()
        return self._taken()

    def _taken(self) -> list[Out]:
        out, self._out = self._out, []
        return out

    def _emit(self, half: Half, item: Plain | Gap | Notice) -> None:
        self._out.append((half.connection, half.side, item))

    def _notice(
        self, half: Half, kind: str, reason: str, segment: Segment | None = None,
        place: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        offset, length = place or (None, None)
        frames = (segment.frame,) if segment is not None else ()
        self._emit(half, Notice(kind, reason, offset, length, self._time_ns, frames))

    # -- the general way ---------------------------------------------------------

    def _feed(self, segment: Segment, half: Half | None) -> list[Out]:
        self._time_ns = segment.time_ns
        while self._closing and self._closing[0][0] <= segment.frame:
            reset = self._closing.popleft()[1]
            if not reset.connection.ended:
                self._end(reset, "reset")
        if half is not None and self._is_new(half, segment):
            self._replace(half)
            half = None
        if half is None:
            if not self._is_wanted(segment):
                return self._taken()
            half = self._open(segment)
        if half.connection.ended:
            return self._taken()
        half.frame = segment.frame
        seq = segment.seq
        if segment.flags & SYN:
            self._synchronise(half, segment)
            seq = (seq + 1) & MASK
        self._acknowledge(half, segment)
        if segment.payload or segment.missing or segment.flags & FIN:
            self._take(half, segment, seq)
        if segment.flags & RST:
            self._reset(half, segment)
        self._settle(half)
        self._settle(half.peer)
        if not half.connection.ended:
            if half.finished and half.peer.finished:
                self._end(half, "fin")
            self._calm(half)
        return self._taken()

    def _calm(self, half: Half) -> None:
        peer = half.peer
        half.calm = peer.calm = not (
            half.store.chunks
            or peer.store.chunks
            or half.next < 0
            or peer.next < 0
            or half.fin is not None
            or peer.fin is not None
        )

    def _is_wanted(self, segment: Segment) -> bool:
        if segment.flags & RST and not segment.payload:
            return False  # nothing begins with it
        ports = self._ports
        return ports is None or segment.sport in ports or segment.dport in ports

    # -- connections -------------------------------------------------------------

    def _open(self, segment: Segment) -> Half:
        if len(self._halves) >= 2 * self._limit:
            self._evict()
        here = Address(str(ip_address(segment.src)), segment.sport)
        there = Address(str(ip_address(segment.dst)), segment.dport)
        side, sure = self._side(segment)
        client, server = (here, there) if side == 0 else (there, here)
        connection = Connection(
            self._count, client, server, "mid-stream", sure, segment.frame,
            segment.time_ns,
        )  # fmt: skip
        self._count += 1
        flow = segment.flow
        size = (len(flow) - 4) // 2
        back = flow[size:-4] + flow[:size] + flow[-2:] + flow[-4:-2]
        half = Half(flow, connection, side)
        half.peer = Half(back, connection, 1 - side)
        half.peer.peer = half
        half.since = half.peer.since = segment.time_ns
        self._halves[back] = half.peer  # flow and back are one where both ends are
        self._halves[flow] = half
        return half

    def _side(self, segment: Segment) -> tuple[int, bool]:
        """Tell whether a segment is the client's (0), and whether that is sure."""
        if segment.flags & SYN:
            return (1 if segment.flags & ACK else 0), True
        ports = self._ports
        if ports is not None and (segment.sport in ports) != (segment.dport in ports):
            return int(segment.sport in ports), True
        return int(segment.sport < segment.dport), False

    def _is_new(  # noqa: PLR0911 - one rule a line
        self, half: Half, segment: Segment
    ) -> bool:
        """Tell the first segment of a new connection from one of this connection's."""
        if not segment.flags & SYN:  # what goes on after a reset was not reset
            goes_on = half.connection.ended == "reset" and segment.payload
            return bool(goes_on) and half.place(segment.seq) >= half.offset
        first = (segment.seq + 1) & MASK
        if half.first == first or self._former.get(half.flow) == segment.seq:
            return False
        if half.isn >= 0 or half.connection.ended:
            return True
        peer = half.peer
        if segment.flags & ACK and peer.isn >= 0:
            return segment.ack != (peer.isn + 1) & MASK
        if peer.isn >= 0:  # both open at once
            return half.offset > 0 or peer.offset > 0
        if half.next >= 0:
            return True
        if half.base < 0:
            return peer.offset > 0
        start = half.store.start if half.store.chunks else 0
        return not 0 <= start - half.place(first) < WINDOW

    def _replace(self, half: Half) -> None:
        if not half.connection.ended:
            self._end(half, "replaced")
        if len(self._former) >= 2 * self._limit:
            self._former.clear()
        for one in (half, half.peer):
            self._former[one.flow] = one.isn
            self._halves.pop(one.flow, None)

    def _evict(self) -> None:
        """Give up the quarter of the connections that has been silent longest."""
        halves = sorted(
            {id(h.connection): h for h in self._halves.values()}.values(),
            key=lambda h: (
                not h.connection.ended,
                max(h.frame, h.last, h.peer.frame, h.peer.last),
            ),
        )
        for half in halves[: len(halves) // 4 + 1]:
            if not half.connection.ended:
                self._end(half, "evicted")
            self._halves.pop(half.flow, None)
            self._halves.pop(half.peer.flow, None)

    def _end(self, half: Half, how: str) -> None:
        """Flush both directions and say the last word."""
        half.connection.ended = how
        for one in sorted((half, half.peer), key=lambda h: h.side):
            one.calm = False
            self._flush(one)
        reasons = {
            "fin": "both sides have finished",
            "reset": "a side has reset it",
            "replaced": "a new connection began on the same addresses",
            "evicted": f"more than {self._limit} connections at once",
            "end of capture": "the capture ends",
        }
        self._notice(half, "closed", reasons[how])

    # -- what a segment says -----------------------------------------------------

    def _synchronise(self, half: Half, segment: Segment) -> None:
        connection = half.connection
        if half.isn == segment.seq or self._former.get(half.flow) == segment.seq:
            return
        side = 1 if segment.flags & ACK else 0
        if connection.began != "syn":
            connection.began = "syn"
            if half.side != side and not (half.offset or half.peer.offset):
                connection.client, connection.server = (
                    connection.server,
                    connection.client,
                )
                half.side, half.peer.side = half.peer.side, half.side
            connection.sure = True
        half.isn = segment.seq
        if half.next < 0:
            self._start(half, (segment.seq + 1) & MASK)

    def _start(self, half: Half, seq: int) -> None:
        """The direction begins at `seq`: its position is 0 from now on."""
        if half.base >= 0:
            distance = -half.place(seq)
            self._held -= half.store.cost
            half.store.shift(distance)
            self._held += half.store.cost
            if half.fin is not None:
                half.fin += distance
        half.next = half.first = seq
        half.waited = 0
        half.since = self._time_ns

    def _begin(self, half: Half) -> None:
        """Let a direction begin whose beginning was not seen.

        That is its first byte seen, or the lowest acknowledgement in a connection
        whose SYN was seen from the other side.
        """
        start = half.store.start if half.store.chunks else 0
        if half.floor is not None and (
            not half.store.chunks or 0 <= start - half.floor < WINDOW
        ):
            start = half.floor
        self._start(half, (half.base + start) & MASK)

    def _acknowledge(self, half: Half, segment: Segment) -> None:
        """Learn what this side has received of the other."""
        if not segment.flags & ACK or segment.flags & RST:
            return
        peer, ack = half.peer, segment.ack
        if peer.next < 0:
            place = peer.place(ack)
            if segment.flags & SYN:
                self._start(peer, ack)
                self._drain(peer)
            elif half.isn >= 0 and (peer.floor is None or place < peer.floor):
                peer.floor = place
        if half.ack < 0 or (ack - half.ack) & MASK < HALF:
            half.ack = ack

    def _take(self, half: Half, segment: Segment, seq: int) -> None:
        """Take the payload, at the position of `seq`."""
        place = half.place(seq)
        got = len(segment.payload)
        if self._is_stray(half, segment, place):
            return
        place = half.place(seq)
        stop = place + got + segment.missing
        if segment.flags & FIN and half.fin is None and stop >= half.offset:
            half.fin = stop
        if got or segment.missing:
            frame, time_ns = segment.frame, segment.time_ns
            if not half.store.chunks:
                half.since, half.waited = time_ns, 0
            if got:
                chunk = Chunk(place, place + got, segment.payload, time_ns, frame)
                self._insert(half, chunk, segment)
            if segment.missing:
                chunk = Chunk(place + got, stop, None, time_ns, frame)
                self._insert(half, chunk, segment)
        if half.next >= 0:
            self._drain(half)

    def _is_stray(self, half: Half, segment: Segment, place: int) -> bool:
        """Tell a segment outside the window; move the window when they go on."""
        behind = _OLD if half.next >= 0 else WINDOW
        if half.offset - behind <= place <= half.offset + WINDOW:
            return False
        after = (segment.seq + len(segment.payload) + segment.missing) & MASK
        seq, count = half.strays
        count = count + 1 if seq == segment.seq else 1
        half.strays = (after, count)
        if count == 1:
            reason = "segments outside the window are ignored"
            self._notice(half, "stray", reason, segment)
        if count < STRAYS:
            return True
        self._flush(half)
        reason = "the sequence numbers jumped"
        self._gap(half, None, reason, segment.time_ns, (half.last, segment.frame))
        half.next, half.strays = segment.seq, (-1, 0)
        return False

    def _insert(self, half: Half, chunk: Chunk, segment: Segment) -> None:
        """Put what is new of a chunk into the store, after a look at the old."""
        if half.next >= 0 and chunk.start < half.offset:
            stop = min(chunk.stop, half.offset)
            self._compare(half, chunk, stop, segment)
            if chunk.stop <= half.offset:
                return
            data = chunk.data
            if data is not None:
                data = data[half.offset - chunk.start :]
            chunk = chunk._replace(start=half.offset, data=data)
        if half.fin is not None and chunk.start >= half.fin:
            return
        store = half.store
        self._held -= store.cost
        conflict = store.insert(chunk)
        self._held += store.cost
        if conflict:
            self._notice(
                half, "overlap", "copies differ; the first is read", segment, conflict
            )

    def _compare(self, half: Half, chunk: Chunk, stop: int, segment: Segment) -> None:
        """Hold a late copy of delivered bytes against the first, where it is kept."""
        if chunk.data is None or (
            chunk.stop == half.offset and chunk.stop - chunk.start <= 1
        ):
            return  # the second: a keepalive, whose byte is anything
        for start, end in half.gaps:
            if start < stop and chunk.start < end:
                place = (
                    max(start, chunk.start),
                    min(stop, end) - max(start, chunk.start),
                )
                reason = "these bytes came after they had been given up"
                self._notice(half, "late", reason, segment, place)
                return
        connection, side, first = half.connection, half.side, None
        for where, which, item in reversed(self._recent):
            if where is connection and which == side and isinstance(item, Plain):
                start = item.offset
                if start < stop:
                    old = Chunk(start, start + len(item.data), item.data, 0, 0)
                    first = disagreement(old, chunk) or first
                    if start <= chunk.start:
                        break
        if first:
            reason = "copies differ; the first is read"
            self._notice(half, "overlap", reason, segment, first)

    def _reset(self, half: Half, segment: Segment) -> None:
        """Take a RST that the receiver would take; it ends the connection soon."""
        distance = half.place(segment.seq) - half.offset
        refused = segment.seq == 0 and half.isn < 0
        if half.next >= 0 and not refused and not -1 <= distance <= WINDOW:
            return
        if not half.reset:
            half.reset = segment.frame
            self._notice(half, "reset", "this side has reset the connection", segment)
            self._closing.append((segment.frame + PATIENCE, half))

    # -- holes -------------------------------------------------------------------

    def _drain(self, half: Half) -> None:
        """Hand out what has its turn."""
        store = half.store
        while store.chunks and store.start <= half.offset:
            self._held -= store.cost
            chunk = store.pop()
            self._held += store.cost
            half.since, half.waited = self._time_ns, 0
            if chunk.data is None:
                reason = "cut off by the snap length"
                self._gap(
                    half,
                    chunk.stop - chunk.start,
                    reason,
                    chunk.time_ns,
                    (chunk.frame,),
                )
                continue
            item = Plain(chunk.data, chunk.start, chunk.time_ns, (chunk.frame,))
            half.offset = chunk.stop
            half.next = (half.next + chunk.stop - chunk.start) & MASK
            half.last = chunk.frame
            self._emit(half, item)
            self._recent.append(self._out[-1])
        if half.fin == half.offset and not half.finished:
            half.finished = True
            half.next = (half.next + 1) & MASK  # the FIN itself
            self._notice(half, "fin", "this side has finished")

    def _gap(
        self, half: Half, length: int | None, reason: str, time_ns: int,
        frames: tuple[int, ...],
    ) -> None:  # fmt: skip
        known = tuple(frame for frame in frames if frame)
        self._emit(half, Gap(half.offset, length, time_ns, known, reason))
        if length is not None:
            half.gaps = (*half.gaps[-7:], (half.offset, half.offset + length))
            half.offset += length
            half.next = (half.next + length) & MASK

    def _settle(self, half: Half) -> None:
        """Give up the holes that will not be filled any more."""
        store = half.store
        while store.chunks:
            reason = self._verdict(half)
            if not reason:
                return
            self._skip(half, reason)
        if half.next < 0 <= half.base:  # it only acknowledges
            half.waited += 1
            if half.waited > PATIENCE:
                self._begin(half)

    def _verdict(self, half: Half) -> str:
        """Why the hole before the store is a gap; empty while it may be filled."""
        store, peer = half.store, half.peer
        waiting = self._time_ns - half.since
        if half.next < 0:
            half.waited += 1
            late = half.waited > PATIENCE or waiting > PATIENCE_NS
            acknowledged = late
        else:
            acknowledged = peer.ack >= 0 and half.place(peer.ack) >= store.start
            half.waited = half.waited + 1 if acknowledged else 0
            late = half.waited > PATIENCE or waiting > PATIENCE_NS
        if acknowledged and late:
            return "not in the capture, though the other side acknowledged it"
        if waiting > RETRANSMISSION_NS:
            return "not in the capture"
        full = store.cost > STORE_BYTES or len(store.chunks) > STORE_CHUNKS
        if full or self._held > TOTAL_BYTES:
            return "not in the capture; more came than can wait for it"
        return ""

    def _skip(self, half: Half, reason: str) -> None:
        """Name the hole before the store and hand out what follows it."""
        first = half.store.chunks[0]
        if half.next < 0:
            self._begin(half)
            first = half.store.chunks[0]
        if first.start > half.offset:
            length = first.start - half.offset
            self._gap(half, length, reason, self._time_ns, (half.last, first.frame))
        self._drain(half)

    def _flush(self, half: Half) -> None:
        """Hand out all that waits, and name what the other side alone has seen."""
        while half.store.chunks:
            self._skip(half, "not in the capture")
        ack = half.peer.ack
        if half.next < 0:
            if half.base < 0:
                return
            self._begin(half)
        if half.fin is not None:
            unseen = half.fin - half.offset
            reason = "before the FIN, but not in the capture"
        else:  # one byte alone may be the FIN
            unseen = half.place(ack) - half.offset if ack >= 0 else 0
            unseen = unseen if unseen > 1 else 0
            reason = "acknowledged by the other side (a FIN too), not in the capture"
        if 0 < unseen <= WINDOW:
            self._gap(half, unseen, reason, self._time_ns, (half.last,))
            self._drain(half)
