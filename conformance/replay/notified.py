# SPDX-License-Identifier: GPL-2.0-or-later
"""Notifications: which come, of what they are made, and in which rhythm.

They come when the endpoint wants, so their values are not compared. What the capture,
or the replay, was too short to show is no difference.
"""

import statistics
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from conformance.replay.exchanges import Epoch, Fact, Sighting
from conformance.replay.ground import Ground
from conformance.replay.outcome import Aspect, Difference

ROUNDS = 3
"""Intervals that show a rhythm."""

RHYTHM, JITTER_S = 0.25, 0.1
"""By which an interval may be longer or shorter: a part of it, and what timers do."""


class Notified:
    """Compares what is notified, subscription by subscription."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def compare(self) -> None:
        """Compare all of it."""
        shown, heard = self._ground.shown.epochs, self._ground.heard.epochs
        for at, (one, other) in enumerate(zip(shown, heard, strict=False)):
            self._ground.out.notifications += sum(map(len, other.times.values()))
            until = heard[at + 1].began_s if at + 1 < len(heard) else None
            live_s = (until or self._ground.player.link.now_s) - other.began_s
            end = shown[at + 1].began_s if at + 1 < len(shown) else self._ground.last_s
            self._facts(one, other, end - one.began_s, live_s)
            self._rhythms(one, other)

    def _facts(self, one: Epoch, other: Epoch, was_s: float, live_s: float) -> None:
        early: list[str] = []
        for key in _in_order(one, one.facts.keys() - other.facts.keys()):
            sighting = one.facts[key]
            if _told_elsewhere(key, other):
                continue
            if live_s < sighting.after_s + self._ground.plan.slack_s:
                early.append(key[0])
            elif not self._ground.player.stopped:
                what = _what(sighting)
                self._fact(sighting, None, what, f"never within {live_s:.1f} s")
        if early:
            names = ", ".join(sorted(set(early)))
            self._ground.remark(
                f"not awaited: what the capture shows later of {names} "
                "(--linger, --timing original)"
            )
        extra = _in_order(other, other.facts.keys() - one.facts.keys())
        judged = [key for key in extra if other.facts[key].after_s <= was_s]
        if judged and self._ground.holes:
            self._ground.lacks("what is notified cannot be compared")
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
        self._ground.out.add(found)

    def _rhythms(self, one: Epoch, other: Epoch) -> None:
        """Compare how often something is notified that both know well."""
        told: set[str] = set()
        both = one.times.keys() & other.times.keys()
        for key in sorted(both, key=lambda k: (-len(one.times[k]), k)):
            if key[0] in told or self._ground.ignoring.hides(key[0]):
                continue
            was, now = interval(one.times[key]), interval(other.times[key])
            if was is None or now is None:
                continue
            told.add(key[0])
            if abs(was - now) > RHYTHM * was + JITTER_S:
                texts = (f"every {was:.2f} s", f"every {now:.2f} s")
                self._ground.out.add(Difference(Aspect.TIMING, key[0], *texts))


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


def interval(times: Sequence[float]) -> float | None:
    """Seconds between notifications of one thing; None where too few show it."""
    if len(times) <= ROUNDS:
        return None
    return statistics.median(b - a for a, b in pairwise(times))
