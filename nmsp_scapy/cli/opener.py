# SPDX-License-Identifier: GPL-2.0-or-later
"""A process that opens runs of records while its parent reads on.

It is started when the first run comes. Should it end before its time, its work is done
here.
"""

import io
import multiprocessing
import os
import pickle
from collections import deque
from contextlib import suppress
from multiprocessing.process import BaseProcess
from select import select
from typing import IO

from nmsp_scapy.cli.pipes import ROOM, pipe
from nmsp_scapy.tls.ahead import Aead, Chain, Task
from nmsp_scapy.tls.bulk import Run

KNOWN = 256
"""Directions whose keys the process remembers."""


class ProcessOpener:
    """Opens runs of records in another process; see `tls.ahead.Opener`."""

    def __init__(self) -> None:
        """Begin; the process starts later."""
        self._process: BaseProcess | None = None
        self._to = -1
        self._answers: IO[bytes] = io.BytesIO()
        self._known: dict[int, Aead] = {}
        self._waiting: deque[_Ticket] = deque()
        self._over = False

    def submit(self, protection: Aead, task: Task) -> "_Ticket | None":
        """Begin to open a run; None where what it goes on with is forgotten."""
        recipe = None
        number = id(protection)
        if number not in self._known:
            if task.start is None:
                return None
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[number] = protection  # kept, so that its number stays its own
            recipe = (type(protection), protection.recipe)
        ticket = _Ticket(self)
        if self._process is None:
            self._start()
        if not self._over:
            self._waiting.append(ticket)
            self._send(pickle.dumps((number, recipe, task)))
        return ticket

    def listen(self) -> None:
        """Wait for the next answer."""
        try:
            found: Run = pickle.load(self._answers)  # noqa: S301 - of our own process
        except EOFError:
            self._over = True
            self._waiting.clear()
        else:
            self._waiting.popleft().answer = found

    def waits_for(self, ticket: "_Ticket") -> bool:
        """Tell whether an answer is still to come."""
        return ticket in self._waiting

    def _start(self) -> None:
        theirs, self._to = pipe()
        answers, back = pipe()
        self._answers = open(answers, "rb", buffering=ROOM)  # noqa: SIM115 - closed later
        os.set_blocking(self._to, False)
        process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(theirs, back, self._to, answers), daemon=True
        )
        process.start()
        os.close(theirs)
        os.close(back)
        self._process = process

    def _send(self, data: bytes) -> None:
        """Send a run; answers are taken while the pipe is full."""
        view = memoryview(data)
        while view and not self._over:
            try:
                view = view[os.write(self._to, view) :]
            except BlockingIOError:
                if select([self._answers], [self._to], [])[0]:
                    self.listen()
            except BrokenPipeError:
                self._over = True
                self._waiting.clear()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            os.close(self._to)
            self._answers.close()
            self._process.terminate()
            self._process.join()
            self._process = None


class _Ticket:
    """A run that is being opened; see `tls.ahead.Ticket`."""

    def __init__(self, opener: ProcessOpener) -> None:
        self.answer: Run | None = None
        self._opener = opener

    def result(self) -> Run | None:
        """Wait for the answer; None where none comes."""
        while self.answer is None and self._opener.waits_for(self):
            self._opener.listen()
        return self.answer


def _serve(requests: int, answers: int, *others: int) -> None:
    """Open runs until no more come; the last thing that a process does."""
    for number in others:
        os.close(number)
    known: dict[int, Chain] = {}
    with (
        suppress(EOFError, BrokenPipeError, KeyboardInterrupt),
        open(requests, "rb", buffering=ROOM) as file,
        open(answers, "wb", buffering=0) as out,
    ):
        while True:
            number, recipe, task = pickle.load(file)  # noqa: S301 - ours
            if recipe is not None:
                if len(known) >= KNOWN:
                    known.clear()
                made, parts = recipe
                known[number] = Chain(made(*parts))
            answer = memoryview(pickle.dumps(known[number].open(task)))
            while answer:
                answer = answer[out.write(answer) :]
