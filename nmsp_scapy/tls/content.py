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
from nmsp_scapy.tls.wire import MalformedError

LONGEST_MESSAGE: Final = 2**18
"""Bytes of a handshake message; what claims to be longer is not read."""

MOST_ALERTS: Final = 100
"""Alerts that the facts list."""


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

    def _alert(
        self, lane: Lane, content: bytes, seen: Evidence, encrypted: bool
    ) -> None:
        if len(content) < 2 or len(self._facts.alerts) >= MOST_ALERTS:
            return
        level, number = content[0], content[1]
        self._facts.alerts.append(
            AlertFact(
                seen.time_ns,
                seen.frames,
                lane.side,
                ALERT_LEVELS.get(level, str(level)),
                number,
                ALERTS.get(number, str(number)),
                encrypted,
            )
        )

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
        if self._negotiation.version != Version.TLS13:
            return
        if kind == Handshake.SERVER_HELLO and lane.side == 1:
            self._begin_13()
        elif kind == Handshake.FINISHED and lane.epoch == HANDSHAKE:
            lane.epoch, lane.mode = APPLICATION, Mode.ARMED
        elif kind == Handshake.END_OF_EARLY_DATA and lane.epoch == EARLY:
            lane.epoch, lane.mode = HANDSHAKE, Mode.ARMED
        elif kind == Handshake.KEY_UPDATE and lane.candidate is not None:
            lane.candidate = following(lane.candidate)
            lane.protection = lane.candidate.protection

    def _begin_13(self) -> None:
        """A ServerHello of TLS 1.3: handshake keys hold in both directions."""
        answer = self._negotiation.answer
        if answer is None or answer.retry:
            return
        client, server = self._lanes
        server.epoch, server.mode = HANDSHAKE, Mode.ARMED
        waits = client.mode is Mode.WAIT
        if client.epoch == 0 and (client.mode is Mode.CLEAR or waits):
            early = self._facts.early_data is not None
            client.epoch = EARLY if early else HANDSHAKE
            if waits:
                client.waiting_mode = Mode.ARMED
            else:
                client.mode = Mode.ARMED


def _together(seen: list[Evidence]) -> Evidence:
    """The evidence of a message that several records carried."""
    if len(seen) == 1:
        return seen[0]
    frames = dict.fromkeys(frame for part in seen for frame in part.frames)
    return Evidence(seen[-1].time_ns, tuple(frames))
