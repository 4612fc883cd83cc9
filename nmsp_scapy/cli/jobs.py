# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading captures by several processes, whose output is put into one order.

Every process reads all captures and opens its share of their conversations
(`nmsp_scapy.share`). For each stretch of a capture it sends what it has written, in
parts; this side brings the parts of a stretch into their order. A process that is
ahead is listened to all the same: what it has sent waits in memory, and beyond that in
a file.
"""

import multiprocessing
import os
import pickle
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from heapq import merge
from io import BytesIO
from multiprocessing.process import BaseProcess
from pathlib import Path
from select import select
from typing import IO, Any, NamedTuple, Protocol, cast

from nmsp_scapy.capture import CaptureError, Datagram, Segment, open_capture
from nmsp_scapy.cli.pipes import pipe, received, send
from nmsp_scapy.conversation import Event
from nmsp_scapy.decrypt import Decryption
from nmsp_scapy.dissect import Dissection
from nmsp_scapy.profile import Profile
from nmsp_scapy.share import Key, Share
from nmsp_scapy.tls import KeyStore

BEGINNING = 4 << 20
"""Bytes of a capture that tell whether there is anything to share."""

WAITING = 16 << 20
"""Bytes that a process which is ahead may leave in memory."""


class Part(NamedTuple):
    """What a process has written of adjacent results.

    Attributes:
        key: where it belongs.
        text: what is written to the output.
        events: those in it.
    """

    key: Key
    text: memoryview
    events: list[Event]


class End(NamedTuple):
    """The end of a capture, as a process sees it.

    Attributes:
        conversations: found in it, those of all processes.
        unread: whether something of its share could not be read.
        error: why it is no capture; empty otherwise.
    """

    conversations: int
    unread: bool
    error: str


class Taker(Protocol):
    """What makes text, or files, of results."""

    def begin(self, capture: str) -> None:
        """Go on with another capture."""

    def take(self, results: list[Any]) -> list[Event]:
        """Write results; return the events in them."""

    def close(self) -> None:
        """Write what comes last."""


class Work(NamedTuple):
    """What the processes are to do.

    Attributes:
        captures: paths of files.
        taker: makes the taker, which writes to the file given.
        framed: whether it takes messages, or the decrypted bytes.
    """

    captures: tuple[str, ...]
    keys: KeyStore
    profile: Profile
    ports: frozenset[int]
    taker: Callable[[IO[bytes]], Taker]
    framed: bool = True


def can_share(captures: Sequence[str], ports: frozenset[int]) -> bool:
    """Tell whether several processes can read them, and have something to share.

    They can read regular files, on a Unix. Of one capture, its beginning tells whether
    more than one pair of hosts talks in it.
    """
    if not hasattr(os, "fork") or not all(Path(path).is_file() for path in captures):
        return False
    return len(captures) > 1 or _pairs(captures[0], ports) > 1


def _pairs(path: str, ports: frozenset[int]) -> int:
    """Count the pairs of hosts that talk at a capture's beginning, up to two."""
    with Path(path).open("rb") as file:
        head = BytesIO(file.read(BEGINNING))
    pairs: set[frozenset[bytes]] = set()
    with suppress(CaptureError):
        for found in open_capture(head, ports=ports):
            if isinstance(found, Segment | Datagram):
                hosts = found.flow[:-4]
                half = len(hosts) // 2
                pairs.add(frozenset((hosts[:half], hosts[half:])))
            if len(pairs) > 1:
                break
    return len(pairs)


class Jobs:
    """Processes at work. Leaving the context ends them, whatever has happened.

    Attributes:
        end: of the capture that was read last.
    """

    def __init__(self, work: Work, count: int) -> None:
        """Begin; `count` processes start when the context is entered."""
        self._work, self._count = work, count
        self._inboxes: list[_Inbox] = []
        self._processes: list[BaseProcess] = []
        self.end = End(0, False, "")

    def __enter__(self) -> "Jobs":
        """Start the processes."""
        context = multiprocessing.get_context("fork")
        for index in range(self._count):
            ours, theirs = pipe()
            share = Share(index, self._count)
            process = context.Process(
                target=_run, args=(self._work, share, theirs), daemon=True
            )
            process.start()
            os.close(theirs)
            self._processes.append(process)
            self._inboxes.append(_Inbox(ours))
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        for process in self._processes:
            process.terminate()
            process.join()
        for inbox in self._inboxes:
            inbox.close()

    def read(self) -> Iterator[list[Part]]:
        """Read the next capture: the parts of each stretch, in their order."""
        ends: list[End] = []
        reading = list(self._inboxes)
        while reading:
            stretch: list[list[Part]] = []
            for inbox in reading[:]:
                found = self._next(inbox)
                if isinstance(found, End):
                    ends.append(found)
                    reading.remove(inbox)
                else:
                    stretch.append(found)
            yield list(merge(*stretch, key=lambda part: part.key))
        self.end = End(
            max(end.conversations for end in ends),
            any(end.unread for end in ends),
            ends[0].error,
        )

    def _next(self, inbox: "_Inbox") -> list[Part] | End:
        """Wait for a process, and listen to all of them meanwhile."""
        while (found := inbox.take()) is None:
            pipes = {one.pipe: one for one in self._inboxes if not one.over}
            if inbox.over:
                raise RuntimeError("a process that read the captures has ended")
            for number in select(list(pipes), [], [])[0]:
                pipes[number].listen()
        return found


class _Inbox:
    """What a process has sent and nobody has asked for yet."""

    def __init__(self, number: int) -> None:
        self.pipe = number
        self.over = False
        self._held: deque[bytearray] = deque()
        self._size = 0
        self._overflow: IO[bytes] | None = None
        self._taken = 0

    def listen(self) -> None:
        """Receive a message, which the process has begun to send."""
        data = received(self.pipe)
        if data is None:
            self.over = True
            return
        length = len(data)
        if self._overflow is None and self._size + length <= WAITING:
            self._held.append(data)
            self._size += length
            return
        if self._overflow is None:
            self._overflow = tempfile.TemporaryFile()  # noqa: SIM115 - closed later
        self._overflow.seek(0, os.SEEK_END)
        self._overflow.write(length.to_bytes(8) + data)

    def take(self) -> list[Part] | End | None:
        """Return the next message; None where none is here."""
        if self._held:
            data = self._held.popleft()
            self._size -= len(data)
            return _read(data)
        if self._overflow is None:
            return None
        self._overflow.seek(self._taken)
        length = int.from_bytes(self._overflow.read(8))
        spilt = bytearray(self._overflow.read(length))
        self._taken = self._overflow.tell()
        if self._taken == self._overflow.seek(0, os.SEEK_END):
            self._overflow.close()
            self._overflow, self._taken = None, 0
        return _read(spilt)

    def close(self) -> None:
        """Listen no more."""
        os.close(self.pipe)
        if self._overflow is not None:
            self._overflow.close()


# -- what the processes do -------------------------------------------------------------


class _Sheet:
    """Takes what a writer writes until it is sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.write = self._pieces.append

    def taken(self) -> list[bytes]:
        """Return what was written, and forget it."""
        pieces = self._pieces.copy()
        self._pieces.clear()
        return pieces


def _run(work: Work, share: Share, to: int) -> None:
    """Read all captures; the last thing that a process does."""
    try:
        sheet = _Sheet()
        taker = work.taker(cast("IO[bytes]", sheet))
        if share.index:
            sheet.taken()  # one heading is enough
        first = 0
        for capture in work.captures:
            share.begin()
            taker.begin(capture)
            decryption = Decryption(
                work.keys,
                profile=work.profile,
                ports=work.ports,
                first=first,
                share=share,
            )
            end = _capture(work, decryption, capture, taker, sheet, to)
            first += end.conversations
            send(to, [pickle.dumps(end)])
        taker.close()
    except (KeyboardInterrupt, BrokenPipeError):
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - raised again on the other side
        send(to, [pickle.dumps(error)])


def _capture(
    work: Work,
    decryption: Decryption,
    capture: str,
    taker: Taker,
    sheet: _Sheet,
    to: int,
) -> End:
    stretches: Iterator[list[tuple[Key, list[Any]]]] = decryption.parts(capture)
    if work.framed:
        stretches = Dissection(decryption, work.profile).shared(capture)
    error = ""
    try:
        for parts in stretches:
            texts: list[bytes] = []
            heads: list[tuple[Key, int, list[Event]]] = []
            for key, results in parts:
                events = taker.take(results)
                pieces = sheet.taken()
                texts += pieces
                heads.append((key, sum(map(len, pieces)), events))
            _send_parts(to, heads, texts)
    except CaptureError as problem:
        error = str(problem)
    rest = sheet.taken()  # the heading, where nothing else was written
    _send_parts(to, [(Key(0, 0), sum(map(len, rest)), [])], rest)
    return End(decryption.conversations, decryption.unread or bool(error), error)


def _send_parts(
    to: int, heads: list[tuple[Key, int, list[Event]]], texts: list[bytes]
) -> None:
    head = pickle.dumps(heads)
    send(to, [len(head).to_bytes(4) + head, *texts])


def _read(data: bytearray) -> list[Part] | End:
    """Read a message; an end is told by its first byte, which no length has.

    Raises:
        Exception: what the process has raised.
    """
    if data[0] == pickle.PROTO[0]:
        end: End | Exception = pickle.loads(data)  # noqa: S301 - of our own process
        if isinstance(end, Exception):
            raise end
        return end
    at = 4 + int.from_bytes(data[:4])
    view, parts = memoryview(data), []
    heads = pickle.loads(view[4:at])  # noqa: S301 - of our own process
    for key, size, events in heads:
        parts.append(Part(key, view[at : at + size], events))
        at += size
    return parts
