# SPDX-License-Identifier: GPL-2.0-or-later
"""A controller's log as records: one entry each, however its lines were wrapped.

Four forms of a line's head are known: `show trace messages` of IOS-XE 3 (observed:
source document), radioactive trace of newer IOS-XE, IOS syslog, and AireOS debug
(these three reported; none was at hand). OCR and terminals wrap lines and lose heads:
a line without one that begins as a record does is a record whose time is only known
to lie between its neighbours'.
"""

import calendar
import re
from collections.abc import Iterable, Iterator

import msgspec

LINE_LIMIT = 4096
"""Bytes of a line that are looked at."""
_UNKNOWN = (b"_string=unknown", b"_string=desconocido")
WRAP_LIMIT = 4
"""Lines that are joined to a record at most."""

MONTHS = {
    name: at
    for at, names in enumerate(
        (
            "jan ene",
            "feb",
            "mar",
            "apr abr",
            "may",
            "jun",
            "jul",
            "aug ago",
            "sep",
            "oct",
            "nov",
            "dec dic",
        ),
        1,
    )
    for name in names.split()
}
_TIME = r"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)[.,](?P<frac>\d{1,9})"
_HEADS = (
    (
        "show trace",
        re.compile(
            rf"\[(?P<mon>\d\d)/(?P<day>\d\d)/(?P<year>\d\d) {_TIME} "
            r"(?P<zone>[A-Za-z]{1,5}) (?P<id>[0-9A-Za-z]{1,8}) (?P<task>\d{1,8})\] ?"
        ),
    ),
    (
        "radioactive trace",
        re.compile(
            rf"(?P<year>\d{{4}})/(?P<mon>\d\d)/(?P<day>\d\d) {_TIME}"
            r" ?\{(?P<task>[^}]{1,64})\}\{\d+\}: (?:\[[^\]]{0,64}\] ?){1,4}:?"
            r" ?(?:\([a-z]{1,12}\):)? ?"
        ),
    ),
    (
        "AireOS debug",
        re.compile(
            r"\*(?P<task>[\w.+-]{1,64}): (?P<mon>[A-Za-z]{3}) (?P<day>[ \d]\d) "
            rf"{_TIME}: ?(?:\[[^\]]{{0,32}}\] ?)?"
        ),
    ),
    (
        "IOS log",
        re.compile(
            r"(?:\d{1,9}: )?[*.]?(?P<mon>[A-Za-z]{3}) (?P<day>[ \d]\d) "
            rf"(?:(?P<year>\d{{4}}) )?{_TIME}(?: [A-Z]{{1,5}})?: ?"
        ),
    ),
)
_BEGINS = re.compile(
    r"(?:Estado SSL|SSL state) ?=|ret_(?:type|desc)_string|SSL_state[_ ]string"
    r"|sslConnectionInit|sslConnection[lI]nit|doSSLRecvLoop|SSL_do_handshake"
    r"|-{1,2} ?\w+ .{0,24}conn|\W{0,3}(?:devuelve|returns) WANT_"
    r"|Error de autenticaci|Auth?list |Autenticaci|Peer |validado contra|validated "
    r"|Se asign|Allocated|liberaci|freeing|Conexi.n NMSP|NMSP connection"
    r"|Client Cert|Validaci",
    re.IGNORECASE,
)


class Record(msgspec.Struct):
    """One entry of the log.

    Attributes:
        line: number of its first line, 1 is the log's first.
        time_ns: ns since 1970 in the log's own clock; None before any time was seen.
        exact: whether the entry's own head gave the time. Without a head it is the
            time of the entry before: a lower bound.
        dated: whether the head names the year.
        clock: the time as printed; empty without a head.
        task: process id or task name, the thread that wrote it.
        form: which head it has; empty without one.
        text: what was said, wrapped lines joined by a blank.
    """

    line: int
    time_ns: int | None
    exact: bool
    dated: bool
    clock: str
    task: str
    form: str
    text: str


def records(lines: Iterable[bytes]) -> Iterator[Record]:
    """Read a log's records that can concern a connection.

    Args:
        lines: the log's lines, with or without line ends; any bytes.

    Yields:
        Records in order, as soon as the next one begins. Lines that cannot concern
        a connection are passed over.
    """
    reader = RecordReader()
    for line in lines:
        yield from reader.feed(line)
    yield from reader.close()


def concerns(line: bytes) -> bool:
    """Whether a line can concern a connection: cheap, and no line is missed."""
    return (
        b"SSL" in line
        or b"conn" in line
        or b"uth" in line
        or b"NMSP" in line
        or b"ret_" in line
        or b"Cert" in line
        or b"alid" in line
    )


class RecordReader:
    """Joins lines to records.

    Attributes:
        lines: lines read; headless: records without a head; forms: heads seen, with
            their counts.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.headless = 0
        self.forms: dict[str, int] = {}
        self._pending: Record | None = None
        self._joined = 0
        self._time_ns: int | None = None
        self._dated = False
        self._task = ""
        self._stamp = self._clock = ""
        self._heads = list(_HEADS)
        self._days: dict[tuple[str, str, str], int] = {}

    def feed(self, line: bytes) -> list[Record]:  # noqa: PLR0911 - one rule a line
        """Take one line; give the record that it ends, if any."""
        self.lines += 1
        if len(line) > LINE_LIMIT:
            line = line[:LINE_LIMIT]
        if line[:1] == b"[" and b"ret_" in line and line.rstrip().endswith(_UNKNOWN):
            return self._take()  # half of a trace's lines say just this
        # A wrapped tail can say anything; other lines are told by a few marks.
        marked = concerns(line)
        if self._pending is None and not marked:
            return []
        text = line.decode("utf-8", "replace").strip()
        if not text:
            return []
        if not marked and any(pattern.match(text) for _, pattern in self._heads):
            return self._take()
        head = self._head(text)
        if head is not None:
            done = self._take()
            self._pending = head
            return done
        if self._pending is None or _BEGINS.match(text):
            done = self._take()
            if _BEGINS.match(text):
                self.headless += 1
                self._pending = Record(
                    self.lines,
                    self._time_ns,
                    False,
                    self._dated,
                    "",
                    self._task,
                    "",
                    text,
                )
            return done
        if self._joined < WRAP_LIMIT:
            self._joined += 1
            self._pending.text += " " + text
        return []

    @property
    def resting(self) -> bool:
        """Whether no record waits for its wrapped lines."""
        return self._pending is None

    def close(self) -> list[Record]:
        """Give the record that the end of the log ends."""
        return self._take()

    def _take(self) -> list[Record]:
        pending, self._pending, self._joined = self._pending, None, 0
        return [pending] if pending is not None else []

    def _head(self, text: str) -> Record | None:
        for at, (form, pattern) in enumerate(self._heads):
            match = pattern.match(text)
            if match is None:
                continue
            # Neighbours share their stamp: parse each once.
            stamp = text[: match.end("frac")]
            if stamp != self._stamp:
                groups = match.groupdict()
                time_ns = self._time(groups)
                if time_ns is None:
                    return None
                self._stamp, self._time_ns = stamp, time_ns
                self._clock = text[match.start("h") : match.end("frac")]
                self._dated = groups.get("year") is not None
                self.forms.setdefault(form, 0)
            if at:  # a log has one form: try it first from now on
                self._heads.insert(0, self._heads.pop(at))
            self.forms[form] += 1
            self._task = match["task"] if form != "IOS log" else ""
            return Record(
                self.lines,
                self._time_ns,
                True,
                self._dated,
                self._clock,
                self._task,
                form,
                text[match.end() :],
            )
        return None

    def _time(self, groups: dict[str, str | None]) -> int | None:
        day = (groups.get("year") or "2000", groups["mon"] or "", groups["day"] or "")
        seconds = self._days.get(day)
        if seconds is None:
            seconds = _day(*day)
            if seconds is None:
                return None
            if len(self._days) > 1000:
                self._days.clear()
            self._days[day] = seconds
        hours, minutes = int(groups["h"] or 0), int(groups["m"] or 0)
        of_day = hours * 3600 + minutes * 60 + int(groups["s"] or 0)
        return (seconds + of_day) * 10**9 + int((groups["frac"] or "").ljust(9, "0"))


def _day(year: str, month: str, day: str) -> int | None:
    """Seconds from 1970 to a day; None for a day that no calendar has."""
    number = int(month) if month.isdecimal() else MONTHS.get(month.lower(), 0)
    if not 1 <= number <= 12 or not 1 <= int(day) <= 31:
        return None
    full = int(year) + (2000 if len(year) == 2 else 0)
    return calendar.timegm((full, number, int(day), 0, 0, 0))
