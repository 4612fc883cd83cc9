# SPDX-License-Identifier: GPL-2.0-or-later
"""A TLS session read passively: stream bytes in, application data or holes out."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from nmsp_scapy.integrity import Gap, Item, Plain
from nmsp_scapy.tls.ahead import Ahead, Opener, begin, goes_on
from nmsp_scapy.tls.bulk import hand_on, run
from nmsp_scapy.tls.content import Content
from nmsp_scapy.tls.facts import SessionFacts
from nmsp_scapy.tls.hello import read_sslv2_client_hello
from nmsp_scapy.tls.keylog import Label
from nmsp_scapy.tls.keys import KeyStore
from nmsp_scapy.tls.lane import Lane, Mode, Out, hole
from nmsp_scapy.tls.memory import Memory
from nmsp_scapy.tls.negotiation import (
    APPLICATION,
    EARLY,
    HANDSHAKE,
    Candidate,
    Negotiation,
    Waiting,
)
from nmsp_scapy.tls.protection import Opened, Protection, Search
from nmsp_scapy.tls.recovery import Recovery
from nmsp_scapy.tls.registry import Extension, Record, Version
from nmsp_scapy.tls.resync import plausible
from nmsp_scapy.tls.wire import MalformedError

MOST_HELD: Final = 2**20
"""Bytes of a direction that are kept while its keys may still come."""

_DOUBTS: Final = 4
"""Records that may fail under new keys before the keys are called wrong."""

_PATIENT_DOUBTS: Final = 64
"""The same where only keys of a later epoch are known."""

_MISSING: Final = {
    EARLY: "no key log given holds the early data's secret",
    HANDSHAKE: "no key log given holds the handshake's secret",
}


class TlsSession:
    """One TLS connection.

    Feed it what reassembly yields of both directions, in the capture's order and cut
    in any way; it answers with application data and named holes.

    Plain: `offset` counts the application data of its direction that came out (a hole
    does not advance it, since nobody can know how much it hid). Holes: `offset` and
    `length` are those of the TCP stream. The first bytes that stay closed are told at
    once, what follows them as one run when it ends.

    Attributes:
        label: how the caller calls the connection.
    """

    def __init__(
        self,
        label: object,
        keys: KeyStore,
        memory: Memory,
        every_record: bool = False,
    ) -> None:
        self.label = label
        self._facts = SessionFacts()
        self._keys = keys
        self._lanes = (Lane(0, every_record), Lane(1, every_record))
        self._negotiation = Negotiation(keys, memory, self._facts, datagram=False)
        self._content = Content(self._negotiation, self._facts, self._lanes)
        self._recovery = Recovery(self._negotiation, self._seal, self._adopt)
        self._ahead: deque[Ahead] = deque()
        self._steps = (  # in the order of `Mode`
            self._step_clear,
            self._step_armed,
            self._step_prove,
            self._step_open,
            self._recovery.step,
            self._step_sealed,
        )

    @property
    def facts(self) -> SessionFacts:
        """What the session showed so far."""
        facts = self._facts
        facts.records = [lane.records for lane in self._lanes]
        facts.bad_records = [lane.bad_records for lane in self._lanes]
        return facts

    def key_log(self) -> list[str]:
        """The secrets that opened this session, as key log lines.

        Whoever asks for them wants to hand them on; they stand nowhere else.
        """
        return list(self._negotiation.used)

    def protection(self, side: int) -> Protection | None:
        """What protects the records of a direction; None before its keys are proved."""
        return self._lanes[side].protection

    def feed(self, side: int, item: Item) -> Out:
        """Take the next bytes of a direction, or a hole in them.

        Args:
            side: 0 client to server, 1 server to client.
            item: of the TCP stream.
        """
        out: Out = []
        lane = self._lanes[side]
        other = self._lanes[1 - side]
        lane.out = other.out = out
        if lane.mode is Mode.OPEN and type(item) is Plain and lane.buffer.empty:
            self._take_open(lane, item)
        else:
            self._take(lane, item)
        if other.mode is Mode.WAIT:
            self._wake(other)
        return out

    def feed_many(self, side: int, items: Sequence[Plain]) -> Out:
        """Take adjacent bytes of a direction, as `feed` would one by one, but faster.

        Args:
            side: 0 client to server, 1 server to client.
            items: of the TCP stream, in order, without a hole between them.
        """
        lane = self._lanes[side]
        protection = lane.protection
        if len(items) == 1 or protection is None or not self._is_plainly_open(lane):
            return [found for item in items for found in self.feed(side, item)]
        out: Out = []
        other = self._lanes[1 - side]
        lane.out = other.out = out
        lane.buffer = lane.buffer.extended(items)
        ends, pieces = lane.buffer.pieces()
        found = run(protection, lane.buffer.data, 0, ends)
        hand_on(lane, found, pieces)
        if found.inner is not None:
            self._content.take(lane, *found.inner, True)
        self._pump(lane)
        if other.mode is Mode.WAIT:
            self._wake(other)
        return out

    def feed_ahead(
        self, side: int, items: Sequence[Plain], opener: Opener
    ) -> Ahead | None:
        """Have what `feed_many` would take opened elsewhere, where that is possible.

        The session may go on with `feed_ahead`; `settle` comes before anything else.
        None where it is not possible: then nothing has changed.
        """
        lane, other = self._lanes[side], self._lanes[1 - side]
        if not self._is_plainly_open(lane) or other.mode is Mode.WAIT:
            return None
        if any(one.ticket is None for one in self._ahead):
            return None
        follows = any(one.lane is lane for one in self._ahead)
        ahead = begin(lane, items, opener, follows=follows)
        if ahead is not None:
            self._ahead.append(ahead)
        return ahead

    def settle(self, ahead: Ahead) -> None:
        """Take the results of what was begun by `feed_ahead`, and of all before it."""
        while ahead.out is None:
            self._settle(self._ahead.popleft())

    def _settle(self, ahead: Ahead) -> None:
        lane, other = ahead.lane, self._lanes[1 - ahead.lane.side]
        lane.out = other.out = ahead.out = []
        found = ahead.ticket.result() if ahead.ticket is not None else None
        if found is None:
            self._do_again(lane)
            for item in ahead.items:
                self._take(lane, item)
        else:
            lane.buffer = lane.buffer.extended(ahead.items)
            hand_on(lane, found, lane.buffer.pieces()[1])
            if lane.protection is not None:
                lane.protection.sequence = found.sequence
            if found.inner is None and goes_on(lane, found.stop):
                return
            self._do_again(lane)
            if found.inner is not None:
                self._content.take(lane, *found.inner, True)
            self._pump(lane)
        if other.mode is Mode.WAIT:
            self._wake(other)

    def _do_again(self, lane: Lane) -> None:
        """Have what was begun behind a run of this lane taken in turn."""
        for one in self._ahead:
            if one.lane is lane:
                one.ticket = None

    @staticmethod
    def _is_plainly_open(lane: Lane) -> bool:
        """Whether application data under proved keys comes next, as far as is known."""
        return (
            lane.mode is Mode.OPEN
            and not lane.every_record
            and lane.found is None
            and lane.epoch in (0, APPLICATION)
        )

    def finish(self) -> Out:
        """The connection is over: say what is left unread."""
        out: Out = []
        self._negotiation.final = True
        for lane in self._lanes:
            lane.out = out
        for lane in self._lanes:
            if lane.mode is Mode.WAIT:
                self._wake(lane, force=True)
        for lane in self._lanes:
            self._end(lane)
        return out

    # -- bytes in -------------------------------------------------------------------

    def _take_open(self, lane: Lane, item: Plain) -> None:
        """Take an item in the usual case; `_take` would do the same."""
        protection = lane.protection
        if protection is None or lane.epoch not in (0, APPLICATION):
            self._take(lane, item)
            return
        inner = lane.open_at_once(item, protection)
        if inner is not None:
            self._content.take(lane, *inner, True)
        if not lane.buffer.empty:
            self._pump(lane)

    def _take(self, lane: Lane, item: Item) -> None:
        if lane.mode is Mode.WAIT:
            self._hold(lane, item)
        elif isinstance(item, Plain):
            if lane.buffer.append(item):
                self._pump(lane)
        elif lane.mode is Mode.SEALED:
            self._flush_sealed(lane)
            lane.buffer.drop()
            lane.out.append((lane.side, item))
        else:
            self._exhaust(lane)
            if lane.mode is Mode.CLEAR:
                self._content.cut(lane)
            self._recovery.gap(lane, item)

    def _exhaust(self, lane: Lane) -> None:
        """Read what can be read of a lost lane's last bytes."""
        while lane.mode is Mode.LOST and len(lane.buffer):
            self._recovery.exhaust(lane)
            self._pump(lane)

    def _pump(self, lane: Lane) -> None:
        while lane.mode is not Mode.WAIT and self._steps[lane.mode](lane):
            pass

    def _wait(self, lane: Lane, reason: str) -> bool:
        lane.waiting_mode = lane.mode
        lane.waiting_mark = (self._keys.generation, self._negotiation.steps)
        lane.reason = reason
        lane.mode = Mode.WAIT
        return False

    def _hold(self, lane: Lane, item: Item) -> None:
        lane.pending.append(item)
        if isinstance(item, Plain):
            lane.pending_bytes += len(item.data)
        self._wake(lane)
        if lane.mode is Mode.WAIT and lane.pending_bytes > MOST_HELD:
            self._seal(lane, lane.reason)
            self._replay(lane)

    def _wake(self, lane: Lane, force: bool = False) -> None:
        """Try again, if there is news since it began to wait."""
        news = (self._keys.generation, self._negotiation.steps)
        if force or news != lane.waiting_mark:
            lane.mode = lane.waiting_mode
            self._replay(lane)

    def _replay(self, lane: Lane) -> None:
        self._pump(lane)
        while lane.pending and lane.mode is not Mode.WAIT:
            item = lane.pending.popleft()
            if isinstance(item, Plain):
                lane.pending_bytes -= len(item.data)
            self._take(lane, item)

    # -- records --------------------------------------------------------------------

    def _record(self, lane: Lane) -> tuple[int, int, int, int] | None:
        """The next whole record: type, version, where it starts and ends.

        None where more bytes must come first, or where the lane is lost since no
        record can begin here.
        """
        buffer = lane.buffer
        data, start = buffer.data, buffer.position
        have = len(data) - start
        if have < 5:
            buffer.want(5)
            return None
        if not plausible(data, start):
            self._recovery.lose(lane)
            return None
        stop = start + 5 + (data[start + 3] << 8 | data[start + 4])
        if stop > len(data):
            buffer.want(stop - start)
            return None
        return data[start], data[start + 1] << 8 | data[start + 2], start, stop

    def _step_open(self, lane: Lane) -> bool:
        buffer = lane.buffer
        protection = lane.protection
        start = buffer.position
        if start == len(buffer.data) or protection is None:
            return False
        if lane.found is not None:
            stop, opened = lane.found
            lane.found = None
            buffer.position = stop
            self._content.take(lane, opened[0], opened[1], start, stop, True)
            return True
        if lane.epoch in (0, APPLICATION):
            contents: list[bytes] = []
            bad: list[tuple[int, int, int]] = []
            end = buffer.run_end()
            stop, inner = protection.run(buffer.data, start, end, contents, bad, [])
            if stop != start:
                lane.emit_run(start, stop, contents, bad)
                buffer.position = stop
                if inner is not None:
                    self._content.take(lane, *inner, True)
                return True
        return self._open_one(lane, protection)

    def _open_one(self, lane: Lane, protection: Protection) -> bool:
        record = self._record(lane)
        if record is None:
            return lane.mode is Mode.LOST
        kind, version, start, stop = record
        buffer = lane.buffer
        buffer.position = stop
        fragment = buffer.data[start + 5 : stop]
        if self._outside(lane, kind, fragment, start, stop):
            return True
        opened = protection.open(kind, version, fragment)
        if opened is None:
            opened = self._recovery.successor(lane, kind, version, fragment)
        if opened is None:
            lane.bad(lane.span(start, stop))
        else:
            self._content.take(lane, opened[0], opened[1], start, stop, True)
        return True

    def _outside(
        self, lane: Lane, kind: int, fragment: bytes, start: int, stop: int
    ) -> bool:
        """Take a record of TLS 1.3 that stands outside its protection."""
        if lane.epoch == 0 or kind == Record.APPLICATION_DATA:
            return False
        self._content.take(lane, kind, fragment, start, stop, False)
        return True

    def _adopt(self, lane: Lane, candidate: Candidate) -> None:
        lane.protection = candidate.protection
        lane.candidate = candidate
        lane.candidates = []
        lane.mode = Mode.OPEN
        if candidate.label is not Label.MASTER:
            lane.epoch = candidate.epoch
        self._negotiation.proved(lane.side, candidate)

    # -- before keys ----------------------------------------------------------------

    def _step_clear(self, lane: Lane) -> bool:
        if not lane.started and (size := _old_hello_size(lane)):
            if len(lane.buffer.data) - lane.buffer.position < size:
                lane.buffer.want(size)
                return False
            if self._old_hello(lane, size):
                return True
        record = self._record(lane)
        if record is None:
            return lane.mode is Mode.LOST
        kind, _, start, stop = record
        if kind == Record.APPLICATION_DATA:
            return self._unannounced(lane)
        if kind == Record.CHANGE_CIPHER_SPEC and self._undecided(lane):
            return self._wait(lane, "the capture does not hold the ServerHello")
        content = lane.buffer.data[start + 5 : stop]
        lane.buffer.position = stop
        self._content.take(lane, kind, content, start, stop, False)
        lane.started = True
        return True

    def _old_hello(self, lane: Lane, size: int) -> bool:
        """Take a ClientHello in SSL 2.0's form, as old clients begin with."""
        buffer = lane.buffer
        data, start = buffer.data, buffer.position
        stop = start + size
        try:
            hello = read_sslv2_client_hello(data[start + 3 : stop])
        except MalformedError:
            return False
        lane.started = True
        seen = buffer.evidence(start, stop)
        self._negotiation.note(0, "client_hello", seen, False)
        self._negotiation.client_hello(hello, data[start + 2 : stop])
        buffer.position = stop
        return True

    def _undecided(self, lane: Lane) -> bool:
        """Whether the version that tells what comes next is not known yet."""
        negotiation = self._negotiation
        if negotiation.answer is not None or lane.side == 1 or negotiation.final:
            return False
        hello = negotiation.hello
        if hello is None or Extension.EARLY_DATA in hello.extensions:
            return False
        return not negotiation.broken(1)

    def _unannounced(self, lane: Lane) -> bool:
        """Protected records with no ChangeCipherSpec before them."""
        negotiation = self._negotiation
        hello = negotiation.hello
        if lane.side == 0 and hello is not None and negotiation.answer is None:
            if Extension.EARLY_DATA in hello.extensions:
                lane.epoch = EARLY
                lane.mode = Mode.ARMED
                return True
            if self._undecided(lane):
                return self._wait(lane, "the capture does not hold the ServerHello")
        if not lane.started:
            self._seal(lane, "mid-session: the capture begins after the handshake")
        elif negotiation.version == Version.TLS13:
            lane.epoch = max(lane.epoch, HANDSHAKE)
            lane.mode = Mode.ARMED
        else:
            self._seal(lane, "the capture does not hold the whole handshake")
        return True

    # -- new keys -------------------------------------------------------------------

    def _step_armed(self, lane: Lane) -> bool:
        if not len(lane.buffer):
            return False
        lane.forget_messages()
        if lane.epoch:
            found = self._negotiation.candidates_13(lane.side, lane.epoch)
        else:
            found = self._negotiation.candidates(lane.side)
        if isinstance(found, Waiting):
            return self._wait(lane, self._negotiation.missing or "no key came for it")
        if isinstance(found, str):
            self._seal(lane, found)
            return True
        lane.candidates = found
        lane.doubts = []
        lane.mode = Mode.PROVE
        return True

    def _step_prove(self, lane: Lane) -> bool:
        record = self._record(lane)
        if record is None:
            return lane.mode is Mode.LOST
        kind, version, start, stop = record
        lane.buffer.position = stop
        fragment = lane.buffer.data[start + 5 : stop]
        if self._outside(lane, kind, fragment, start, stop):
            return True
        epochs = {lane.epoch and candidate.epoch for candidate in lane.candidates}
        missing = "" if lane.epoch in epochs else _MISSING.get(lane.epoch, "")
        opened = self._prove(lane, kind, version, fragment)
        if opened is not None:
            if lane.doubts:
                self._negotiation.lost(lane.side)
            lane.settle_doubts(missing)
            self._content.take(lane, opened[0], opened[1], start, stop, True)
            return True
        lane.doubts.append(lane.span(start, stop))
        if len(lane.doubts) >= (_PATIENT_DOUBTS if missing else _DOUBTS):
            self._refuse(lane)
        return True

    def _prove(
        self, lane: Lane, kind: int, version: int, fragment: bytes
    ) -> Opened | None:
        for candidate in lane.candidates:
            if lane.epoch in (0, candidate.epoch):
                opened = candidate.protection.open(kind, version, fragment)
            else:
                search = Search(b"", 0, 0, 1)
                opened = candidate.protection.seek(kind, version, fragment, search)
            if opened is not None:
                self._adopt(lane, candidate)
                return opened
        return None

    def _refuse(self, lane: Lane) -> None:
        """No candidate opens anything: the keys are wrong."""
        sources = list(dict.fromkeys(c.secret.source for c in lane.candidates))
        wrong = "wrong RSA key" if sources[0].startswith("RSA key") else "wrong secret"
        doubts, lane.doubts = lane.doubts, []
        self._seal(lane, f"{wrong}: {' and '.join(sources)} open none of its records")
        for doubt in doubts:
            lane.seal_bytes(doubt)

    # -- what stays closed ----------------------------------------------------------

    def _seal(self, lane: Lane, reason: str) -> None:
        lane.watched = lane.mode in (Mode.ARMED, Mode.PROVE, Mode.WAIT)
        lane.mode = Mode.SEALED
        lane.reason = reason
        if self._facts.closed is None:
            self._facts.closed = reason

    def _step_sealed(self, lane: Lane) -> bool:
        buffer = lane.buffer
        buffer.settle()
        start, stop = buffer.position, len(buffer.data)
        if lane.watched:
            stop = self._content.watch(lane)
        if start < stop:
            lane.seal_bytes(lane.span(start, stop))
            buffer.position = stop
        return False

    def _flush_sealed(self, lane: Lane) -> None:
        lane.watched = False
        self._step_sealed(lane)
        lane.end_sealed()

    def _end(self, lane: Lane) -> None:
        buffer = lane.buffer
        buffer.settle()
        if lane.mode is Mode.WAIT:
            self._seal(lane, lane.reason)
            self._replay(lane)
        self._exhaust(lane)
        if lane.mode is Mode.PROVE and lane.doubts:
            self._refuse(lane)
        if lane.mode is Mode.SEALED:
            self._flush_sealed(lane)
        elif lane.mode is Mode.LOST:
            lane.skip(len(buffer.data))
            lane.end_skipped()
        elif len(buffer):
            seen = buffer.evidence(buffer.position, len(buffer.data))
            stop = lane.record_end() or buffer.end
            reason = "the capture ends within a record"
            lane.out.append((lane.side, hole(Gap, buffer.place, stop, seen, reason)))


def _old_hello_size(lane: Lane) -> int:
    """Bytes of a ClientHello in SSL 2.0's form; 0 where there is none."""
    data, start = lane.buffer.data, lane.buffer.position
    if lane.side or len(data) - start < 5 or not data[start] & 0x80:
        return 0
    if data[start + 2] != 1 or data[start + 3] != 3:
        return 0
    return 2 + ((data[start] & 0x7F) << 8 | data[start + 1])
