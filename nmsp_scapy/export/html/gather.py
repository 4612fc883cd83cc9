# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page shows of a capture, aggregated while it is read."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from nmsp_scapy.constants import MessageType
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result
from nmsp_scapy.doctor import Chart
from nmsp_scapy.export.html.series import Series
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.records import decode
from nmsp_scapy.status import Tally

FOLLOWED = 60
"""Stations whose course over time is kept: the first that are heard."""
COURSES = 1000
"""Courses over time that are kept: pairs of such a station and an access point."""
PAIRS = 50_000
"""Pairs of station and access point that are told apart."""
STATIONS = 5000
"""Stations that are told apart."""
EVENTS = 400
"""Events that are listed; further ones are counted."""
OPENING, CLOSING = 60, 16
"""Messages of a conversation that its ladder shows, from both ends."""
CONVERSATIONS = 50
"""Conversations with a ladder and charts of their own."""
WAITING = 256
_MARKS = {"fin", "reset", "gap", "alert"}


class Rung(NamedTuple):
    """A message on a ladder."""

    time_ns: int
    direction: Direction
    name: str
    frame: int


class Heard:
    """How an access point hears a station: samples, and their sum in dBm."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0

    @property
    def mean(self) -> float:
        """Mean in dBm."""
        return self.total / self.count


class Course:
    """One conversation over time.

    Attributes:
        rates: by message name, messages over time.
        echo: round trips in milliseconds; unanswered: echo requests without answer.
        opening, closing: rungs; messages: how many there were.
    """

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.rates: dict[str, Series] = {}
        self.echo = Series()
        self.opening: list[Rung] = []
        self.closing: deque[Rung] = deque(maxlen=CLOSING)
        self.marks: list[Event] = []
        self.messages = 0
        self._waiting: dict[int, int] = {}

    @property
    def unanswered(self) -> int:
        """Echo requests that still wait."""
        return len(self._waiting)

    def add(self, message: Message, name: str) -> None:
        """Take a message."""
        self.messages += 1
        when = message.time_ns
        rate = self.rates.get(name)
        if rate is None:
            rate = self.rates[name] = Series()
        rate.add(when)
        frame = message.frames[0] if message.frames else 0
        rung = Rung(when, message.direction, name, frame)
        if len(self.opening) < OPENING:
            self.opening.append(rung)
        else:
            self.closing.append(rung)
        if message.type == MessageType.ECHO_REQUEST:
            if len(self._waiting) < WAITING:
                self._waiting[message.transaction_id] = when
        elif message.type == MessageType.ECHO_RESPONSE:
            asked = self._waiting.pop(message.transaction_id, None)
            if asked is not None:
                self.echo.add(when, (when - asked) / 1e6)


class Gathered:
    """Takes what dissecting yields.

    Attributes:
        courses: by conversation index, the first 50.
        tally: counts as both ends show them; chart: what the doctor looks at.
        stations: samples by station; pairs: RSSI in dBm by station and access point;
            followed: the same over time, by station, of the first 60.
        events: the first 400; event_counts: all, by kind.
    """

    def __init__(self, profile: Profile = NOMINAL) -> None:
        self.tally, self.chart = Tally(profile), Chart()
        self.courses: dict[int, Course] = {}
        self.stations: Counter[str] = Counter()
        self.kinds: dict[str, str] = {}
        self.pairs: dict[tuple[str, str], Heard] = {}
        self.followed: dict[str, dict[str, Series]] = {}
        self.pairs_left_out = 0
        self._courses = 0
        self.events: list[Event] = []
        self.event_counts: Counter[str] = Counter()
        self.messages = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self._profile = profile
        self._names = {number: name for name, number in profile.message_types.items()}
        self._measured = profile.message_types.get("MEASUREMENT_NOTIFICATION")

    def feed_all(self, results: Iterable[Result]) -> None:
        """Take all results."""
        for result in results:
            self.feed(result)

    def feed(self, result: Result) -> None:
        """Take the next result."""
        self.chart.feed_all((result,))
        self.tally.feed(result)
        if isinstance(result, Message):
            self._message(result)
        elif isinstance(result, Event):
            self._event(result)
        elif len(self.courses) < CONVERSATIONS:
            self.courses[result.index] = Course(result)
            self._seen(result.time_ns)

    def _seen(self, time_ns: int | None) -> None:
        if not time_ns:
            return
        if self.first_ns is None:
            self.first_ns = self.last_ns = time_ns
        self.first_ns = min(self.first_ns, time_ns)
        self.last_ns = max(self.last_ns or 0, time_ns)

    def _event(self, event: Event) -> None:
        self._seen(event.time_ns)
        self.event_counts[event.event] += 1
        if len(self.events) < EVENTS:
            self.events.append(event)
        course = self.courses.get(event.conversation or 0)
        told = event.conversation is not None and event.event in _MARKS
        if course is not None and told and len(course.marks) < EVENTS:
            course.marks.append(event)

    def _message(self, message: Message) -> None:
        self.messages += 1
        self._seen(message.time_ns)
        course = self.courses.get(message.conversation)
        name = self._names.get(message.type, f"type {message.type}")
        if course is not None:
            known = name in course.rates or len(course.rates) < 64
            course.add(message, name if known else "other types")
        if message.type == self._measured:
            for element in decode(message.raw, self._profile).get("elements", ()):
                if element.get("name") == "MEASUREMENT":
                    self._measurement(message.time_ns, element)

    def _measurement(self, time_ns: int, element: dict[str, Any]) -> None:
        station, kind = "", ""
        for part in element.get("elements", ()):
            name = part.get("name")
            if name == "MAC_ADDRESS":
                station = part.get("mac") or ""
            elif name == "ENTITY":
                kind = part.get("kind_name") or ""
            elif name == "RSSI_SAMPLE" and "rssi_a_dbm" in part and station:
                values = [part["rssi_a_dbm"], part["rssi_b_dbm"]]
                heard = [value for value in values if value]
                if heard:
                    self._sample(time_ns, station, part["ap_mac"], max(heard))
        if station and kind and len(self.kinds) < STATIONS:
            self.kinds.setdefault(station, kind)

    def _sample(self, time_ns: int, station: str, ap: str, dbm: int) -> None:
        if station in self.stations or len(self.stations) < STATIONS:
            self.stations[station] += 1
        pair = self.pairs.get((station, ap))
        if pair is None:
            if len(self.pairs) >= PAIRS:
                self.pairs_left_out += 1
                return
            pair = self.pairs[station, ap] = Heard()
        pair.count += 1
        pair.total += dbm
        self._follow(time_ns, station, ap, dbm)

    def _follow(self, time_ns: int, station: str, ap: str, dbm: int) -> None:
        courses = self.followed.get(station)
        if courses is None:
            if len(self.followed) >= FOLLOWED:
                return
            courses = self.followed[station] = {}
        course = courses.get(ap)
        if course is None:
            if self._courses >= COURSES:
                return
            self._courses += 1
            course = courses[ap] = Series(limit=120)
        course.add(time_ns, dbm)
