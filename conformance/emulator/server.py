# SPDX-License-Identifier: GPL-2.0-or-later
"""An emulated WLC: the TCP listener, a thread for each MSE, the AuthList.

with EmulatedWlc(authlist=AuthList.of(certificate)) as wlc:
    ... connect to wlc.port ...
"""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.emulator.authlist import AuthList
from conformance.emulator.faults import Faults
from conformance.emulator.tls import (
    POLICIES,
    Identity,
    Policy,
    ServerContext,
    VerifyError,
    identity,
)
from conformance.emulator.tracing import Trace, Tracer
from conformance.emulator.wlc import SLOW_S, Settings, WlcSession
from conformance.recording import CLIENT, Recorder, Track
from conformance.running import Running
from conformance.session import must_speak
from conformance.transport import Channel, End, EndedError, Kept
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.authlist.identity import identity_of

WLC_MAC = "02005ea00001"
WEAK_BELOW = 2048
"""Bits of an RSA key (documented: CMX FIPS)."""

GLANCE_S = 0.05
"""Between two looks at the list, where a fault wants them."""
HANDSHAKE_S = 30.0
IDLE_S = 3600.0
STOP_S = 5.0
_REJECTIONS = {
    "rejects-with-42": VerifyError.BAD_CERTIFICATE,
    "rejects-with-40": VerifyError.HANDSHAKE_FAILURE,
    "rejects-with-44": VerifyError.REVOKED,
}
_REJECTED_LATER = {
    "rejects-with-fin",
    "rejects-with-rst",
    "rejects-silently",
    "leaks-before-rejecting",
    "rejects-late",
}
"""Faults that turn a client away only when TLS is up."""

_LOOK_FIRST = {
    "crashes-on-rubbish",
    "needs-whole-hello",
    "speaks-ssl3",
    "speaks-in-the-handshake",
}
"""Faults that act on a client's first bytes."""

SSL3_SERVER_HELLO = (
    bytes.fromhex("160300002a02000026030000") + bytes(31) + bytes([0, 0, 0x2F, 0])
)
"""A ServerHello of SSL 3.0 with RSA_WITH_AES_128_CBC_SHA (RFC 6101)."""


class _Admission(msgspec.Struct):
    """What the list has said in one handshake; it is asked once.

    Attributes:
        verdict: OpenSSL's error, None before the list was asked.
        refused: the list has refused, but TLS comes up all the same (a fault).
    """

    peer: "Peer"
    trace: Trace
    verdict: int | None = None
    refused: bool = False


class Peer(msgspec.Struct):
    """One MSE as the WLC knows it.

    Attributes:
        address: of its TCP side.
        certificate: DER; empty while it has not shown one.
        session: None until it was admitted.
        end: how its connection ended; None while it lasts.
    """

    address: tuple[str, int]
    certificate: bytes = b""
    session: WlcSession | None = None
    end: End | None = None
    alert: int | None = None


def policy_of(tls: str) -> Policy:
    """Find a policy by its name, or make one of a version (`1.2`, `1.0..1.3`).

    Raises:
        ValueError: there is none.
    """
    if tls in POLICIES:
        return POLICIES[tls]
    lowest, _, highest = tls.partition("..")
    versions = ("1.0", "1.1", "1.2", "1.3")
    highest = highest or lowest
    if lowest not in versions or highest not in versions or lowest > highest:
        known = ", ".join(POLICIES)
        raise ValueError(f"no TLS {tls!r}: 1.0 to 1.3, a range as 1.0..1.2, or {known}")
    return Policy(lowest, highest, POLICIES["any"].ciphers, "asked for")


class EmulatedWlc(Running):
    """A WLC on a TCP port.

    Attributes:
        port: where it listens.
        authlist: whom it lets in; may be changed at any time.
        identity: its own.
        peers: every MSE that has connected, in order.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: str = "any",
        ciphers: str = "",
        presented: Identity | None = None,
        authlist: AuthList | None = None,
        authlist_wait_s: float = 0.0,
        settings: Settings | None = None,
        faults: Iterable[str] = (),
        recorder: Recorder | None = None,
        trace: Callable[[str], None] | None = None,
        clock_ahead_s: float = 0.0,
    ) -> None:
        """Begin to listen; nobody is served before `start`.

        Args:
            host: address to listen on.
            port: 0 takes a free one.
            tls: a policy's name, a version, or a range of versions.
            ciphers: OpenSSL's list in place of the policy's.
            presented: its own identity; one is made without.
            authlist: whom it lets in; nobody without.
            authlist_wait_s: how long the list takes (observed: about 1 s).
            settings: of what it says.
            faults: names of `FAULTS`.
            recorder: records every connection.
            trace: told the trace's lines.
            clock_ahead_s: by how much its clock is ahead; negative for behind.

        Raises:
            ValueError: no such policy or fault, or a profile that cannot be spoken.
            OSError: the port cannot be had.
        """
        self.settings = settings or Settings()
        must_speak(self.settings.profile)
        self.settings.faults = Faults.named({*faults, *self.settings.faults})
        self.authlist = authlist if authlist is not None else AuthList()
        self._first_list = deepcopy(self.authlist)
        self.authlist_wait_s = authlist_wait_s
        policy = policy_of(tls)
        if self._has("takes-anonymous-suites"):
            ciphers = "ALL:eNULL:@SECLEVEL=0"
        if ciphers:
            policy = msgspec.structs.replace(policy, ciphers=ciphers)
        self.identity = presented or identity(
            b"".join(new_identity(WLC_MAC, name="WLC"))
        )
        self.peers: list[Peer] = []
        self._ahead = timedelta(seconds=clock_ahead_s)
        self._recorder, self._tracer = recorder, Tracer(trace, self._ahead)
        faulty = self._has("asks-no-certificate")
        self._tls = ServerContext(
            self.identity,
            policy,
            self._decide,
            asks=not faulty,
            insists=not self._has("admits-no-certificate"),
        )
        # SSL_OP_ALLOW_CLIENT_RENEGOTIATION, or SSL_OP_NO_RENEGOTIATION
        renegotiates = self._has("accepts-renegotiation")
        self._tls.context.set_options(0x100 if renegotiates else 0x40000000)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._stopped, self._stop = socket.socketpair()
        self._current = threading.local()
        self._threads: list[threading.Thread] = []
        self._failures = 0
        self._pinned = self._newest = b""
        self._gate = threading.Semaphore(1 if self._has("one-client") else 10_000)

    def _has(self, fault: str) -> bool:
        return fault in self.settings.faults

    # --- life -------------------------------------------------------------------

    def start(self) -> Self:
        """Serve."""
        thread = self._thread(self._accept)
        self._threads.append(thread)
        thread.start()
        return self

    def _thread(self, target: Callable[..., None], *args: object) -> threading.Thread:
        name = f"wlc {self.port}"
        return threading.Thread(target=target, args=args, name=name, daemon=True)

    def stop(self) -> None:
        """End every connection in order, and stop listening. May be called twice."""
        with contextlib.suppress(OSError):
            self._stop.send(b"x")
        for thread in list(self._threads):
            thread.join(STOP_S)
        for sock in (self._listener, self._stop, self._stopped):
            sock.close()
        if self._recorder is not None:
            self._recorder.close()

    # --- connections --------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            watched = [self._listener, self._stopped]
            try:
                ready = select.select(watched, [], [])[0]
            except ValueError:  # a fault has closed the listener
                return
            if self._stopped in ready:
                return
            try:
                sock, address = self._listener.accept()
            except OSError:
                return
            peer = Peer(address[:2])
            self.peers.append(peer)
            number = len(self.peers) - 1
            thread = self._thread(self._serve, sock, peer, number)
            self._threads = [t for t in self._threads if t.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, peer: Peer, number: int) -> None:
        track = Track(self._recorder, (peer.address, sock.getsockname()[:2]))
        trace = self._tracer.connection(number)
        channel = Channel(
            sock,
            self._tls.context,
            track,
            server=True,
            wake=self._stopped,
            info=trace.informed,
        )
        self._current.admission = _Admission(peer, trace)
        try:
            with self._gate:
                self._converse(channel, peer)
        except EndedError as ended:
            peer.end, peer.alert = ended.end, ended.alert
            trace.ended(ended)
            self._fall_over(peer, channel)
        finally:
            self._finish(channel, peer)

    def _stop_listening(self) -> None:
        """Fall over: new connections are refused from now on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _fall_over(self, peer: Peer, channel: Channel) -> None:
        """Stop listening where a fault says so."""
        session = peer.session
        forged = peer.end in (End.TLS, End.ALERT) and session is not None
        crashes = {
            "serves-one-session": session is not None,
            "crashes-on-forged-record": forged,
            "crashes-on-truncation": session is not None and session.session.unfinished,
            "crashes-on-close": peer.end is End.CLOSE_NOTIFY,
            "crashes-on-alert": channel.alerted and session is not None,
            "crashes-on-warning": channel.warned,
            "crashes-on-fin": peer.end is End.FIN and session is not None,
        }
        if any(happens and self._has(fault) for fault, happens in crashes.items()):
            self._stop_listening()

    def _look_first(self, channel: Channel) -> None:
        """Do what a fault wants with a client's first bytes, before TLS sees them."""
        first = channel.peek(HANDSHAKE_S)
        if self._has("crashes-on-rubbish") and first[:1] != b"\x16":
            self._stop_listening()
            raise EndedError(End.TLS, detail="rubbish")
        if self._has("needs-whole-hello") and _is_part(first):
            raise EndedError(End.TLS, detail="a ClientHello in pieces")
        if self._has("speaks-ssl3") and first[9:11] == b"\x03\x00":
            channel.send_plain(SSL3_SERVER_HELLO)
        if self._has("speaks-in-the-handshake"):
            hello = b"".join(WlcSession(self.settings, time.monotonic()).take())
            channel.send_plain(b"\x17\x03\x03" + len(hello).to_bytes(2) + hello)

    def _converse(self, channel: Channel, peer: Peer) -> None:
        if self._has("plaintext") or self._has("speaks-before-tls"):
            hello = WlcSession(self.settings, time.monotonic())
            channel.send_plain(b"".join(hello.take()))
        if self._has("plaintext"):
            time.sleep(0.2)
            raise EndedError(End.FIN, detail="plaintext")
        if self.settings.faults & _LOOK_FIRST:
            self._look_first(channel)
        if self._has("rejects-late") or self._has("drops-slow-records"):
            channel.kept = Kept()
        channel.handshake(HANDSHAKE_S)
        self._recheck(channel)
        session = peer.session = WlcSession(self.settings, time.monotonic())
        changes, self._newest = self.authlist.changes, peer.certificate
        while not session.ending:
            for message in session.take():
                channel.send(message)
            due = session.due()
            wait = IDLE_S if due is None else max(0.0, due - time.monotonic())
            data = self._listen(channel, wait, changes)
            if self._has("one-mse") and self._newest != peer.certificate:
                raise EndedError(End.FIN, detail="another MSE was let in")
            now = time.monotonic()
            if data:
                session.receive(data, now)
            session.tick(now)
        for message in session.take():
            channel.send(message)
        if session.ending == "crash":
            self._stop_listening()
        raise EndedError(End.RST if session.ending != "close" else End.CLOSE_NOTIFY)

    def _listen(self, channel: Channel, wait: float, changes: int) -> bytes | None:
        """Wait for application data, as far as the faults let it."""
        if self._has("list-change-drops-all"):
            wait = min(wait, GLANCE_S)
            if self.authlist.changes != changes:
                raise EndedError(End.FIN, detail="the list was changed")
        if not self._has("drops-slow-records"):
            return channel.receive(wait)
        data = channel.receive(min(wait, SLOW_S))
        if data is None and channel.kept and _ends_in_part(channel.kept.flow):
            raise EndedError(End.FIN, detail="a record in pieces")
        return data

    def _finish(self, channel: Channel, peer: Peer) -> None:
        """Close a connection as its end, and the faults, demand."""
        ours = peer.session is not None and peer.session.ending
        if ours in {"reset", "crash"}:
            channel.abort()
        elif peer.end in (End.ALERT, End.RST, End.TLS):
            channel.drop()
        elif self._has("ignores-close") and peer.end in (End.CLOSE_NOTIFY, End.FIN):
            time.sleep(STOP_S / 2)
            channel.drop()
        elif self._has("closes-without-notify"):
            channel.drop()
        else:
            channel.close()

    # --- the AuthList ---------------------------------------------------------------

    def _decide(self, certificate: bytes) -> int:
        """Answer OpenSSL's question for a certificate; it may ask several times."""
        admission: _Admission = self._current.admission
        if admission.verdict is not None:
            return admission.verdict
        admission.peer.certificate = certificate
        verdict = self._valid_now(certificate)
        if verdict == VerifyError.ADMITTED:
            admission.trace.asking()
            if self.authlist_wait_s:
                time.sleep(self.authlist_wait_s)
            verdict = self._judge(certificate)
            admission.trace.answered(admitted=verdict == VerifyError.ADMITTED)
        if verdict != VerifyError.ADMITTED:
            self._failures += 1
            verdict = self._rejection(verdict)
            admission.refused = verdict == VerifyError.ADMITTED
        admission.verdict = verdict
        return verdict

    def _rejection(self, verdict: int) -> int:
        """Choose how a client is turned away; honestly it is by the verdict."""
        if self.settings.faults & _REJECTED_LATER:
            return VerifyError.ADMITTED
        for fault, instead in _REJECTIONS.items():
            if self._has(fault):
                return instead
        return verdict

    def _judge(self, certificate: bytes) -> int:
        patience = {"locks-out": 3, "locks-out-later": 8}
        if any(self._has(f) and self._failures >= n for f, n in patience.items()):
            return VerifyError.CERTIFICATE_UNKNOWN
        weak = _is_weak(certificate) and not self._has("admits-weak-key")
        if weak or not self._listed(certificate) or self._has("rejects-listed"):
            return VerifyError.CERTIFICATE_UNKNOWN
        return VerifyError.ADMITTED

    def _listed(self, certificate: bytes) -> bool:
        try:
            identity_of(certificate)
        except ValueError:
            return self._has("admits-unlisted")
        if self._has("pins-certificate"):
            self._pinned = self._pinned or certificate
            return certificate == self._pinned
        if self._has("mac-form-matters") and not _plain_mac(certificate):
            return False
        listed = self._first_list if self._has("list-read-once") else self.authlist
        return (
            listed.admits(
                certificate,
                sha1=not self._has("ignores-sha1"),
                sha256=not self._has("ignores-sha256"),
            )
            or self._has("admits-unlisted")
            or (self._has("admits-other-hash") and self.authlist.lists_mac(certificate))
            or (self._has("admits-other-mac") and self.authlist.lists_key(certificate))
        )

    def _valid_now(self, certificate: bytes) -> int:
        """Look at the certificate's dates by the WLC's clock, before the list."""
        shown = x509.load_der_x509_certificate(certificate)
        now = datetime.now(UTC) + self._ahead
        if shown.not_valid_before_utc > now and not self._has("admits-not-yet-valid"):
            return VerifyError.NOT_YET_VALID
        if shown.not_valid_after_utc < now and not self._has("admits-expired"):
            return VerifyError.EXPIRED
        return VerifyError.ADMITTED

    def _recheck(self, channel: Channel) -> None:
        """Turn away whom the list has not admitted though TLS is up.

        A resumed session shows no certificate; OpenSSL kept the one it began with,
        and the list is asked again.
        """
        admission: _Admission = self._current.admission
        shown = channel.peer_certificate()
        resumed = admission.verdict is None and shown is not None
        if resumed and not self._has("resumption-bypasses-list"):
            admission.refused = self._judge(shown or b"") != VerifyError.ADMITTED
        if admission.refused:
            self._turn_away(channel)

    def _turn_away(self, channel: Channel) -> None:
        """End a connection in one of the faulty ways."""
        if self._has("leaks-before-rejecting"):
            hello = WlcSession(self.settings, time.monotonic())
            for message in hello.take():
                channel.send(message)
        if self._has("rejects-late"):
            channel.send_alert(2, 46)
        while self._has("rejects-silently"):
            channel.receive(IDLE_S)
        if self._has("rejects-with-rst"):
            channel.abort()
        else:
            channel.drop()
        raise EndedError(End.FIN, detail="turned away")


def _is_part(data: bytes) -> bool:
    """Tell whether bytes begin with a TLS record that is not whole."""
    return len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5])


def _ends_in_part(flow: list[tuple[int, bytes]]) -> bool:
    """Tell whether what a client has sent ends within a TLS record."""
    sent = b"".join(data for side, data in flow if side == CLIENT)
    while sent and not _is_part(sent):
        sent = sent[5 + int.from_bytes(sent[3:5]) :]
    return bool(sent)


def _is_weak(certificate: bytes) -> bool:
    """Tell whether a certificate has an RSA key that no policy of today takes."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < WEAK_BELOW


def _plain_mac(certificate: bytes) -> bool:
    """Tell whether a certificate's MAC has neither separators nor capitals."""
    shown = identity_of(certificate)
    return shown.mac is not None and shown.mac in shown.subject
