# SPDX-License-Identifier: GPL-2.0-or-later
"""What the endpoint answered, held against what the capture shows.

Answers are compared one by one: whether they came, of which kind, in which order,
their fields, how long they took. Notifications come when the endpoint wants; of them
is compared which come, of what they are made and in which rhythm. What the capture,
or the replay, was too short to show is no difference.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from conformance.observation import EndKind, Seen
from conformance.replay import parts
from conformance.replay.exchanges import Epoch, Exchange, Fact, Sighting
from conformance.replay.ignoring import Ignoring
from conformance.replay.outcome import Aspect, Difference, Outcome
from conformance.replay.player import Player
from conformance.verdict import Reason

ROUNDS = 3
"""Intervals that show a rhythm."""

RHYTHM, JITTER_S = 0.25, 0.1
"""By which an interval may be longer or shorter: a part of it, and what timers do."""

ENDS = {EndKind.FIN: "fin", EndKind.CLOSE_NOTIFY: "fin", EndKind.RST: "reset"}


def compare(player: Player, ignoring: Ignoring, outcome: Outcome) -> None:
    """Fill an outcome with what sets a replay apart from its capture."""
    work = Comparison(player, ignoring, outcome)
    work.answers()
    work.told_once()
    work.order()
    work.notifications()
    work.unreadable()
    work.end()


class Comparison:
    """Holds a replay against its capture."""

    def __init__(self, player: Player, ignoring: Ignoring, outcome: Outcome) -> None:
        self._player, self._ignoring, self._out = player, ignoring, outcome
        self._shown, self._heard = player.shown, player.heard
        self._plan, self._script = player.plan, player.script
        self._hole = self._script.hole("wlc")
        compared = self._script.messages[: self._script.reach]
        self._last_s = max((m.time_s for m in compared), default=0.0)

    # --- answers --------------------------------------------------------------

    def answers(self) -> None:
        """Compare what answered each message that was played."""
        pairs = zip(self._shown.all, self._heard.all, strict=False)
        for at, (shown, heard) in enumerate(pairs):
            if at >= self._player.sent:
                break
            self._count(shown, heard)
            for one, other in zip(shown.answers, heard.answers, strict=False):
                self._out.answers += 1
                self._pair(shown, one, other)
            if shown.answers and heard.answers:
                self._latency(shown, heard)
        known = Counter(stray.name for stray in self._shown.stray)
        for stray in self._heard.stray:
            known[stray.name] -= 1
            if known[stray.name] < 0:
                texts = ("nothing", "a response to no request")
                self._add(Aspect.KIND, None, stray, *texts, stray)

    def _pair(self, exchange: Exchange, one: Seen, other: Seen) -> None:
        if one.name != other.name:
            self._add(Aspect.KIND, exchange, one, one.name, other.name, other)
            return
        for found in parts.differences(one, other, self._ignoring):
            found.request = str(exchange.request)
            self._out.add(found)

    def _count(self, shown: Exchange, heard: Exchange) -> None:
        want, got = shown.answers, heard.answers
        holed = self._hole is not None and self._hole.before > shown.request.index
        if len(got) < len(want):
            waited_s = self._player.link.now_s - heard.request.time_s
            if self._player.stopped and waited_s < self._plan.answer_s:
                return  # the end is told once, not for each answer that it cut off
            missing = want[len(got)]
            text = f"part {len(got) + 1} of {len(want)}" if got else missing.name
            waited = f"nothing within {self._plan.answer_s:g} s"
            self._add(Aspect.KIND, shown, missing, text, waited)
        elif len(got) > len(want) and holed and not shown.complete:
            self._lacks(f"the answers to {shown.request} cannot be compared")
        elif len(got) > len(want) and not self._cut_short(shown):
            extra = got[len(want)]
            actual = f"{len(got)}, the last {got[-1].name}"
            self._add(Aspect.KIND, shown, extra, _answers(len(want)), actual, extra)

    def _cut_short(self, shown: Exchange) -> bool:
        """Tell whether the capture ends before an answer could have come."""
        near = self._last_s - shown.request.time_s <= self._plan.slack_s
        if shown.complete or not near:
            return False
        self._remark(f"the capture ends before {shown.request} could be answered")
        return True

    def _latency(self, shown: Exchange, heard: Exchange) -> None:
        was = shown.answers[0].time_s - shown.request.time_s
        now = heard.answers[0].time_s - heard.request.time_s
        if abs(now - was) > self._plan.slack_s:
            first, other = shown.answers[0], heard.answers[0]
            texts = (f"after {was:.3f} s", f"after {now:.3f} s")
            self._add(Aspect.TIMING, shown, first, *texts, other)

    def told_once(self) -> None:
        """Compare what the WLC tells unasked and once."""
        want, got = self._shown.once, self._heard.once
        for one, other in zip(want, got, strict=False):
            self._out.answers += 1
            for found in parts.differences(one, other, self._ignoring):
                self._out.add(found)
        if len(got) < len(want) and not self._player.stopped:
            missing = want[len(got)]
            waited = f"nothing within {self._plan.answer_s:g} s"
            self._add(Aspect.KIND, None, missing, missing.name, waited)
        if len(got) > len(want):
            if self._hole is not None:
                self._lacks(f"one {got[-1].name} more cannot be judged")
            else:
                text = f"{len(got)} times"
                expected = f"{len(want)} times"
                self._add(Aspect.KIND, None, got[-1], expected, text, got[-1])

    def order(self) -> None:
        """Compare the order of what both have."""
        both = set(self._shown.order) & set(self._heard.order)
        was = {key: at for at, key in enumerate(self._shown.order) if key in both}
        order = [key for key in self._heard.order if key in both]
        kept = longest_rising([was[key] for key in order])
        late = [key for at, key in enumerate(order) if at not in kept]
        for key in late:
            exchange = self._shown.all[key[0]] if key[0] >= 0 else None
            answers = exchange.answers if exchange else self._shown.once
            heard = self._heard.all[key[0]].answers if exchange else self._heard.once
            at, place = order.index(key), was[key]
            self._add(
                Aspect.ORDER,
                exchange,
                answers[key[1]],
                self._behind(self._shown.order[place - 1] if place else None),
                self._behind(order[at - 1] if at else None),
                heard[key[1]],
            )

    def _behind(self, key: tuple[int, int] | None) -> str:
        if key is None:
            return "first"
        known = self._shown.all[key[0]].answers if key[0] >= 0 else self._shown.once
        return f"after {known[key[1]]}"

    # --- notifications ----------------------------------------------------------

    def notifications(self) -> None:
        """Compare what is notified, subscription by subscription."""
        shown, heard = self._shown.epochs, self._heard.epochs
        for at, (one, other) in enumerate(zip(shown, heard, strict=False)):
            self._out.notifications += sum(map(len, other.times.values()))
            until = heard[at + 1].began_s if at + 1 < len(heard) else None
            live_s = (until or self._player.link.now_s) - other.began_s
            end = shown[at + 1].began_s if at + 1 < len(shown) else self._last_s
            self._facts(one, other, end - one.began_s, live_s)
            self._rhythms(one, other)

    def _facts(self, one: Epoch, other: Epoch, was_s: float, live_s: float) -> None:
        early: list[str] = []
        for key in _in_order(one, one.facts.keys() - other.facts.keys()):
            sighting = one.facts[key]
            if _told_elsewhere(key, other):
                continue
            if live_s < sighting.after_s + self._plan.slack_s:
                early.append(key[0])
            elif not self._player.stopped:
                what = _what(sighting)
                self._fact(sighting, None, what, f"never within {live_s:.1f} s")
        if early:
            names = ", ".join(sorted(set(early)))
            self._remark(
                f"not awaited: what the capture shows later of {names} "
                "(--linger, --timing original)"
            )
        extra = _in_order(other, other.facts.keys() - one.facts.keys())
        judged = [key for key in extra if other.facts[key].after_s <= was_s]
        if judged and self._hole is not None:
            self._lacks("what is notified cannot be compared")
            return
        for key in judged:
            if not key[1] or (key[0], "", "") in one.facts:
                known = [text for n, place, text in one.facts if (n, place) == key[:2]]
                never = f"never within {was_s:.1f} s"
                expected = " or ".join(sorted(filter(None, known))) or never
                self._fact(None, other.facts[key], expected, _what(other.facts[key]))

    def _fact(
        self, one: Sighting | None, other: Sighting | None, was: str, now: str
    ) -> None:
        there = other or one
        assert there is not None  # noqa: S101 - one of them is given
        found = Difference(
            Aspect.FIELD if there.place else Aspect.KIND,
            there.message.name,
            was,
            now,
            there.place,
            offset=there.offset,
            length=there.length,
            frames=one.message.frames if one else (),
            index=other.message.index if other else None,
        )
        self._out.add(found)

    def _rhythms(self, one: Epoch, other: Epoch) -> None:
        """Compare how often something is notified that both know well."""
        told: set[str] = set()
        both = one.times.keys() & other.times.keys()
        for key in sorted(both, key=lambda k: (-len(one.times[k]), k)):
            if key[0] in told or self._ignoring.hides(key[0]):
                continue
            was, now = interval(one.times[key]), interval(other.times[key])
            if was is None or now is None:
                continue
            told.add(key[0])
            if abs(was - now) > RHYTHM * was + JITTER_S:
                texts = (f"every {was:.2f} s", f"every {now:.2f} s")
                self._out.add(Difference(Aspect.TIMING, key[0], *texts))

    # --- the end ------------------------------------------------------------------

    def end(self) -> None:
        """Compare how the connection ended, and say what could not be played."""
        script, link = self._script, self._player.link
        left = len(script.lines) - self._player.sent
        live = link.observation.end
        alerts = [a for a in link.observation.tls.alerts if a.sender == "wlc"]
        ended = ENDS.get(live.kind, live.kind.value)
        if live.kind is EndKind.ALERT and alerts:
            ended = f"alert {alerts[-1].description}"
        if self._player.stopped == "end":
            was = script.ended if script.ended_by == "wlc" and not left else ""
            if was != ended:
                more = f", {left} more messages of the MSE follow" if left else ""
                self._end(was or f"open{more}", f"{ended} by the wlc")
        elif self._player.stopped == "limit":
            self._unable(
                Reason.TIMEOUT, f"stopped by --for, {left} messages not played"
            )
        elif self._player.stopped == "silent":
            text = f"the endpoint is silent, {left} messages not played"
            self._unable(Reason.TIMEOUT, text)
        elif self._player.stopped == "flood":
            self._unable(Reason.TIMEOUT, "stopped: the endpoint floods")
        elif script.ended_by == "wlc" and not left:
            self._end(f"{script.ended} by the wlc", "open")

    def unreadable(self) -> None:
        """Compare what the endpoint sent that is no message: the capture has none."""
        for text in self._player.link.observation.unread:
            self._out.add(Difference(Aspect.KIND, "", "a message", text))

    def _end(self, expected: str, actual: str) -> None:
        sent = self._shown.all[: self._player.sent]
        frames = sent[-1].request.frames if sent else ()
        after = str(sent[-1].request) if sent else ""
        found = Difference(Aspect.END, "", expected, actual, request=after)
        found.frames = frames
        self._out.add(found)

    # --- saying so ----------------------------------------------------------------

    def _add(
        self,
        aspect: Aspect,
        exchange: Exchange | None,
        message: Seen,
        expected: str,
        actual: str,
        live: Seen | None = None,
    ) -> None:
        frames = message.frames
        if not frames and exchange is not None:
            frames = exchange.request.frames
        self._out.add(
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

    def _lacks(self, what: str) -> None:
        hole = self._hole
        assert hole is not None  # noqa: S101 - the callers have looked
        self._unable(hole.reason, f"the capture lacks bytes of the WLC: {what}")

    def _unable(self, reason: Reason, text: str) -> None:
        self._out.unable(reason, text)

    def _remark(self, text: str) -> None:
        if text not in self._out.remarks:
            self._out.remarks.append(text)


def _what(sighting: Sighting) -> str:
    """Say what was seen of a notification."""
    return sighting.text or (sighting.place and "an element") or "notified"


def _told_elsewhere(key: Fact, other: Epoch) -> bool:
    """Tell whether that something is missing shows already in something else.

    In the whole message's absence, or in another value at its place.
    """
    name, place, text = key
    if place and (name, "", "") not in other.facts:
        return True
    return bool(text) and any((n, p) == (name, place) for n, p, _ in other.facts)


def _in_order(epoch: Epoch, keys: AbstractSet[Fact]) -> list[Fact]:
    """Sort what was seen of notifications by when, messages before their parts."""
    return sorted(keys, key=lambda key: (epoch.facts[key].after_s, key))


def _answers(count: int) -> str:
    return {0: "no answer", 1: "1 answer"}.get(count, f"{count} answers")


def interval(times: Sequence[float]) -> float | None:
    """Seconds between notifications of one thing; None where too few show it."""
    if len(times) <= ROUNDS:
        return None
    return statistics.median(b - a for a, b in pairwise(times))


def longest_rising(numbers: Sequence[int]) -> set[int]:
    """Return the places of a longest rising run; what is not in it is out of order."""
    from bisect import bisect_left

    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        place = bisect_left(tails, number)
        before.append(ends[place - 1] if place else -1)
        if place == len(tails):
            tails.append(number)
            ends.append(at)
        else:
            tails[place], ends[place] = number, at
    kept: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    return kept
