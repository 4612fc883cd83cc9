# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of records that are opened elsewhere while the capture is read on.

An AEAD record depends on nothing but its number, so that a run of them can be opened by
another process. The direction goes on behind them as if every one held application
data. When the answer comes and one held something else, what went on behind it is taken
back and done again in the ordinary way: the answer decides, never the guess.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls.aead import Aead12, Aead13
from nmsp_scapy.tls.buffer import RecordBuffer
from nmsp_scapy.tls.bulk import Run, run
from nmsp_scapy.tls.lane import Lane, Out

Aead = Aead12 | Aead13

Task = tuple[int, bytes, list[int]]
"""A run to be opened: number of its first record, the records, and where each piece of
the stream ends in them."""

LEAST: Final = 1 << 14
"""Bytes that are worth the way."""


class Ticket(Protocol):
    """A run that is being opened."""

    def result(self) -> Run:
        """Wait for it."""


class Opener(Protocol):
    """Opens runs of records, one after the other."""

    def submit(self, protection: Aead, task: Task) -> Ticket:
        """Begin to open a run."""


class Ahead:
    """A run of a lane that is being opened.

    Attributes:
        lane: whose.
        buffer, pieces: the bytes that begin with the run, and what they came in.
        items: what brought its last bytes.
        ticket: what its opening comes to; None where the items are to be taken again.
        sequence: number of its first record.
        out: what came of it; None until it is settled.
    """

    def __init__(
        self,
        lane: Lane,
        buffer: RecordBuffer,
        pieces: list[Plain],
        items: Sequence[Plain],
        ticket: Ticket,
    ) -> None:
        self.lane, self.buffer, self.pieces = lane, buffer, pieces
        self.items = items
        self.ticket: Ticket | None = ticket
        self.out: Out | None = None


def work(protection: Aead, task: Task) -> Run:
    """Open a run, here and now."""
    protection.sequence, data, ends = task
    return run(protection, data, 0, ends)


def begin(lane: Lane, items: Sequence[Plain], opener: Opener) -> Ahead | None:
    """Have the next records of a lane opened, if they are nothing but a long run.

    None where they are not: then nothing has changed.
    """
    protection = lane.protection
    if not isinstance(protection, Aead):
        return None
    if sum([len(item.data) for item in items]) < LEAST:
        return None
    buffer = lane.buffer.extended(items)
    data = buffer.data
    stops = protection.whole(data)
    if not stops or not _is_begun(protection, data[stops[-1] :]):
        return None
    ends, pieces = buffer.pieces()
    task = protection.sequence, data[: stops[-1]], ends
    ticket = opener.submit(protection, task)
    protection.sequence += len(stops)
    lane.buffer = buffer.behind(stops[-1])
    return Ahead(lane, buffer, pieces, items, ticket)


def _is_begun(protection: Aead, rest: bytes) -> bool:
    """Whether this begins an application data record and does not end it."""
    if len(rest) < 5:
        return b"\x17".startswith(rest[:1])
    return protection.is_head(rest[:5])
