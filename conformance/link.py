# SPDX-License-Identifier: GPL-2.0-or-later
"""One connection between the tester and the endpoint under test.

TLS runs over memory buffers, so that every byte that the endpoint sent is seen
before OpenSSL sees it: what came before the handshake was complete, what is no TLS
at all, how the connection ended.
"""

import time
from collections.abc import Callable
from typing import Any

import msgspec
from OpenSSL import SSL

from conformance.building import Builder
from conformance.identities import Identity
from conformance.observation import Alert, End, EndKind, Observation, Seen
from conformance.tcp import Tcp
from conformance.verdict import Index
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.tls.registry import Record
from nmsp_scapy.tls.sealing import next_record

READ_ALERT, WRITE_ALERT, CONNECT_LOOP = 0x4004, 0x4008, 0x1001
HANDSHAKE_DONE = 0x20
FATAL = 2
HANDSHAKE, APPLICATION_DATA = 22, 23
TLS13 = "TLSv1.3"
VERSIONS = {
    "SSLv3": SSL.SSL3_VERSION,
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    TLS13: SSL.TLS1_3_VERSION,
}
OLD_RENEGOTIATION = 0x00040000
"""SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION: a tester talks to old gear too."""


class Opening(msgspec.Struct, frozen=True):
    """How the tester opens TLS.

    Attributes:
        identity: what it presents; None nothing.
        lowest, highest: TLS versions that it offers.
        ciphers: OpenSSL's list for TLS 1.2 and below.
        chain: identities whose certificates are sent after the identity's own.
        session: of an earlier link, to be resumed.
        pieces: how many TCP segments the ClientHello is sent in.
    """

    identity: Identity | None = None
    lowest: str = "TLSv1"
    highest: str = TLS13
    ciphers: str = "ALL:@SECLEVEL=0"
    session: Any = None
    chain: tuple[Identity, ...] = ()
    pieces: int = 1


class Chunk(msgspec.Struct, frozen=True):
    """Bytes as they went over the socket, for the recording.

    Attributes:
        time_s: since the connection's first packet.
        sent: by the tester.
    """

    time_s: float
    sent: bool
    data: bytes


class Link(Builder):
    """A connection, from the handshake to its end.

    Attributes:
        observation: what was seen of it, as checks read it.
        chunks: what the socket carried.
        secrets: lines of the TLS key log.
        received: bytes of application data from the endpoint.
    """

    def __init__(
        self,
        tcp: Tcp | None,
        opening: Opening,
        *,
        role: str,
        profile: Profile = NOMINAL,
        clock: Callable[[], float] = time.monotonic,
        number: int | None = None,
    ) -> None:
        """Take a connection over.

        Args:
            tcp: None where dialling failed; `observation.end` then says how.
            opening: what the tester presents and offers.
            role: of the endpoint under test.
            profile: the wire layout.
            clock: seconds.
            number: of the connection in its case; None where there is no case.
        """
        super().__init__(profile)
        self.observation = Observation(role=role, live=True, connection=number or 0)
        self.chunks: list[Chunk] = []
        self.secrets: list[bytes] = []
        self.received = self._handshakes = 0
        self.opening, self.number = opening, number
        self.began_ns = time.time_ns()
        self._tester = "mse" if role == "wlc" else "wlc"
        self._role = role
        # Our own hello sent back is no answer.
        self._hello = 2 if role == "wlc" else 1
        self._clock, self._zero = clock, clock()
        self._tcp = tcp
        self._records, self._inbox = bytearray(), bytearray()
        self._readable, self._started = True, False
        self._spent = False
        self._length = next(f for f in profile.header.fields if f.name == "length")
        self.endpoints = (tcp.local, tcp.remote) if tcp else None
        self._ssl = SSL.Connection(self._context(), None)

    # --- what is seen -----------------------------------------------------

    @property
    def now_s(self) -> float:
        """Seconds since the connection began."""
        return self._clock() - self._zero

    @property
    def open(self) -> bool:
        """Whether neither side has ended it."""
        return self.observation.end.kind is EndKind.OPEN

    @property
    def complete(self) -> bool:
        """Whether the TLS handshake is complete on the tester's side."""
        return self.observation.tls.complete

    @property
    def tls_session(self) -> Any:
        """What a later link can resume."""
        return self._ssl.get_session()

    def theirs(self, *names: str) -> list[Seen]:
        """Messages of the endpoint."""
        return self.observation.theirs(*names)

    # --- TLS --------------------------------------------------------------

    def handshake(self, seconds: float) -> bool:
        """Run the TLS handshake; tell whether it was completed on our side."""
        if self._tcp is None:
            return False
        self._advance()
        self.pump(seconds, lambda: self.complete)
        return self.complete

    def renegotiate(self, seconds: float) -> bool:
        """Ask for a new handshake on the same connection (TLS 1.2 and below)."""
        before = self._handshakes
        if not self._ssl.renegotiate():
            return False
        self._advance_handshake()
        return self.pump(seconds, lambda: self._handshakes > before)

    def _context(self) -> SSL.Context:
        server = self._tester == "wlc"
        context = SSL.Context(
            SSL.TLS_SERVER_METHOD if server else SSL.TLS_CLIENT_METHOD
        )
        opening = self.opening
        context.set_cipher_list(opening.ciphers.encode())
        context.set_min_proto_version(VERSIONS[opening.lowest])
        context.set_max_proto_version(VERSIONS[opening.highest])
        context.set_options(OLD_RENEGOTIATION)
        if opening.identity is not None:
            context.use_certificate(opening.identity.certificate)
            context.use_privatekey(opening.identity.key)
            for more in opening.chain:
                context.add_extra_chain_cert(more.certificate)
        verify = SSL.VERIFY_PEER if server else SSL.VERIFY_NONE
        context.set_verify(verify, lambda *_: True)
        context.set_info_callback(self._info)
        context.set_keylog_callback(lambda _, line: self.secrets.append(line))
        return context

    def _start(self) -> None:
        if self._tester == "wlc":
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        if self.opening.session is not None:
            resume(self._ssl, self.opening.session)

    def _info(self, connection: SSL.Connection, where: int, ret: int) -> None:
        tls = self.observation.tls
        if where in (READ_ALERT, WRITE_ALERT):
            sender = self._role if where == READ_ALERT else self._tester
            tls.alerts.append(Alert(sender, ret >> 8, ret & 0xFF, self.now_s))
        elif where == HANDSHAKE_DONE:
            self._handshakes += 1
        elif where == CONNECT_LOOP:
            state = connection.get_state_string()
            if b"certificate request" in state:
                tls.certificate_requested = True
            elif b"write client certificate" in state:
                tls.certificate_s = self.now_s

    def _advance(self) -> None:
        if not self._readable:
            return
        if not self.complete:
            if not self._started:
                self._started = True
                self._start()
            self._advance_handshake()
        if self.complete:
            self._read_application()
        self._flush()

    def _advance_handshake(self) -> None:
        tls = self.observation.tls
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            pass
        except (SSL.Error, OSError):
            self._readable = False
        else:
            if not tls.complete:
                self._completed()
        self._describe()
        self._flush()

    def _completed(self) -> None:
        """Note the end of the handshake, and what came before our part of it."""
        tls = self.observation.tls
        tls.complete, tls.complete_s = True, self.now_s
        tls.resumed = session_reused(self._ssl)
        peer = self._ssl.get_peer_certificate(as_cryptography=True)
        if peer is not None:
            from cryptography.hazmat.primitives.serialization import Encoding

            der = peer.public_bytes(Encoding.DER)
            if self._role == "wlc":
                tls.server_certificate = der
            else:
                tls.client_certificate = der
        if tls.certificate_requested is None:
            tls.certificate_requested = self._role == "mse"
        before = len(self._inbox)
        self._read_application(frame=False)
        if self._finishes_last():
            tls.application_before += bytes(self._inbox[before:])
        self._flush()
        self._frame()

    def _finishes_last(self) -> bool:
        """Tell whether the last Finished of the handshake is the tester's own.

        Only then data that came along with the endpoint's was too early.
        """
        if self._role == "mse":
            return not session_reused(self._ssl) and not self._is_tls13()
        return session_reused(self._ssl) or self._is_tls13()

    def _is_tls13(self) -> bool:
        return self._ssl.get_protocol_version_name() == TLS13

    def _describe(self) -> None:
        tls = self.observation.tls
        suite = self._ssl.get_cipher_name()
        if suite:
            tls.suite, tls.version = suite, self._ssl.get_protocol_version_name()
        if tls.seen and tls.certificate_requested is None and self.complete:
            tls.certificate_requested = False

    def _read_application(self, *, frame: bool = True) -> None:
        while True:
            try:
                data = self._ssl.recv(65_536)
                self._inbox += data
                self.received += len(data)
            except SSL.WantReadError:
                break
            except (SSL.Error, OSError):
                self._readable = False
                break
        if frame:
            self._frame()

    def _flush(self) -> None:
        while True:
            try:
                data = self._ssl.bio_read(65_536)
            except SSL.WantReadError:
                return
            if self._spent:
                continue
            if self._role == "wlc" and self.opening.pieces > 1 and not self.chunks:
                self._send_in_pieces(data, self.opening.pieces, 0.005)
            else:
                self._send_tcp(data)

    def _send_in_pieces(self, data: bytes, pieces: int, pause_s: float) -> None:
        size = max(1, len(data) // pieces)
        for at in range(0, len(data), size):
            self._send_tcp(data[at : at + size])
            self.pump(pause_s)

    def send_slowly(self, data: bytes, *, pieces: int, pause_s: float) -> None:
        """Send application data as one TLS record whose bytes come in pieces."""
        if not self.complete or not self.open or not self._readable:
            return
        try:
            self._ssl.sendall(data)
            record = self._ssl.bio_read(65_536)
        except (SSL.Error, OSError):
            self._readable = False
            return
        self._send_in_pieces(record, pieces, pause_s)

    # --- bytes ------------------------------------------------------------

    def pump(self, seconds: float, until: Callable[[], object] = lambda: False) -> bool:
        """Take in what comes, for a time or until a condition holds.

        Returns:
            Whether the condition holds.
        """
        deadline = self._clock() + seconds
        while not until():
            left = deadline - self._clock()
            if left <= 0 or self._tcp is None or not self.open:
                break
            got = self._tcp.receive(left)
            if isinstance(got, EndKind):
                self._ended(got)
            elif got:
                self._take(got)
        self.observation.until_s = self.now_s
        return bool(until())

    def hears(self, seconds: float) -> bool:
        """Wait for application data, or the connection's end."""
        return self.pump(seconds, lambda: self.received or not self.open)

    def ended_within(self, seconds: float) -> bool:
        """Wait for the connection's end; tell whether it came."""
        return self.pump(seconds, lambda: not self.open)

    def _take(self, data: bytes) -> None:
        self.chunks.append(Chunk(self.now_s, False, data))
        tls = self.observation.tls
        self._watch(data)
        if tls.plaintext:
            return
        self._ssl.bio_write(data)
        self._advance()

    def _watch(self, data: bytes) -> None:
        """Look at the records before OpenSSL does."""
        tls = self.observation.tls
        if tls.plaintext:
            return
        self._records += data
        while self._records:
            version = bytes(self._records[1:2])
            if self._records[0] not in range(20, 25) or version not in (b"\x03", b""):
                tls.plaintext += bytes(self._records[:4096])
                self._records.clear()
                return
            if len(self._records) < 5:
                return
            kind = self._records[0]
            end = 5 + int.from_bytes(self._records[3:5])
            if len(self._records) < end:
                return
            early = kind == APPLICATION_DATA and not tls.complete
            if kind == HANDSHAKE and self._records[5] == self._hello:
                tls.seen = True
            if early and not (tls.seen and self._is_tls13()):
                tls.application_before += bytes(self._records[5:end])
            tls.records_after += tls.complete
            del self._records[:end]

    def _frame(self) -> None:
        """Cut the application data into messages."""
        header, place = self.profile.header, self._length
        while len(self._inbox) >= header.size:
            field = self._inbox[place.offset : place.offset + place.width]
            length = int.from_bytes(field, place.byte_order)
            size = header.covers_from + length
            size += 0 if header.trailer_counted else header.trailer
            if not header.size <= size <= header.maximum:
                self.observation.unread.append(
                    f"{len(self._inbox)} bytes that begin "
                    f"{bytes(self._inbox[: header.size]).hex()}: no message has a "
                    f"length of {length}"
                )
                self._inbox.clear()
                return
            if len(self._inbox) < size:
                return
            self._seen(self._role, bytes(self._inbox[:size]))
            del self._inbox[:size]

    def _seen(self, sender: str, raw: bytes) -> Seen:
        messages = self.observation.messages
        place = len(messages)
        if self.number is not None:
            place = Index(place, self.number)
        seen = Seen(place, self.now_s, sender, raw, (), self.profile)
        messages.append(seen)
        return seen

    def _send_tcp(self, data: bytes) -> None:
        if self._tcp is None or not self.open:
            return
        self.chunks.append(Chunk(self.now_s, True, data))
        ended = self._tcp.send(data, 5.0)
        if ended is not None:
            self.pump(0.05)
            if self.open:
                self._ended(ended)

    def _ended(self, kind: EndKind) -> None:
        by = self._role if kind is not EndKind.TIMEOUT else ""
        alerts = [a for a in self.observation.tls.alerts if a.sender == self._role]
        if any(a.level == FATAL for a in alerts):
            kind = EndKind.ALERT
        elif kind is EndKind.FIN and any(a.description == 0 for a in alerts):
            kind = EndKind.CLOSE_NOTIFY
        if self._inbox:
            self.observation.unread.append(
                f"{len(self._inbox)} bytes of a message that was not finished"
            )
        self.observation.end = End(kind, by, self.now_s)

    def failed(self, kind: EndKind) -> None:
        """Note that no connection came about."""
        self.observation.end = End(kind, "", self.now_s)

    # --- messages ---------------------------------------------------------

    def note_sent(self, raw: bytes) -> Seen:
        """Put a message into the transcript whose bytes are sent apart."""
        return self._seen(self._tester, raw)

    def send_raw(self, raw: bytes) -> Seen:
        """Send a message that was built elsewhere, sound or not."""
        seen = self._seen(self._tester, raw)
        self.send_bytes(raw)
        return seen

    def send_bytes(self, data: bytes) -> None:
        """Send application data as one or more TLS records."""
        if not self.complete or not self.open or not self._readable:
            return
        try:
            self._ssl.sendall(data)
        except (SSL.Error, OSError):
            self._readable = False
        self._flush()

    def send_alert(self, level: int, description: int) -> bool:
        """Seal an alert and send it; OpenSSL, which cannot, then sends nothing more.

        Returns:
            Whether it was sent: not under suites that cannot be sealed here.
        """
        ours = 0 if self._tester == "mse" else 1
        flow = [(ours if c.sent else 1 - ours, c.data) for c in self.chunks]
        content = bytes((level, description))
        record = next_record(flow, self.secrets, ours, Record.ALERT, content)
        if record is None or not self.open:
            return False
        self._spent = True
        alert = Alert(self._tester, level, description, self.now_s)
        self.observation.tls.alerts.append(alert)
        self._send_tcp(record)
        return True

    def send_plain(self, data: bytes) -> None:
        """Send bytes on TCP, outside TLS."""
        self._send_tcp(data)

    def send(self, name: str, *elements: Any, **header: int) -> Seen:
        """Send a message; returns it as the transcript has it."""
        raw = self.build(name, *elements, **header)
        seen = self._seen(self._tester, raw)
        self.send_bytes(raw)
        return seen

    # --- ends -------------------------------------------------------------

    def close_notify(self) -> None:
        """Send the TLS close alert, and go on reading."""
        try:
            self._ssl.shutdown()
        except SSL.Error:
            return
        self._flush()

    def half_close(self) -> None:
        """Send FIN, and go on reading."""
        if self._tcp is not None:
            self._tcp.half_close()

    def abort(self) -> None:
        """End the connection with RST."""
        self._finish(abortive=True)

    def close(self) -> None:
        """End the connection in order; harmless when it has ended."""
        if self.open and self.complete:
            self.close_notify()
        self._finish(abortive=False)

    def _finish(self, *, abortive: bool) -> None:
        self.observation.until_s = self.now_s
        if self._tcp is not None:
            if abortive:
                self._tcp.abort()
            else:
                self._tcp.close()
            self._tcp = None
        if self.open:
            self.observation.end = End(EndKind.OURS, self._tester, self.now_s)


def resume(connection: SSL.Connection, session: SSL.Session) -> None:
    """Offer a session of another context; pyOpenSSL asks for the same one.

    Each link has a context of its own, for its callbacks; OpenSSL does not mind.
    """
    SSL._lib.SSL_set_session(  # type: ignore[attr-defined]
        connection._ssl,
        session._session,
    )


def session_reused(connection: SSL.Connection) -> bool:
    """Tell whether the handshake resumed a session; pyOpenSSL has no name for it."""
    return bool(SSL._lib.SSL_session_reused(connection._ssl))  # type: ignore[attr-defined]
