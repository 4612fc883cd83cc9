# SPDX-License-Identifier: GPL-2.0-or-later
"""What the doctor knows of each conversation, gathered in flat memory."""

from collections.abc import Iterable

import msgspec

from nmsp_scapy.constants import MessageType
from nmsp_scapy.conversation import Conversation, Direction, Event, Message
from nmsp_scapy.status.tally import elements_of

KEPT = 32
"""Events and unanswered requests that are kept of a conversation."""


class Echo(msgspec.Struct):
    """Echo requests of a conversation and their answers.

    Attributes:
        waiting: requests without an answer so far: transaction id to frame and time.
        lost: requests that were never answered though the WLC spoke afterwards.
    """

    requests: int = 0
    responses: int = 0
    waiting: dict[int, tuple[int, int]] = {}
    lost: list[tuple[int, int]] = []


class Case(msgspec.Struct):
    """One conversation.

    Attributes:
        last_ns: time of the last sign of each side, 0 the MSE's; None for none.
        subscriptions: refused or unanswered: transaction id to frame.
        refusals: status code, frame.
        losses: kind of an event of lost bytes to its first events.
        closing: events of how it ended (fin, reset), in order.
    """

    conversation: Conversation
    messages: int = 0
    first_ns: int | None = None
    last_ns: list[int | None] = []
    frames: list[int] = []
    echo: Echo = msgspec.field(default_factory=Echo)
    subscriptions: dict[int, tuple[int, int]] = {}
    refusals: list[tuple[int, int]] = []
    losses: dict[str, list[Event]] = {}
    lost_count: dict[str, int] = {}
    alerts: list[Event] = []
    closing: list[Event] = []

    @property
    def index(self) -> int:
        """The conversation's."""
        return self.conversation.index


def _new(conversation: Conversation) -> Case:
    return Case(
        conversation,
        last_ns=[None, None],
        frames=[0, 0],
        echo=Echo(waiting={}, lost=[]),
        subscriptions={},
        refusals=[],
        losses={},
        lost_count={},
        alerts=[],
        closing=[],
    )


class Chart:
    """Takes what dissecting yields.

    Attributes:
        cases: by conversation index; general: events that concern none.
        end_ns: the latest time seen.
    """

    def __init__(self) -> None:
        self.cases: dict[int, Case] = {}
        self.general: list[Event] = []
        self.end_ns = 0
        self.messages = 0

    def feed_all(self, items: Iterable[Conversation | Message | Event]) -> None:
        """Take all results."""
        for item in items:
            if type(item) is Message:
                self._message(self.cases[item.conversation], item)
            elif isinstance(item, Conversation):
                self.cases[item.index] = _new(item)
            elif isinstance(item, Event):
                self._event(item)

    def _event(self, event: Event) -> None:
        if event.time_ns is not None:
            self.end_ns = max(self.end_ns, event.time_ns)
        index = event.conversation
        case = self.cases.get(index) if index is not None else None
        if case is None:
            if len(self.general) < KEPT:
                self.general.append(event)
            return
        if event.lost:
            kept = case.losses.setdefault(event.event, [])
            case.lost_count[event.event] = case.lost_count.get(event.event, 0) + 1
            if len(kept) < KEPT:
                kept.append(event)
        elif event.event == "alert" and len(case.alerts) < KEPT:
            case.alerts.append(event)
        elif event.event in ("fin", "reset") and len(case.closing) < KEPT:
            case.closing.append(event)

    def _message(self, case: Case, message: Message) -> None:
        self.messages += 1
        case.messages += 1
        when = message.time_ns
        self.end_ns = max(self.end_ns, when)
        if case.first_ns is None:
            case.first_ns = when
        side = 0 if message.direction is Direction.MSE_TO_WLC else 1
        case.last_ns[side] = when
        case.frames[side] = message.frames[-1] if message.frames else 0
        kind = message.type
        if kind == MessageType.ECHO_REQUEST:
            case.echo.requests += 1
            if len(case.echo.waiting) < KEPT:
                case.echo.waiting[message.transaction_id] = (case.frames[side], when)
        elif kind == MessageType.ECHO_RESPONSE:
            case.echo.responses += 1
            case.echo.waiting.pop(message.transaction_id, None)
        elif kind == MessageType.SERVICE_SUBSCRIBE_REQUEST:
            if len(case.subscriptions) < KEPT:
                place = (case.frames[side], when)
                case.subscriptions[message.transaction_id] = place
        elif kind == MessageType.SERVICE_SUBSCRIBE_RESPONSE:
            case.subscriptions.pop(message.transaction_id, None)
            for element in elements_of(message):
                if element.name == "STATUS" and int(element.code):
                    case.refusals.append((int(element.code), case.frames[side]))
