# SPDX-License-Identifier: GPL-2.0-or-later
"""What was seen of one conversation: the ground on which checks judge.

A live link and a capture both yield an `Observation`, so that a check does not
know which of them it judges.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from conformance.claims import TlsPolicy
from conformance.verdict import Evidence, Reason
from nmsp_scapy.constants import HeaderFlag
from nmsp_scapy.conversation import Direction
from nmsp_scapy.profile import NOMINAL, Profile


class EndKind(StrEnum):
    """How a connection ended; they are never lumped together."""

    OPEN = "open"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    FIN = "fin"
    CLOSE_NOTIFY = "close_notify"
    RST = "rst"
    ALERT = "alert"
    TIMEOUT = "timeout"
    OURS = "closed by the tester"


FIELDS = frozenset({"version", "flags", "transaction_id"})
"""Header fields that a profile need not have."""


class Alert(msgspec.Struct, frozen=True):
    """A TLS alert.

    Attributes:
        sender: `wlc` or `mse`.
        level: 1 warning, 2 fatal.
        description: number of the TLS registry.
        time_s: since the connection's first packet.
    """

    sender: str
    level: int
    description: int
    time_s: float


class End(msgspec.Struct, frozen=True):
    """How a connection ended, and who ended it.

    Attributes:
        by: `wlc`, `mse`, or empty while it is open or nobody did.
    """

    kind: EndKind = EndKind.OPEN
    by: str = ""
    time_s: float = 0.0

    def __str__(self) -> str:
        """Write `rst by the wlc after 0.3 s`."""
        ours = self.kind is EndKind.OURS
        who = f" by the {self.by}" if self.by and not ours else ""
        return f"{self.kind.value}{who} after {self.time_s:.2f} s"


class Tls(msgspec.Struct):
    """What a conversation's TLS handshake showed.

    Attributes:
        seen: whether the server answered with a handshake at all.
        complete: whether both sides finished.
        version: `TLSv1.2`, ...; empty before a ServerHello.
        suite: OpenSSL's or the registry's name; empty likewise.
        certificate_requested: whether the server asked for one; None unknown.
        certificate_shown: whether the client answered with one, or an empty one.
        server_certificate, client_certificate: DER; empty when none was seen.
        application_before: bytes of application data from the WLC before the
            handshake was complete.
        plaintext: bytes from the WLC that are no TLS record.
        records_after: records of the endpoint behind the handshake; live alone.
        complete_s: when both sides had finished.
        certificate_s: when the MSE's certificate was sent.
    """

    seen: bool = False
    complete: bool = False
    version: str = ""
    suite: str = ""
    certificate_requested: bool | None = None
    certificate_shown: bool = False
    server_certificate: bytes = b""
    client_certificate: bytes = b""
    resumed: bool = False
    renegotiated: bool = False
    compression: bool = False
    application_before: bytes = b""
    plaintext: bytes = b""
    alerts: list[Alert] = []
    records_after: int = 0
    complete_s: float = 0.0
    certificate_s: float = 0.0


class Presented(msgspec.Struct, frozen=True):
    """What a capture tells of the MSE's certificate.

    Attributes:
        mac: 12 hex digits; empty for none.
        early_s, late_s: how long before its validity, or after, it was shown; negative
            within it.
        mac_listed, listed: whether the AuthList holds the MAC, and the key with it;
            None where no list was given.
    """

    mac: str
    early_s: float
    late_s: float
    mac_listed: bool | None = None
    listed: bool | None = None


class Seen(msgspec.Struct, dict=True):
    """One message of the conversation.

    Attributes:
        index: 0 is the conversation's first.
        time_s: since the connection's first packet.
        sender: `wlc` or `mse`.
        raw: header included.
        frames: of the capture; empty in a live transcript.
    """

    index: int
    time_s: float
    sender: str
    raw: bytes
    frames: tuple[int, ...] = ()
    profile: Profile = NOMINAL

    @cached_property
    def record(self) -> dict[str, Any]:
        """The decoded message; what is wrong with it stands inside."""
        from nmsp_scapy import records

        return records.decode(self.raw, self.profile)

    @property
    def name(self) -> str:
        """Name of the message, its number when unknown."""
        return str(self.record.get("name") or self.record.get("type", "?"))

    @property
    def named(self) -> bool:
        """Whether the profile names its kind."""
        return self.name != str(self.record.get("type", "?"))

    def lacks(self, field: str) -> bool:
        """Whether it may hold this though the profile does not name it there.

        Args:
            field: path, as `flags` or `elements.status.code`.
        """
        first = field.partition(".")[0]
        if first == "elements":
            return _nameless(self.record)
        header = {one.name for one in self.profile.header.fields}
        return first in FIELDS and first not in header

    @property
    def transaction(self) -> int:
        """Its transaction id."""
        return int(self.record.get("transaction_id", 0))

    @property
    def more(self) -> bool:
        """Whether further responses to the transaction are announced."""
        return bool(self.record.get("flags", 0) & HeaderFlag.MORE)

    @property
    def malformed(self) -> bool:
        """Whether anything in it could not be read."""
        return _malformed(self.record)

    def all(self, name: str) -> list[dict[str, Any]]:
        """Elements of a name, in order, at the first level."""
        return [e for e in self.record.get("elements", []) if e.get("name") == name]

    def first(self, name: str) -> dict[str, Any] | None:
        """First element of a name, or None."""
        return next(iter(self.all(name)), None)

    def path(self, name: str, **fields: object) -> str:
        """Path of the first element of a name that holds these fields."""
        for place, element in enumerate(self.record.get("elements", [])):
            if element.get("name") == name and fields.items() <= element.items():
                return f"elements.{place}"
        return "elements"

    @property
    def status(self) -> int | None:
        """Code of its STATUS element, None without one."""
        found = self.first("STATUS")
        return None if found is None else found.get("code")

    @property
    def services(self) -> dict[int, int]:
        """Sub-service mask by service, of its SERVICE elements."""
        masks: dict[int, int] = {}
        for element in self.all("SERVICE"):
            service = element.get("service", 0)
            masks[service] = masks.get(service, 0) | element.get("sub_services", 0)
        return masks

    @property
    def direction(self) -> Direction:
        """The same as a conversation's direction."""
        return Direction.MSE_TO_WLC if self.sender == "mse" else Direction.WLC_TO_MSE

    def __str__(self) -> str:
        """Write `ECHO_REQUEST #7`."""
        return f"{self.name} #{self.transaction}" if self.transaction else self.name


class Observation(msgspec.Struct):
    """All that was seen of one conversation.

    Attributes:
        role: the endpoint under test, `wlc` or `mse`.
        messages: of both directions, in order.
        unread: bytes from the endpoint that are no message, with the reason.
        holes: why parts of a capture could not be read.
        from_start: whether the conversation was seen from its first packet.
        live: whether the tester is a party; then `ours` tells its own messages.
        until_s: how long it was watched.
        connection: its index in the case.
        presented: of a capture, whose certificate the MSE showed.
        policy: of a capture, the TLS policy that the WLC claims.
        closed_by: of a capture, who ended its side of TCP.
        unopened: of a capture, who sent what could not be read.
    """

    role: str
    tls: Tls = msgspec.field(default_factory=Tls)
    messages: list[Seen] = []
    unread: list[str] = []
    holes: list[tuple[Reason, str]] = []
    end: End = End()
    from_start: bool = True
    live: bool = False
    until_s: float = 0.0
    connection: int = 0
    presented: Presented | None = None
    policy: TlsPolicy | None = None
    closed_by: set[str] = set()
    unopened: set[str] = set()

    @property
    def whole(self) -> Evidence:
        """Evidence that is no message but how the connection went."""
        return Evidence(connection=self.connection)

    def theirs(self, *names: str) -> list[Seen]:
        """Messages of the endpoint under test, of these names or all."""
        return [
            m
            for m in self.messages
            if m.sender == self.role and (not names or m.name in names)
        ]

    def others(self, *names: str) -> list[Seen]:
        """Messages of its peer, of these names or all."""
        return [
            m
            for m in self.messages
            if m.sender != self.role and (not names or m.name in names)
        ]

    def after(self, message: Seen) -> Iterator[Seen]:
        """Messages that came after one."""
        return (m for m in self.messages if m.index > message.index)

    def following(self, request: Seen, name: str) -> list[Seen]:
        """Messages of `name` from the other side that follow a request."""
        return [
            m
            for m in self.after(request)
            if m.sender != request.sender and m.name == name
        ]

    def answers(self, request: Seen, name: str) -> list[Seen]:
        """Messages of `name` that bear the transaction of a request and follow it."""
        return [
            m
            for m in self.following(request, name)
            if m.transaction == request.transaction
        ]

    @property
    def confirmed(self) -> bool:
        """Whether the endpoint has been seen to speak the profile.

        A well-formed message from it that is no echo of its peer's bytes, and of a
        kind that the profile names: of others nothing but a length would be right.
        """
        sent = {m.raw for m in self.others()}
        return any(
            m.named and not m.malformed and m.raw not in sent for m in self.theirs()
        )


def _malformed(record: dict[str, Any]) -> bool:
    if "malformed" in record or "trailing" in record:
        return True
    children = record.get("elements")
    return bool(children) and any(_malformed(e) for e in children or ())


def _nameless(record: dict[str, Any]) -> bool:
    return any(
        element["name"] == str(element["type"]) or _nameless(element)
        for element in record.get("elements", ())
    )
