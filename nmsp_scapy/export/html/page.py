# SPDX-License-Identifier: GPL-2.0-or-later
"""The page: what was gathered, put into the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nmsp_scapy.authlist import Identity, identity_of
from nmsp_scapy.clock import utc
from nmsp_scapy.conversation import Direction, Event
from nmsp_scapy.doctor import Attempt, diagnose
from nmsp_scapy.export.html import charts
from nmsp_scapy.export.html.charts import Drawn
from nmsp_scapy.export.html.gather import Course, Gathered, Heard
from nmsp_scapy.export.html.ladder import Step, ladder
from nmsp_scapy.export.html.svg import number, seconds
from nmsp_scapy.status import Status

STATIONS = 12
"""Stations whose RSSI is drawn over time."""
MATRIX = (30, 14)
"""Stations and access points in the table of who hears whom."""


@dataclass(frozen=True, slots=True)
class Cell:
    """RSSI of a station at an access point; level 0 weak to 4 strong."""

    dbm: str
    level: int
    count: int


class Panel(NamedTuple):
    """One conversation on the page."""

    status: Status
    ident: str
    facts: list[tuple[str, str]]
    certificates: list[tuple[str, Identity]]
    ladder: Markup
    left_out: int
    rates: Drawn | None
    echo: Drawn | None
    unanswered: int


def render(gathered: Gathered, name: str, attempts: Sequence[Attempt] = ()) -> str:
    """Write the page.

    Args:
        gathered: what dissecting yielded.
        name: of the capture, for the title.
        attempts: how its connections began, for the diagnosis.

    Returns:
        HTML, self-contained.
    """
    environment = Environment(
        loader=PackageLoader("nmsp_scapy.export.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    start = gathered.first_ns or 0
    end = max(gathered.last_ns or 0, start + 1)
    statuses = {status.index: status for status in gathered.tally.conversations}
    panels = [
        _panel(course, statuses[index]) for index, course in gathered.courses.items()
    ]
    followed = sorted(gathered.followed, key=lambda s: -gathered.stations[s])
    return environment.get_template("page.html.j2").render(
        name=name,
        diagnosis=diagnose(gathered.chart, attempts),
        began=_moment(gathered.first_ns),
        lasted=seconds((end - start) / 1e9),
        messages=number(gathered.messages),
        conversations=len(statuses),
        left_out=len(statuses) - len(panels),
        lost=sum(s.lost for s in statuses.values()) + gathered.tally.damages,
        panels=panels,
        stations=[
            (s, gathered.kinds.get(s, ""), gathered.stations[s], _rssi(gathered, s, at))
            for at, s in enumerate(followed[:STATIONS])
        ],
        followed=len(followed),
        pairs_left_out=gathered.pairs_left_out,
        stations_in_all=len(gathered.stations),
        matrix=_matrix(gathered),
        events=[_event(event) for event in gathered.events],
        event_counts=gathered.event_counts.most_common(),
        events_left_out=sum(gathered.event_counts.values()) - len(gathered.events),
    )


def _panel(course: Course, status: Status) -> Panel:
    conversation = course.conversation
    ident = f"conversation-{conversation.index}"
    start, end = _limits(course)
    steps = _steps(course)
    left_out = course.messages - len(course.opening) - len(course.closing)
    ends = (f"MSE {conversation.client}", f"WLC {conversation.server}")
    return Panel(
        status,
        ident,
        _facts(course),
        _certificates(course),
        ladder(steps, ends, left_out, f"{ident}-ladder"),
        left_out,
        charts.rates(course.rates, start, end, f"{ident}-rates")
        if course.rates
        else None,
        charts.echo(course.echo, start, end, f"{ident}-echo")
        if course.echo.count
        else None,
        course.unanswered,
    )


def _limits(course: Course) -> tuple[int, int]:
    start = course.conversation.time_ns
    times = [rung.time_ns for rung in (*course.opening, *course.closing)]
    times += [mark.time_ns for mark in course.marks if mark.time_ns]
    start = min([start or min(times, default=0), *times])
    return start, max([start + 1_000_000, *times])


def _steps(course: Course) -> list[Step]:
    """Rungs of the ladder, in order of time."""
    conversation = course.conversation
    out, into = Direction
    steps: list[Step] = []
    if conversation.time_ns and conversation.began == "syn":
        steps.append(
            Step(conversation.time_ns, out, "TCP connection", "tcp", conversation.frame)
        )
    facts = conversation.tls
    for fact in (facts.handshakes if facts else [])[:40]:
        frame = fact.frames[0] if fact.frames else 0
        said = "encrypted" if fact.name == "closed" else fact.name
        steps.append(Step(fact.time_ns, (out, into)[fact.side], said, "tls", frame))
    for mark in course.marks[:20]:
        if mark.time_ns is not None and mark.direction is not None:
            frame = mark.frames[0] if mark.frames else 0
            kind = "alert" if mark.event == "alert" else "tcp"
            kind = "gone" if mark.event == "gap" else kind
            said = mark.reason if kind == "alert" else f"TCP {mark.event}"
            said = f"{mark.length or '?'} bytes missing" if kind == "gone" else said
            steps.append(Step(mark.time_ns, mark.direction, said, kind, frame))
    left_out = course.messages - len(course.opening) - len(course.closing)
    if left_out:
        when = course.closing[0].time_ns - 1
        said = f"{left_out} messages are left out here"
        steps.append(Step(when, None, said, "cut", 0))
    for rung in (*course.opening, *course.closing):
        kind = "echo" if rung.name.startswith("ECHO_") else "nmsp"
        steps.append(Step(rung.time_ns, rung.direction, rung.name, kind, rung.frame))
    return sorted(steps, key=lambda step: step.time_ns)


def _facts(course: Course) -> list[tuple[str, str]]:
    """What the TLS panel says."""
    conversation = course.conversation
    facts = conversation.tls
    said = [("Transport", conversation.transport.upper())]
    if facts is not None:
        said += [
            ("Version", facts.version or "not seen"),
            ("Cipher suite", facts.suite or "not seen"),
            ("Key exchange", facts.key_exchange or "not seen"),
            ("Handshake", _handshake(facts.complete, facts.resumed)),
            ("Opened by", facts.key_source or f"nothing: {facts.closed or 'no data'}"),
            (
                "Records",
                f"{facts.records[0]} from the MSE, {facts.records[1]} from the WLC",
            ),
            ("Alerts", ", ".join(a.description for a in facts.alerts[:6]) or "none"),
        ]
    ended = conversation.ended
    said.append(("Ended", ended or "not in the capture"))
    return said


def _handshake(complete: bool, resumed: str | None) -> str:
    state = "finished on both sides" if complete else "not seen to finish"
    return f"{state}, resumed by {resumed}" if resumed else state


def _certificates(course: Course) -> list[tuple[str, Identity]]:
    facts = course.conversation.tls
    found = []
    if facts is not None:
        for who, ders in (
            ("MSE", facts.client_certificates),
            ("WLC", facts.server_certificates),
        ):
            for der in ders[:1]:
                try:
                    found.append((who, identity_of(der)))
                except ValueError:
                    continue
    return found


def _rssi(gathered: Gathered, station: str, at: int) -> Drawn:
    start, end = gathered.first_ns or 0, gathered.last_ns or 1
    pairs = gathered.followed[station]
    return charts.rssi(pairs, start, end, f"rssi-{at}", station)


def _matrix(gathered: Gathered) -> dict[str, Any]:
    """Who is heard by whom: mean RSSI of the busiest stations and access points."""
    stations = [s for s, _ in gathered.stations.most_common(MATRIX[0])]
    heard: dict[str, int] = {}
    for (_, ap), each in gathered.pairs.items():
        heard[ap] = heard.get(ap, 0) + each.count
    aps = sorted(heard, key=lambda ap: -heard[ap])[: MATRIX[1]]
    rows = []
    for station in stations:
        cells = [_cell(gathered.pairs.get((station, ap))) for ap in aps]
        rows.append((station, gathered.stations[station], cells))
    return {"aps": aps, "rows": rows, "aps_in_all": len(heard)}


def _cell(heard: Heard | None) -> Cell | None:
    if heard is None:
        return None
    return Cell(f"{heard.mean:.0f}", charts.level(heard.mean), heard.count)


def _event(event: Event) -> dict[str, str]:
    frames = ", ".join(str(frame) for frame in event.frames[:4])
    return {
        "time": _moment(event.time_ns),
        "event": event.event,
        "conversation": "" if event.conversation is None else str(event.conversation),
        "direction": event.direction or "",
        "frames": frames + ("…" if len(event.frames) > 4 else ""),
        "length": "" if event.length is None else str(event.length),
        "reason": event.reason[:300],
        "lost": "lost" if event.lost else "",
    }


def _moment(time_ns: int | None) -> str:
    if time_ns is None:
        return ""
    moment = utc(time_ns)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{time_ns % 10**9 // 10**6:03}"
