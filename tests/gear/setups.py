# SPDX-License-Identifier: GPL-2.0-or-later
"""Set-ups that are broken on purpose, as captures; each with the cause that is true.

Handshakes are OpenSSL's own, in memory. What a WLC alone can do (refuse by its list,
alert 46) is the record that it puts on the wire, written into the recording.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from nmsp_scapy.authlist import identity_of
from nmsp_scapy.authlist.commands import aireos, ios_xe, ios_xe_newer
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.capture.frames import SYN, TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.constants import PORT, MessageType
from tests.gear.tls import Identity, Pair, context, identity

MSE, WLC = ("10.201.235.122", 40001), ("10.201.234.36", PORT)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
S = 10**9


@cache
def mse(
    key: str = "rsa",
    *,
    mac: str = "00:50:56:9c:34:89",
    days: int = -30,
    life: int = 400,
) -> Identity:
    """An MSE's identity, valid from `days` after the capture's day on."""
    private, pem = new_identity(
        mac, key=key, not_before=START + timedelta(days=days), days=life
    )
    return Identity(
        x509.load_pem_x509_certificate(pem), load_pem_private_key(private, None)
    )


@dataclass
class Setup:
    """One set-up.

    Attributes:
        cause: of `nmsp doctor`; empty where nothing is wrong.
        capture: pcapng.
        trace: of the WLC; config: its list; certificate: PEM that should be listed.
    """

    name: str
    cause: str
    capture: bytes
    trace: bytes = b""
    config: str = ""
    certificate: bytes = b""
    exit_code: int = 1
    also: set[str] = field(default_factory=set)


class Film:
    """Frames with times of one connection and those after it."""

    def __init__(
        self, client: tuple[str, int] = MSE, server: tuple[str, int] = WLC
    ) -> None:
        self.now = int(START.timestamp()) * S
        self.frames: list[tuple[int, bytes]] = []
        self.key_log: list[bytes] = []
        self.again(client, server)

    def again(
        self, client: tuple[str, int] = MSE, server: tuple[str, int] = WLC
    ) -> "Film":
        self.tcp = TcpFrames(client, server)
        self.pair: Pair | None = None
        self.told = 0
        return self

    def put(self, frames: list[bytes]) -> "Film":
        for frame in frames:
            self.now += S // 1000
            self.frames.append((self.now, frame))
        return self

    def wait(self, seconds: float) -> "Film":
        self.now += int(seconds * S)
        return self

    def open(self) -> "Film":
        return self.put(self.tcp.open())

    def syn(self) -> "Film":
        return self.put([self.tcp._frame(0, SYN, acknowledge=False)])

    def data(self, side: int, data: bytes) -> "Film":
        return self.put(self.tcp.data(side, data))

    def fin(self, side: int) -> "Film":
        return self.put(self.tcp.finish(side))

    def reset(self, side: int) -> "Film":
        return self.put(self.tcp.reset(side))

    def tls(
        self,
        versions: tuple[str, str] = ("1.2", "1.2"),
        ciphers: tuple[str | None, str | None] = (None, None),
        *,
        client: Identity | None = None,
        require: bool = True,
        until: Callable[[int, int, bytes], bool] | None = None,
        delay: tuple[int, float] = (0, 0),
    ) -> "Film":
        """A handshake by OpenSSL, as far as it goes.

        Args:
            versions, ciphers: client's, server's.
            client: its identity; none presents no certificate.
            require: whether the server insists on one.
            until: told flight number, side and bytes; true ends before that flight.
            delay: flight number, and seconds that pass before it.
        """
        ends = (
            context(0, versions[0], ciphers[0], client),
            context(1, versions[1], ciphers[1], identity("wlc"), ask=True),
        )
        if require:
            mode = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
            ends[1].set_verify(mode, lambda *_: True)
        self.pair = pair = Pair(*ends)
        for _ in range(12):
            for end in pair.ends:
                with suppress(SSL.WantReadError, SSL.Error):
                    end.do_handshake()
            pair.move()
            moved = pair.recorded.flow[self.told :]
            if not moved:
                break
            for side, data in moved:
                if until is not None and until(self.told, side, data):
                    return self
                if self.told == delay[0]:
                    self.wait(delay[1])
                self.data(side, data)
                self.told += 1
        self.key_log = pair.recorded.key_log
        return self

    def say(
        self, side: int, kind: int, body: bytes = b"", transaction: int = 0
    ) -> "Film":
        """An NMSP message inside the session."""
        assert self.pair is not None
        message = struct.pack(">BBHII", 1, 0, kind, 12 + len(body), transaction) + body
        self.pair.say(side, message)
        for sender, data in self.pair.recorded.flow[self.told :]:
            self.data(sender, data)
            self.told += 1
        return self

    def pcapng(
        self, *, secrets: bool = True, drop: set[int] | None = None, snap: int = 0
    ) -> bytes:
        file = BytesIO()
        writer = PcapngWriter(file)
        if secrets and self.key_log:
            writer.secrets(b"\n".join(self.key_log) + b"\n")
        writer.interface()
        for number, (when, frame) in enumerate(self.frames, 1):
            if number not in (drop or ()):
                cut = frame[:snap] if snap else frame
                writer.packet(cut, when)
        return file.getvalue()


def element(kind: int, value: bytes) -> bytes:
    return struct.pack(">HH", kind, len(value)) + value


SERVICE = element(2, struct.pack(">BQ", 1, 3))


def ok(code: int = 0) -> bytes:
    return element(1, struct.pack(">H", code))


def subscribed(film: Film) -> Film:
    """Capability both ways, and a subscription."""
    film.say(1, MessageType.CAPABILITY_NOTIFICATION, SERVICE)
    film.say(0, MessageType.CAPABILITY_NOTIFICATION, SERVICE)
    film.say(0, MessageType.SERVICE_SUBSCRIBE_REQUEST, SERVICE, 1)
    return film.say(1, MessageType.SERVICE_SUBSCRIBE_RESPONSE, ok(), 1)


def echoes(film: Film, count: int, *, answered: Callable[[int], bool]) -> Film:
    """Echo every 15 s, and a notification from the WLC between."""
    for number in range(count):
        film.wait(15).say(0, MessageType.ECHO_REQUEST, transaction=100 + number)
        if answered(number):
            film.say(1, MessageType.ECHO_RESPONSE, transaction=100 + number)
    return film


def alert(level: int, description: int, version: int = 0x0303) -> bytes:
    """An alert record in clear."""
    return struct.pack(">BHHBB", 21, version, 2, level, description)


def refused(
    film: Film, who: Identity, description: int = 46, *, seconds: float = 1.0
) -> Film:
    """The WLC refuses after the client's certificate, as before ChangeCipherSpec."""
    flights = []

    def third(_flight: int, side: int, _data: bytes) -> bool:
        flights.append(side)
        return flights.count(1) == 2

    film.open().tls(
        ("1.2", "1.2"), ("AES128-SHA", "AES128-SHA"), client=who, until=third
    )
    return film.wait(seconds).data(1, alert(2, description)).fin(1)


def trace(
    film: Film, lines: list[tuple[float, str]], *, clock: timedelta = timedelta()
) -> bytes:
    """A WLC's trace; each line's time in seconds before the film's end."""
    said = []
    for at, (before, line) in enumerate(lines):
        moment = datetime.fromtimestamp(film.now / S - before, UTC) + clock
        stamp = f"{moment:%m/%d/%y %H:%M:%S}.{moment.microsecond // 1000:03}"
        said.append(f"[{stamp} UTC {at:x} 10241] {line}")
    return "\n".join(said).encode()


def begin(before: float, handle: str = "b3f8a8d0") -> list[tuple[float, str]]:
    return [
        (before, "Allocated new NMSP connection 0"),
        (before, f"sslConnectionInit: SSL_new() conn ssl {handle}"),
        (before, "SSL state = 0x2111; where = 0x2001; ret = 0x1"),
        (before, "SSL state = 0x2140; where = 0x2001; ret = 0x1"),
    ]


def pem(who: Identity) -> bytes:
    return who.certificate_pem


def listed(who: Identity) -> str:
    return ios_xe([identity_of(who.certificate_der)])


def setups() -> Iterator[Setup]:
    """All of them."""
    yield from unreachable()
    yield from tls_mismatches()
    yield from lists()
    yield from clocks()
    yield from sessions()
    yield from unread()
    yield from healthy()


def unreachable() -> Iterator[Setup]:
    film = Film()
    for pause in (1, 2, 4, 8):
        film.syn().wait(pause)
        film.tcp._next[0] -= 1
    yield Setup("four SYNs, no answer", "not-reachable", film.pcapng())
    film = Film(("2001:db8::7", 40001), ("2001:db8::1", PORT))
    for _ in range(2):
        film.syn().wait(3)
        film.tcp._next[0] -= 1
    yield Setup("IPv6, two SYNs", "not-reachable", film.pcapng())
    film = Film().syn()
    yield Setup("RST to a SYN", "port-closed", film.reset(1).pcapng())
    film = Film()
    for number in range(3):
        film.again((MSE[0], 41000 + number)).syn().reset(1).wait(5)
    yield Setup("RST to three attempts", "port-closed", film.pcapng())
    film = Film().open().tls(until=lambda flight, *_: flight == 1)
    yield Setup(
        "ClientHello into the void", "no-tls-answer", film.wait(20).fin(0).pcapng()
    )
    film = Film().open().data(1, b"SSH-2.0-Cisco-1.25\r\n")
    film.tls(until=lambda flight, *_: flight == 1).wait(5).fin(0)
    yield Setup("SSH listens there", "no-tls-answer", film.pcapng())


def tls_mismatches() -> Iterator[Setup]:
    film = Film().open().tls(("1.3", "1.2"), client=mse()).fin(1)
    yield Setup("client 1.3 only", "tls-version", film.pcapng())
    film = Film().open().tls(("1.0", "1.2"), client=mse("ec")).fin(1)
    yield Setup("client 1.0 only", "tls-version", film.pcapng())
    film = Film().open()
    film.tls(ciphers=("ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"), client=mse()).fin(1)
    yield Setup("ECDHE against static RSA", "tls-suite", film.pcapng())
    film = Film().open()
    film.tls(("1.0", "1.0"), ("AES256-SHA", "AES128-SHA"), client=mse()).reset(1)
    yield Setup("AES-256 against AES-128, TLS 1.0", "tls-suite", film.pcapng())
    film = Film().open().tls(ciphers=("AES128-SHA", "AES128-SHA")).fin(1)
    yield Setup("no certificate, TLS 1.2", "no-client-certificate", film.pcapng())
    film = Film().open().tls(("1.3", "1.3")).fin(1)
    yield Setup("no certificate, TLS 1.3", "no-client-certificate", film.pcapng())
    film = Film().open().tls(until=lambda flight, *_: flight == 2)
    film.data(0, alert(2, 48)).fin(0)
    yield Setup("MSE does not know the CA", "mse-refuses-wlc", film.pcapng())
    film = Film().open().tls(("1.0", "1.0"), until=lambda flight, *_: flight == 2)
    film.data(0, alert(2, 42, 0x0301)).reset(0)
    yield Setup("MSE finds a bad certificate", "mse-refuses-wlc", film.pcapng())


def lists() -> Iterator[Setup]:
    who, other = mse(), mse("ec", mac="00:00:5e:00:53:01")
    mine, theirs = (identity_of(i.certificate_der) for i in (who, other))
    plain = refused(Film(), who).pcapng()
    retried = Film()
    for number in range(3):
        refused(retried.again((MSE[0], 42000 + number)), who).wait(5)
    yield Setup("list holds another MSE", "mac-unlisted", plain, config=listed(other))
    yield Setup(
        "list has the MAC mistyped",
        "mac-unlisted",
        retried.pcapng(),
        config=aireos([mine]).replace("34:89", "34:98"),
    )
    wrong = listed(who).replace(mine.sha256, theirs.sha256)
    yield Setup("list has another hash", "hash-mismatch", plain, config=wrong)
    typed = listed(who).replace(mine.sha256, mine.sha256[:-1])
    yield Setup("list has a hash cut short", "hash-mismatch", plain, config=typed)
    renewed = mse("ec")
    yield Setup(
        "certificate given has another key",
        "hash-mismatch",
        plain,
        certificate=pem(renewed),
    )
    sha1 = listed(who).replace(mine.sha256, mine.sha1)
    yield Setup("SHA-1 as password", "sha1-for-sha2", plain, config=sha1)
    newer = ios_xe_newer([theirs, mine]).replace(mine.sha256, mine.sha1)
    yield Setup("SHA-1 among others", "sha1-for-sha2", retried.pcapng(), config=newer)
    yield Setup("no list at hand", "authlist-rejected", plain)
    film = refused(Film(), who)
    lines = [
        *begin(1.1),
        (
            1.0,
            "Peer certificate Validation Done for conn ssl b3f8a8d0, "
            "calling authlist..",
        ),
        (0.0, "Authlist authentication failed for conn ssl b3f8a8d0"),
        (0.0, "Peer not validated against the AuthList"),
        (0.0, "SSL state = 0x2182; where = 0x4008; ret = 0x22e"),
    ]
    yield Setup(
        "list unknown, trace at hand",
        "authlist-rejected",
        film.pcapng(),
        trace=trace(film, lines),
    )


def clocks() -> Iterator[Setup]:
    early = refused(Film(), mse(days=3), 42, seconds=0.01)
    yield Setup("valid in three days", "certificate-not-yet-valid", early.pcapng())
    early = refused(Film(), mse("ec", days=1), 42, seconds=0.01)
    film = early
    yield Setup("valid tomorrow", "certificate-not-yet-valid", film.pcapng())
    late = refused(Film(), mse(days=-400, life=365), 45, seconds=0.01)
    yield Setup("expired a month ago", "certificate-expired", late.pcapng())
    late = refused(Film(), mse("ec", days=-3, life=2), 45, seconds=0.01)
    yield Setup("expired yesterday", "certificate-expired", late.pcapng())
    for name, shift, number in (
        ("WLC two years ahead", timedelta(days=730), 45),
        ("WLC two months behind", timedelta(days=-60), 42),
    ):
        film = refused(Film(), mse(), number, seconds=0.01)
        lines = [
            *begin(0.1),
            (0.001, f"SSL state = 0x2182; where = 0x4008; ret = 0x2{number:02x}"),
        ]
        yield Setup(
            name, "clocks-apart", film.pcapng(), trace=trace(film, lines, clock=shift)
        )


def sessions() -> Iterator[Setup]:
    flights: list[int] = []

    def slow(versions: str) -> Film:
        flights.clear()
        number = 3 if versions == "1.2" else 99
        return Film().open().tls((versions,) * 2, client=mse(), delay=(number, 6))

    film = echoes(subscribed(slow("1.2")), 3, answered=lambda _: True)
    yield Setup("six seconds before the WLC goes on", "authlist-slow", film.pcapng())
    film = refused(Film(), mse(), seconds=9)
    yield Setup(
        "nine seconds, then a refusal",
        "authlist-slow",
        film.pcapng(),
        also={"authlist-rejected"},
    )
    for code, name in ((2, "unsupported"), (4, "busy")):
        film = Film().open().tls(client=mse())
        film.say(0, MessageType.SERVICE_SUBSCRIBE_REQUEST, SERVICE, 1)
        film.say(1, MessageType.SERVICE_SUBSCRIBE_RESPONSE, ok(code), 1)
        echoes(film, 2, answered=lambda _: True)
        yield Setup(f"subscription {name}", "subscription-refused", film.pcapng())
    film = Film().open().tls(("1.3", "1.3"), client=mse())
    film.say(0, MessageType.SERVICE_SUBSCRIBE_REQUEST, SERVICE, 1)
    echoes(film, 3, answered=lambda _: True)
    yield Setup("subscription unanswered", "subscription-refused", film.pcapng())
    film = echoes(
        subscribed(Film().open().tls(client=mse())), 8, answered=lambda n: n % 2 == 0
    )
    yield Setup("every other echo lost", "echo-lost", film.pcapng())
    film = subscribed(Film().open().tls(client=mse()))
    for number in range(4):
        film.wait(15).say(0, MessageType.ECHO_REQUEST, transaction=number)
        film.say(1, MessageType.MEASUREMENT_NOTIFICATION)
    yield Setup("echo never answered, data goes on", "echo-lost", film.pcapng())
    film = echoes(
        subscribed(Film().open().tls(client=mse())), 8, answered=lambda n: n < 4
    )
    yield Setup("WLC falls silent", "peer-dead", film.reset(0).pcapng())
    film = subscribed(Film().open().tls(("1.3", "1.3"), client=mse("ec")))
    for _ in range(40):
        film.wait(2).say(1, MessageType.MEASUREMENT_NOTIFICATION)
    yield Setup("MSE falls silent", "peer-dead", film.pcapng())


def unread() -> Iterator[Setup]:
    film = echoes(
        subscribed(Film().open().tls(client=mse())), 6, answered=lambda _: True
    )
    total = len(film.frames)
    lost = film.pcapng(drop={total - 9})
    yield Setup("a frame lost", "bytes-missing", lost, exit_code=3)
    long = Film().open().tls(client=mse())
    for _ in range(6):
        long.say(1, MessageType.MEASUREMENT_NOTIFICATION, bytes(600))
    yield Setup(
        "cut by a snap length", "bytes-missing", long.pcapng(snap=400), exit_code=3
    )
    yield Setup("no key, ECDHE", "no-key", film.pcapng(secrets=False), exit_code=3)
    static = Film().open()
    static.tls(ciphers=("AES128-SHA", "AES128-SHA"), client=mse())
    subscribed(static)
    yield Setup(
        "no key, static RSA", "no-key", static.pcapng(secrets=False), exit_code=3
    )
    newest = subscribed(Film().open().tls(("1.3", "1.3"), client=mse()))
    yield Setup("no key, TLS 1.3", "no-key", newest.pcapng(secrets=False), exit_code=3)
    middle = film.pcapng(drop=set(range(1, total - 12)))
    yield Setup("no handshake", "no-key", middle, exit_code=3)


def healthy() -> Iterator[Setup]:
    for version in ("1.0", "1.2", "1.3"):
        film = Film().open().tls((version,) * 2, client=mse())
        echoes(subscribed(film), 4, answered=lambda _: True).fin(0).fin(1)
        yield Setup(f"healthy, TLS {version}", "", film.pcapng(), exit_code=0)
    film = Film().open().tls(client=mse(), delay=(3, 0.994))
    echoes(subscribed(film), 27, answered=lambda _: True)
    yield Setup("healthy, AuthList in 1 s", "", film.pcapng(), exit_code=0)
    film.wait(15).say(0, MessageType.ECHO_REQUEST, transaction=999)
    yield Setup("healthy, ends in an echo", "", film.pcapng(), exit_code=0)
