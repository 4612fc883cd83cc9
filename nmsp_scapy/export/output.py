# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that appear whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

BUFFER = 1 << 17
"""Bytes that are written at once."""

PRIVATE = 0o600
"""Mode of files that hold secrets or what secrets opened."""


@contextlib.contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """Write a file beside its place, and put it there when all is written.

    What is no regular file (a pipe, a terminal) is written to directly.

    Args:
        path: where the file belongs.
        private: readable by its owner alone, also where the old one was not.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()  # what a link names is replaced, not the link
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, PRIVATE if private else _mode(path))
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """Mode of the file that is replaced, or what the process gives new files."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def private_file(path: Path, mode: str) -> IO[bytes]:
    """Open a file for writing that its owner alone may read, whoever made it."""
    add = os.O_APPEND if mode == "ab" else os.O_TRUNC
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | add, PRIVATE)
    try:
        os.fchmod(number, PRIVATE)
    except OSError:
        os.close(number)
        raise
    return os.fdopen(number, mode, BUFFER)
