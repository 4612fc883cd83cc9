# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures to measure with: real TLS of OpenSSL, as long as one asks for.

The WLC sends measurement notifications of about 93 bytes, in turn one a record,
sixteen a record, and cut into records wherever a record is full; the MSE sends an
echo now and then. Segments are 1448 bytes, as on Ethernet. With several MSEs, phases of
960 messages go to one after the other.
"""

import contextlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter, open_private
from nmsp_scapy.layers import (
    NMSP,
    NMSPEchoRequest,
    NMSPEntity,
    NMSPMacAddress,
    NMSPMeasurement,
    NMSPMeasurementNotification,
    NMSPRssiSample,
)

SEGMENT = 1448
PHASE = 960
"""Messages between two changes of how they are laid into records."""


@dataclass(frozen=True)
class Suite:
    """One TLS configuration that is measured."""

    name: str
    version: int
    ciphers: bytes


SUITES = (
    Suite("tls10-cbc", SSL.TLS1_VERSION, b"AES128-SHA@SECLEVEL=0"),
    Suite("tls12-cbc", SSL.TLS1_2_VERSION, b"AES128-SHA256@SECLEVEL=0"),
    Suite("tls12-gcm", SSL.TLS1_2_VERSION, b"ECDHE-RSA-AES128-GCM-SHA256"),
    Suite("tls13", SSL.TLS1_3_VERSION, b"DEFAULT"),
)


def messages(count: int, seed: int = 1) -> list[bytes]:
    """Build that many different measurement notifications, as bytes."""
    chance = random.Random(seed)  # noqa: S311 - data to measure with
    built = []
    for _ in range(count):
        samples = [
            NMSPRssiSample(
                ap_mac=chance.randbytes(6),
                rssi_a_dbm=-chance.randrange(30, 95),
                age_ms=chance.randrange(5000),
            )
            for _ in range(chance.choice((1, 2, 3, 4, 4)))
        ]
        element = NMSPMeasurement(
            elements=[
                NMSPMacAddress(mac=chance.randbytes(6)),
                NMSPEntity(kind=0),
                *samples,
            ]
        )
        built.append(bytes(NMSP() / NMSPMeasurementNotification(elements=[element])))
    return built


def writes(pool: list[bytes], count: int) -> list[list[list[bytes]]]:
    """Lay messages into writes (a record each), grouped by flush and by phase."""
    phases = []
    for start in range(0, count, PHASE):
        batch = [pool[i % len(pool)] for i in range(start, min(start + PHASE, count))]
        layout = start // PHASE % 3
        if layout == 0:
            records = batch
        elif layout == 1:
            records = [b"".join(batch[i : i + 16]) for i in range(0, len(batch), 16)]
        else:
            whole = b"".join(batch)
            records = [whole[i : i + 1000] for i in range(0, len(whole), 1000)]
        phases.append([records[i : i + 40] for i in range(0, len(records), 40)])
    return phases


def _context(suite: Suite) -> SSL.Context:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "0050569c3489")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(suite.version)
    context.set_max_proto_version(suite.version)
    context.set_cipher_list(suite.ciphers)
    context.use_privatekey(crypto.PKey.from_cryptography_key(key))
    context.use_certificate(crypto.X509.from_cryptography(certificate))
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    return context


class _Link:
    """Two OpenSSL connections and the frames of what passes between them."""

    def __init__(self, suite: Suite, number: int = 0) -> None:
        self.keys: list[bytes] = []
        client, server = _context(suite), _context(suite)
        client.set_keylog_callback(lambda _, line: self.keys.append(line))
        self.ends = (SSL.Connection(client), SSL.Connection(server))
        self.ends[0].set_connect_state()
        self.ends[1].set_accept_state()
        self._frames = TcpFrames((f"10.0.1.{number + 1}", 40000), ("10.0.0.2", 16113))
        self.frames = self._frames.open()
        self._handshake()

    def _handshake(self) -> None:
        for _ in range(8):
            for end in self.ends:
                with contextlib.suppress(SSL.WantReadError):
                    end.do_handshake()
                self.flush(self.ends.index(end))

    def flush(self, side: int) -> None:
        """Carry what a side has written to the other, in full segments."""
        try:
            data = self.ends[side].bio_read(1 << 24)
        except SSL.WantReadError:
            return
        for at in range(0, len(data), SEGMENT):
            last = at + SEGMENT >= len(data)
            segment = data[at : at + SEGMENT]
            self.frames += self._frames.data(side, segment, acknowledged=last)
        self.ends[1 - side].bio_write(data)
        try:
            while self.ends[1 - side].recv(1 << 16):
                pass
        except SSL.WantReadError:
            pass


def generate(
    suite: Suite, count: int, path: Path, connections: int = 1, start_ns: int = 10**18
) -> int:
    """Write a capture of `count` notifications; return their bytes of plaintext."""
    links = [_Link(suite, number) for number in range(connections)]
    echo = bytes(NMSP(transaction_id=7) / NMSPEchoRequest())
    total, now = 0, start_ns
    with open_private(path) as file:
        writer = PcapngWriter(file)
        writer.interface()
        for link in links:
            writer.secrets(b"\n".join(link.keys) + b"\n")
        for phase, groups in enumerate(writes(messages(4096), count)):
            link = links[phase % connections]
            link.ends[0].send(echo)
            link.flush(0)
            total += len(echo)
            for group in groups:
                for record in group:
                    link.ends[1].send(record)
                    total += len(record)
                link.flush(1)
            for frame in link.frames:
                now += 50_000
                writer.packet(frame, now)
            link.frames = []
    return total
