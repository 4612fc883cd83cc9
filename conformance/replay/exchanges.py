# SPDX-License-Identifier: GPL-2.0-or-later
"""A conversation sorted: what answers what, what is told once, what streams.

The capture and the replay are sorted by the same rules, so that what they hold can be
laid side by side: answers by their request, notifications by the subscription that
they follow.
"""

import msgspec

from conformance.observation import Seen
from conformance.replay.anatomy import Part, decoded
from conformance.replay.ignoring import Ignoring
from conformance.session import Kind, kind_of
from nmsp_scapy.constants import response_name
from nmsp_scapy.profile import Profile

SUBSCRIBED = "SERVICE_SUBSCRIBE_RESPONSE"


class Exchange(msgspec.Struct):
    """A message of the MSE and what answered it.

    Attributes:
        expects: name of its response; empty for what has none.
    """

    request: Seen
    expects: str
    answers: list[Seen] = []

    @property
    def complete(self) -> bool:
        """Whether the last of its answers announces no more."""
        return bool(self.answers) and not self.answers[-1].more


class Sighting(msgspec.Struct, frozen=True):
    """Where something was first seen among notifications.

    Attributes:
        after_s: since the subscription.
        offset, length: its bytes in the message; None for the message as such.
        place: element and field; empty likewise.
        text: the value, where it is one of a registry or of the header.
    """

    after_s: float
    message: Seen
    place: str = ""
    text: str = ""
    offset: int | None = None
    length: int | None = None


Fact = tuple[str, str, str]
"""Name of a message, place in it, value there; empty where the whole is meant."""


class Epoch(msgspec.Struct):
    """The time under one subscription.

    Attributes:
        began_s: when it was answered.
        times: of each notification, by name and what it is about first.
        facts: what was seen of them and when first, by name, place and value.
    """

    began_s: float
    times: dict[tuple[str, str], list[float]] = {}
    facts: dict[Fact, Sighting] = {}


class Exchanges:
    """Sorts messages as they come.

    Attributes:
        all: one a message of the MSE, in order.
        once: what the WLC tells unasked and once: its capability.
        epochs: notifications by subscription; the first is before any.
        stray: responses that nothing has asked for.
        order: the answers and `once` in their order, as (exchange, which); the
            exchange is -1 for `once`.
        first_s: when the WLC said its first word; 0 before.
    """

    def __init__(self, profile: Profile, ignoring: Ignoring) -> None:
        self.all: list[Exchange] = []
        self.once: list[Seen] = []
        self.epochs = [Epoch(0.0)]
        self.stray: list[Seen] = []
        self.order: list[tuple[int, int]] = []
        self.first_s = 0.0
        self._ignoring = ignoring
        self._numbered = any(f.name == "transaction_id" for f in profile.header.fields)
        self._by_key: dict[tuple[str, int], int] = {}
        self._by_number: dict[int, int] = {}
        self._open: dict[str, dict[int, None]] = {}

    def add(self, seen: Seen) -> None:
        """Sort a message."""
        if seen.sender == "mse":
            self._ask(seen)
            return
        self.first_s = self.first_s or seen.time_s
        kind = kind_of(seen.name)
        if kind is Kind.CAPABILITY:
            self.order.append((-1, len(self.once)))
            self.once.append(seen)
        elif kind is Kind.NOTIFICATION:
            self._stream(seen)
        else:
            self._answer(seen, known=kind is not Kind.UNKNOWN)

    def answer(self, key: tuple[int, int]) -> Seen:
        """Find a message by its key in `order`."""
        exchange, which = key
        return self.all[exchange].answers[which] if exchange >= 0 else self.once[which]

    def _ask(self, seen: Seen) -> None:
        at = len(self.all)
        expects = response_name(seen.name) or ""
        self.all.append(Exchange(seen, expects))
        if seen.transaction:
            self._by_number[seen.transaction] = at
        if expects:
            self._by_key[(expects, seen.transaction)] = at
            self._open.setdefault(expects, {})[at] = None

    def _answer(self, seen: Seen, *, known: bool) -> None:
        waiting = self._open.get(seen.name, {})
        at: int | None = None
        if self._numbered or not waiting:
            at = self._by_key.get((seen.name, seen.transaction))
        if at is None:  # the right kind with another transaction, or without any
            at = next(iter(waiting), None)
        if at is None and seen.transaction:  # the right transaction of another kind
            at = self._by_number.get(seen.transaction)
        if at is None:
            if known:
                self.stray.append(seen)
            else:
                self._stream(seen)
            return
        exchange = self.all[at]
        self.order.append((at, len(exchange.answers)))
        exchange.answers.append(seen)
        if exchange.complete:
            self._open.get(exchange.expects, {}).pop(at, None)
        if seen.name == SUBSCRIBED:
            self.epochs.append(Epoch(seen.time_s))

    def _stream(self, seen: Seen) -> None:
        epoch = self.epochs[-1]
        after = seen.time_s - epoch.began_s
        facts = epoch.facts
        facts.setdefault((seen.name, "", ""), Sighting(after, seen))
        whole = decoded(seen.raw, seen.profile)
        about = whole.parts[0].identity if whole.parts else ""
        epoch.times.setdefault((seen.name, about), []).append(seen.time_s)
        if self._ignoring.hides(seen.name):
            return
        for part in whole.walk():
            for key, sighting in self._told(part, seen, after):
                facts.setdefault((seen.name, *key), sighting)

    def _told(
        self, part: Part, seen: Seen, after: float
    ) -> list[tuple[tuple[str, str], Sighting]]:
        """Say what a part tells beyond its values: that it is there, of which kind."""
        path = f"{seen.name}.{part.inside}" if part.inside else seen.name
        if part.inside and self._ignoring.hides(path):
            return []
        found = []
        if part.inside:
            place = (part.offset, part.length)
            there = Sighting(after, seen, part.inside, "", *place)
            found.append(((part.inside, ""), there))
        for leaf in part.leaves:
            header = not part.inside and (leaf.offset or 0) < part.length
            if not (leaf.enumerated or header or leaf.name == "malformed"):
                continue
            if self._ignoring.hides(f"{path}.{leaf.name}"):
                continue
            place_of = f"{part.inside}.{leaf.name}".lstrip(".")
            told = Sighting(after, seen, place_of, leaf.text, leaf.offset, leaf.length)
            found.append(((place_of, leaf.text), told))
        return found
