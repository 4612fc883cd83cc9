# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays the MSE's side of a script on a link, byte for byte.

`fast` waits before each message for the answers that the capture shows before it, no
longer; `original` keeps the distances of the capture. All of it is bounded in time.
"""

import time
from collections.abc import Callable
from typing import Literal

import msgspec

from conformance.link import Link
from conformance.observation import Seen
from conformance.replay.exchanges import Epoch, Exchanges
from conformance.replay.ignoring import Ignoring
from conformance.replay.script import Script
from nmsp_scapy.profile import Profile

SILENT = 2
"""Waits in which an endpoint that has never said anything may say nothing."""

FLOOD = 50_000
"""Messages of the endpoint after which nobody listens any more."""


class Plan(msgspec.Struct, frozen=True):
    """How it is played.

    Attributes:
        timing: `fast` or `original`.
        speed: by which the distances of the capture are divided.
        answer_s: wait for one answer.
        quiet_s: wait at the end for what must not come.
        linger_s: with `fast`, wait for what is notified after the last answer.
        slack_s: what a timer may be late.
        limit_s: of all.
    """

    timing: Literal["fast", "original"] = "fast"
    speed: float = 1.0
    answer_s: float = 5.0
    quiet_s: float = 0.7
    linger_s: float = 10.0
    slack_s: float = 1.0
    limit_s: float = 600.0


class Player:
    """Plays a script once.

    Attributes:
        shown: what the capture shows, sorted.
        heard: what the replay heard, sorted likewise.
        sent: messages of the MSE that were played.
        stopped: why not all of them were: `end`, `limit`, `silent`, `flood`, or
            empty.
        began_s: when the first was played, on the link's clock.
    """

    def __init__(
        self,
        script: Script,
        link: Link,
        plan: Plan,
        ignoring: Ignoring,
        profile: Profile,
    ) -> None:
        self.script, self.link, self.plan = script, link, plan
        self.shown = Exchanges(profile, ignoring)
        self.heard = Exchanges(profile, ignoring)
        self.sent, self.stopped, self.began_s = 0, "", 0.0
        self._taken = self._at = self._vain = 0
        self._due: dict[int, int] = {}
        self._deadline = time.monotonic() + plan.limit_s

    def play(self) -> None:
        """Play all that can be played, then wait for what is still to come."""
        self._play(self.script.playable)
        if not self.stopped:
            self._wait_out()
        self._show(until=self.script.reach)
        self.take()

    def _play(self, lines: list[Seen]) -> None:
        for place, line in enumerate(lines):
            subscribes = line.name == "SERVICE_SUBSCRIBE_REQUEST"
            self._show(until=line.index)
            if self.plan.timing == "fast" or not place:
                self._answers()
                if subscribes:
                    self._notifications()
            else:
                since = (line.time_s - lines[0].time_s) / self.plan.speed
                self._until(self.began_s + since)
            if self._over():
                return
            if not place:
                self.began_s = self.link.now_s
            self.link.send_raw(line.raw)
            self.sent += 1

    def _wait_out(self) -> None:
        """Wait for the last answers, for notifications, and for the end."""
        self._show(until=self.script.reach)
        self._answers()
        if self.plan.timing == "original":
            last = self.script.messages[self.script.reach - 1]
            span = last.time_s - self.script.playable[0].time_s
            self._until(self.began_s + span / self.plan.speed)
        self._notifications()
        whole = self.script.reach == len(self.script.messages)
        if self.script.ended_by == "wlc" and whole:
            self._pump(self.plan.answer_s, lambda: not self.link.open)
        self._pump(self.plan.quiet_s)
        self._over()

    def _over(self) -> bool:
        """Tell whether playing has to stop, and note why."""
        if not self.link.open:
            self.stopped = "end"
        elif self._left() <= 0:
            self.stopped = "limit"
        elif self._vain >= SILENT and not self.link.received:
            self.stopped = "silent"
        elif len(self.link.observation.messages) > FLOOD:
            self.stopped = "flood"
        return bool(self.stopped)

    # --- what the capture shows ---------------------------------------------

    def _show(self, until: int) -> None:
        """Sort the capture up to a message; what it answers is then due."""
        for seen in self.script.messages[self._at : until]:
            before = len(self.shown.order)
            self.shown.add(seen)
            for exchange, which in self.shown.order[before:]:
                self._due[exchange] = which + 1
        self._at = max(self._at, until)
        line = self.script.messages[until : until + 1]
        if line and until < self.script.reach:
            self.shown.add(line[0])
            self._at = until + 1

    # --- waits --------------------------------------------------------------

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _pump(self, seconds: float, until: Callable[[], object] | None = None) -> bool:
        def done() -> bool:
            self.take()
            flooded = len(self.link.observation.messages) > FLOOD
            return flooded or bool(until and until())

        return self.link.pump(max(0.0, min(seconds, self._left())), done)

    def take(self) -> None:
        """Sort what has come since."""
        messages = self.link.observation.messages
        for seen in messages[self._taken :]:
            self.heard.add(seen)
        self._taken = len(messages)

    def _until(self, moment_s: float) -> None:
        """Wait for a moment of the link's clock."""
        self._pump(moment_s - self.link.now_s)

    def _answers(self) -> None:
        """Wait for what is due; what does not come in time is not awaited again."""
        if not self._pump(self.plan.answer_s, self._none_due):
            self._vain += 1
        self._due.clear()

    def _none_due(self) -> bool:
        for exchange, count in list(self._due.items()):
            heard = self.heard
            got = heard.all[exchange].answers if exchange >= 0 else heard.once
            if len(got) >= count:
                del self._due[exchange]
        return not self._due

    def _notifications(self) -> None:
        """Wait for what the capture shows to be notified, as long as it took there."""
        number = len(self.shown.epochs) - 1
        if number >= len(self.heard.epochs):
            return
        shown, heard = self.shown.epochs[number], self.heard.epochs[number]

        def wait_s() -> float:
            until = latest(shown, heard, self.plan.linger_s) + self.plan.slack_s
            return heard.began_s + until - self.link.now_s

        if latest(shown, heard, self.plan.linger_s) >= 0:
            self._pump(wait_s(), lambda: wait_s() <= 0)


def latest(shown: Epoch, heard: Epoch, most_s: float) -> float:
    """When the capture shows the last thing that is still missing; negative for none.

    Args:
        shown: of the capture.
        heard: of the replay.
        most_s: what comes later is not awaited.
    """
    missing = (
        sighting.after_s
        for key, sighting in shown.facts.items()
        if key not in heard.facts and sighting.after_s <= most_s
    )
    return max(missing, default=-1e9)
