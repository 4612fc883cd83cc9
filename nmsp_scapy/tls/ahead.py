# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of records that are opened elsewhere while the capture is read on.

An AEAD record depends on nothing but its number, so that a run of them can be opened by
another process. It goes on behind one run with the next as if every record held
application data. When the answer comes and one held something else, what went on behind
it is forgotten and done again in the ordinary way: the answer decides, never the guess.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls.aead import Aead12, Aead13
from nmsp_scapy.tls.bulk import Run, run
from nmsp_scapy.tls.lane import Lane, Out

Aead = Aead12 | Aead13

LEAST: Final = 1 << 14
"""Bytes that are worth the way."""


class Task(NamedTuple):
    """A run to be opened.

    Attributes:
        start: number of its first record; None where it goes on with what the run
            before it has left over.
        data: bytes of the stream.
        ends: where in them each piece of the stream ends.
    """

    start: int | None
    data: bytes
    ends: list[int]


class Ticket(Protocol):
    """A run that is being opened."""

    def result(self) -> Run | None:
        """Wait for it; None where it is to be opened here."""


class Opener(Protocol):
    """Opens runs of records, one after the other."""

    def submit(self, protection: Aead, task: Task) -> Ticket | None:
        """Begin to open a run; None where that is not possible."""


class Ahead:
    """A run of a lane that is being opened.

    Attributes:
        lane: whose.
        items: what brought its bytes.
        ticket: what its opening comes to; None where the items are to be taken again.
        out: what came of it; None until it is settled.
    """

    def __init__(self, lane: Lane, items: Sequence[Plain], ticket: Ticket) -> None:
        self.lane = lane
        self.items = items
        self.ticket: Ticket | None = ticket
        self.out: Out | None = None


class Chain:
    """Opens the runs of a direction, each behind the one before."""

    def __init__(self, protection: Aead) -> None:
        """Begin; the first task says where."""
        self._protection = protection
        self._rest = b""
        self._ends: list[int] = []

    def open(self, task: Task) -> Run:
        """Open a run; `Run.stop` and its pieces count from what was left over."""
        start, data, ends = task
        if start is not None:
            self._protection.sequence = start
        elif self._rest:
            left = len(self._rest)
            data = self._rest + data
            ends = [*self._ends, *[left + end for end in ends]]
        found = run(self._protection, data, 0, ends)
        self._rest = data[found.stop :]
        self._ends = [end - found.stop for end in ends if end > found.stop]
        return found


def begin(
    lane: Lane, items: Sequence[Plain], opener: Opener, *, follows: bool
) -> Ahead | None:
    """Have the next records of a lane opened, if that is worth the way.

    Args:
        lane: whose; application data under proved keys come next, for all one knows.
        items: the stream's next bytes.
        opener: opens them.
        follows: whether what comes before them is being opened.
    """
    protection = lane.protection
    if not isinstance(protection, Aead):
        return None
    if follows:
        pieces = [item.data for item in items]
        task = Task(None, b"".join(pieces), [*accumulate(map(len, pieces))])
    elif sum([len(item.data) for item in items]) < LEAST:
        return None
    else:
        buffer = lane.buffer.extended(items)
        task = Task(protection.sequence, buffer.data, buffer.pieces()[0])
    ticket = opener.submit(protection, task)
    return None if ticket is None else Ahead(lane, items, ticket)


def goes_on(lane: Lane, stop: int) -> bool:
    """Whether application data go on at `stop`, as far as their bytes are there."""
    assert isinstance(lane.protection, Aead)  # noqa: S101 - `begin` has looked
    head = lane.buffer.data[stop : stop + 5]
    if len(head) < 5:
        return b"\x17".startswith(head[:1])
    return lane.protection.is_head(head)
