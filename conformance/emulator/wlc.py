# SPDX-License-Identifier: GPL-2.0-or-later
"""What a WLC says in one session. No I/O: the time and bytes come in.

Honest unless its faults say otherwise; each fault is one `if` that names it. What the
wire profile in use has no number for is left unsaid.
"""

from collections import deque
from contextlib import suppress
from typing import Any

import msgspec

from conformance.emulator.answers import MASKS, NOTIFICATIONS, REQUESTS, Speaker
from conformance.emulator.faults import Faults
from conformance.emulator.world import World
from conformance.session import (
    Arrival,
    Kind,
    RemoteProtocolError,
    Role,
    Session,
    UnspeakableError,
    kind_of,
)
from nmsp_scapy import __version__
from nmsp_scapy.constants import Service, Status, SubService, response_name
from nmsp_scapy.profile import NOMINAL, Profile

LATE_ECHO_S = 1.6
IDLE_S = 0.2
SILENT_S = 0.4
SLOW_S = 0.03
BUSY = 20
"""Notifications queued at once that make a WLC busy."""


class Settings(msgspec.Struct):
    """What all sessions of a WLC share.

    Attributes:
        interval_s: between measurement notifications (documented default: 2 s).
        part: most items in one message; more make further parts.
        ngwc: behave as the switch of the source document's screen: the response to
            a subscription is its status alone, and an INFORMATION_REQUEST is
            answered by a LOCATION_RESPONSE (inferred from the screen's counts).
        thresholds_db: least change that is notified, by kind (documented defaults).
        everybody: what any session has subscribed to; only a fault looks at it.
    """

    world: World = msgspec.field(default_factory=World)
    profile: Profile = NOMINAL
    faults: Faults = Faults()
    interval_s: float = 2.0
    part: int = 4
    ngwc: bool = False
    version: str = f"nmsp-scapy {__version__} emulated WLC"
    thresholds_db: dict[str, int] = msgspec.field(
        default_factory=lambda: {"MOBILE_STATION": 0, "TAG": 5}
    )
    everybody: dict[int, int] = {}


class WlcSession:
    """The WLC's side of one session.

    Attributes:
        session: its state and counts.
        subscribed: mask by service.
        ending: `close`, `reset`, `crash` or empty: what is to be done with the
            connection once `take` is empty.
    """

    def __init__(self, settings: Settings, now: float) -> None:
        """Begin; TLS is up and the client is admitted."""
        self.settings = settings
        self.session = Session(Role.WLC, settings.profile)
        self.subscribed: dict[int, int] = {}
        self.ending = ""
        self._speak = Speaker(self.session, settings.world, settings.faults)
        self._now = now
        self._out: deque[bytes] = deque()
        self._delayed: list[tuple[float, int]] = []
        self._notified_dbm: dict[str, int] = {}
        self._echoes = 0
        self._ticks = 0
        self._next_tick: float | None = None
        self._deaf = self._introduced = False
        self._subscriptions = 0
        self._heard = now
        self._opened()

    def _has(self, fault: str) -> bool:
        return fault in self.settings.faults

    # --- what goes out ----------------------------------------------------------

    def take(self) -> list[bytes]:
        """Return the messages to send, in order; each goes into a record."""
        messages = [] if self._has("mute") else list(self._out)
        self._out.clear()
        return messages

    def due(self) -> float | None:
        """Time at which `tick` must be called next."""
        times = [at for at, _ in self._delayed]
        if self._has("drops-idle"):
            times.append(self._heard + IDLE_S)
        if self._has("crashes-on-silence"):
            times.append(self._heard + SILENT_S)
        if self._has("drops-slow-messages") and self.session.unfinished:
            times.append(self._heard + SLOW_S)
        if self._next_tick is not None:
            times.append(self._next_tick)
        return min(times, default=None)

    def _say(self, name: str, elements: list[Any], **options: Any) -> None:
        if self._has("notification-malformed") and kind_of(name) is Kind.NOTIFICATION:
            elements = [*elements, self._element("MAC_ADDRESS", length=0xFF)]
        raw = self.session.send(name, elements, self._now, forced=True, **options)
        header = self.settings.profile.header
        if self._has("wrong-version"):
            raw = _with_field(raw, header.fields, "version", 2)
        if self._has("reserved-flags"):
            raw = _with_field(raw, header.fields, "flags", 0xF0)
        if self._has("length-too-long") and kind_of(name) is not Kind.CAPABILITY:
            size = next(f for f in header.fields if f.name == "length")
            at = slice(size.offset, size.offset + size.width)
            said = int.from_bytes(raw[at], size.byte_order) + 1
            raw = _with_field(raw, header.fields, "length", said)
        self._out.append(raw)

    def _element(self, name: str, /, **fields: Any) -> Any:
        return self.session.element(name, **fields)

    # --- the beginning ------------------------------------------------------------

    def _opened(self) -> None:
        if not (self._has("capability-missing") or self._has("capability-late")):
            self._tell_capability()
        if self._has("capability-twice"):
            self._tell_capability()
        if self._has("notifies-before-subscription"):
            self._notify(Service.RSSI, SubService.RSSI_MOBILE_STATION)
        if self._has("subscriptions-shared"):
            self._next_tick = self._now + self._interval
        if self._has("echo-unsolicited"):
            self._say("ECHO_RESPONSE", [], transaction=0x7FFFFFFF)

    def _tell_capability(self) -> None:
        told = "CAPABILITY_NOTIFICATION"
        offered = {} if self._has("capability-empty") else dict(MASKS)
        if self._has("capability-withheld"):
            del offered[Service.HANDOVER]
        if self._has("capability-unknown-service"):
            offered[200] = 1
        if self._has("capability-wrong-bits"):
            offered[Service.RSSI] = MASKS[Service.STATISTICS]
        elements = [
            *(
                []
                if self._has("capability-without-version")
                else [self._element("SOFTWARE_VERSION", version=self.settings.version)]
            ),
            *(
                self._element("SERVICE", service=service, sub_services=mask)
                for service, mask in offered.items()
            ),
        ]
        while elements and not self.session.fits(told, elements):
            elements.pop()  # a layout without room for all has fewer services
        if self._has("capability-malformed"):
            elements[-1:] = [self._element("SERVICE", length=0x20)]
        transaction = 9 if self._has("capability-with-transaction") else 0
        self._say(told, elements, transaction=transaction)

    # --- what comes in --------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take in bytes of the MSE."""
        self._now = self._heard = now
        if self._deaf:
            return
        if self._has("needs-whole-messages") and not _whole(data, self.settings):
            return
        try:
            arrivals = self.session.receive(data, now)
        except RemoteProtocolError as error:
            for arrival in error.arrivals:
                self._answer(arrival)
            if self._has("short-length-hangs"):
                self._deaf, self._next_tick = True, None
            else:
                crash = self._has("short-length-crashes")
                self.ending = "crash" if crash else "close"
            return
        if self._has("first-message-only"):
            arrivals = arrivals[:1]
        for arrival in arrivals:
            self._crash(arrival)
            with suppress(UnspeakableError):
                self._answer(arrival)

    def _crash(self, arrival: Arrival) -> None:
        """Stop listening where a fault says so."""
        kind, record = kind_of(arrival.name), arrival.record
        reason = str(record.get("malformed", {}))
        self._introduced = self._introduced or kind is Kind.CAPABILITY
        ours = (Kind.ECHO_RESPONSE, Kind.SUBSCRIBE_RESPONSE, Kind.RESPONSE)
        asks = (Kind.SUBSCRIBE_REQUEST, Kind.REQUEST)
        crashes = {
            "trailing-bytes-crash": "head of" in reason,
            "nesting-crashes": _depth(record) > 6,
            "version-crashes": record.get("version", 1) != 1,
            "own-message-crashes": kind in ours,
            "overrun-crashes": kind is Kind.REQUEST and "lacks" in reason,
            "early-message-crashes": kind in asks and not self._introduced,
            "subscription-malformed-crashes": kind is Kind.SUBSCRIBE_REQUEST
            and arrival.malformed,
        }
        if any(happens and self._has(fault) for fault, happens in crashes.items()):
            self.ending = "crash"

    def _answer(self, arrival: Arrival) -> None:
        kind = kind_of(arrival.name)
        if self._has("flags-unanswered") and arrival.record.get("flags", 0) & 0xFE:
            return
        if self._has("trailing-bytes-reset") and "trailing" in arrival.record:
            self.ending = "reset"
        elif kind is Kind.ECHO_REQUEST:
            self._echo(arrival)
        elif kind is Kind.SUBSCRIBE_REQUEST:
            self._subscribe(arrival)
        elif kind is Kind.REQUEST:
            self._respond(arrival)
        elif kind is not Kind.CAPABILITY:
            self._unknown(arrival)

    def _unknown(self, arrival: Arrival) -> None:
        """Count what is not for a WLC; it does no harm (documented: unsupported)."""
        if self._has("unknown-type-resets"):
            self.ending = "reset"
        if self._has("unknown-type-answered"):
            self._say("ECHO_RESPONSE", [], transaction=arrival.transaction)

    def _echo(self, arrival: Arrival) -> None:
        self._echoes += 1
        busy = bool(self.subscribed) and self._has("echo-unanswered-when-busy")
        stopped = self._has("echo-stops") and self._echoes > 3
        if self._has("echo-unanswered") or busy or stopped:
            return
        transaction = arrival.transaction
        if self._has("echo-late"):
            self._delayed.append((self._now + LATE_ECHO_S, transaction))
            return
        if self._has("echo-wrong-transaction"):
            transaction += 1
        more = self._has("echo-with-elements")
        elements = [self._element("STATUS", code=Status.SUCCESS)] if more else []
        for _ in range(2 if self._has("echo-twice") else 1):
            self._say("ECHO_RESPONSE", elements, transaction=transaction)

    # --- subscription ---------------------------------------------------------------

    def _subscribe(self, arrival: Arrival) -> None:
        transaction = arrival.transaction
        if self._has("subscription-unanswered"):
            return
        if self._has("subscription-wrong-transaction"):
            transaction += 1
        if arrival.malformed and not self._has("subscription-malformed-accepted"):
            if self._has("subscription-malformed-resets"):
                self.ending = "reset"
            elif not self._has("subscription-malformed-unanswered"):
                self._refuse("SERVICE_SUBSCRIBE_RESPONSE", transaction, 1)
            return
        wanted = _services(arrival)
        self._subscriptions += 1
        unknown_bits = any(m & ~MASKS.get(s, m) for s, m in wanted.items())
        if (
            (self._has("subscription-repeat-unanswered") and self._subscriptions > 1)
            or (self._has("subscription-empty-unanswered") and not wanted)
            or (self._has("subscription-bits-unanswered") and unknown_bits)
            or (
                self._has("subscription-unknown-unanswered")
                and wanted.keys() - MASKS.keys()
            )
        ):
            return
        if self._has("subscription-refused") or (
            self._has("sub-service-refused") and _is_later_alone(wanted)
        ):
            self._refuse("SERVICE_SUBSCRIBE_RESPONSE", transaction, Status.BUSY)
            return
        unknown = wanted.keys() - MASKS.keys()
        if unknown and not self._has("subscription-unknown-accepted"):
            unsupported = Status.UNSUPPORTED
            self._refuse("SERVICE_SUBSCRIBE_RESPONSE", transaction, unsupported)
            return
        granted = {
            service: mask & MASKS.get(service, mask) for service, mask in wanted.items()
        }
        if self._has("subscription-adds"):
            old = self.subscribed
            granted = {s: granted.get(s, 0) | old.get(s, 0) for s in granted | old}
        self.subscribed = {s: m for s, m in granted.items() if m and s in MASKS}
        self.settings.everybody |= self.subscribed
        for _ in range(2 if self._has("subscription-answered-twice") else 1):
            self._confirm(granted, transaction)
        if self._has("capability-late"):
            self._tell_capability()
        self._start()

    def _confirm(self, granted: dict[int, int], transaction: int) -> None:
        mirrored = {} if self.settings.ngwc else dict(granted)
        if self._has("subscription-mirrors-others"):
            mirrored[Service.IDS] = MASKS[Service.IDS]
            mirrored[Service.HANDOVER] = MASKS[Service.HANDOVER]
        if self._has("subscription-mirrors-less") and mirrored:
            mirrored.popitem()
        elements = [
            self._element("STATUS", code=Status.SUCCESS),
            *(
                self._element("SERVICE", service=service, sub_services=mask)
                for service, mask in mirrored.items()
            ),
        ]
        self._say("SERVICE_SUBSCRIBE_RESPONSE", elements, transaction=transaction)

    def _refuse(self, name: str, transaction: int, status: int) -> None:
        elements = [self._element("STATUS", code=status)]
        self._say(name, elements, transaction=transaction)

    # --- requests ---------------------------------------------------------------------

    def _respond(self, arrival: Arrival) -> None:
        name = response_name(arrival.name) or ""
        transaction = arrival.transaction
        if self._has("early-request-resets") and arrival.violation:
            self.ending = "reset"
        if self._has("request-unanswered") or self.ending:
            return
        if self._has("response-wrong-transaction"):
            transaction += 1
        if self._has("response-wrong-type"):
            measured = name == "MEASUREMENT_RESPONSE"
            name = "STATISTICS_RESPONSE" if measured else "MEASUREMENT_RESPONSE"
        refusal = self._refusal(arrival)
        if refusal is not None:
            self._refuse(name, transaction, refusal)
        elif self.settings.ngwc and arrival.name == "INFORMATION_REQUEST":
            self._located(arrival)
        else:
            for _ in range(2 if self._has("response-twice") else 1):
                self._parts(name, arrival, transaction)

    def _refusal(self, arrival: Arrival) -> Status | None:
        """Return the status that is all a request gets; None for one that gets more."""
        query = arrival.first("QUERY")
        accepted = self._has("malformed-request-accepted")
        if arrival.malformed or (query is None and arrival.name != "IDS_SET_REQUEST"):
            return Status.SUCCESS if accepted else Status.MALFORMED
        if _unknown_element(arrival) and self._has("unknown-element-refused"):
            return Status.UNSUPPORTED
        if arrival.name == "IDS_SET_REQUEST":
            return Status.SUCCESS
        service = REQUESTS.get(arrival.name)
        if service is None or not _asked(arrival) & MASKS[service]:
            return Status.UNSUPPORTED
        return None

    def _parts(self, name: str, arrival: Arrival, transaction: int) -> None:
        """Say all that was asked, in as many messages as it needs."""
        service, asked = REQUESTS[arrival.name], _asked(arrival)
        wanted = {element["mac"].lower() for element in arrival.all("MAC_ADDRESS")}
        found = [
            element
            for mac, element in self._speak.items(service, asked)
            if not wanted or mac.lower() in wanted
        ]
        if wanted and not found and self._has("unknown-mac-invented"):
            found = [next(element for _, element in self._speak.items(service, asked))]
        head = [self._element("STATUS", code=Status.SUCCESS), self._query(arrival)]
        if self._has("response-without-status"):
            head = head[1:]
        parts = self._split(name, found, head) or [[]]
        for number, part in enumerate(parts, 1):
            more = number < len(parts) and not self._has("response-unmarked")
            more = more or self._has("response-unending")
            self._say(name, [*head, *part], transaction=transaction, more=more)

    def _split(self, name: str, items: list[Any], head: list[Any]) -> list[list[Any]]:
        """Share items out to messages; one for which there is no room is left out."""
        size, parts = self.settings.part, []
        waiting = [items[at : at + size] for at in range(0, len(items), size)]
        while waiting:
            part = waiting.pop(0)
            if self.session.fits(name, [*head, *part]):
                parts.append(part)
            elif len(part) > 1:
                half = len(part) // 2
                waiting[:0] = [part[:half], part[half:]]
        return parts

    def _query(self, arrival: Arrival) -> Any:
        """Repeat the QUERY of a request."""
        query = arrival.first("QUERY") or {}
        fields = ("service", "sub_service", "flags", "tag_vendor")
        told = {field: query[field] for field in fields if query.get(field) is not None}
        return self._element("QUERY", **told)

    def _located(self, arrival: Arrival) -> None:
        """Answer an INFORMATION_REQUEST as the switch of the source seems to."""
        wired = next(t for t in self.settings.world.things if t.port)
        elements = [
            self._element("STATUS", code=Status.SUCCESS),
            self._element("MAC_ADDRESS", mac=wired.mac),
            self._query(arrival),
        ]
        self._say("LOCATION_RESPONSE", elements, transaction=arrival.transaction)

    # --- notifications ----------------------------------------------------------------

    @property
    def _interval(self) -> float:
        slower = 0.1 if self._has("notifies-too-often") else 1.0
        return self.settings.interval_s * slower

    def _start(self) -> None:
        wanted = bool(self.subscribed) or self._has("notifies-unsubscribed")
        if not wanted or self._has("notifies-never"):
            self._next_tick = None
        elif self._next_tick is None:
            self._next_tick = self._now + self._interval

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._now = now
        for at, transaction in list(self._delayed):
            if at <= now:
                self._delayed.remove((at, transaction))
                self._say("ECHO_RESPONSE", [], transaction=transaction)
        if self._has("drops-idle") and now >= self._heard + IDLE_S:
            self.ending = "close"
        if self._has("crashes-on-silence") and now >= self._heard + SILENT_S:
            self.ending = "crash"
        late = self.session.unfinished and now >= self._heard + SLOW_S
        if self._has("drops-slow-messages") and late:
            self.ending = "close"
        if self._next_tick is None or self._next_tick > now:
            return
        self._next_tick = max(self._next_tick + self._interval, now)
        self.settings.world.advance(now)
        shared = self._has("subscriptions-shared")
        services = dict(self.settings.everybody if shared else self.subscribed)
        if self._has("notifies-unsubscribed"):
            services[Service.IDS] = MASKS[Service.IDS]
        for service, mask in services.items():
            every = NOTIFICATIONS.get(service, ("", 0))[1]
            if every and self._ticks % every == 0:
                with suppress(UnspeakableError):
                    self._notify(service, mask)
        self._ticks += 1

    def _notify(self, service: int, mask: int) -> None:
        name = NOTIFICATIONS[service][0]
        if self._has("notifies-all-kinds"):
            mask = MASKS[service]
        items = [
            element
            for mac, element in self._speak.items(service, mask)
            if service != Service.RSSI or self._moved(mac)
        ]
        options = (
            {"transaction": 9} if self._has("notification-with-transaction") else {}
        )
        for part in self._split(name, items, []):
            self._say(name, part, **options)

    def _moved(self, mac: str) -> bool:
        """Tell whether a thing's loudness has changed as much as its threshold."""
        world = self.settings.world
        kind = next(thing.kind for thing in world.things if thing.mac == mac)
        now_dbm, before = world.loudest_dbm(mac), self._notified_dbm.get(mac)
        threshold = self.settings.thresholds_db.get(kind, 0)
        if self._has("ignores-threshold"):
            threshold = 0
        if before is not None and abs(now_dbm - before) < threshold:
            return False
        self._notified_dbm[mac] = now_dbm
        return True


def _is_later_alone(wanted: dict[int, int]) -> bool:
    """Whether one sub-service is asked for that is not the first of its service."""
    return any(
        mask.bit_count() == 1 and mask > MASKS.get(service, 0) & -MASKS.get(service, 0)
        for service, mask in wanted.items()
    )


def _services(arrival: Arrival) -> dict[int, int]:
    masks: dict[int, int] = {}
    for element in arrival.all("SERVICE"):
        service = element["service"]
        masks[service] = masks.get(service, 0) | element["sub_services"]
    return masks


def _asked(arrival: Arrival) -> int:
    """Return the sub-service that a request asks about, as its bit; 0 for none."""
    query = arrival.first("QUERY") or {}
    bit = int(query.get("sub_service", 64))
    right = query.get("service") == REQUESTS.get(arrival.name)
    return 1 << bit if right and bit < 64 else 0


def _unknown_element(arrival: Arrival) -> bool:
    elements = arrival.record.get("elements", ())
    return any(str(element.get("name", "")).isdigit() for element in elements)


def _whole(data: bytes, settings: Settings) -> bool:
    """Tell whether bytes begin with a header and hold its message whole."""
    header = settings.profile.header
    size = next(f for f in header.fields if f.name == "length")
    said = int.from_bytes(data[size.offset : size.offset + size.width], size.byte_order)
    return len(data) >= header.size and len(data) >= header.covers_from + said


def _depth(record: dict[str, Any]) -> int:
    inside = record.get("elements") or ()
    return 1 + max((_depth(element) for element in inside), default=0)


def _with_field(raw: bytes, fields: Any, name: str, value: int) -> bytes:
    """Put another value into a field of the header."""
    field = next(f for f in fields if f.name == name)
    inside = (value % (1 << 8 * field.width)).to_bytes(field.width, field.byte_order)
    return bytes(raw[: field.offset] + inside + raw[field.offset + field.width :])
