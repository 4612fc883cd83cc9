# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations built message by message."""

import struct
from collections.abc import Iterator
from itertools import count

from nmsp_scapy.constants import ElementType, MessageType, Service, SubService
from nmsp_scapy.conversation import Conversation, Direction, Endpoint, Event, Message

MSE, WLC = Endpoint("10.201.235.122", 51000), Endpoint("10.201.234.36", 16113)
START = 1_433_602_379 * 10**9  # 2015-06-06 14:52:59 UTC
OUT, IN = Direction.MSE_TO_WLC, Direction.WLC_TO_MSE


def element(kind: int, value: bytes) -> bytes:
    return struct.pack(">HH", kind, len(value)) + value


def service(number: int, mask: int) -> bytes:
    return element(ElementType.SERVICE, struct.pack(">BQ", number, mask))


def status_code(code: int) -> bytes:
    return element(ElementType.STATUS, struct.pack(">H", code))


class Talk:
    """Writes messages of one conversation."""

    def __init__(self, index: int = 0) -> None:
        self.index = index
        self.numbers = count()

    def says(
        self,
        direction: Direction,
        kind: int,
        body: bytes = b"",
        *,
        at: float = 0,
        transaction: int = 0,
    ) -> Message:
        raw = struct.pack(">BBHII", 1, 0, kind, 12 + len(body), transaction) + body
        number = next(self.numbers)
        when = START + int(at * 10**9)
        return Message(
            self.index,
            number,
            when,
            direction,
            (number + 1,),
            raw,
            kind,
            1,
            0,
            len(raw),
            transaction,
        )

    def closed(self, reason: str, at: float) -> Event:
        when = START + int(at * 10**9)
        return Event("closed", self.index, None, None, None, when, (), reason, False)


SUBSCRIBED = (
    service(Service.RSSI, SubService.RSSI_MOBILE_STATION | SubService.RSSI_TAG)
    + service(Service.ATTACHMENT, SubService.ATTACHMENT_MOBILE_STATION_ATTACHMENT)
    + service(Service.INFORMATION, SubService.INFORMATION_MOBILE_STATION)
    + service(Service.LOCATION, SubService.LOCATION_SUBSCRIPTION)
    + service(
        Service.STATISTICS,
        SubService.STATISTICS_MOBILE_STATION | SubService.STATISTICS_TAG,
    )
)


def source_screen() -> Iterator[Conversation | Message | Event]:
    """The conversation that the MSE's screen in the source document tells of."""
    talk = Talk()
    yield Conversation(0, MSE, WLC)
    offers = b"".join(service(number, 0) for number in (1, 3, 4, 9, 7, 8, 2, 5, 6))
    yield talk.says(IN, MessageType.CAPABILITY_NOTIFICATION, offers)
    request = MessageType.SERVICE_SUBSCRIBE_REQUEST
    yield talk.says(OUT, request, SUBSCRIBED, transaction=1)
    response = MessageType.SERVICE_SUBSCRIBE_RESPONSE
    yield talk.says(IN, response, status_code(0), transaction=1)
    station, tag = b"\3\0\0", b"\3\1\0\0"
    for at in (0, 14):
        query = element(ElementType.QUERY, station)
        yield talk.says(OUT, MessageType.INFORMATION_REQUEST, query, at=at)
        yield talk.says(OUT, MessageType.STATISTICS_REQUEST, query, at=at)
        query = element(ElementType.QUERY, tag)
        yield talk.says(OUT, MessageType.STATISTICS_REQUEST, query, at=at)
        answer = (
            status_code(0)
            + element(ElementType.MAC_ADDRESS, bytes(6))
            + element(ElementType.QUERY, station)
        )
        yield talk.says(IN, MessageType.LOCATION_RESPONSE, answer, at=at)
    for at in range(27):
        yield talk.says(OUT, MessageType.ECHO_REQUEST, at=at * 15 - 226)
        yield talk.says(IN, MessageType.ECHO_RESPONSE, at=at * 15 - 226)
