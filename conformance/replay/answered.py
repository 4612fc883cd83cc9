# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers, one by one: whether they came, of which kind, in which order, how late."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from conformance.observation import Seen
from conformance.replay import parts
from conformance.replay.exchanges import Exchange, Exchanges
from conformance.replay.ground import Ground
from conformance.replay.outcome import Aspect


class Answered:
    """Compares what answers the MSE, and what the WLC tells once."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._holed: set[int] = set()

    def compare(self) -> None:
        """Compare all of it."""
        self.answers()
        self.strays()
        self.told_once()
        self.order()

    def answers(self) -> None:
        """Compare what answered each message that was played."""
        ground = self._ground
        pairs = zip(ground.shown.all, ground.heard.all, strict=False)
        for at, (shown, heard) in enumerate(pairs):
            if at >= ground.player.sent:
                break
            if self._lacks_answers(shown, heard):
                self._holed.add(at)
                ground.lacks(f"the answers to {shown.request} cannot be compared")
                continue
            self._count(shown, heard)
            for one, other in zip(shown.answers, heard.answers, strict=False):
                ground.out.answers += 1
                self._pair(shown, one, other)
            if shown.answers and heard.answers:
                self._latency(shown, heard)

    def _lacks_answers(self, shown: Exchange, heard: Exchange) -> bool:
        """Tell whether bytes are missing where an answer may have stood."""
        if not (shown.expects or heard.answers):
            return False
        first = shown.request.index
        last = shown.answers[-1].index if shown.complete else None
        return any(
            hole.before > first and (last is None or hole.before <= last)
            for hole in self._ground.holes
        )

    def strays(self) -> None:
        """Compare responses that nothing has asked for."""
        known = Counter(stray.name for stray in self._ground.shown.stray)
        for stray in self._ground.heard.stray:
            known[stray.name] -= 1
            if known[stray.name] < 0 and not self._ground.holes:
                texts = ("nothing", "a response to no request")
                self._ground.add(Aspect.KIND, None, stray, *texts, stray)

    def _pair(self, exchange: Exchange, one: Seen, other: Seen) -> None:
        ground = self._ground
        if one.name != other.name:
            ground.add(Aspect.KIND, exchange, one, one.name, other.name, other)
            return
        for found in parts.differences(one, other, ground.ignoring):
            found.request = str(exchange.request)
            ground.out.add(found)

    def _count(self, shown: Exchange, heard: Exchange) -> None:
        ground, want, got = self._ground, shown.answers, heard.answers
        answer_s = ground.plan.answer_s
        if len(got) < len(want):
            waited_s = ground.player.link.now_s - heard.request.time_s
            if ground.player.stopped and waited_s < answer_s:
                return  # the end is told once, not for each answer that it cut off
            missing = want[len(got)]
            text = f"part {len(got) + 1} of {len(want)}" if got else missing.name
            waited = f"nothing within {answer_s:g} s"
            ground.add(Aspect.KIND, shown, missing, text, waited)
        elif len(got) > len(want) and not self._cut_short(shown):
            extra = got[len(want)]
            actual = f"{len(got)}, the last {got[-1].name}"
            ground.add(Aspect.KIND, shown, extra, _answers(len(want)), actual, extra)

    def _cut_short(self, shown: Exchange) -> bool:
        """Tell whether the capture ends before an answer could have come."""
        ground = self._ground
        near = ground.last_s - shown.request.time_s <= ground.plan.slack_s
        if shown.complete or not near:
            return False
        ground.remark(f"the capture ends before {shown.request} could be answered")
        return True

    def _latency(self, shown: Exchange, heard: Exchange) -> None:
        was, now = _took(self._ground.shown, shown), _took(self._ground.heard, heard)
        if abs(now - was) > self._ground.plan.slack_s:
            first, other = shown.answers[0], heard.answers[0]
            texts = (f"after {was:.3f} s", f"after {now:.3f} s")
            self._ground.add(Aspect.TIMING, shown, first, *texts, other)

    def told_once(self) -> None:
        """Compare what the WLC tells unasked and once."""
        ground = self._ground
        want, got = ground.shown.once, ground.heard.once
        for one, other in zip(want, got, strict=False):
            ground.out.answers += 1
            for found in parts.differences(one, other, ground.ignoring):
                ground.out.add(found)
        if len(got) < len(want) and not ground.player.stopped:
            missing = want[len(got)]
            waited = f"nothing within {ground.plan.answer_s:g} s"
            ground.add(Aspect.KIND, None, missing, missing.name, waited)
        elif len(got) > len(want) and ground.holes:
            ground.lacks(f"one {got[-1].name} more cannot be judged")
        elif len(got) > len(want):
            texts = (_times(len(want)), _times(len(got)))
            ground.add(Aspect.KIND, None, got[-1], *texts, got[-1])

    def order(self) -> None:
        """Compare the order of what both have."""
        shown, heard = self._ground.shown, self._ground.heard
        both = {
            key
            for key in set(shown.order) & set(heard.order)
            if key[0] not in self._holed
        }
        was = [key for key in shown.order if key in both]
        now = [key for key in heard.order if key in both]
        places = {key: at for at, key in enumerate(was)}
        kept = longest_rising([places[key] for key in now])
        for at, key in enumerate(now):
            if at in kept:
                continue
            exchange = shown.all[key[0]] if key[0] >= 0 else None
            place = places[key]
            self._ground.add(
                Aspect.ORDER,
                exchange,
                shown.answer(key),
                f"after {shown.answer(was[place - 1])}" if place else "first",
                f"after {shown.answer(now[at - 1])}" if at else "first",
                heard.answer(key),
            )


def _took(side: Exchanges, exchange: Exchange) -> float:
    """Seconds until the first answer.

    Until the WLC says its first word its AuthList may still be asked, which says
    nothing of how fast it answers.
    """
    asked = max(exchange.request.time_s, side.first_s)
    return max(0.0, exchange.answers[0].time_s - asked)


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _answers(count: int) -> str:
    return {0: "no answer", 1: "1 answer"}.get(count, f"{count} answers")


def longest_rising(numbers: Sequence[int]) -> set[int]:
    """Return the places of a longest rising run; what is not in it is out of order."""
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
