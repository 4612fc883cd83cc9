# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations of other protocols, as what is in a capture on NMSP's port.

Each yields turns: time in seconds, side (0 asks, 1 answers), bytes.
"""

import random
import struct
from collections.abc import Callable, Iterator

from nmsp_scapy.calibrate import Run, runs_of
from nmsp_scapy.integrity import Plain

Turn = tuple[float, int, bytes]
TURNS = 300


def _random(rng: random.Random) -> Iterator[Turn]:
    for n in range(TURNS):
        yield n, n % 2, rng.randbytes(rng.randint(20, 400))


def _zeros(_rng: random.Random) -> Iterator[Turn]:
    for n in range(TURNS):
        yield n, n % 2, bytes(64)


def _http(rng: random.Random) -> Iterator[Turn]:
    for n in range(TURNS):
        yield n, 0, b"GET /%d HTTP/1.1\r\nHost: x.example\r\n\r\n" % n
        body = b"x" * rng.randint(1, 900)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        yield n + 0.1, 1, head + body


def _http2(rng: random.Random) -> Iterator[Turn]:
    """Frames: 24-bit length, type, flags, stream; PING goes as an echo does."""

    def frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
        head = struct.pack(">I", len(body))[1:] + bytes([kind, flags])
        return head + struct.pack(">I", stream) + body

    for side in (0, 1):
        yield 0.1 * side, side, frame(4, 0, 0, bytes(6 * rng.randint(1, 6)))
        yield 0.1 * side + 0.2, 1 - side, frame(4, 1, 0, b"")
    for n in range(1, TURNS):
        stream = 2 * n + 1
        if n % 20 == 0:
            yield n, n // 20 % 2, frame(8, 0, 0, struct.pack(">I", 65535))
        if n % 33 == 0:
            yield n + 0.25, 1, frame(3, 0, stream, struct.pack(">I", 8))
        yield n, 0, frame(1, 5, stream, rng.randbytes(rng.randint(20, 60)))
        yield n + 0.1, 1, frame(1, 4, stream, rng.randbytes(rng.randint(10, 40)))
        yield n + 0.2, 1, frame(0, 1, stream, rng.randbytes(rng.randint(1, 900)))
        if n % 15 == 0:
            opaque = rng.randbytes(8)
            yield n + 0.3, 0, frame(6, 0, 0, opaque)
            yield n + 0.4, 1, frame(6, 1, 0, opaque)


def _mqtt(rng: random.Random) -> Iterator[Turn]:
    """Ping every minute; otherwise short publications of both sides."""
    for n in range(TURNS):
        topic = b"\x00\x05a/b/c" + rng.randbytes(rng.randint(1, 90))
        if n % 15 == 0:
            yield n, 0, b"\xc0\0"
            yield n + 0.1, 1, b"\xd0\0"
        yield n + 0.2, n % 2, b"\x30" + bytes([len(topic)]) + topic


def _tls(rng: random.Random) -> Iterator[Turn]:
    for n in range(TURNS):
        own = rng.randbytes(rng.randint(20, 900))
        yield n, n % 2, b"\x17\x03\x03" + struct.pack(">H", len(own)) + own


def _dns(rng: random.Random) -> Iterator[Turn]:
    for n in range(TURNS):
        query = rng.randbytes(2)
        name = b"\x04host\x07example\x00"
        ask = query + b"\x01\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1"
        yield n, 0, struct.pack(">H", len(ask)) + ask
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + rng.randbytes(4)
        records = record * rng.randint(1, 4)
        answer = query + b"\x81\x80\0\1\0\1\0\0\0\0" + ask[12:] + records
        yield n + 0.02, 1, struct.pack(">H", len(answer)) + answer


def _redis(rng: random.Random) -> Iterator[Turn]:
    for n in range(TURNS):
        if n % 15 == 0:
            yield n, 0, b"*1\r\n$4\r\nPING\r\n"
            yield n + 0.01, 1, b"+PONG\r\n"
        value = b"v" * rng.randint(1, 99)
        yield n + 0.2, 0, b"*2\r\n$3\r\nGET\r\n$5\r\nkey%02d\r\n" % (n % 100)
        yield n + 0.21, 1, b"$%d\r\n%s\r\n" % (len(value), value)


def _ssh(rng: random.Random) -> Iterator[Turn]:
    yield 0, 0, b"SSH-2.0-OpenSSH_9.2\r\n"
    yield 0.1, 1, b"SSH-2.0-OpenSSH_8.4\r\n"
    for n in range(1, TURNS):
        yield n, n % 2, rng.randbytes(16 * rng.randint(2, 20))


def _logs(rng: random.Random) -> Iterator[Turn]:
    for n in range(TURNS):
        line = b"2026-01-01T00:%02d:%02dZ host app[%d]: " % (n // 60, n % 60, n)
        yield n, 0, line + b"message " * rng.randint(1, 9) + b"\n"
        yield n + 0.1, 1, b"ok %d\n" % n


def _kafka(rng: random.Random) -> Iterator[Turn]:
    """Length, then key, version and a correlation id that answers copy."""
    for n in range(TURNS):
        key = rng.choice([0, 1, 3, 18])
        ask = struct.pack(">HHIH", key, 7, n, 4) + b"me-1" + bytes(rng.randint(5, 80))
        yield n, 0, struct.pack(">I", len(ask)) + ask
        answer = struct.pack(">I", n) + rng.randbytes(rng.randint(10, 300))
        yield n + 0.1, 1, struct.pack(">I", len(answer)) + answer


def _bgp(rng: random.Random) -> Iterator[Turn]:
    """Marker, length, type; keepalives of both sides."""
    for n in range(TURNS):
        body = rng.randbytes(rng.randint(4, 90))
        head = b"\xff" * 16 + struct.pack(">HB", 19 + len(body), 2)
        yield n, n % 2, head + body
        if n % 15 == 0:
            for side in (0, 1):
                alive = b"\xff" * 16 + struct.pack(">HB", 19, 4)
                yield n + 0.1 + side / 10, side, alive


def _postgres(rng: random.Random) -> Iterator[Turn]:
    """A letter and a length that counts itself."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack(">I", 4 + len(body)) + body

    for n in range(TURNS):
        yield n, 0, message(b"Q", b"select %d\0" % rng.randint(1, 99999))
        row = struct.pack(">HI", 1, 4) + rng.randbytes(rng.randint(4, 40))
        parts = [message(b"T", bytes(28)), message(b"D", row)]
        yield n + 0.1, 1, b"".join(parts) + message(b"Z", b"I")


def _modbus(rng: random.Random) -> Iterator[Turn]:
    """Transaction, protocol, length, unit, function: asked and answered evenly."""
    for n in range(TURNS):
        ask = struct.pack(">BBHH", 1, 3, rng.randint(0, 99), 4)
        yield n, 0, struct.pack(">HHH", n, 0, len(ask)) + ask
        answer = struct.pack(">BBB", 1, 3, 8) + rng.randbytes(8)
        yield n + 0.05, 1, struct.pack(">HHH", n, 0, len(answer)) + answer


FOREIGN: dict[str, Callable[[random.Random], Iterator[Turn]]] = {
    "random": _random, "zeros": _zeros, "http": _http, "http2": _http2, "mqtt": _mqtt,
    "tls": _tls, "dns": _dns, "redis": _redis, "ssh": _ssh, "logs": _logs,
    "kafka": _kafka, "bgp": _bgp, "postgres": _postgres, "modbus": _modbus,
}  # fmt: skip


def turns(name: str, seed: int = 1) -> list[Turn]:
    """What both sides of a conversation say."""
    return list(FOREIGN[name](random.Random(f"{name} {seed}")))


def foreign(name: str, seed: int = 1) -> list[Run]:
    """The conversation as calibrate sees it: a record for each turn."""
    return runs_of(
        (side, Plain(data, 0, int(when * 1e9), (number,)))
        for number, (when, side, data) in enumerate(turns(name, seed), 1)
    )
