# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts and facts of each conversation, message by message, in flat memory."""

from collections.abc import Iterable
from typing import Any

import msgspec

from nmsp_scapy.constants import MessageType, Service, SubService
from nmsp_scapy.constants import Status as Code
from nmsp_scapy.conversation import Conversation, Direction, Event, Message
from nmsp_scapy.profile import NOMINAL, Profile

PENDING_LIMIT = 64
"""Subscription requests that may wait for their response."""
TYPE_LIMIT = 512
"""Message types that are counted apart; further ones only count as unsupported."""


class Counter(msgspec.Struct):
    """Messages of one type and direction.

    Attributes:
        name: empty for an unknown type.
        size: bytes of all messages, headers included; last_ns: time of the last.
    """

    type: int
    name: str
    direction: Direction
    count: int = 0
    size: int = 0
    last_ns: int = 0


class Offered(msgspec.Struct, frozen=True):
    """A service with sub-services.

    Attributes:
        service: name, or the number where it has none.
        sub_services: names without the service's own (`MOBILE_STATION`), in bit order;
            `bit N` for a bit without a name.
    """

    service: str
    sub_services: tuple[str, ...]


class Status(msgspec.Struct):
    """One conversation, as both ends would show it.

    Attributes:
        wlc, mse: addresses; empty where no conversation was announced.
        ended: why it ended; empty while the capture shows it open.
        counters: in order of first appearance.
        offered_by_wlc, offered_by_mse: of the last capability notification.
        subscribed: services of accepted subscriptions; requested: those that the
            capture shows no response to; refused: status code names of refusals.
        software: version that the WLC told, empty when it told none.
        unsupported: messages from the MSE whose type no profile knows.
        lost: events of bytes that could not be read.
    """

    index: int
    mse: str = ""
    wlc: str = ""
    transport: str = ""
    ended: str = ""
    first_ns: int | None = None
    last_ns: int | None = None
    last_echo_request_ns: int | None = None
    last_echo_response_ns: int | None = None
    echo_requests: int = 0
    echo_responses: int = 0
    counters: list[Counter] = []
    offered_by_wlc: list[Offered] = []
    offered_by_mse: list[Offered] = []
    subscribed: list[Offered] = []
    requested: list[Offered] = []
    refused: list[str] = []
    software: str = ""
    unsupported: int = 0
    lost: int = 0

    @property
    def active(self) -> bool:
        """Whether the capture shows messages and no end."""
        return self.first_ns is not None and not self.ended

    def data_frames(self, direction: Direction) -> int:
        """Count messages of a direction without echo (documented)."""
        echo = (MessageType.ECHO_REQUEST, MessageType.ECHO_RESPONSE)
        return sum(
            counter.count
            for counter in self.counters
            if counter.direction is direction and counter.type not in echo
        )


class Tally:
    """Takes what a capture shows and keeps each conversation's status.

    Attributes:
        damages: parts of the capture that concern no conversation and were not read.
    """

    def __init__(self, profile: Profile = NOMINAL) -> None:
        self.damages = 0
        self._names = {number: name for name, number in profile.message_types.items()}
        self._of: dict[int, Status] = {}
        self._conversations: dict[int, Conversation] = {}
        self._counters: dict[tuple[int, int, Direction], Counter] = {}
        self._pending: dict[tuple[int, int], list[Offered]] = {}

    @property
    def conversations(self) -> list[Status]:
        """Statuses in order of appearance, with the subscriptions still unanswered."""
        for status in self._of.values():
            waiting = [p for (c, _), p in self._pending.items() if c == status.index]
            status.requested = [service for found in waiting for service in found]
        return list(self._of.values())

    def feed_all(self, items: Iterable[Conversation | Message | Event]) -> None:
        """Take all that a capture shows."""
        for item in items:
            self.feed(item)

    def feed(self, item: Conversation | Message | Event) -> None:
        """Take the next thing that a capture shows."""
        if isinstance(item, Message):
            self._message(item)
        elif isinstance(item, Conversation):
            status = self._status(item.index)
            status.mse, status.wlc = str(item.client), str(item.server)
            status.transport = item.transport
            self._conversations[item.index] = item
        elif item.conversation is None:
            self.damages += item.lost
        else:
            status = self._status(item.conversation)
            status.lost += item.lost
            if item.event == "closed":
                known = self._conversations.pop(item.conversation, None)
                ended = known.ended if known is not None else item.reason
                # An MSE would go on where only the capture ends.
                status.ended = "" if ended == "end of capture" else ended
                status.transport = known.transport if known else status.transport

    def _status(self, index: int) -> Status:
        status = self._of.get(index)
        if status is None:
            status = self._of[index] = Status(index, counters=[])
        return status

    def _message(self, message: Message) -> None:
        status = self._status(message.conversation)
        when = message.time_ns
        if status.first_ns is None:
            status.first_ns = when
        status.last_ns = when
        counter = self._counter(status, message)
        counter.count += 1
        counter.size += len(message.raw)
        counter.last_ns = when
        if message.type == MessageType.ECHO_REQUEST:
            status.echo_requests += 1
            status.last_echo_request_ns = when
        elif message.type == MessageType.ECHO_RESPONSE:
            status.echo_responses += 1
            status.last_echo_response_ns = when
        elif counter.name in _READ:
            self._read(status, message, counter.name)
        elif not counter.name and message.direction is Direction.MSE_TO_WLC:
            status.unsupported += 1

    def _counter(self, status: Status, message: Message) -> Counter:
        kind = message.type
        key = (status.index, kind, message.direction)
        counter = self._counters.get(key)
        if counter is None:
            name = self._names.get(kind, "")
            if len(status.counters) >= TYPE_LIMIT:
                return Counter(kind, name, message.direction)
            counter = self._counters[key] = Counter(kind, name, message.direction)
            status.counters.append(counter)
        return counter

    def _read(self, status: Status, message: Message, name: str) -> None:
        """Read what a message says of services."""
        elements = elements_of(message)
        services = [offered(e) for e in elements if e.name == "SERVICE"]
        key = (status.index, message.transaction_id)
        if name == "CAPABILITY_NOTIFICATION":
            if message.direction is Direction.WLC_TO_MSE:
                status.offered_by_wlc = services
                versions = [e.version for e in elements if e.name == "SOFTWARE_VERSION"]
                status.software = str(versions[0])[:64] if versions else ""
            else:
                status.offered_by_mse = services
        elif name == "SERVICE_SUBSCRIBE_REQUEST":
            if len(self._pending) < PENDING_LIMIT:
                self._pending[key] = services
        else:
            wanted = self._pending.pop(key, None)
            codes = [int(e.code) for e in elements if e.name == "STATUS"]
            if codes and codes[0] != Code.SUCCESS:
                status.refused.append(_code(codes[0]))
            elif wanted is not None:
                status.subscribed = merged(status.subscribed, wanted)


_READ = {
    "CAPABILITY_NOTIFICATION",
    "SERVICE_SUBSCRIBE_REQUEST",
    "SERVICE_SUBSCRIBE_RESPONSE",
}


def elements_of(message: Message) -> list[Any]:
    """List the elements of a message as Scapy packets; malformed ones are there too."""
    return list(getattr(message.packet.payload, "elements", None) or ())


def offered(element: Any) -> Offered:
    """Read a SERVICE element."""
    number, mask = int(element.service), int(element.sub_services)
    try:
        service = Service(number).name
    except ValueError:
        service = str(number)
    bits = [bit for bit in range(64) if mask >> bit & 1]
    return Offered(service, tuple(_sub_service(bit, service) for bit in bits))


def _sub_service(bit: int, service: str) -> str:
    try:
        name = SubService(1 << bit).name
    except ValueError:
        name = None
    return name.removeprefix(f"{service}_") if name else f"bit {bit}"


def merged(known: list[Offered], new: list[Offered]) -> list[Offered]:
    """Join subscriptions: a service's sub-services add up."""
    by_name = {service.service: service.sub_services for service in known}
    for service in new:
        have = by_name.get(service.service, ())
        more = tuple(sub for sub in service.sub_services if sub not in have)
        by_name[service.service] = have + more
    return [Offered(name, subs) for name, subs in by_name.items()]


def _code(number: int) -> str:
    try:
        return Code(number).name
    except ValueError:
        return str(number)
