# SPDX-License-Identifier: GPL-2.0-or-later
"""Length-checked reading of TLS structures."""


class MalformedError(ValueError):
    """A structure contradicts its own lengths; the message says where."""


class Reader:
    """Reads big-endian numbers and length-prefixed vectors from bytes.

    Every read beyond the end raises `MalformedError`, so that a parser never sees
    bytes that are not there.
    """

    __slots__ = ("_data", "_end", "_pos")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._pos = 0
        self._end = len(data)

    def __bool__(self) -> bool:
        return self._pos < self._end

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self._pos
        if start + count > self._end:
            raise MalformedError(f"{count} bytes wanted, {self._end - start} left")
        self._pos = start + count
        return self._data[start : start + count]

    def number(self, width: int) -> int:
        """An unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """Bytes that a length of `width` bytes precedes."""
        return self.take(self.number(width))

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(self._end - self._pos)

    def numbers(self, prefix: int, width: int) -> list[int]:
        """A vector of numbers, each of `width` bytes."""
        body = Reader(self.vector(prefix))
        found = []
        while body:
            found.append(body.number(width))
        return found

    def vectors(self, prefix: int, width: int) -> list[bytes]:
        """A vector of vectors."""
        body = Reader(self.vector(prefix))
        found = []
        while body:
            found.append(body.vector(width))
        return found
