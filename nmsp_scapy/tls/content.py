# SPDX-License-Identifier: GPL-2.0-or-later
"""What authentic records hold besides application data, and what it changes."""

from typing import Final

from nmsp_scapy.tls.facts import AlertFact, Evidence, SessionFacts
from nmsp_scapy.tls.lane import Lane, Mode
from nmsp_scapy.tls.negotiation import APPLICATION, EARLY, HANDSHAKE, Negotiation
from nmsp_scapy.tls.recovery import following
from nmsp_scapy.tls.registry import (
    ALERT_LEVELS,
    ALERTS,
    Extension,
    Handshake,
    Record,
    Version,
)
from nmsp_scapy.tls.resync import plausible
from nmsp_scapy.tls.wire import MalformedError

LONGEST_MESSAGE: Final = 2**18
"""Bytes of a handshake message; what claims to be longer is not read."""

MOST_ALERTS: Final = 100
"""Alerts that the facts list."""


def alert_fact(side: int, content: bytes, seen: Evidence, encrypted: bool) -> AlertFact:
    """An alert as a fact; `content` is empty where it was not opened."""
    alert = AlertFact(seen.time_ns, seen.frames, side, encrypted=encrypted)
    if len(content) >= 2:
        level, alert.number = content[0], content[1]
        alert.level = ALERT_LEVELS.get(level, str(level))
        alert.description = ALERTS.get(alert.number, str(alert.number))
    return alert


class Content:
    """Takes the contents of records, and turns lanes to new keys."""

    def __init__(
        self,
        negotiation: Negotiation,
        facts: SessionFacts,
        lanes: tuple[Lane, Lane],
    ) -> None:
        self._negotiation = negotiation
        self._facts = facts
        self._lanes = lanes

    def take(
        self,
        lane: Lane,
        kind: int,
        content: bytes,
        start: int,
        stop: int,
        encrypted: bool,
    ) -> None:
        """Take the content of the record in `data[start:stop]` of the lane."""
        seen = lane.buffer.evidence(start, stop)
        if kind == Record.APPLICATION_DATA:
            lane.records += 1
            lane.emit([content], seen)
        elif kind == Record.HANDSHAKE:
            self._handshake(lane, content, seen, encrypted)
        elif kind == Record.ALERT:
            self._alert(lane, content, seen, encrypted)
        elif kind == Record.CHANGE_CIPHER_SPEC:
            self._change_cipher_spec(lane, seen, encrypted)

    def cut(self, lane: Lane) -> None:
        """Take what is left of a hello that a hole cuts: it may say enough.

        A ClientHello names the session, a ServerHello says version and suite.

        The hole is told all the same, and the transcript knows that it is broken.
        """
        buffer = lane.buffer
        buffer.settle()
        start = buffer.position
        data = bytes(lane.messages) + buffer.data[start + 5 :]
        record = buffer.data[start : start + 2] == b"\x16\x03"
        kind = (Handshake.CLIENT_HELLO, Handshake.SERVER_HELLO)[lane.side]
        if not record or data[:1] != bytes([kind]):
            return
        seen = buffer.evidence(start, len(buffer.data))
        try:
            self._negotiation.cut_hello(lane.side, data, seen)
        except MalformedError:
            return
        lane.started = True
        self._after(lane, kind)

    def watch(self, lane: Lane) -> int:
        """Note what the types of closed records tell; answers where they end.

        Before TLS 1.3 a closed record still shows that it is an alert, or the Finished
        that must follow a ChangeCipherSpec.
        """
        buffer = lane.buffer
        data, start = buffer.data, buffer.position
        while len(data) - start >= 5 and plausible(data, start):
            stop = start + 5 + (data[start + 3] << 8 | data[start + 4])
            if stop > len(data):
                return start
            if data[start] == Record.ALERT:
                self._alert(lane, b"", buffer.evidence(start, stop), True)
            elif data[start] == Record.HANDSHAKE:
                seen = buffer.evidence(start, stop)
                self._negotiation.closed_message(lane.side, seen)
            start = stop
        if len(data) - start >= 5:
            lane.watched = False
            return len(data)
        return start

    def _alert(
        self, lane: Lane, content: bytes, seen: Evidence, encrypted: bool
    ) -> None:
        if len(self._facts.alerts) < MOST_ALERTS:
            self._facts.alerts.append(alert_fact(lane.side, content, seen, encrypted))

    def _change_cipher_spec(self, lane: Lane, seen: Evidence, encrypted: bool) -> None:
        negotiation = self._negotiation
        negotiation.note(lane.side, "change_cipher_spec", seen, encrypted)
        hello = negotiation.hello
        if negotiation.version == Version.TLS13 or lane.epoch:
            return
        early = hello is not None and Extension.EARLY_DATA in hello.extensions
        if early and negotiation.answer is None:
            return
        lane.mode = Mode.ARMED

    def _handshake(
        self, lane: Lane, content: bytes, seen: Evidence, encrypted: bool
    ) -> None:
        messages = lane.messages
        messages += content
        lane.messages_seen.append(seen)
        while len(messages) >= 4:
            length = int.from_bytes(messages[1:4], "big")
            if length > LONGEST_MESSAGE:
                lane.forget_messages()
                self._negotiation.lost(lane.side)
                return
            if len(messages) < 4 + length:
                return
            raw = bytes(messages[: 4 + length])
            del messages[: 4 + length]
            whole = _together(lane.messages_seen)
            lane.messages_seen = [seen]
            try:
                self._negotiation.message(lane.side, raw, 4, whole, encrypted)
            except MalformedError:
                self._negotiation.lost(lane.side)
            self._after(lane, raw[0])
        if not messages:
            lane.messages_seen = []

    def _after(self, lane: Lane, kind: int) -> None:
        """Make the key changes that messages of TLS 1.3 bring."""
        if self._negotiation.version != Version.TLS13 and lane.epoch == 0:
            return  # early data may be read before the ServerHello is
        if kind == (Handshake.CLIENT_HELLO, Handshake.SERVER_HELLO)[lane.side]:
            self._begin_13()
        elif kind == Handshake.FINISHED and lane.epoch == HANDSHAKE:
            lane.epoch, lane.mode = APPLICATION, Mode.ARMED
        elif kind == Handshake.END_OF_EARLY_DATA and lane.epoch == EARLY:
            lane.epoch, lane.mode = HANDSHAKE, Mode.ARMED
        elif kind == Handshake.KEY_UPDATE and lane.candidate is not None:
            lane.candidate = following(lane.candidate)
            lane.protection = lane.candidate.protection

    def _begin_13(self) -> None:
        """Both hellos of TLS 1.3: handshake keys hold in both directions."""
        answer = self._negotiation.answer
        if answer is None or answer.retry:
            return
        client, server = self._lanes
        if server.epoch == 0:
            server.epoch, server.mode = HANDSHAKE, Mode.ARMED
        hello = self._negotiation.hello
        if hello is None or client.epoch != 0:
            return
        early = self._facts.early_data is not None or hello.cut
        client.epoch = EARLY if early else HANDSHAKE
        if client.mode is Mode.WAIT:
            client.waiting_mode = Mode.ARMED
        elif client.mode is Mode.CLEAR:
            client.mode = Mode.ARMED


def _together(seen: list[Evidence]) -> Evidence:
    """The evidence of a message that several records carried."""
    if len(seen) == 1:
        return seen[0]
    frames = dict.fromkeys(frame for part in seen for frame in part.frames)
    return Evidence(seen[-1].time_ns, tuple(frames))
