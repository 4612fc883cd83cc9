# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections out of a trace's records, several at a time.

State lines name no connection: they belong to the one that the same task named last.
OCR misreads single digits of a handle (`590a6048`, `59026048`): a handle that differs
from exactly one open connection's in one digit is that connection's.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from nmsp_scapy.trace.events import Kind, Said, event_in
from nmsp_scapy.trace.records import Record, RecordReader, concerns

STEP_LIMIT = 1000
"""Steps that are kept of one connection; the rest are counted."""
OPEN_LIMIT = 1024
"""Connections that are followed at the same time."""
_OF_TASK = {
    Kind.STATE,
    Kind.NOTE,
    Kind.VALIDATED,
    Kind.NOT_VALIDATED,
    Kind.CERT_HASH,
}


class Step(msgspec.Struct):
    """One event of a connection's timeline.

    Attributes:
        line: of the log, 1 is the first.
        time_ns: ns since 1970 in the log's clock, None unknown.
        exact: False where the record had lost its head: then the time is the record
            before's, a lower bound.
        notes: what the `_string` lines after a state said.
    """

    line: int
    time_ns: int | None
    exact: bool
    clock: str
    said: Said
    notes: list[str] = []

    @property
    def kind(self) -> Kind:
        """What happened."""
        return self.said.kind


class Connection(msgspec.Struct):
    """One connection as the log tells it.

    Attributes:
        index: 0 is the log's first.
        handle: `conn ssl`, as first named; empty when never named.
        spellings: other spellings of the handle that were taken for it.
        number: `conn id`, None when never named.
        begun: whether the log shows its beginning.
        ended: how it left the log: `freed`, `replaced` by one with the same handle or
            number, `end of log`, `too many open`.
    """

    index: int
    handle: str = ""
    spellings: list[str] = []
    number: int | None = None
    task: str = ""
    dated: bool = False
    begun: bool = False
    ended: str = ""
    steps: list[Step] = []
    dropped: int = 0

    def first(self, *kinds: Kind) -> Step | None:
        """Find the first step of these kinds."""
        return next((step for step in self.steps if step.kind in kinds), None)

    def states(self) -> list[Step]:
        """List the steps that name a state, in order."""
        return [step for step in self.steps if step.kind is Kind.STATE]


class Trace(msgspec.Struct):
    """What is true of the whole log, so far.

    Attributes:
        lines: lines read; headless: records whose head was lost.
        forms: forms of heads seen, and how often.
        applications: NMSP messages that the log mentions, by name.
    """

    lines: int = 0
    headless: int = 0
    forms: dict[str, int] = {}
    applications: dict[str, int] = {}
    connections: int = 0


class Tracker:
    """Follows a log line by line; memory stays bounded.

    Args:
        on_step: called with each step as it is read.
    """

    def __init__(
        self, on_step: Callable[["Connection", "Step"], None] | None = None
    ) -> None:
        self.trace = Trace()
        self._on_step = on_step
        self._reader = RecordReader()
        self._open: list[Connection] = []
        self._current: dict[str, Connection] = {}
        self._over: set[str] = set()

    def feed(self, line: bytes) -> list[Connection]:
        """Take one line; give the connections that it ends."""
        records = self._reader.feed(line)
        if not records:
            return []
        return [c for record in records for c in self._record(record)]

    def feed_all(self, lines: Iterable[bytes]) -> Iterator[Connection]:
        """Take lines; yield connections as they end. Fast where nothing concerns us."""
        reader = self._reader
        for line in lines:
            if reader.resting and not concerns(line):
                reader.lines += 1
            else:
                yield from self.feed(line)

    def idle(self) -> list[Connection]:
        """Take the last record for whole: nothing has followed for a while."""
        return [c for record in self._reader.close() for c in self._record(record)]

    def close(self) -> list[Connection]:
        """Give the connections that are still open at the end of the log."""
        ended = self.idle()
        ended += [c for c in list(self._open) if self._end(c, "end of log")]
        self._update()
        return ended

    @property
    def open(self) -> list[Connection]:
        """Connections that have not ended, the oldest first."""
        return list(self._open)

    def _update(self) -> None:
        reader = self._reader
        self.trace.lines, self.trace.headless = reader.lines, reader.headless
        self.trace.forms = reader.forms

    def _record(self, record: Record) -> list[Connection]:
        said = event_in(record.text)
        if said is None:
            return []
        if said.kind is Kind.APPLICATION:
            names = self.trace.applications
            if said.text in names or len(names) < 100:
                names[said.text] = names.get(said.text, 0) + 1
            return []
        connection, ended = self._connection_of(said, record)
        if connection is None:
            return ended
        self._current[record.task] = connection
        self._over.discard(record.task)
        self._add(connection, record, said)
        if said.kind is Kind.FREED:
            ended += [connection] if self._end(connection, "freed") else []
        return ended

    def _add(self, connection: Connection, record: Record, said: Said) -> None:
        connection.task = connection.task or record.task
        connection.dated = connection.dated or record.dated
        if said.number is not None and connection.number is None:
            connection.number = said.number
        steps = connection.steps
        if said.kind is Kind.NOTE and steps:
            if len(steps[-1].notes) < 6:
                steps[-1].notes.append(said.text)
            return
        if len(steps) >= STEP_LIMIT:
            connection.dropped += 1
            return
        step = Step(record.line, record.time_ns, record.exact, record.clock, said, [])
        steps.append(step)
        if self._on_step is not None:
            self._on_step(connection, step)

    def _connection_of(
        self, said: Said, record: Record
    ) -> tuple[Connection | None, list[Connection]]:
        ended: list[Connection] = []
        if said.kind in (Kind.ALLOCATED, Kind.NEW):
            return self._begun(said, record.task, ended), ended
        if said.handle:
            known = self._named(said.handle)
            if known is None:
                known = self._nameless(record.task) or self._create(record.task, ended)
                known.handle = said.handle
            return known, ended
        if said.kind in _OF_TASK:
            current = self._current.get(record.task)
            over = record.task in self._over
            if current is None and said.kind is Kind.STATE and not over:
                current = self._create(record.task, ended)
            return current, ended
        numbered = [c for c in self._open if c.number == said.number]
        return (numbered[-1] if numbered else self._current.get(record.task)), ended

    def _begun(self, said: Said, task: str, ended: list[Connection]) -> Connection:
        if said.kind is Kind.NEW:
            allocated = self._nameless(task)
            if allocated is not None:
                allocated.handle = said.handle
                return allocated
        for old in list(self._open):
            same = said.handle and old.handle == said.handle
            if same or (said.number is not None and old.number == said.number):
                self._end(old, "replaced")
                ended.append(old)
        connection = self._create(task, ended)
        connection.begun = True
        connection.handle, connection.number = said.handle, said.number
        return connection

    def _create(self, task: str, ended: list[Connection]) -> Connection:
        if len(self._open) >= OPEN_LIMIT:
            oldest = self._open[0]
            self._end(oldest, "too many open")
            ended.append(oldest)
        connection = Connection(self.trace.connections, task=task, steps=[])
        connection.spellings = []
        self.trace.connections += 1
        self._open.append(connection)
        return connection

    def _nameless(self, task: str) -> Connection | None:
        current = self._current.get(task)
        return current if current in self._open and not current.handle else None

    def _named(self, handle: str) -> Connection | None:
        for connection in self._open:
            if handle == connection.handle or handle in connection.spellings:
                return connection
        near = [c for c in self._open if _one_digit_apart(c.handle, handle)]
        if len(near) != 1:
            return None
        near[0].spellings.append(handle)
        return near[0]

    def _end(self, connection: Connection, how: str) -> bool:
        connection.ended = how
        self._open.remove(connection)
        for task in [t for t, c in self._current.items() if c is connection]:
            # What the task says after the end is the end's echo, nobody's beginning.
            del self._current[task]
            if len(self._over) < OPEN_LIMIT:
                self._over.add(task)
        self._update()
        return True


def _one_digit_apart(a: str, b: str) -> bool:
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def connections(lines: Iterable[bytes]) -> Iterator[Connection]:
    """Read a log's connections, each when the log ends it.

    Args:
        lines: the log's lines; any bytes.
    """
    tracker = Tracker()
    yield from tracker.feed_all(lines)
    yield from tracker.close()
