# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets that are TLS sessions: an input is a key log and what two sides sent.

Two bytes length of the key log, the key log, then pieces: a byte of flags, two bytes
length, the bytes. Seeds are real sessions, so that what is changed in them is changed
behind a handshake that holds.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

from nmsp_scapy.integrity import BadMac, Gap, Item, NoKey, Plain, Undecodable
from nmsp_scapy.tls import DtlsSession, KeyStore, TlsEngine, TlsSession
from nmsp_scapy.tls.lane import Out

KEY = Path(__file__).parent.parent.parent / "keys" / "wlc.pem"
"""The RSA key of the server in every seed."""

PIECES = 2000
SIDE, LOST, ANSWERED = 1, 2, 4

Piece = tuple[int, bytes]


@cache
def _with_rsa_key() -> KeyStore:
    keys = KeyStore()
    keys.add_rsa_key(KEY.read_bytes(), "fuzz.pem")
    return keys


def parted(data: bytes) -> tuple[bytes, list[Piece]]:
    """The key log of an input, and its pieces with their flags."""
    size = int.from_bytes(data[:2], "big")
    rest = data[2 + size :]
    return data[2 : 2 + size], list(islice(_pieces(rest), PIECES))


def _pieces(data: bytes) -> Iterator[Piece]:
    while len(data) > 3:
        stop = 3 + int.from_bytes(data[1:3], "big")
        yield data[0], data[3:stop]
        data = data[stop:]


def joined(key_log: bytes, pieces: list[Piece]) -> bytes:
    """The input that `parted` takes apart."""
    parts = [bytes([f]) + len(d).to_bytes(2, "big") + d for f, d in pieces]
    return len(key_log).to_bytes(2, "big") + key_log + b"".join(parts)


def store(key_log: bytes, growing: bool = False) -> KeyStore:
    """A store with this key log and the server's RSA key."""
    keys = KeyStore(growing)
    keys.add_keylog(key_log, "fuzz.keys")
    keys._rsa = _with_rsa_key()._rsa  # reading it anew takes longer than all else
    return keys


def _items(pieces: list[Piece], step: int) -> Iterator[tuple[int, Item]]:
    """The pieces as a stream stage hands them on, cut to `step` bytes."""
    places = [0, 0]
    for frame, (flags, data) in enumerate(pieces, 1):
        side = flags & SIDE
        if flags & LOST:
            length = len(data) or None
            yield side, Gap(places[side], length, frame, (frame,), "lost")
            places[side] += len(data)
            continue
        for at in range(0, len(data), step):
            part = data[at : at + step]
            yield side, Plain(part, places[side], frame, (frame,))
            places[side] += len(part)


def sound(out: Out, ends: list[int]) -> list[bytes]:
    """Hold what sessions promise; the plaintext of both sides.

    Application data goes on where it was; holes lie within the stream.
    """
    plain = [b"", b""]
    for side, item in out:
        assert item.time_ns >= 0
        if isinstance(item, Plain):
            assert item.data
            assert item.offset == len(plain[side])
            plain[side] += item.data
        else:
            assert isinstance(item, Gap | BadMac | NoKey | Undecodable)
            assert item.reason
            assert item.offset >= 0
            assert item.length is None or item.length > 0
            past = isinstance(item, Gap)  # the rest of the last record
            assert past or item.offset + (item.length or 0) <= ends[side]
    return plain


def _ends(stream: list[tuple[int, Item]]) -> list[int]:
    ends = [0, 0]
    for side, item in stream:
        length = len(item.data) if isinstance(item, Plain) else item.length
        ends[side] += length or 0
    return ends


def _run(session: TlsSession | DtlsSession, stream: list[tuple[int, Item]]) -> Out:
    out: Out = []
    for side, item in stream:
        out += session.feed(side, item)
    out += session.finish()
    assert repr(session.facts)
    return out


def _run_many(session: TlsSession, stream: list[tuple[int, Item]]) -> Out:
    """The same, all adjacent bytes of a side at once."""
    out: Out = []
    run: list[Plain] = []
    owner = 0
    for side, item in stream:
        if run and (side != owner or not isinstance(item, Plain)):
            out += session.feed_many(owner, run)
            run = []
        owner = side
        if isinstance(item, Plain):
            run.append(item)
        else:
            out += session.feed(side, item)
    if run:
        out += session.feed_many(owner, run)
    return out + session.finish()


def records(data: bytes) -> None:
    """Bytes as the two directions of a session.

    Any cuts give the same plaintext, unless a damaged record had to be stepped over:
    where the next begins is then a guess that more bytes can correct.
    """
    key_log, pieces = parted(data)
    whole = list(_items(pieces, 2**16))
    out = _run(TlsEngine(store(key_log)).session(), whole)
    plain = sound(out, _ends(whole))
    guessed = any(isinstance(item, Undecodable | Gap) for _, item in out)
    for step, run in ((9, _run), (50, _run_many)):
        cut = list(_items(pieces, step))
        out = run(TlsEngine(store(key_log)).session(), cut)
        assert sound(out, _ends(cut)) == plain or guessed
    closed = _run(TlsEngine(KeyStore()).session(), whole)
    sound(closed, _ends(whole))
    held = TlsEngine(store(b"", growing=True)).session()
    sound(_run(held, whole), _ends(whole))


def handshakes(data: bytes) -> None:
    """Bytes as handshake messages, their lengths and records made to fit."""
    key_log, pieces = parted(data)
    wrapped = []
    for flags, piece in pieces:
        if not piece:
            continue
        body = piece[:1] + (len(piece) - 1).to_bytes(3, "big") + piece[1:]
        if flags & ANSWERED:  # something that is no handshake
            body = piece
        kind = 22 - 2 * bool(flags & ANSWERED)
        size = 1 + (flags >> 3) * 16
        for at in range(0, len(body), size):
            part = body[at : at + size]
            head = bytes([kind, 3, 3]) + len(part).to_bytes(2, "big")
            wrapped.append((flags & SIDE, head + part))
    records(joined(key_log, wrapped))


def dtls(data: bytes) -> None:
    """Bytes as the datagrams of an association."""
    key_log, pieces = parted(data)
    stream = list(_items(pieces, 2**16))
    for keys in (store(key_log), KeyStore(), store(key_log, growing=True)):
        session = TlsEngine(keys).datagram_session()
        sound(_run(session, stream), _ends(stream))
