# SPDX-License-Identifier: GPL-2.0-or-later
"""An emulated MSE: dials a WLC, subscribes, asks, and sends echo.

`MseSession` says what is said and does no I/O; `EmulatedMse` dials and carries it.
"""

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Self

import msgspec

from conformance.emulator.answers import MASKS
from conformance.emulator.faults import MSE_FAULTS, Faults
from conformance.emulator.server import policy_of
from conformance.emulator.tls import Identity, client_context, identity
from conformance.identities import unproven
from conformance.recording import Recorder, Track
from conformance.running import Running
from conformance.session import (
    Arrival,
    Kind,
    RemoteProtocolError,
    Role,
    Session,
    UnspeakableError,
    kind_of,
    must_speak,
)
from conformance.transport import Channel, End, EndedError, connect
from nmsp_scapy import __version__
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.constants import Service, SubService
from nmsp_scapy.profile import NOMINAL, Profile

MSE_MAC = "02005ee00001"

SOURCE_SUBSCRIPTION: dict[int, int] = {
    Service.RSSI: SubService.RSSI_MOBILE_STATION | SubService.RSSI_TAG,
    Service.ATTACHMENT: SubService.ATTACHMENT_MOBILE_STATION_ATTACHMENT,
    Service.INFORMATION: SubService.INFORMATION_MOBILE_STATION,
    Service.LOCATION: SubService.LOCATION_SUBSCRIPTION,
    Service.STATISTICS: (
        SubService.STATISTICS_MOBILE_STATION | SubService.STATISTICS_TAG
    ),
}
"""Observed: what the MSE of the source document subscribed to; 77 bytes."""

Ask = tuple[str, SubService]
SOURCE_REQUESTS: tuple[Ask, ...] = (
    ("INFORMATION_REQUEST", SubService.INFORMATION_MOBILE_STATION),
    ("STATISTICS_REQUEST", SubService.STATISTICS_MOBILE_STATION),
    ("STATISTICS_REQUEST", SubService.STATISTICS_TAG),
) * 2
"""What it asked; the kinds follow from the bytes on its screen (assumed layout)."""

EVERYTHING: tuple[Ask, ...] = (
    *SOURCE_REQUESTS[:3],
    ("MEASUREMENT_REQUEST", SubService.RSSI_MOBILE_STATION),
    ("ATTACHMENT_REQUEST", SubService.ATTACHMENT_MOBILE_STATION_ATTACHMENT),
    ("LOCATION_REQUEST", SubService.LOCATION_SUBSCRIPTION),
    ("AP_MONITOR_REQUEST", SubService.AP_MONITOR_SUBSCRIPTION),
    ("IDS_GET_REQUEST", SubService.IDS_WIPS),
    ("IDS_SET_REQUEST", SubService.IDS_WIPS),
)
"""One request of each kind that there is."""


FLOOD = 100
"""Messages within a second that a faulty one does not bear."""


class Plan(msgspec.Struct):
    """What an MSE does in a session.

    Attributes:
        subscribes: mask by service; None subscribes to nothing.
        asks: requests, sent one after the other once the subscription stands.
        echo_s: interval of echo requests (documented default: 15 s).
        dead_s: silence after which the WLC is dead (reported: 30 s).
    """

    subscribes: dict[int, int] | None = msgspec.field(
        default_factory=lambda: dict(SOURCE_SUBSCRIPTION)
    )
    asks: Sequence[Ask] = SOURCE_REQUESTS
    echo_s: float = 15.0
    dead_s: float = 30.0
    profile: Profile = NOMINAL
    faults: Faults = Faults()
    version: str = f"nmsp-scapy {__version__} emulated MSE"


class MseSession:
    """The MSE's side of one session.

    Attributes:
        session: its state and counts.
        services: what the WLC offers, mask by service; empty before it told.
        dead: whether the WLC has been silent for the dead interval.
        problem: what the WLC did that cannot be, empty for nothing.
    """

    def __init__(self, plan: Plan, now: float) -> None:
        """Begin; TLS is up."""
        self.plan, self.session = plan, Session(Role.MSE, plan.profile)
        self.services: dict[int, int] = {}
        self.dead, self.problem = False, ""
        self._out: deque[bytes] = deque()
        self._now = self._heard = now
        self._next_echo = now + plan.echo_s
        self._asks = deque(plan.asks)
        self.ending = ""
        self._part = False
        self._lately: deque[float] = deque(maxlen=FLOOD + 1)  # when messages came
        if not self._has("capability-missing"):
            self._say("CAPABILITY_NOTIFICATION", self._capability())
        if self._has("subscribes-early"):
            self._subscribe()

    def _has(self, fault: str) -> bool:
        return fault in self.plan.faults

    def take(self) -> list[bytes]:
        """Return the messages to send."""
        messages = [] if self._has("mute") else list(self._out)
        self._out.clear()
        return messages

    def due(self) -> float:
        """Time at which `tick` must be called next."""
        if self._has("never-gives-up"):
            return self._next_echo
        return min(self._next_echo, self._heard + self.plan.dead_s)

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._now = now
        if now >= self._heard + self.plan.dead_s and not self._has("never-gives-up"):
            self.dead = True
        if now >= self._next_echo:
            self._next_echo = max(self._next_echo + self.plan.echo_s, now)
            if not self._has("echoes-never"):
                alike = 7 if self._has("echoes-alike") else None
                self._say("ECHO_REQUEST", [], transaction=alike)

    def receive(self, data: bytes, now: float) -> None:
        """Take in bytes of the WLC."""
        self._now = self._heard = now
        try:
            arrivals = self.session.receive(data, now)
        except RemoteProtocolError as error:
            self.problem = str(error)
            return
        part, self._part = self._part, self.session.unfinished
        if self._has("needs-whole-messages") and (part or self._part):
            return
        self._lately.extend([now] * len(arrivals))
        many = len(self._lately) > FLOOD and now - self._lately[0] < 1
        if self._has("flood-ends-it") and many:
            self.ending = "close"
        for arrival in arrivals:
            kind = kind_of(arrival.name)
            self._end_it(arrival)
            if kind is Kind.CAPABILITY and not self.services:
                self.services = {
                    element["service"]: element["sub_services"]
                    for element in arrival.all("SERVICE")
                }
                self._subscribe()
            elif kind in (Kind.SUBSCRIBE_RESPONSE, Kind.RESPONSE) and not arrival.more:
                self._ask()

    def _end_it(self, arrival: Arrival) -> None:
        """Close where a fault says so."""
        refused = (arrival.first("STATUS") or {}).get("code", 0)
        odd = any(
            str(e.get("name", "")).isdigit() for e in arrival.record.get("elements", ())
        )
        ends = {
            "refusal-ends-it": bool(refused),
            "unknown-message-ends-it": not arrival.name,
            "unknown-element-ends-it": odd,
        }
        if any(happens and self._has(fault) for fault, happens in ends.items()):
            self.ending = "close"

    @property
    def settled(self) -> bool:
        """Whether all has been asked and answered."""
        return not self._asks and not self.session.pending

    def _say(
        self, name: str, elements: list[Any], transaction: int | None = None
    ) -> None:
        faulty = bool(self.plan.faults)
        raw = self.session.send(
            name, elements, self._now, transaction=transaction, forced=faulty
        )
        self._out.append(raw)

    def _capability(self) -> list[Any]:
        make = self.session.element
        elements = [
            make("SOFTWARE_VERSION", version=self.plan.version),
            *(make("SERVICE", service=s, sub_services=m) for s, m in MASKS.items()),
        ]
        while not self.session.fits("CAPABILITY_NOTIFICATION", elements):
            elements.pop()  # a layout without room for all has fewer services
        return elements

    def _subscribe(self) -> None:
        if self.plan.subscribes is None or self._has("subscribes-never"):
            self._ask()
            return
        wanted = dict(self.plan.subscribes)
        if not (self._has("subscribes-beyond-offer") or self._has("subscribes-early")):
            wanted = {s: m & self.services.get(s, 0) for s, m in wanted.items()}
        if self._has("subscribes-wrong-bits"):
            wanted[Service.RSSI] = MASKS[Service.STATISTICS]
        elements = [
            self.session.element("SERVICE", service=service, sub_services=mask)
            for service, mask in wanted.items()
            if mask
        ]
        self._say("SERVICE_SUBSCRIBE_REQUEST", elements)

    def _ask(self) -> None:
        """Ask the next question; what the profile has no number for is left out."""
        while self._asks:
            try:
                self._put(*self._asks.popleft())
            except UnspeakableError:
                continue
            return

    def _put(self, name: str, bit: SubService) -> None:
        service = next(s for s, mask in MASKS.items() if mask & bit)
        asked: dict[str, int] = {
            "service": service,
            "sub_service": bit.bit_length() - 1,
        }
        if (bit.name or "").endswith("_TAG"):
            asked["tag_vendor"] = 0
        elements = [self.session.element("QUERY", **asked)]
        if name == "IDS_SET_REQUEST":
            elements.append(
                self.session.element("IDS_PROFILE", profile_data=b"\x00\x01")
            )
        self._say(name, elements)


class EmulatedMse(Running):
    """An MSE that keeps a session with one WLC.

    Attributes:
        session: the session that is open, or the last; None before the first.
        ended: how each connection ended, in order.
        finished: set when it dials no more.
    """

    def __init__(
        self,
        target: tuple[str, int],
        *,
        presented: Identity | None = None,
        tls: str = "any",
        plan: Plan | None = None,
        reconnect_s: float | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Prepare.

        Args:
            target: host and port of the WLC.
            presented: its identity; one is made without.
            tls: a policy's name, a version or a range.
            plan: what it does.
            reconnect_s: wait before it dials again; None dials once.
            recorder: records the connection.

        Raises:
            ValueError: there is no such policy, or the profile cannot be spoken.
        """
        self.target, self.plan = target, plan or Plan()
        must_speak(self.plan.profile)
        self.identity = presented or identity(b"".join(new_identity(MSE_MAC)))
        self.plan.faults = Faults.named(self.plan.faults, MSE_FAULTS)
        self._context = client_context(self._shown(), policy_of(tls))
        self._reconnect_s, self._recorder = reconnect_s, recorder
        self.session: MseSession | None = None
        self.ended: list[EndedError] = []
        self._alerted = self._warned = False
        self._stopped, self._stop = socket.socketpair()
        self._stopping, self.finished = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self.run, name="mse", daemon=True)

    def _has(self, fault: str) -> bool:
        return fault in self.plan.faults

    def _shown(self) -> Identity | None:
        """What is presented; its key is wrong where a fault says so."""
        if self._has("no-certificate"):
            return None
        if self._has("wrong-proof"):
            return Identity(unproven(self.identity.key), self.identity.certificate)
        return self.identity

    def run(self) -> None:
        """Dial and converse until stopped, or until the connection ends for good."""
        while not self._stopping.is_set():
            self.once()
            if self._gives_up():
                break
            if self._reconnect_s is None or self._stopping.wait(self._reconnect_s):
                break
        self.finished.set()

    def _gives_up(self) -> bool:
        """Tell whether a fault makes it dial no more."""
        end = self.ended[-1].end if self.ended else None
        ends = {
            "dials-once": True,
            "malformed-ends-it": self.session is not None and self.session.problem,
            "fin-ends-it": end is End.FIN,
            "alert-ends-it": self._alerted,
            "warning-ends-it": self._warned,
            "death-ends-it": end is End.TIMEOUT,
        }
        return any(happens and self._has(fault) for fault, happens in ends.items())

    def once(
        self, seconds: float | None = None, *, until_settled: bool = False
    ) -> None:
        """Keep one connection until it ends.

        Args:
            seconds: at most this long.
            until_settled: leave when all has been asked and answered.
        """
        until = None if seconds is None else time.monotonic() + seconds
        try:
            self._converse(until, until_settled=until_settled)
        except EndedError as ended:
            self.ended.append(ended)

    def _converse(self, until: float | None, *, until_settled: bool) -> None:
        sock = connect(*self.target, 10.0)
        track = Track(self._recorder, (sock.getsockname()[:2], sock.getpeername()[:2]))
        channel = Channel(sock, self._context, track, server=False, wake=self._stopped)
        dropped = True
        try:
            if self._has("plaintext") or self._has("speaks-before-tls"):
                hello = MseSession(self.plan, time.monotonic()).take()
                channel.send_plain(b"".join(hello))
            if self._has("plaintext"):
                channel.peek(1.0)
                raise EndedError(End.FIN, detail="plaintext")
            channel.handshake(30.0)
            session = self.session = MseSession(self.plan, time.monotonic())
            while not (session.dead or session.problem or session.ending):
                for message in session.take():
                    channel.send(message)
                now = time.monotonic()
                over = until is not None and now >= until
                if over or (until_settled and session.settled):
                    break
                due = session.due() if until is None else min(session.due(), until)
                data = channel.receive(max(0.0, due - now))
                if data:
                    session.receive(data, time.monotonic())
                session.tick(time.monotonic())
            dropped = False
            raise EndedError(End.TIMEOUT if session.dead else End.STOPPED)
        except EndedError as ended:
            dropped = dropped and ended.end is not End.STOPPED
            raise
        finally:
            self._alerted, self._warned = channel.alerted, channel.warned
            if dropped:
                channel.drop()
            else:
                channel.close()

    def start(self) -> Self:
        """Run in a thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the connection in order."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._stop.send(b"x")
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._stop.close()
        self._stopped.close()
        if self._recorder is not None:
            self._recorder.close()
