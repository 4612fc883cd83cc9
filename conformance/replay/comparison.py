# SPDX-License-Identifier: GPL-2.0-or-later
"""What the endpoint answered, held against what the capture shows."""

from conformance.observation import EndKind
from conformance.replay.answered import Answered
from conformance.replay.ground import Ground
from conformance.replay.ignoring import Ignoring
from conformance.replay.notified import Notified
from conformance.replay.outcome import Aspect, Difference, Outcome
from conformance.replay.player import Player
from conformance.verdict import Reason

ENDS = {EndKind.FIN: "fin", EndKind.CLOSE_NOTIFY: "fin", EndKind.RST: "reset"}


def compare(player: Player, ignoring: Ignoring, outcome: Outcome) -> None:
    """Fill an outcome with what sets a replay apart from its capture."""
    ground = Ground(player, ignoring, outcome)
    Answered(ground).compare()
    Notified(ground).compare()
    ending = Ending(ground)
    ending.unreadable()
    ending.end()


class Ending:
    """Compares how the connection ended, and says what was left unplayed."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def unreadable(self) -> None:
        """Compare what the endpoint sent that is no message: the capture has none."""
        for text in self._ground.player.link.observation.unread:
            self._ground.out.add(Difference(Aspect.KIND, "", "a message", text))

    def end(self) -> None:
        """Compare how the connection ended, and say what could not be played."""
        script, link = self._ground.script, self._ground.player.link
        left = len(script.lines) - self._ground.player.sent
        live = link.observation.end
        alerts = [a for a in link.observation.tls.alerts if a.sender == "wlc"]
        ended = ENDS.get(live.kind, live.kind.value)
        if live.kind is EndKind.ALERT and alerts:
            ended = f"alert {alerts[-1].description}"
        if self._ground.player.stopped == "end":
            was = script.ended if script.ended_by == "wlc" and not left else ""
            if was != ended:
                more = f", {left} more messages of the MSE follow" if left else ""
                self._end(was or f"open{more}", f"{ended} by the wlc")
        elif self._ground.player.stopped == "limit":
            self._ground.out.unable(
                Reason.TIMEOUT, f"stopped by --for, {left} messages not played"
            )
        elif self._ground.player.stopped == "silent":
            text = f"the endpoint is silent, {left} messages not played"
            self._ground.out.unable(Reason.TIMEOUT, text)
        elif self._ground.player.stopped == "flood":
            self._ground.out.unable(Reason.TIMEOUT, "stopped: the endpoint floods")
        elif script.ended_by == "wlc" and not left:
            self._end(f"{script.ended} by the wlc", "open")

    def _end(self, expected: str, actual: str) -> None:
        sent = self._ground.shown.all[: self._ground.player.sent]
        frames = sent[-1].request.frames if sent else ()
        after = str(sent[-1].request) if sent else ""
        found = Difference(Aspect.END, "", expected, actual, request=after)
        found.frames = frames
        self._ground.out.add(found)
