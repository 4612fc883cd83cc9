# SPDX-License-Identifier: GPL-2.0-or-later
"""The pcapng format: its numbers, its options, and a writer.

Source: documented, IETF draft `draft-ietf-opsawg-pcapng`. Reading a whole capture
is `pcapng_reader`.
"""

import os
from collections.abc import Iterable, Iterator
from enum import IntEnum
from pathlib import Path
from struct import Struct, unpack_from
from typing import IO, NamedTuple, cast

MAGIC = 0x1A2B3C4D
"""Byte-order magic of a section header."""

TLS_KEY_LOG = 0x544C534B
"""Type of secrets that are a TLS key log (`TLSK`)."""


class BlockType(IntEnum):
    """Block types that we read or write."""

    SECTION = 0x0A0D0D0A
    INTERFACE = 1
    PACKET = 2  # obsolete
    SIMPLE_PACKET = 3
    NAME_RESOLUTION = 4
    INTERFACE_STATISTICS = 5
    ENHANCED_PACKET = 6
    SECRETS = 10


class Option(IntEnum):
    """Options; the same number means other things in other blocks."""

    END = 0
    COMMENT = 1
    SECTION_HARDWARE = 2
    SECTION_OS = 3
    SECTION_APPLICATION = 4
    INTERFACE_NAME = 2
    INTERFACE_DESCRIPTION = 3
    INTERFACE_TICKS = 9
    INTERFACE_OFFSET = 14


class Value(NamedTuple):
    """One option of a block."""

    code: int
    data: bytes


def options(data: bytes, pos: int, end: int, order: str) -> Iterator[Value]:
    """Read a block's options; stop without a word where they make no sense.

    Args:
        data: holds the block.
        pos: where its options begin.
        end: where its trailing length begins.
        order: `<` or `>`.
    """
    while pos + 4 <= end:
        code, length = unpack_from(order + "HH", data, pos)
        if code == Option.END or pos + 4 + length > end:
            return
        yield Value(code, data[pos + 4 : pos + 4 + length])
        pos += 4 + (length + 3 & ~3)


def comments(values: Iterable[Value]) -> tuple[str, ...]:
    """Pick the comments from a block's options."""
    return tuple(text(v.data) for v in values if v.code == Option.COMMENT)


def text(data: bytes) -> str:
    """Decode an option's UTF-8; some writers end it with a zero."""
    return data.rstrip(b"\0").decode(errors="replace")


def ticks_of(resolution: int) -> int:
    """Ticks in a second by `if_tsresol`: a power of ten, or of two."""
    base = 2 if resolution & 0x80 else 10
    return int(base ** (resolution & 0x7F))


def open_private(path: str | Path) -> IO[bytes]:
    """Create a file that holds secrets: readable by its owner alone.

    One that exists is emptied, and its mode set, before anything is written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "wb")


_HEAD = Struct("<II").pack
_U16 = Struct("<HH").pack
_U32 = Struct("<I").pack


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _option(code: int, data: bytes) -> bytes:
    data = data[:65_535]
    return _U16(code, len(data)) + _padded(data)


def block(kind: int, body: bytes) -> bytes:
    """Build one block, little-endian; pads the body."""
    body = _padded(body)
    size = len(body) + 12
    return _HEAD(kind, size) + body + _U32(size)


class PcapngWriter:
    """Writes a capture: one section, little-endian, times in nanoseconds.

    Secrets must come before the packets that need them: tshark reads once.
    A file with secrets in it belongs to its owner alone, see `open_private`.
    """

    def __init__(
        self,
        file: IO[bytes],
        *,
        comments: Iterable[str] = (),
        hardware: str = "",
        system: str = "",
        application: str = "nmsp-scapy",
    ) -> None:
        """Write the section header.

        Args:
            file: open for writing; never closed nor flushed here.
            comments: on the capture as a whole.
            hardware: what it was made on; empty is left out.
            system: its operating system; empty is left out.
            application: what made it; empty is left out.
        """
        self._write = file.write
        self._interfaces = 0
        body = Struct("<IHHq").pack(MAGIC, 1, 0, -1)
        facts = [
            (Option.SECTION_HARDWARE, hardware),
            (Option.SECTION_OS, system),
            (Option.SECTION_APPLICATION, application),
        ]
        self._block(BlockType.SECTION, body, self._options(comments, facts))

    def interface(
        self,
        linktype: int = 1,
        *,
        snaplen: int = 0,
        name: str = "",
        description: str = "",
        comments: Iterable[str] = (),
    ) -> int:
        """Describe an interface; return its number for `packet`."""
        facts = [
            (Option.INTERFACE_NAME, name),
            (Option.INTERFACE_DESCRIPTION, description),
            (Option.INTERFACE_TICKS, "\x09"),
        ]
        body = Struct("<HHI").pack(linktype, 0, snaplen)
        self._block(BlockType.INTERFACE, body, self._options(comments, facts))
        self._interfaces += 1
        return self._interfaces - 1

    def packet(
        self,
        data: bytes,
        time_ns: int,
        *,
        interface: int = 0,
        wire_length: int | None = None,
        comments: Iterable[str] = (),
    ) -> None:
        """Write one packet.

        Args:
            data: from the link layer header on, as captured.
            time_ns: ns since 1970.
            interface: number from `interface`.
            wire_length: bytes it had on the wire; None is as many as captured.
            comments: on this packet.

        Raises:
            ValueError: the interface has not been described.
        """
        if not 0 <= interface < self._interfaces:
            raise ValueError(f"interface {interface} has not been described")
        length = len(data) if wire_length is None else wire_length
        body = Struct("<IIIII").pack(
            interface, time_ns >> 32, time_ns & 0xFFFF_FFFF, len(data), length
        )
        self._block(
            BlockType.ENHANCED_PACKET, body + _padded(data), self._options(comments, [])
        )

    def secrets(self, data: bytes, kind: int = TLS_KEY_LOG) -> None:
        """Write a secrets block; `data` is the text of a key log for `TLS_KEY_LOG`."""
        self._block(BlockType.SECRETS, Struct("<II").pack(kind, len(data)) + data, b"")

    def _block(self, kind: int, body: bytes, trailer: bytes) -> None:
        self._write(block(kind, body + trailer if trailer else body))

    @staticmethod
    def _options(comments: Iterable[str], facts: Iterable[tuple[int, str]]) -> bytes:
        written = [_option(Option.COMMENT, c.encode()) for c in comments]
        written += [_option(code, value.encode()) for code, value in facts if value]
        return b"".join((*written, b"\0\0\0\0")) if written else b""


class Block(NamedTuple):
    """One block as it stands in a file.

    Attributes:
        kind: its type.
        body: without type, lengths.
        offset: where it begins.
        order: byte order of its section, `<` or `>`.
    """

    kind: int
    body: bytes
    offset: int
    order: str


def blocks(file: IO[bytes]) -> Iterator[Block]:
    """Read the blocks of a sound, uncompressed file one by one.

    For those who copy captures with all that is in them. Stops at the end and at
    the first block that makes no sense; `open_capture` reads on and says why.
    """
    order, offset = "<", 0
    while True:
        head = file.read(12)
        if len(head) < 12:
            return
        kind = cast("int", unpack_from(order + "I", head)[0])
        if kind == BlockType.SECTION:
            order = "<" if head[8:] == MAGIC.to_bytes(4, "little") else ">"
        size = cast("int", unpack_from(order + "I", head, 4)[0])
        if size % 4 or not 12 <= size <= 1 << 24:
            return
        rest = file.read(size - 12)
        if len(rest) < size - 12:
            return
        yield Block(kind, (head[8:] + rest)[: size - 12], offset, order)
        offset += size
