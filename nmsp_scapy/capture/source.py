# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes of a capture in chunks: plain, gzip or zstd, a file that grows, a pipe.

Nothing is read whole: memory is bounded by `CHUNK` whatever the file's size, and
whatever a compressed one expands to.
"""

import zlib
from collections.abc import Callable
from typing import IO, Protocol

CHUNK = 1 << 18
"""Bytes asked for at once. Larger ones leave the processor's cache."""

ZSTD_WINDOW = 1 << 27
"""Largest window accepted, bytes; what the zstd program accepts by itself."""

Wait = Callable[[], bool]
"""Called at the end of a file that may grow; False ends the capture."""


class Source(Protocol):
    """What the readers read from."""

    @property
    def damage(self) -> str | None:
        """What ended the bytes before their time, if anything did."""

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes, about `size` at most; `b""` at the end."""


class Plain:
    """A file object as it is."""

    damage: str | None = None

    def __init__(self, file: IO[bytes], head: bytes, wait: Wait | None = None) -> None:
        """Begin.

        Args:
            file: where to read; a pipe gives what is there.
            head: what has been read of it already.
            wait: see `Wait`; None ends at the end of the file.
        """
        self._read = getattr(file, "read1", None) or file.read
        self._head = head
        self._wait = wait

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes, `b""` at the end."""
        if self._head:
            head, self._head = self._head, b""
            return head
        while True:
            data: bytes = self._read(size) or b""
            if data or self._wait is None or not self._wait():
                return data


class Gzip:
    """Members of a gzip file, one after the other."""

    def __init__(self, inner: Source) -> None:
        """Begin; `inner` gives the compressed bytes."""
        self.damage: str | None = None
        self._inner = inner
        self._rest = b""
        self._member = zlib.decompressobj(31)
        self._begun = False

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes, `b""` at the end or where the data are damaged."""
        while self.damage is None:
            if self._member.eof:
                self._rest = self._member.unused_data.lstrip(b"\0")
                self._member = zlib.decompressobj(31)
                self._begun = False
            compressed = self._rest or self._inner.read()
            if not compressed:
                if self._begun:
                    self.damage = "the gzip data end before their time"
                break
            self._begun = True
            before = self._member.copy()
            try:
                data = self._member.decompress(compressed, size)
            except zlib.error as error:
                self.damage = f"the gzip data are damaged ({error})"
                return _salvage(before, compressed)
            self._rest = self._member.unconsumed_tail
            if data:
                return data
        return b""


def _salvage(member: "zlib._Decompress", compressed: bytes) -> bytes:
    """What can be had of a chunk before its damage, byte by byte."""
    data = bytearray()
    try:
        for pos in range(len(compressed)):
            data += member.decompress(compressed[pos : pos + 1], CHUNK)
            if len(data) >= CHUNK:
                break
    except zlib.error:
        pass
    return bytes(data)


class _Reader:
    """The face of a file that zstandard reads from."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        data = self._rest or self._inner.read()
        if size < 0:
            size = len(data)
        self._rest = data[size:]
        return data[:size]


class Zstd:
    """Frames of a zstd file, one after the other."""

    def __init__(self, inner: Source) -> None:
        """Begin; `inner` gives the compressed bytes."""
        # Few captures are compressed so; the library loads slowly.
        import zstandard

        self.damage: str | None = None
        self._error = zstandard.ZstdError
        self._stream = zstandard.ZstdDecompressor(
            max_window_size=ZSTD_WINDOW
        ).stream_reader(_Reader(inner), read_across_frames=True)  # type: ignore[arg-type]

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes, `b""` at the end or where the data are damaged."""
        if self.damage is not None:
            return b""
        try:
            return self._stream.read1(size)
        except self._error as error:
            self.damage = f"the zstd data are damaged ({error})"
            return b""


def opened(file: IO[bytes], wait: Wait | None = None) -> Source:
    """Choose the source by the first bytes of a file.

    Args:
        file: open for reading, at its beginning; need not be seekable.
        wait: for a file that may grow.
    """
    head = b""
    first = Plain(file, b"", wait)
    while len(head) < 4:
        more = first.read()
        if not more:
            break
        head += more
    plain = Plain(file, head, wait)
    if head[:2] == b"\x1f\x8b":
        return Gzip(plain)
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return Zstd(plain)
    return plain


class Buffer:
    """The window of a source that a reader looks at.

    Attributes:
        data: bytes at hand.
        base: place of the first of them in the (uncompressed) file.
    """

    __slots__ = ("base", "data", "source")

    def __init__(self, source: Source) -> None:
        """Begin at the source's beginning."""
        self.source = source
        self.data = b""
        self.base = 0

    def more(self, keep: int) -> bool:
        """Drop what lies before `keep` and read on; False at the end."""
        chunk = self.source.read()
        self.data = self.data[keep:] + chunk
        self.base += keep
        return bool(chunk)

    def need(self, length: int) -> bool:
        """Read until `length` bytes are at hand; False when the file has fewer."""
        while len(self.data) < length:
            if not self.more(0):
                return False
        return True
