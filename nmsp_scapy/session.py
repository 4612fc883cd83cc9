# SPDX-License-Identifier: GPL-2.0-or-later
"""Scapy's face of the pipeline: `sniff(offline=..., session=NMSPSession(...))`.

    from scapy.sendrecv import sniff
    from nmsp_scapy import NMSPSession

    session = NMSPSession(keylog="keys/x.keys")
    packets = sniff(offline="pcaps/x.pcapng", session=session)
    packets[0].show()
    session.events          # what could not be read, and how conversations ended

One packet a message, as `Ether/IP/TCP/NMSP/...`, with the addresses, the ports and the
time of the frames that carried it. A capture file is read by our own reader, since
Scapy's passes the secrets inside a pcapng by; packets from elsewhere (an interface, a
list, a file under a BPF filter) are taken as Scapy hands them over.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from scapy.config import conf
from scapy.data import MTU
from scapy.error import log_runtime
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from scapy.sessions import DefaultSession
from scapy.supersocket import IterSocket
from scapy.utils import EDecimal

from nmsp_scapy import layers
from nmsp_scapy.constants import PORT
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result
from nmsp_scapy.decrypt import Decryption, Source
from nmsp_scapy.dissect import Dissection
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.tls import KeyStore

Files = str | Path | Iterable[str | Path]
"""One path or several."""

UNKNOWN_MAC = "00:00:00:00:00:00"
"""Ethernet addresses are no part of what the pipeline keeps."""

_BACK = dict(zip(Direction, reversed(Direction), strict=True))
_MASK = 0xFFFF_FFFF

EVENTS = 100_000
"""Events that are kept."""


class NMSPSession(DefaultSession):
    """Decrypts and dissects NMSP while Scapy sniffs.

    Attributes:
        events: what could not be read (`lost`), alerts, how conversations ended.
        conversations: the connections, by index.
    """

    def __init__(
        self,
        keylog: Files = (),
        rsa_key: Files = (),
        *,
        password: bytes | None = None,
        keys: KeyStore | None = None,
        profile: Profile = NOMINAL,
        port: int | Iterable[int] = PORT,
        supersession: Any = None,
    ) -> None:
        """Begin.

        Args:
            keylog: TLS key logs.
            rsa_key: private keys of the WLC, for static RSA sessions.
            password: opens encrypted private keys.
            keys: more keys.
            profile: the wire layout.
            port: of the WLC, one or several.
            supersession: as in Scapy.

        Raises:
            OSError: a file cannot be read.
            KeyFileError: it holds no private key that can be used.
        """
        super().__init__(supersession)
        store = keys if keys is not None else KeyStore()
        for path in _paths(keylog):
            store.add_keylog(path.read_bytes(), path.name)
        for path in _paths(rsa_key):
            store.add_rsa_key(path.read_bytes(), path.name, password)
        self.events: list[Event] = []
        self.conversations: dict[int, Conversation] = {}
        self._keys, self._profile = store, profile
        self._ports = frozenset([port] if isinstance(port, int) else port)
        self._binding = layers.bind(profile)
        self._live: dict[int, _Live] = {}
        self._sequence: dict[tuple[int, Direction], int] = {}

    def recv(self, sock: Any) -> Iterator[Packet]:
        """Answer Scapy's call for packets from a socket or a capture file.

        Raises:
            EOFError: there are no more; Scapy expects it.
        """
        file: Any = getattr(sock, "f", None)
        if _rewindable(file):
            file.seek(0)
            yield from self.read(file)
            raise EOFError
        live = self._live.get(id(sock))
        if live is None:
            live = self._live[id(sock)] = _Live(self._dissection())
        try:
            packet = _next(sock)
        except EOFError:
            del self._live[id(sock)]
            yield from self._packets(live.close())
            self._warn()
            raise
        if packet:
            yield from self._packets(live.feed(packet))

    def process(self, pkt: Packet) -> Packet | None:
        """Take one packet; return the first message that it completes."""
        live = self._live.get(0)
        if live is None:
            live = self._live[0] = _Live(self._dissection())
        return next(iter(list(self._packets(live.feed(pkt)))), None)

    def _dissection(self) -> Dissection:
        work = Decryption(
            self._keys,
            profile=self._profile,
            ports=self._ports,
            first=len(self.conversations),
        )
        return Dissection(work, self._profile)

    def read(self, source: Source) -> Iterator[Packet]:
        """Yield the messages of a capture: what `sniff` does, also of zstd and `-`.

        Raises:
            CaptureError: it cannot be opened, or is no capture.
        """
        for batch in self._dissection().run(source):
            yield from self._packets(batch)
        self._warn()

    def _packets(self, results: Iterable[Result]) -> Iterator[Packet]:
        for found in results:
            if isinstance(found, Message):
                yield self._packet(found)
            elif isinstance(found, Conversation):
                self.conversations[found.index] = found
            elif len(self.events) < EVENTS:
                self.events.append(found)

    def _packet(self, message: Message) -> Packet:
        """Put a message under the addresses and the time that it had."""
        conversation = self.conversations[message.conversation]
        ends = [conversation.client, conversation.server]
        if message.direction is Direction.WLC_TO_MSE:
            ends.reverse()
        source, target = ends
        network = IPv6 if ":" in source.address else IP
        key = (message.conversation, message.direction)
        place = self._sequence.get(key, 1)
        self._sequence[key] = place + len(message.raw)
        transport = UDP(sport=source.port, dport=target.port)
        if conversation.transport not in {"dtls", "udp"}:
            other = self._sequence.get((message.conversation, _BACK[key[1]]), 1)
            transport = TCP(
                sport=source.port,
                dport=target.port,
                flags="PA",
                seq=place & _MASK,
                ack=other & _MASK,
            )
        packet = (
            Ether(src=UNKNOWN_MAC, dst=UNKNOWN_MAC)
            / network(src=source.address, dst=target.address)
            / transport
            / self._binding.dissect(message.raw)
        )
        packet.time = EDecimal(Decimal(message.time_ns).scaleb(-9))
        frames = ", ".join(map(str, message.frames))
        packet.comments = [
            f"NMSP conversation {message.conversation}, message {message.index}, "
            f"frames {frames}".encode()
        ]
        return packet

    def _warn(self) -> None:
        lost = sum(event.lost for event in self.events)
        if lost:
            log_runtime.warning(
                "NMSPSession: %d parts could not be read, see its `events`", lost
            )


class _Live:
    """Packets that Scapy hands over one by one."""

    def __init__(self, dissection: Dissection) -> None:
        self._dissection = dissection
        self._frame = 0

    def feed(self, packet: Packet) -> list[Result]:
        """Take the next packet."""
        self._frame += 1
        raw = packet.original or bytes(packet)
        linktype = conf.l2types.layer2num.get(type(packet), 1)
        time_ns = int(Decimal(str(packet.time)).scaleb(9))
        return self._dissection.packet(linktype, raw, self._frame, time_ns)

    def close(self) -> list[Result]:
        """End."""
        return self._dissection.close()


def _paths(given: Files) -> list[Path]:
    return [Path(given)] if isinstance(given, str | Path) else [Path(p) for p in given]


def _next(sock: Any) -> Packet | None:
    """Take the next packet; one of a list keeps its time, which Scapy would drop.

    Raises:
        EOFError: there are no more.
    """
    if not isinstance(sock, IterSocket):
        return sock.recv(MTU)
    found = next(sock.iter, None)
    if found is None:
        raise EOFError
    return conf.raw_layer(found) if isinstance(found, bytes) else found


def _rewindable(file: Any) -> bool:
    try:
        return bool(file is not None and file.seekable())
    except (AttributeError, ValueError):
        return False
