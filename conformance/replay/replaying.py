# SPDX-License-Identifier: GPL-2.0-or-later
"""One replay from dialling to the result."""

import time

import nmsp_scapy
from conformance.identities import Identity
from conformance.link import Link, Opening
from conformance.observation import EndKind
from conformance.replay.comparison import compare
from conformance.replay.ignoring import Ignoring
from conformance.replay.outcome import Ignored, Line, Outcome
from conformance.replay.player import Plan, Player
from conformance.replay.script import Script, ScriptError
from conformance.report.wire import display_filter
from conformance.result import Line as Shown
from conformance.tcp import Tcp
from conformance.verdict import Reason
from nmsp_scapy.profile import Profile

CONNECT_S = HANDSHAKE_S = 5.0
LINES = 10_000
"""Messages of the replay that its result writes out."""

WAY_OUT = "measure the layout with nmsp calibrate, and give it with --profile"


class Replay:
    """What is played where, and how.

    Attributes:
        outcome: the result so far.
        link: the connection, for its recording; None before it was made.
    """

    def __init__(
        self,
        target: tuple[str, int],
        *,
        capture: str,
        identity: Identity | None,
        plan: Plan,
        ignoring: Ignoring,
        profile: Profile,
        factor: float = 1.0,
    ) -> None:
        self._target, self._identity, self._plan = target, identity, plan
        self._ignoring, self._profile, self._factor = ignoring, profile, factor
        host, port = target
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.link: Link | None = None
        self.outcome = Outcome(
            capture, 0, shown, profile.name, plan.timing, plan.speed,
            ignored=[Ignored(p, why) for p, why in ignoring.patterns.items()],
            tool_version=nmsp_scapy.__version__,
        )  # fmt: skip

    def nothing(self, error: ScriptError) -> Outcome:
        """Say that the capture has nothing to play."""
        self.outcome.unable(error.reason, str(error))
        return self.outcome

    def run(self, script: Script) -> Outcome:
        """Play a script, if it can be played, and compare what came."""
        began, out = time.monotonic(), self.outcome
        out.conversation = script.conversation.index
        out.captured_wlc = str(script.conversation.server)
        out.playable = len(script.lines)
        if not script.seen.theirs():
            text = "the WLC says nothing in the capture: there is nothing to compare"
            out.unable(Reason.NO_STIMULUS, text)
            return out
        if not script.seen.confirmed:
            out.unable(
                Reason.UNCONFIRMED,
                "the WLC of the capture was not seen to speak the wire profile "
                f"'{out.profile}': {WAY_OUT}",
            )
            return out
        _incomplete(script, out)
        link = self._dialled()
        if link is not None:
            self._play(script, link)
        out.settle()
        out.duration_s = round(time.monotonic() - began, 3)
        return out

    def _dialled(self) -> Link | None:
        """Connect and run the handshake; what stands in the way is inconclusive."""
        out = self.outcome
        tcp = Tcp.connect(*self._target, CONNECT_S * self._factor)
        if isinstance(tcp, EndKind):
            text = f"no connection to {out.target}: {tcp.value}"
            out.unable(Reason.DEPENDENCY, text)
            return None
        opening = Opening(identity=self._identity)
        link = Link(tcp, opening, role="wlc", profile=self._profile)
        self.link = link
        if link.handshake(HANDSHAKE_S * self._factor):
            return link
        if link.open:
            out.unable(Reason.TIMEOUT, "the TLS handshake was not completed in time")
        else:
            text = f"before the TLS handshake was complete: {_ended(link)}"
            out.unable(Reason.PEER_CLOSED, text)
        link.close()
        out.end = str(link.observation.end)
        return None

    def _play(self, script: Script, link: Link) -> None:
        out = self.outcome
        player = Player(script, link, self._plan, self._ignoring, self._profile)
        player.play()
        out.played = player.sent
        out.tls = f"{link.observation.tls.version} {link.observation.tls.suite}"
        out.confirmed = link.observation.confirmed
        unread = link.observation.unread
        if out.confirmed:
            compare(player, self._ignoring, out)
        elif player.stopped == "end":
            text = f"before the endpoint said anything: {_ended(link)}"
            out.unable(Reason.PEER_CLOSED, text)
        else:
            out.unable(
                Reason.UNCONFIRMED,
                "the endpoint was not seen to speak the wire profile "
                f"'{out.profile}', so that nothing is compared: {WAY_OUT}",
            )
        _findable(out, link)
        link.close()
        out.end = str(link.observation.end)
        out.transcript = [
            Line(int(m.index), m.time_s, m.sender, str(m), m.raw.hex(), m.record)
            for m in link.observation.messages[:LINES]
        ]
        more = len(link.observation.messages) - len(out.transcript)
        if more:
            out.remarks.append(f"{more} messages more are in the recording alone")
        if not out.confirmed and unread:
            out.remarks.append(f"the endpoint sent {unread[0]}")


def _findable(out: Outcome, link: Link) -> None:
    """Say how Wireshark finds the messages that differ."""
    messages = link.observation.messages
    for found in out.differences:
        if found.index is not None:
            seen = messages[found.index]
            shown = Shown(seen.time_s, "message", str(seen), record=seen.record)
            found.filter = display_filter(shown)


def _incomplete(script: Script, out: Outcome) -> None:
    """Say what of the MSE's side cannot be played."""
    hole, left = script.hole("mse"), len(script.lines) - len(script.playable)
    if hole is not None:
        text = (
            f"the capture lacks bytes of the MSE after its message "
            f"{len(script.playable)} ({hole.text}); playing ends there, "
            f"{left} messages behind it are not played"
        )
        out.unable(hole.reason, text)
    if script.left:
        text = f"{script.left} messages of the capture are not looked at (--messages)"
        out.unable(Reason.NO_STIMULUS, text)
    missing = script.hole("wlc")
    if missing is not None:
        out.remarks.append(f"the capture lacks bytes of the WLC: {missing.text}")


def _ended(link: Link) -> str:
    """Say how the endpoint ended it, and what that mostly means."""
    alerts = [a for a in link.observation.tls.alerts if a.sender == "wlc"]
    if not alerts:
        return str(link.observation.end)
    number = alerts[-1].description
    text = f"{link.observation.end}, alert {number}"
    if number in (40, 42, 44, 46, 48, 116):
        text += " (does its AuthList hold what --identity presents?)"
    return text
