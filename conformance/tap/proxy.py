# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands between an MSE and a WLC, ends TLS on both sides, and passes what they say.

The bytes of the application are passed as they are, in their order, in both
directions. When one side ends, the other is ended alike, and the tap goes on waiting
for the next connection.
"""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Self

import msgspec

from conformance.emulator.server import policy_of
from conformance.emulator.tls import Identity, ServerContext, client_context
from conformance.recording import Recorder, Track
from conformance.running import Running
from conformance.transport import Channel, End, EndedError, connect

DIAL_S, HANDSHAKE_S = 10.0, 30.0
PATIENCE_S = 60.0
"""How long a side may leave what it is sent unread."""
TURN = 32
"""Reads after which the other leg has its turn."""
LAST_WORDS_S = 0.5
"""How long a tap that is stopped goes on passing what still comes."""


class Leg(StrEnum):
    """The two TLS connections of one session."""

    MSE = "mse"
    WLC = "wlc"

    @property
    def other(self) -> "Leg":
        """The leg across."""
        return Leg.WLC if self is Leg.MSE else Leg.MSE


Hear = Callable[[int, Leg, bytes], None]
"""Told the session's number, whose bytes came, and the bytes."""


class Tapped(msgspec.Struct):
    """One session through the tap.

    Attributes:
        address: of the MSE.
        passed: bytes of application data, by the leg they came from.
        ended: which leg ended first, and how; None while it lasts.
    """

    address: tuple[str, int]
    passed: dict[Leg, int] = msgspec.field(
        default_factory=lambda: dict.fromkeys(Leg, 0)
    )
    ended: tuple[Leg, EndedError] | None = None


class Tap(Running):
    """Listens for MSEs and passes each on to the WLC.

    Attributes:
        port: where it listens.
        sessions: every one so far, in order.
    """

    def __init__(
        self,
        listen: tuple[str, int],
        target: tuple[str, int],
        *,
        presented: Identity,
        recorder: Recorder | None = None,
        record: frozenset[Leg] = frozenset({Leg.WLC}),
        tls: str = "any",
        hear: Hear | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Begin to listen; nobody is served before `start`.

        Args:
            listen: host and port; port 0 takes a free one.
            target: host and port of the WLC.
            presented: shown to both sides; must stand in the WLC's AuthList.
            recorder: takes the recording.
            record: legs that are recorded.
            tls: what is offered to both sides, as `nmsp emulate` has it.
            hear: told what passes.
            tell: told what happens, in a line each.

        Raises:
            ValueError: there is no such policy.
            OSError: the port cannot be had.
        """
        self._target, self._recorder, self._record = target, recorder, record
        self._hear, self._tell = hear, tell
        policy = policy_of(tls)
        self._server = ServerContext(presented, policy, lambda _: 0, insists=False)
        self._client = client_context(presented, policy)
        family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET
        self._listener = socket.create_server(listen, family=family, backlog=16)
        self.port: int = self._listener.getsockname()[1]
        self._stopped, self._stop = socket.socketpair()
        self._threads: list[threading.Thread] = []
        self.sessions: list[Tapped] = []

    def start(self) -> Self:
        """Serve."""
        self._run(self._accept)
        return self

    def stop(self) -> None:
        """Pass what still comes, end every session in order. May be called twice."""
        with contextlib.suppress(OSError):
            self._stop.send(b"x")
        for thread in list(self._threads):
            thread.join(PATIENCE_S)
        for sock in (self._listener, self._stop, self._stopped):
            sock.close()
        if self._recorder is not None:
            self._recorder.close()

    # --- sessions -----------------------------------------------------------------

    def _run(self, target: Callable[..., None], *args: object) -> None:
        name = f"tap {self.port}"
        thread = threading.Thread(target=target, args=args, name=name, daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _accept(self) -> None:
        while True:
            ready = select.select([self._listener, self._stopped], [], [])[0]
            if self._stopped in ready:
                return
            try:
                sock, address = self._listener.accept()
            except OSError:
                continue
            self.sessions.append(Tapped(address[:2]))
            self._run(self._serve, sock, len(self.sessions) - 1)

    def _serve(self, sock: socket.socket, number: int) -> None:
        tapped = self.sessions[number]
        self._tell(f"{number}: MSE {tapped.address[0]}:{tapped.address[1]} has dialled")
        try:
            across = connect(*self._target, DIAL_S)
        except EndedError as ended:
            tapped.ended = (Leg.WLC, ended)
            self._tell(f"{number}: the WLC cannot be reached: {ended}")
            sock.close()
            return
        legs = {
            Leg.WLC: self._channel(across, Leg.WLC),
            Leg.MSE: self._channel(sock, Leg.MSE),
        }
        leg = Leg.WLC
        try:
            for leg, channel in legs.items():
                channel.patience_s = PATIENCE_S
                channel.handshake(HANDSHAKE_S)
                self._tell(f"{number}: {channel.version} with the {leg.upper()}")
        except EndedError as ended:
            tapped.ended = (leg, ended)
        else:
            tapped.ended = self._pass(number, tapped, legs)
        self._end(number, tapped, legs)

    def _channel(self, sock: socket.socket, leg: Leg) -> Channel:
        server = leg is Leg.MSE
        ours, theirs = sock.getsockname()[:2], sock.getpeername()[:2]
        track = Track(
            self._recorder if leg in self._record else None,
            (theirs, ours) if server else (ours, theirs),
        )
        context = self._server.context if server else self._client
        return Channel(sock, context, track, server=server, wake=self._stopped)

    def _pass(
        self, number: int, tapped: Tapped, legs: dict[Leg, Channel]
    ) -> tuple[Leg, EndedError]:
        """Pass bytes on until a leg ends, or the tap is stopped."""
        of = {channel.fileno(): leg for leg, channel in legs.items()}
        until: float | None = None
        for channel in legs.values():
            channel.wake = None  # here it is waited for both at once
        due = set(Leg)  # what came with a handshake is announced by no socket
        while True:
            for leg in sorted(due):
                more, ended = self._turn(number, tapped, legs, leg)
                if ended is not None:
                    return ended
                if not more:
                    due.remove(leg)
            watched = list(of) if until else [*of, self._stopped.fileno()]
            left = None if until is None else max(0.0, until - time.monotonic())
            ready = select.select(watched, [], [], 0 if due else left)[0]
            if until is None and self._stopped.fileno() in ready:
                until = time.monotonic() + LAST_WORDS_S
            elif until is not None and time.monotonic() >= until:
                return Leg.MSE, EndedError(End.STOPPED)
            due |= {of[one] for one in ready if one in of}

    def _turn(
        self, number: int, tapped: Tapped, legs: dict[Leg, Channel], leg: Leg
    ) -> tuple[bool, tuple[Leg, EndedError] | None]:
        """Pass on what a leg has, up to a bound; tell whether it has more."""
        for _ in range(TURN):
            try:
                data = legs[leg].receive(0)
            except EndedError as ended:
                return False, (leg, ended)
            if not data:
                return False, None
            tapped.passed[leg] += len(data)
            try:
                legs[leg.other].send(data)
            except EndedError as ended:
                return False, (leg.other, ended)
            if self._hear is not None:
                self._hear(number, leg, data)
        return True, None

    def _end(self, number: int, tapped: Tapped, legs: dict[Leg, Channel]) -> None:
        """End both legs in the way that the first one ended."""
        if tapped.ended is None:
            return
        first, ended = tapped.ended
        self._tell(f"{number}: ended by the {first.upper()}: {ended}")
        abortive = ended.end is End.RST
        for channel in (legs[first.other], legs[first]):
            if abortive:
                channel.abort()
            elif ended.end in (End.FIN, End.ALERT, End.TLS, End.TIMEOUT):
                channel.drop()
            else:
                channel.close()
