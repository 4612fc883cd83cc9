# SPDX-License-Identifier: GPL-2.0-or-later
"""What is printed of a trace: text for people, a record for programs."""

import msgspec

from nmsp_scapy.clock import utc
from nmsp_scapy.trace.connection import Connection, Step, Trace
from nmsp_scapy.trace.events import Kind
from nmsp_scapy.trace.verdict import (
    Interval,
    KeyExchange,
    Verdict,
    intervals,
    judge,
    key_exchange,
    step_text,
)

GRADES = {
    "show trace": "observed: source document",
    "radioactive trace": "the form of the head is reported, the text inferred",
    "AireOS debug": "the form of the head is reported, the text inferred",
    "IOS log": "the form of the head is reported, the text inferred",
}
SHOWN_INTERVALS = 3


class StepRecord(msgspec.Struct):
    """A step for programs.

    Attributes:
        time: UTC by the log's clock; null where the log names no year or no time.
        seconds: since the connection's first time; null unknown.
        exact: whether the time is the entry's own; else a lower bound.
        event: `state`, `AuthList refuses`, ...
        state, where, ret: OpenSSL's numbers, null where the step is no state.
    """

    line: int
    time: str | None
    clock: str
    seconds: float | None
    exact: bool
    event: str
    text: str
    state: int | None = None
    where: int | None = None
    ret: int | None = None
    notes: list[str] = []


class ConnectionRecord(msgspec.Struct):
    """A connection for programs."""

    log: str
    index: int
    handle: str
    spellings: list[str]
    number: int | None
    task: str
    begun: bool
    ended: str
    verdict: Verdict
    key_exchange: KeyExchange
    intervals: list[Interval]
    steps: list[StepRecord]
    steps_left_out: int


class LogRecord(msgspec.Struct):
    """A log for programs."""

    log: str
    lines: int
    records_without_head: int
    forms: dict[str, int]
    applications: dict[str, int]
    connections: int


class Report(msgspec.Struct):
    """What `nmsp trace --json` prints."""

    logs: list[LogRecord]
    connections: list[ConnectionRecord]


def connection_record(log: str, connection: Connection) -> ConnectionRecord:
    """Put a connection into a program's terms."""
    start = next((s.time_ns for s in connection.steps if s.time_ns is not None), None)
    return ConnectionRecord(
        log,
        connection.index,
        connection.handle,
        connection.spellings,
        connection.number,
        connection.task,
        connection.begun,
        connection.ended,
        judge(connection),
        key_exchange(connection),
        intervals(connection),
        [_step_record(step, start, connection.dated) for step in connection.steps],
        connection.dropped,
    )


def log_record(log: str, trace: Trace) -> LogRecord:
    """Put a log's own facts into a program's terms."""
    return LogRecord(
        log,
        trace.lines,
        trace.headless,
        trace.forms,
        trace.applications,
        trace.connections,
    )


def _step_record(step: Step, start: int | None, dated: bool) -> StepRecord:
    time = None
    if step.time_ns is not None and dated:
        moment = utc(step.time_ns)
        fraction = f"{step.time_ns % 10**9:09d}".rstrip("0").ljust(3, "0")
        time = f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction}Z"
    seconds = None
    if step.time_ns is not None and start is not None:
        seconds = (step.time_ns - start) / 1e9
    said = step.said
    is_state = step.kind is Kind.STATE
    return StepRecord(
        step.line,
        time,
        step.clock,
        seconds,
        step.exact,
        step.kind.name.lower(),
        step_text(step),
        said.state if is_state else None,
        said.where if is_state else None,
        said.ret if is_state else None,
        step.notes,
    )


def log_text(record: LogRecord) -> str:
    """Write the line above a log's connections."""
    forms = ", ".join(f"{form} ({GRADES[form]})" for form in record.forms)
    lines = [
        f"{record.log}: {_count(record.connections, 'connection')}, "
        f"{_count(record.lines, 'line')}; form: {forms or 'none known'}"
    ]
    if record.records_without_head:
        lines.append(
            f"  {_count(record.records_without_head, 'record')} lost the head; such "
            "times are lower bounds, marked >="
        )
    for name, count in record.applications.items():
        lines.append(f"  mentions {name}: {count}")
    return "\n".join(lines) + "\n"


def connection_text(connection: Connection, *, timeline: bool = True) -> str:
    """Write a connection's verdict and, unless told otherwise, its timeline."""
    verdict, exchange = judge(connection), key_exchange(connection)
    name = f"conn ssl {connection.handle or '?'}"
    if connection.number is not None:
        name += f", conn id {connection.number}"
    if connection.task:
        name += f", task {connection.task}"
    lines = [f"Connection {connection.index}: {name}", f"  {verdict.title}"]
    lines.append(f"  outcome: {verdict.outcome} ({verdict.confidence})")
    if connection.spellings:
        read = ", ".join(connection.spellings)
        lines.append(f"  {read} is read as {connection.handle}: one digit apart")
    if not connection.begun:
        lines.append("  the log begins after this connection did")
    if timeline:
        lines += ["", *_timeline(connection)]
    lines += ["", "  Where the time went:"]
    for stretch in intervals(connection)[:SHOWN_INTERVALS]:
        first, last = stretch.lines
        where = f"lines {first}-{last}"
        lines.append(f"    {stretch.seconds:7.3f} s  {stretch.name} ({where})")
    lines += ["", f"  Key exchange: {exchange.name}", f"    {exchange.reason}"]
    if verdict.evidence:
        lines += ["", "  Evidence:", *(f"    {said}" for said in verdict.evidence)]
    if verdict.advice:
        lines += ["", "  What to do:"]
        lines += [f"    {at}. {said}" for at, said in enumerate(verdict.advice, 1)]
    if verdict.commands:
        lines += ["", "  On the WLC (IOS-XE; documented):"]
        lines += [f"    {command}" for command in verdict.commands]
    return "\n".join(lines) + "\n"


def _timeline(connection: Connection) -> list[str]:
    start = next((s.time_ns for s in connection.steps if s.time_ns is not None), None)
    lines = ["  Timeline (time, since the beginning, line):"]
    clock = ""
    for step in connection.steps:
        clock = step.clock or clock
        since = ""
        if step.time_ns is not None and start is not None:
            since = f"+{(step.time_ns - start) / 1e9:.3f}"
        mark = "  " if step.exact else ">="
        lines.append(
            f"  {mark}{clock:<13} {since:>8}  {step.line:>6}  {step_text(step)}"
        )
    if connection.dropped:
        lines.append(f"    and {connection.dropped} further steps")
    return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def follow_text(step: Step, connection: Connection) -> str:
    """Write one step as a growing log brings it."""
    name = connection.handle or "?"
    return f"{step.clock or '':<13} {name:<10} {step_text(step)}"


def brief_text(connection: Connection) -> str:
    """Write a connection's verdict in one line."""
    verdict = judge(connection)
    name = connection.handle or "?"
    return f"{connection.index:>6}  {name:<10}  {verdict.outcome:<24}  {verdict.title}"
