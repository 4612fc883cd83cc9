# SPDX-License-Identifier: GPL-2.0-or-later
"""One NMSP session without I/O: bytes and the time come in, messages go out.

A session begins when TLS is up and the client is on the AuthList. The WLC tells its
capability, the MSE subscribes, the WLC answers; from then on it notifies what was
subscribed, until a new subscription replaces the old. Requests and their responses
may come at any time after the capability, echo at any time at all.

`TABLE` is that text as data, and the truth: who may say what in which state, and the
state that follows. What stands in none of its rows is a violation. Sources: the order
of a conversation is documented for switches and inferred for WLCs.
"""

from enum import StrEnum
from typing import Any

import msgspec

from nmsp_scapy import layers, records
from nmsp_scapy.constants import HeaderFlag, response_name
from nmsp_scapy.profile import NOMINAL, Profile


class LocalProtocolError(Exception):
    """We were about to say what the session does not allow."""


class UnspeakableError(LocalProtocolError):
    """The profile in use has no such message or element."""


def must_speak(profile: Profile) -> None:
    """Refuse a profile in which neither side can even tell what it offers.

    Raises:
        ValueError: it has no such message or element; the text says which.
    """
    if profile.elements is None:
        raise ValueError(
            f"profile {profile.name}: it has no elements, so that nothing can be said"
        )
    for name, table in (
        ("CAPABILITY_NOTIFICATION", profile.message_types),
        ("SOFTWARE_VERSION", profile.element_types),
        ("SERVICE", profile.element_types),
        ("STATUS", profile.element_types),
    ):
        if name not in table:
            raise ValueError(f"profile {profile.name}: it has no number for {name}")


class RemoteProtocolError(Exception):
    """The other side sent what cannot be a message.

    Attributes:
        arrivals: messages that came before it in the same bytes.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.arrivals: list[Arrival] = []


class Role(StrEnum):
    """The two sides of a session."""

    WLC = "wlc"
    MSE = "mse"

    @property
    def other(self) -> "Role":
        """The side across."""
        return Role.MSE if self is Role.WLC else Role.WLC


class State(StrEnum):
    """How far a session has come."""

    CONNECTED = "connected"
    INTRODUCED = "introduced"
    SUBSCRIBING = "subscribing"
    SUBSCRIBED = "subscribed"


class Kind(StrEnum):
    """What a message is to the session."""

    CAPABILITY = "capability"
    ECHO_REQUEST = "echo request"
    ECHO_RESPONSE = "echo response"
    SUBSCRIBE_REQUEST = "subscribe request"
    SUBSCRIBE_RESPONSE = "subscribe response"
    REQUEST = "request"
    RESPONSE = "response"
    NOTIFICATION = "notification"
    UNKNOWN = "unknown"


_ALWAYS = ((Role.MSE, Kind.ECHO_REQUEST), (Role.WLC, Kind.ECHO_RESPONSE))
_ASKING = (
    (Role.WLC, Kind.CAPABILITY),
    (Role.MSE, Kind.CAPABILITY),
    (Role.MSE, Kind.REQUEST),
    (Role.WLC, Kind.RESPONSE),
)


def _stay(state: State, *rows: tuple[Role, Kind]) -> dict[tuple[Role, Kind], State]:
    return dict.fromkeys((*_ALWAYS, *rows), state)


TABLE: dict[State, dict[tuple[Role, Kind], State]] = {
    State.CONNECTED: {
        **_stay(State.CONNECTED, (Role.MSE, Kind.CAPABILITY)),
        (Role.WLC, Kind.CAPABILITY): State.INTRODUCED,
    },
    State.INTRODUCED: {
        **_stay(State.INTRODUCED, *_ASKING),
        (Role.MSE, Kind.SUBSCRIBE_REQUEST): State.SUBSCRIBING,
    },
    State.SUBSCRIBING: {
        **_stay(State.SUBSCRIBING, *_ASKING, (Role.WLC, Kind.NOTIFICATION)),
        (Role.WLC, Kind.SUBSCRIBE_RESPONSE): State.SUBSCRIBED,
    },
    State.SUBSCRIBED: {
        **_stay(State.SUBSCRIBED, *_ASKING, (Role.WLC, Kind.NOTIFICATION)),
        (Role.MSE, Kind.SUBSCRIBE_REQUEST): State.SUBSCRIBING,
    },
}
"""Who may say what, by state, and the state that follows."""

_NAMED = {
    "CAPABILITY_NOTIFICATION": Kind.CAPABILITY,
    "ECHO_REQUEST": Kind.ECHO_REQUEST,
    "ECHO_RESPONSE": Kind.ECHO_RESPONSE,
    "SERVICE_SUBSCRIBE_REQUEST": Kind.SUBSCRIBE_REQUEST,
    "SERVICE_SUBSCRIBE_RESPONSE": Kind.SUBSCRIBE_RESPONSE,
}


def kind_of(name: str) -> Kind:
    """Tell what a message is to the session, by its name."""
    if name in _NAMED:
        return _NAMED[name]
    for kind in (Kind.REQUEST, Kind.RESPONSE, Kind.NOTIFICATION):
        if name.endswith(f"_{kind.name}"):
            return kind
    return Kind.UNKNOWN


class Arrival(msgspec.Struct, frozen=True):
    """A message that came in.

    Attributes:
        name: empty for an id that the profile does not name.
        record: decoded, as `nmsp_scapy.records` has it.
        violation: what the session's table has against it, empty for nothing.
    """

    name: str
    record: dict[str, Any]
    raw: bytes
    violation: str = ""

    @property
    def transaction(self) -> int:
        """Its transaction id."""
        return int(self.record.get("transaction_id", 0))

    @property
    def more(self) -> bool:
        """Whether further responses follow."""
        return bool(self.record.get("flags", 0) & HeaderFlag.MORE)

    @property
    def malformed(self) -> bool:
        """Whether a part of it could not be read."""
        return _malformed(self.record)

    def all(self, name: str) -> list[dict[str, Any]]:
        """Elements of that name at the first level."""
        return [e for e in self.record.get("elements", ()) if e.get("name") == name]

    def first(self, name: str) -> dict[str, Any] | None:
        """First element of that name."""
        return next(iter(self.all(name)), None)


def _malformed(record: dict[str, Any]) -> bool:
    return "malformed" in record or any(
        _malformed(element) for element in record.get("elements", ())
    )


class Traffic(msgspec.Struct):
    """Messages and bytes of one name and direction."""

    count: int = 0
    size: int = 0
    last: float = 0.0


class Session:
    """One side of a session.

    Attributes:
        role: which side.
        state: how far it has come.
        sent, received: what passed, by message name or number.
        pending: names of requests that await a response, by transaction id.
    """

    def __init__(self, role: Role, profile: Profile = NOMINAL) -> None:
        """Begin; TLS is up."""
        self.role, self.profile = role, profile
        self.state = State.CONNECTED
        self.sent: dict[str, Traffic] = {}
        self.received: dict[str, Traffic] = {}
        self.pending: dict[int, str] = {}
        self.unsupported = 0
        self._binding = layers.bind(profile)
        self._fields = {field.name: field.width for field in profile.header.fields}
        self._most = (1 << 8 * self._fields.get("transaction_id", 4)) - 1
        self._inbox = bytearray()
        self._next = 1

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun to come in and is not whole."""
        return bool(self._inbox)

    # --- what comes in ------------------------------------------------------

    def receive(self, data: bytes, now: float) -> list[Arrival]:
        """Take in bytes; return the messages that they complete.

        Raises:
            RemoteProtocolError: a length that no message can have; the error has
                what came before it.
        """
        self._inbox += data
        arrivals: list[Arrival] = []
        try:
            while (size := self._extent()) is not None and len(self._inbox) >= size:
                raw = bytes(self._inbox[:size])
                del self._inbox[:size]
                arrivals.append(self._arrived(raw, now))
        except RemoteProtocolError as error:
            error.arrivals = arrivals
            raise
        return arrivals

    def _extent(self) -> int | None:
        """Size of the message at the front; None while its header is incomplete."""
        header = self.profile.header
        if len(self._inbox) < header.size:
            return None
        field = next(f for f in header.fields if f.name == "length")
        place = self._inbox[field.offset : field.offset + field.width]
        length = int.from_bytes(place, field.byte_order)
        size = header.covers_from + length
        size += 0 if header.trailer_counted else header.trailer
        if not header.size + header.trailer <= size <= header.maximum:
            raise RemoteProtocolError(
                f"a message of {size} bytes; {header.size + header.trailer} to "
                f"{header.maximum} are possible"
            )
        return size

    def _arrived(self, raw: bytes, now: float) -> Arrival:
        record = records.decode(raw, self.profile)
        number = int(record.get("type", 0))
        name = self._binding.message_names.get(number, "")
        _count(self.received, name or str(number), len(raw), now)
        violation = self._step(self.role.other, name)
        if not name:
            self.unsupported += 1
        expected = self.pending.get(record.get("transaction_id", 0))
        if expected == name and not record.get("flags", 0) & HeaderFlag.MORE:
            del self.pending[record["transaction_id"]]
        return Arrival(name, record, raw, violation)

    def _step(self, sender: Role, name: str) -> str:
        """Follow the table; return what it has against the message."""
        following = TABLE[self.state].get((sender, kind_of(name)))
        if following is None:
            return f"{name or 'an unknown message'} of the {sender} while {self.state}"
        self.state = following
        return ""

    # --- what goes out ------------------------------------------------------

    def element(self, name: str, /, **fields: Any) -> Any:
        """Make an element of the profile in use.

        Raises:
            UnspeakableError: the profile has none of that name.
        """
        found = self._binding.element(name)
        if found is None:
            raise UnspeakableError(f"the profile has no element {name}")
        return found(**fields)

    def send(
        self,
        name: str,
        elements: list[Any],
        now: float,
        *,
        transaction: int | None = None,
        more: bool = False,
        forced: bool = False,
    ) -> bytes:
        """Build a message, and count it as sent.

        Args:
            name: of the message.
            elements: made by `element`.
            now: seconds, of the caller's clock.
            transaction: its id; a request without one gets the next, a notification 0.
            more: further responses follow.
            forced: whether to say it although the table has something against it;
                for faults.

        Raises:
            LocalProtocolError: the table, or the profile, does not allow it.
        """
        body = self._binding.message(name)
        if body is None:
            raise UnspeakableError(f"the profile has no message {name}")
        violation = self._step(self.role, name)
        if violation and not forced:
            raise LocalProtocolError(violation)
        if transaction is None:
            transaction = self._transaction(name)
        header = {
            "transaction_id": transaction,
            "flags": HeaderFlag.MORE if more else 0,
        }
        head = self._binding.header(
            **{key: value for key, value in header.items() if key in self._fields}
        )
        try:
            raw = bytes(head / body(elements=elements))
        except ValueError as error:
            raise UnspeakableError(f"{name}: {error}") from None
        _count(self.sent, name, len(raw), now)
        return raw

    def fits(self, name: str, elements: list[Any]) -> bool:
        """Tell whether the profile has room for a message of these elements."""
        body = self._binding.message(name)
        if body is None:
            return False
        try:
            bytes(self._binding.header() / body(elements=elements))
        except ValueError:
            return False
        return True

    def _transaction(self, name: str) -> int:
        expected = response_name(name)
        if expected is None:
            return 0
        number, self._next = self._next, self._next % self._most + 1
        self.pending[number] = expected
        return number

    def data_frames(self, counts: dict[str, Traffic]) -> int:
        """Count messages as the vendor's data frames: all but echo (documented)."""
        echo = ("ECHO_REQUEST", "ECHO_RESPONSE")
        return sum(t.count for name, t in counts.items() if name not in echo)


def _count(table: dict[str, Traffic], name: str, size: int, now: float) -> None:
    traffic = table.setdefault(name, Traffic())
    traffic.count += 1
    traffic.size += size
    traffic.last = now
