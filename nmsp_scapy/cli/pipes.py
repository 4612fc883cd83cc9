# SPDX-License-Identifier: GPL-2.0-or-later
"""Pipes between our own processes: messages with their length before them."""

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress

ROOM = 1 << 20
"""Bytes that a pipe holds, where the system lets us choose."""


def pipe() -> tuple[int, int]:
    """Make a pipe: where to read and where to write."""
    ours, theirs = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # the user's limit for pipes is reached
            fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, ROOM)
    return ours, theirs


def send(number: int, pieces: Iterable[bytes]) -> None:
    """Send a message.

    Raises:
        BrokenPipeError: nobody listens any more.
    """
    pieces = list(pieces)
    for piece in (sum(map(len, pieces)).to_bytes(8), *pieces):
        view = memoryview(piece)
        while view:
            view = view[os.write(number, view) :]


def received(number: int) -> bytearray | None:
    """Wait for a message; None where no more come."""
    length = _exactly(number, 8)
    return None if length is None else _exactly(number, int.from_bytes(length))


def _exactly(number: int, length: int) -> bytearray | None:
    data, have = bytearray(length), 0
    view = memoryview(data)
    while have < length:
        count = os.readv(number, [view[have:]])
        if not count:
            return None
        have += count
    return data
