# SPDX-License-Identifier: GPL-2.0-or-later
"""Progress of reading a capture: on a terminal, and nowhere else."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, TypeVar

T = TypeVar("T")

EVERY = 1000
"""Results between two looks at how far it is."""


class Tick(Protocol):
    """Called now and then while a capture is read."""

    def __call__(self, place: int | None = None) -> None:
        """Show how far it is: at `place`, or where its file stands."""


def wanted(*, quiet: bool) -> bool:
    """Tell whether progress can be shown: not among results on the same terminal."""
    return sys.stderr.isatty() and not quiet


@contextmanager
def reading(capture: str, *, quiet: bool) -> Iterator[tuple[str | IO[bytes], Tick]]:
    """Open a capture for reading.

    Args:
        capture: a path, or `-`.
        quiet: whether to show nothing.

    Yields:
        What `open_capture` takes, and what to call after each batch.
    """
    if capture == "-" or not wanted(quiet=quiet):
        yield capture, lambda place=None: None
        return
    from rich.console import Console
    from rich.progress import Progress

    path = Path(capture)
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        path.open("rb") as file,
    ):
        task = progress.add_task(path.name, total=path.stat().st_size or None)

        def tick(place: int | None = None) -> None:
            if place is None:
                place = 0 if file.closed else file.tell()
            progress.update(task, completed=place)

        yield file, tick


def ticking(results: Iterable[T], tick: Tick) -> Iterator[T]:
    """Pass on what is read, and show how far it is now and then."""
    for number, result in enumerate(results, 1):
        yield result
        if not number % EVERY:
            tick()
    tick()
