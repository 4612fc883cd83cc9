# SPDX-License-Identifier: GPL-2.0-or-later
"""A DTLS 1.0 or 1.2 session read passively.

Every record says its epoch and sequence number, so that lost and reordered datagrams
cost only themselves; what is missing is known by the numbers that never came.

Source: RFC 4347, RFC 6347.
"""

from typing import Final

import msgspec

from nmsp_scapy.integrity import BadMac, Gap, Item, NoKey, Plain, Undecodable
from nmsp_scapy.tls.content import MOST_ALERTS, alert_fact
from nmsp_scapy.tls.facts import Evidence, SessionFacts
from nmsp_scapy.tls.fragments import Fragments
from nmsp_scapy.tls.keys import KeyStore
from nmsp_scapy.tls.lane import Kind, Out, hole
from nmsp_scapy.tls.memory import Memory
from nmsp_scapy.tls.negotiation import Candidate, Negotiation, Waiting
from nmsp_scapy.tls.protection import Opened, Protection
from nmsp_scapy.tls.registry import MAX_FRAGMENT, Record
from nmsp_scapy.tls.wire import MalformedError

MOST_HELD: Final = 256
"""Records of a direction that are kept while their keys may still come."""

WINDOW: Final = 256
"""How late a record may come before its number counts as missing."""

_HEADER: Final = 13
_DOUBTS: Final = 4


def begins_dtls(data: bytes) -> bool:
    """Whether a datagram begins like a DTLS record."""
    if len(data) < _HEADER or not 20 <= data[0] <= 24:
        return False
    length = int.from_bytes(data[11:_HEADER], "big")
    return data[1:3] in (b"\xfe\xff", b"\xfe\xfd") and _HEADER + length <= len(data)


class _Record(msgspec.Struct):
    """A record and where it stood."""

    kind: int
    version: int
    epoch: int
    number: int
    fragment: bytes
    start: int
    stop: int
    seen: Evidence


class _Epoch:
    """The keys of one epoch of one direction, and the numbers that came."""

    def __init__(self) -> None:
        self.protection: Protection | None = None
        self.candidates: list[Candidate] = []
        self.doubts = 0
        self.reason = ""
        self._next = 0
        self._missing: set[int] = set()

    def fresh(self, number: int) -> bool:
        """Whether a record of this number did not come before."""
        if number >= self._next:
            first = max(self._next, number - WINDOW)
            self._missing.update(range(first, number))
            self._next = number + 1
            return True
        if number in self._missing:
            self._missing.discard(number)
            return True
        return False

    def missing(self, final: bool) -> int:
        """How many numbers will not come any more; each is counted once."""
        late = {n for n in self._missing if final or n + WINDOW < self._next}
        self._missing -= late
        return len(late)


class _Side:
    """One direction."""

    def __init__(self) -> None:
        self.epochs: dict[int, _Epoch] = {}
        self.fragments = Fragments()
        self.held: list[_Record] = []
        self.produced = 0
        self.mark = (0, 0)


class DtlsSession:
    """One DTLS association; the face is that of `TlsSession`.

    `feed` takes one datagram as `Plain`, whose `offset` counts the bytes of the
    datagrams before it in its direction; holes are placed by the same count.
    """

    def __init__(self, label: object, keys: KeyStore, memory: Memory) -> None:
        self.label = label
        self.facts = SessionFacts(transport="dtls")
        self._keys = keys
        self._negotiation = Negotiation(keys, memory, self.facts, datagram=True)
        self._sides = (_Side(), _Side())
        self._out: Out = []

    def key_log(self) -> list[str]:
        """The secrets that opened this session, as key log lines."""
        return list(self._negotiation.used)

    def feed(self, side: int, item: Item) -> Out:
        """Take a datagram, or a hole."""
        out: Out = []
        self._out = out
        if isinstance(item, Plain):
            self._datagram(side, item)
        else:
            self._negotiation.lost(side)
            out.append((side, item))
        for owner in (0, 1):
            self._wake(owner)
        return out

    def finish(self) -> Out:
        """No datagram follows: say what is left unread."""
        out: Out = []
        self._out = out
        self._negotiation.final = True
        for side in (0, 1):
            self._wake(side, force=True)
            for epoch in self._sides[side].epochs.values():
                self._tell_missing(side, epoch, None)
        return out

    # -- records --------------------------------------------------------------------

    def _datagram(self, side: int, item: Plain) -> None:
        data = item.data
        seen = Evidence(item.time_ns, item.frames)
        at = 0
        while at < len(data):
            stop = at + _HEADER + int.from_bytes(data[at + 11 : at + _HEADER], "big")
            major = data[at + 1 : at + 2]
            if (
                not 20 <= data[at] <= 24
                or major not in (b"\xfe", b"\x01")
                or not at + _HEADER <= stop <= len(data)
                or stop - at > _HEADER + MAX_FRAGMENT
            ):
                reason = "no DTLS record"
                self._hole(
                    Undecodable,
                    side,
                    item.offset + at,
                    item.offset + len(data),
                    seen,
                    reason,
                )
                return
            record = _Record(
                data[at],
                int.from_bytes(data[at + 1 : at + 3], "big"),
                int.from_bytes(data[at + 3 : at + 5], "big"),
                int.from_bytes(data[at + 5 : at + 11], "big"),
                data[at + _HEADER : stop],
                item.offset + at,
                item.offset + stop,
                seen,
            )
            self._take(side, record)
            at = stop

    def _take(self, side: int, record: _Record) -> None:
        if record.epoch == 0:
            self._content(side, record, record.kind, record.fragment, False)
            return
        state = self._sides[side]
        epoch = state.epochs.get(record.epoch)
        if epoch is None:
            epoch = self._new_epoch(side)
            if epoch is None:
                state.held.append(record)
                if len(state.held) > MOST_HELD:
                    dropped = state.held.pop(0)
                    self._closed(side, dropped, "no key came for it")
                return
            state.epochs[record.epoch] = epoch
        self._open(side, epoch, record)

    def _new_epoch(self, side: int) -> _Epoch | None:
        """The keys of an epoch that begins; None where news must come first."""
        found = self._negotiation.candidates(side)
        self._sides[side].mark = (self._keys.generation, self._negotiation.steps)
        if isinstance(found, Waiting):
            return None
        epoch = _Epoch()
        if isinstance(found, str):
            epoch.reason = found
            if self._negotiation.hello is None and self._negotiation.answer is None:
                epoch.reason = "mid-session: the capture begins after the handshake"
        else:
            epoch.candidates = found
        return epoch

    def _wake(self, side: int, force: bool = False) -> None:
        state = self._sides[side]
        news = (self._keys.generation, self._negotiation.steps)
        if state.held and (force or news != state.mark):
            held, state.held = state.held, []
            for record in held:
                self._take(side, record)

    def _open(self, side: int, epoch: _Epoch, record: _Record) -> None:
        if epoch.reason:
            self._note_closed(side, record)
            self._closed(side, record, epoch.reason)
            return
        opened = self._try(side, epoch, record)
        if opened is not None:
            if epoch.fresh(record.number):
                self._tell_missing(side, epoch, record)
                self._content(side, record, opened[0], opened[1], True)
            return
        if epoch.protection is None:
            epoch.doubts += 1
            sources = {c.secret.source for c in epoch.candidates}
            text = " and ".join(sorted(sources))
            wrong = "RSA key" if text.startswith("RSA key") else "secret"
            reason = f"wrong {wrong}: {text} open none of its records"
            self._closed(side, record, reason, tell=epoch.doubts >= _DOUBTS)
            if epoch.doubts >= _DOUBTS:
                epoch.reason = reason
            return
        self.facts.bad_records[side] += 1
        reason = "the record's MAC or tag does not verify"
        self._hole(BadMac, side, record.start, record.stop, record.seen, reason)

    def _try(self, side: int, epoch: _Epoch, record: _Record) -> Opened | None:
        sequence = record.epoch << 48 | record.number
        if epoch.protection is not None:
            epoch.protection.sequence = sequence
            return epoch.protection.open(record.kind, record.version, record.fragment)
        for candidate in epoch.candidates:
            tried = candidate.protection
            tried.sequence = sequence
            opened = tried.open(record.kind, record.version, record.fragment)
            if opened is not None:
                epoch.protection = tried
                self._negotiation.proved(side, candidate)
                return opened
        return None

    # -- content --------------------------------------------------------------------

    def _content(
        self, side: int, record: _Record, kind: int, content: bytes, encrypted: bool
    ) -> None:
        seen = record.seen
        if kind == Record.HANDSHAKE:
            self._handshake(side, content, seen, encrypted)
        elif kind == Record.ALERT:
            if len(self.facts.alerts) < MOST_ALERTS:
                self.facts.alerts.append(alert_fact(side, content, seen, encrypted))
        elif kind == Record.CHANGE_CIPHER_SPEC:
            self._negotiation.note(side, "change_cipher_spec", seen, encrypted)
        elif kind == Record.APPLICATION_DATA and encrypted:
            self.facts.records[side] += 1
            state = self._sides[side]
            if content:
                made = Plain(content, state.produced, seen.time_ns, seen.frames)
                self._out.append((side, made))
                state.produced += len(content)

    def _handshake(
        self, side: int, content: bytes, seen: Evidence, encrypted: bool
    ) -> None:
        try:
            messages = self._sides[side].fragments.add(content, seen)
        except MalformedError:
            return
        for raw, whole in messages:
            try:
                self._negotiation.message(side, raw, 12, whole, encrypted)
            except MalformedError:
                self._negotiation.lost(side)

    def _note_closed(self, side: int, record: _Record) -> None:
        if record.kind == Record.HANDSHAKE:
            self._negotiation.closed_message(side, record.seen)
        elif record.kind == Record.ALERT and len(self.facts.alerts) < MOST_ALERTS:
            self.facts.alerts.append(alert_fact(side, b"", record.seen, True))

    # -- holes ----------------------------------------------------------------------

    def _hole(
        self, kind: Kind, side: int, start: int, stop: int, seen: Evidence, reason: str
    ) -> None:
        self._out.append((side, hole(kind, start, stop, seen, reason)))

    def _closed(
        self, side: int, record: _Record, reason: str, tell: bool = True
    ) -> None:
        if tell and self.facts.closed is None:
            self.facts.closed = reason
        self._hole(NoKey, side, record.start, record.stop, record.seen, reason)

    def _tell_missing(self, side: int, epoch: _Epoch, record: _Record | None) -> None:
        count = epoch.missing(final=record is None)
        if count:
            seen = record.seen if record else Evidence(0, ())
            reason = f"{count} DTLS records did not come"
            start = record.start if record else 0
            made = Gap(start, None, seen.time_ns, seen.frames, reason)
            self._out.append((side, made))
