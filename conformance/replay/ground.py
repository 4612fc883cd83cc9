# SPDX-License-Identifier: GPL-2.0-or-later
"""What the parts of a comparison share: both sides, and the result to fill."""

from conformance.observation import Seen
from conformance.replay.exchanges import Exchange
from conformance.replay.ignoring import Ignoring
from conformance.replay.outcome import Aspect, Difference, Outcome
from conformance.replay.player import Player


class Ground:
    """A replay, its capture, and what was found so far.

    Attributes:
        shown: what the capture shows, as far as it can be compared.
        heard: what the replay heard.
        holes: where the capture lacks bytes of the WLC.
        last_s: when the capture's part ends.
    """

    def __init__(self, player: Player, ignoring: Ignoring, outcome: Outcome) -> None:
        self.player, self.ignoring, self.out = player, ignoring, outcome
        self.shown, self.heard = player.shown, player.heard
        self.plan, self.script = player.plan, player.script
        self.holes = [h for h in self.script.holes if h.sender in ("", "wlc")]
        compared = self.script.messages[: self.script.reach]
        self.last_s = max((m.time_s for m in compared), default=0.0)

    def add(
        self,
        aspect: Aspect,
        exchange: Exchange | None,
        message: Seen,
        expected: str,
        actual: str,
        live: Seen | None = None,
    ) -> None:
        """Add what differs in a whole message.

        Args:
            aspect: in what.
            exchange: of the capture, that it belongs to.
            message: of the capture; the replay's own where the capture has none.
            expected: one clause.
            actual: one clause.
            live: the replay's message.
        """
        frames = message.frames
        if not frames and exchange is not None:
            frames = exchange.request.frames
        self.out.add(
            Difference(
                aspect,
                message.name,
                expected,
                actual,
                request=str(exchange.request) if exchange else "",
                frames=frames,
                index=live.index if live else None,
            )
        )

    def lacks(self, what: str) -> None:
        """Say what cannot be compared because the capture lacks bytes of the WLC."""
        reason = self.holes[0].reason
        self.out.unable(reason, f"the capture lacks bytes of the WLC: {what}")

    def remark(self, text: str) -> None:
        """Say something that changes nothing, once."""
        if text not in self.out.remarks:
            self.out.remarks.append(text)
