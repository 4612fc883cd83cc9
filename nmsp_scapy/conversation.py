# SPDX-License-Identifier: GPL-2.0-or-later
"""The result of reading a capture: conversations, messages, events."""

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from nmsp_scapy.profile import NOMINAL, Profile

if TYPE_CHECKING:
    from scapy.packet import Packet

    from nmsp_scapy.tls.facts import SessionFacts


class Direction(StrEnum):
    """Which side sent it. The MSE is the TLS client."""

    MSE_TO_WLC = "mse->wlc"
    WLC_TO_MSE = "wlc->mse"


class Endpoint(msgspec.Struct, frozen=True):
    """One end of a connection.

    Attributes:
        address: IPv4 or IPv6 in its usual text form.
        port: 0-65535.
    """

    address: str
    port: int

    def __str__(self) -> str:
        """Write `10.0.0.1:16113` or `[fe80::1]:16113`."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class Conversation(msgspec.Struct, eq=False):
    """One connection of an MSE (client) with a WLC (server).

    It is yielded before its first message and completed while the capture is read:
    `tls` and `ended` hold what is known so far.

    Attributes:
        index: 0 is the first that the capture shows.
        client, server: the MSE's end and the WLC's.
        transport: `tls`, `dtls`, or `tcp` and `pdu` for decrypted captures.
        time_ns, frame: of its first packet.
        began: `syn`, or `mid-stream` where the capture starts later.
        sure: whether it is known which end is the client.
        ended: empty while it goes on; then `fin`, `reset`, `replaced`, `evicted` or
            `end of capture`.
        tls: what the session negotiated; None where there is none.
    """

    index: int
    client: Endpoint
    server: Endpoint
    transport: str = "tls"
    time_ns: int = 0
    frame: int = 0
    began: str = "syn"
    sure: bool = True
    ended: str = ""
    tls: "SessionFacts | None" = None


class Message(msgspec.Struct, gc=False):
    """One NMSP message.

    Attributes:
        conversation: index of its conversation.
        index: 0 is the conversation's first message, both directions counted.
        time_ns: time of the frame that completed it, ns since 1970.
        frames: numbers of the frames that carried it.
        raw: the message, header included.
        type, version, flags, length, transaction_id: header fields; a field
            that the profile's header lacks is 0.
    """

    conversation: int
    index: int
    time_ns: int
    direction: Direction
    frames: tuple[int, ...]
    raw: bytes
    type: int
    version: int
    flags: int
    length: int
    transaction_id: int
    profile: Profile = NOMINAL

    @property
    def packet(self) -> "Packet":
        """The message as Scapy layers, built anew on each access."""
        from nmsp_scapy import layers

        return layers.bind(self.profile).dissect(self.raw)


class Event(msgspec.Struct):
    """Something a reader must know that is no message.

    Attributes:
        event: `gap`, `bad-mac`, `no-key`, `undecodable` (bytes that could not be
            read), `alert`, `closed`, `overlap`, ... (told, nothing lost).
        direction: None where it concerns both.
        offset, length: place in the direction's stream, bytes; None unknown.
        lost: whether bytes could not be read, so that the exit code is 3.
        stream: what `offset` counts: `tcp` (TCP payload of the direction), `data`
            (its decrypted bytes), `file` (the capture file); empty without a place.
        detail: more, by name; what it holds depends on the event.
    """

    event: str
    conversation: int | None
    direction: Direction | None
    offset: int | None
    length: int | None
    time_ns: int | None
    frames: tuple[int, ...]
    reason: str
    lost: bool
    stream: str = ""
    detail: dict[str, str | int] = {}


Result = Conversation | Message | Event
"""What reading a capture yields."""
