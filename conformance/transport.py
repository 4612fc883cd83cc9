# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS over a socket, for emulated gear.

TLS runs over memory buffers, so that every byte that the socket carries passes our
hands: it is recorded, and it can be cut as a fault demands. How a connection ended is
always told apart (`End`).
"""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable
from enum import StrEnum

import msgspec
from OpenSSL import SSL

from conformance.recording import CLIENT, SERVER, Track
from nmsp_scapy.tls.registry import Record
from nmsp_scapy.tls.sealing import next_record

READ_ALERT, WRITE_ALERT = 0x4004, 0x4008
CHUNK = 65_536
LINGER_S = 1.0
"""How long a side that has closed waits for the other to close."""

_RESET = struct.pack("ii", 1, 0)
Info = Callable[[int, int, str], None]


class End(StrEnum):
    """How a connection ended."""

    FIN = "fin"
    CLOSE_NOTIFY = "close_notify"
    RST = "rst"
    ALERT = "alert"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    TLS = "tls"
    STOPPED = "stopped"


class EndedError(Exception):
    """The connection has ended.

    Attributes:
        end: how.
        alert: number of the fatal alert, received or sent; None without one.
    """

    def __init__(self, end: End, alert: int | None = None, detail: str = "") -> None:
        text = end.value if alert is None else f"{end.value} {alert}"
        super().__init__(f"{text}: {detail}" if detail else text)
        self.end, self.alert = end, alert


class Cut(msgspec.Struct, frozen=True):
    """How what is sent is cut; nothing is cut unless a fault says so.

    Attributes:
        record: most bytes of plaintext in one TLS record; 0 is as they come.
        pause_s: between two records.
    """

    record: int = 0
    pause_s: float = 0.0


class Kept(msgspec.Struct):
    """What went over a connection, and the secrets that open it.

    Attributes:
        flow: side and bytes, in order.
        secrets: lines of the key log.
    """

    flow: list[tuple[int, bytes]] = []
    secrets: list[bytes] = []


class Channel:
    """One TLS connection, from either side.

    Attributes:
        established: whether the handshake is complete on this side.
        alert: number of the fatal alert that passed, None before one did.
        alerted: whether a fatal alert of the peer has come.
        warned: whether an alert of the peer has come that is no end.
        kept: what `send_alert` needs of the connection, where a fault asks for it.
        wake: becomes readable when everything is to stop.
        patience_s: how long the peer may leave what it is sent unread.
    """

    def __init__(
        self,
        sock: socket.socket,
        context: SSL.Context,
        track: Track,
        *,
        server: bool,
        wake: socket.socket | None = None,
        info: Info | None = None,
        session: SSL.Session | None = None,
    ) -> None:
        """Take a connected socket over; it is closed with the channel.

        Args:
            sock: connected.
            context: of `conformance.emulator.tls`.
            track: records what passes.
            server: whether this side is the TLS server.
            wake: becomes readable when everything is to stop.
            info: told OpenSSL's own where, ret and state string.
            session: of an earlier channel, to be resumed.
        """
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        self._socket, self.wake, self._track = sock, wake, track
        self._side = SERVER if server else CLIENT
        self._info = info
        self._ssl = SSL.Connection(context, None)
        self._ssl.set_app_data(self)
        if session is not None:
            self._ssl.set_session(session)
        if server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self.established = False
        self.alert: int | None = None
        self.alerted = self.warned = False
        self.kept: Kept | None = None
        self.cut = Cut()
        self.patience_s = 5.0
        self._closing = self._closed_by_peer = False

    # --- called back by the context ------------------------------------------

    def informed(self, where: int, ret: int, state: str) -> None:
        """Hear of a step of OpenSSL."""
        if where in (READ_ALERT, WRITE_ALERT) and ret >> 8 == 2:
            self.alert = ret & 0xFF
            self.alerted = self.alerted or where == READ_ALERT
        elif where == READ_ALERT and ret & 0xFF:
            self.warned = True
        if self._info is not None:
            self._info(where, ret, state)

    def secret(self, line: bytes) -> None:
        """Hear of a secret."""
        if self.kept is not None:
            self.kept.secrets.append(line)
        self._track.secret(line)

    def fileno(self) -> int:
        """Number of the socket, to wait for several."""
        return self._socket.fileno()

    # --- what it tells --------------------------------------------------------

    @property
    def version(self) -> str:
        """Protocol version as OpenSSL writes it (`TLSv1.2`)."""
        return self._ssl.get_protocol_version_name()

    @property
    def session(self) -> SSL.Session | None:
        """What a later channel can resume."""
        return self._ssl.get_session()

    def peer_certificate(self) -> bytes | None:
        """DER of what the peer presented."""
        from cryptography.hazmat.primitives.serialization import Encoding

        found = self._ssl.get_peer_certificate(as_cryptography=True)
        return None if found is None else found.public_bytes(Encoding.DER)

    # --- verbs ----------------------------------------------------------------

    def peek(self, seconds: float) -> bytes:
        """Look at the first bytes of the other side, which stay to be read.

        Raises:
            EndedError: none came in time.
        """
        if not self._wait(seconds):
            raise EndedError(End.TIMEOUT, detail="the first byte")
        try:
            return self._socket.recv(CHUNK, socket.MSG_PEEK)
        except OSError:
            raise EndedError(End.RST) from None

    def handshake(self, seconds: float) -> None:
        """Complete the TLS handshake.

        Raises:
            EndedError: it was not completed, and how that came about.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                self._ssl.do_handshake()
            except SSL.WantReadError:
                self._flush()
            except (SSL.Error, OSError) as error:
                self._flush()
                raise self._failed(error) from None
            else:
                self.established = True
                self._flush()
                return
            if not self._fill(until):
                raise EndedError(End.TIMEOUT, detail="the TLS handshake")

    def receive(self, seconds: float) -> bytes | None:
        """Wait for application data; None when none came in time.

        Raises:
            EndedError: the connection has ended.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                return self._ssl.recv(CHUNK)
            except SSL.WantReadError:
                self._flush()
            except SSL.ZeroReturnError:
                raise EndedError(End.CLOSE_NOTIFY) from None
            except (SSL.Error, OSError) as error:
                self._flush()
                raise self._failed(error) from None
            if not self._fill(until):
                return None

    def send(self, data: bytes) -> None:
        """Send application data.

        Raises:
            EndedError: the connection has ended.
        """
        step = self.cut.record or CHUNK
        for at in range(0, len(data), step):
            try:
                self._ssl.sendall(data[at : at + step])
            except (SSL.Error, OSError) as error:
                raise self._failed(error) from None
            self._flush()
            if self.cut.pause_s:
                time.sleep(self.cut.pause_s)

    def send_alert(self, level: int, description: int) -> None:
        """Seal an alert beside OpenSSL, which can send nothing more after it."""
        assert self.kept is not None  # noqa: S101 - whoever asks for it has kept it
        record = next_record(
            self.kept.flow,
            self.kept.secrets,
            self._side,
            Record.ALERT,
            bytes((level, description)),
        )
        self._write(record or b"")

    def send_plain(self, data: bytes) -> None:
        """Send bytes on TCP, outside TLS; only a fault does that."""
        self._write(data)

    def close(self) -> None:
        """Close in order: close_notify, then FIN; what still comes is read."""
        with contextlib.suppress(SSL.Error, OSError, EndedError):
            if self.established:
                self._ssl.shutdown()
                self._flush()
        self.drop()

    def drop(self) -> None:
        """Close with FIN alone, without a word of TLS; what still comes is read.

        To close on unread bytes would be a reset, and could cost the peer the alert
        that went before.
        """
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._track.finish(self._side)
            self._linger(time.monotonic() + LINGER_S)
        self._socket.close()

    def _linger(self, until: float) -> None:
        """Read until the peer has closed too, or the time is over."""
        self._closing = True
        while not self._closed_by_peer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return
            with contextlib.suppress(EndedError):
                self._take()

    def abort(self) -> None:
        """Reset the connection."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._track.reset(self._side)
        self._socket.close()

    # --- bytes ------------------------------------------------------------------

    def _failed(self, error: Exception) -> EndedError:
        if self.alert is not None:
            return EndedError(End.ALERT, self.alert)
        return EndedError(End.TLS, detail=str(error))

    def _flush(self) -> None:
        while True:
            try:
                data = self._ssl.bio_read(CHUNK)
            except SSL.WantReadError:
                return
            self._write(data)

    def _write(self, data: bytes) -> None:
        view, until = memoryview(data), time.monotonic() + self.patience_s
        now = time.time_ns()
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                left = until - time.monotonic()
                if left <= 0 or not select.select([], [self._socket], [], left)[1]:
                    raise EndedError(End.TIMEOUT, detail="sending") from None
            except OSError:
                raise EndedError(End.RST) from None
        self._note(self._side, data, now)

    def _fill(self, until: float) -> bool:
        """Wait for bytes of the peer; tell whether some came before `until`."""
        if not self._wait(max(0.0, until - time.monotonic())):
            return False
        self._take()
        return True

    def _wait(self, seconds: float) -> bool:
        """Tell whether bytes of the peer are there to be read in time."""
        watched = [self._socket] if self.wake is None else [self._socket, self.wake]
        ready = select.select(watched, [], [], seconds)[0]
        if self.wake in ready:
            raise EndedError(End.STOPPED)
        return bool(ready)

    def _take(self) -> None:
        """Read from the socket what is there, into TLS and into the recording."""
        now = time.time_ns()
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self._closed_by_peer = True
            self._track.reset(1 - self._side)
            raise EndedError(End.RST) from None
        if not data:
            self._closed_by_peer = True
            self._track.finish(1 - self._side)
            raise EndedError(End.FIN)
        self._ssl.bio_write(data)
        self._advance_secrets()
        self._note(1 - self._side, data, now)

    def _note(self, side: int, data: bytes, now: int) -> None:
        if self.kept is not None:
            self.kept.flow.append((side, data))
        self._track.data(side, data, now)

    def _advance_secrets(self) -> None:
        """Let OpenSSL look at what came before it is recorded.

        A secret must stand in the capture before the packet that it opens.
        """
        if not (self.established or self._closing):
            with contextlib.suppress(SSL.Error, OSError):
                self._ssl.do_handshake()


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Dial.

    Raises:
        EndedError: refused, or not answered in time.
    """
    try:
        return socket.create_connection((host, port), seconds)
    except ConnectionRefusedError:
        raise EndedError(End.REFUSED, detail=f"{host}:{port}") from None
    except OSError as error:
        raise EndedError(End.TIMEOUT, detail=f"{host}:{port}: {error}") from None
