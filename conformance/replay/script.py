# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture shows of one conversation: what to play, and what was answered.

Nothing is made up. Where the capture lacks bytes of the MSE, the script says so, and
playing ends there: what the MSE said afterwards may rest on what is lost.
"""

from collections.abc import Iterable

import msgspec

from conformance.observation import Observation, Seen
from conformance.verdict import Reason
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result

MOST = 20_000
"""Messages of a conversation that are kept, unless asked otherwise."""

REASONS = {
    "gap": Reason.CAPTURE_GAP,
    "no-key": Reason.NO_KEYS,
    "bad-mac": Reason.BAD_MAC,
    "undecodable": Reason.CAPTURE_GAP,
}
ENDS = ("fin", "reset", "alert")
FATAL, CLOSE_NOTIFY = "fatal", 0


class Hole(msgspec.Struct, frozen=True):
    """Bytes that the capture lacks, or that could not be read.

    Attributes:
        sender: `mse` or `wlc`, whose bytes they are; empty for both.
        before: index of the message that comes next.
    """

    sender: str
    before: int
    reason: Reason
    text: str
    frames: tuple[int, ...] = ()


class Script(msgspec.Struct):
    """One conversation.

    Attributes:
        messages: of both sides, in order.
        holes: what is missing between them.
        left: messages beyond those that were kept.
        ended_by: who ended it first, `mse` or `wlc`; empty when the capture does not
            show an end.
        ended: how, as `fin`, `reset` or `alert 46`.
    """

    conversation: Conversation
    messages: list[Seen] = []
    holes: list[Hole] = []
    left: int = 0
    ended: str = ""
    ended_by: str = ""

    @property
    def lines(self) -> list[Seen]:
        """What the MSE said."""
        return [m for m in self.messages if m.sender == "mse"]

    @property
    def playable(self) -> list[Seen]:
        """What the MSE said before the first of its bytes that are missing."""
        return [m for m in self.lines if m.index < self.reach]

    @property
    def reach(self) -> int:
        """How many messages can be compared: what follows a hole rests on it."""
        first = self.hole("mse")
        return len(self.messages) if first is None else first.before

    def hole(self, sender: str) -> Hole | None:
        """First hole of a side."""
        return next((h for h in self.holes if h.sender in ("", sender)), None)

    @property
    def seen(self) -> Observation:
        """The same as checks read it."""
        return Observation(role="wlc", messages=self.messages)


class ScriptError(Exception):
    """The capture has nothing to play.

    Attributes:
        reason: of the closed set.
        missing: whether a conversation was asked for that is not there.
    """

    def __init__(self, reason: Reason, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.reason, self.missing = reason, missing


def read(
    results: Iterable[Result], *, number: int | None = None, most: int = MOST
) -> Script:
    """Take one conversation out of a capture.

    Args:
        results: what reading the capture yields.
        number: index of the conversation; the first with messages of the MSE unless
            given.
        most: messages that are kept of it.

    Raises:
        ScriptError: there is no such conversation, or the MSE says nothing in it.
    """
    scripts: dict[int, Script] = {}
    chosen = number
    for each in results:
        if isinstance(each, Conversation):
            scripts[each.index] = _begun(each)
            continue
        script = scripts.get(-1 if each.conversation is None else each.conversation)
        if script is None or chosen not in (None, script.conversation.index):
            continue
        if isinstance(each, Event):
            _note(script, each)
            continue
        _add(script, each, most)
        if chosen is None and each.direction is Direction.MSE_TO_WLC:
            chosen = each.conversation
    if chosen is not None and chosen in scripts:
        script = scripts[chosen]
        if script.playable:
            return script
    raise _nothing(scripts, number)


def _begun(conversation: Conversation) -> Script:
    script = Script(conversation)
    if conversation.began == "mid-stream" and conversation.transport == "tcp":
        text = "the capture begins within the conversation"
        script.holes.append(Hole("", 0, Reason.MID_SESSION, text))
    return script


def _add(script: Script, message: Message, most: int) -> None:
    if len(script.messages) >= most:
        script.left += 1
        return
    began = script.conversation.time_ns
    sender = "mse" if message.direction is Direction.MSE_TO_WLC else "wlc"
    script.messages.append(
        Seen(
            len(script.messages),
            max(0.0, (message.time_ns - began) / 1e9),
            sender,
            message.raw,
            message.frames,
            message.profile,
        )
    )


def _note(script: Script, event: Event) -> None:
    sender = ""
    if event.direction is not None:
        sender = "mse" if event.direction is Direction.MSE_TO_WLC else "wlc"
    if event.lost:
        reason = REASONS.get(event.event, Reason.CAPTURE_GAP)
        at = len(script.messages)
        script.holes.append(Hole(sender, at, reason, event.reason, event.frames))
    elif event.event in ENDS and not script.ended and sender:
        number = event.detail.get("number")
        if event.event == "alert" and number != CLOSE_NOTIFY:
            if event.detail.get("level") != FATAL:
                return
            script.ended = f"alert {number}"
        else:
            script.ended = "reset" if event.event == "reset" else "fin"
        script.ended_by = sender


def _nothing(scripts: dict[int, Script], number: int | None) -> ScriptError:
    """Say why there is nothing to play."""
    if number is not None and number not in scripts:
        count = len(scripts)
        text = f"the capture has {count} conversations, none is number {number}"
        return ScriptError(Reason.NO_STIMULUS, text, missing=True)
    asked = [s for s in scripts.values() if number in (None, s.conversation.index)]
    for script in asked:
        hole = script.hole("mse")
        if hole is not None:
            more = " (--keylog, --rsa-key)" if hole.reason is Reason.NO_KEYS else ""
            return ScriptError(
                hole.reason,
                f"conversation {script.conversation.index}: nothing that the MSE says "
                f"can be read: {hole.text}{more}",
            )
    if not asked:
        return ScriptError(Reason.NO_STIMULUS, "the capture has no conversation")
    return ScriptError(Reason.NO_STIMULUS, "the MSE says nothing in the capture")
