# SPDX-License-Identifier: GPL-2.0-or-later
"""Charts over time: message rates, echo round trips, RSSI; and who hears whom."""

from collections.abc import Mapping
from typing import NamedTuple

from markupsafe import Markup

from nmsp_scapy.export.html.series import Series
from nmsp_scapy.export.html.svg import (
    COLOURS,
    Scale,
    drawing,
    joined,
    moment,
    number,
    seconds,
    tag,
    time_ticks,
)

WIDTH, LEFT, RIGHT, TOP, FOOT = 880, 58, 18, 10, 30
RATE_BUCKETS = 90
SILENCE = 3
"""Empty buckets over which a line is still drawn."""


class Drawn(NamedTuple):
    """A chart and the table behind it.

    Attributes:
        legend: names with their colour's number.
        head, rows: of the table.
    """

    svg: Markup
    legend: list[tuple[str, int]]
    head: list[str]
    rows: list[list[str]]


def _frame(x: Scale, y: Scale, height: int, unit: str) -> Markup:
    """Grid, ticks and their labels."""
    parts: list[Markup] = []
    for value in y.ticks(4):
        at = y(value)
        parts.append(
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid")
        )
        label = f"{number(value)}{unit}"
        parts.append(tag("text", label, x=LEFT - 6, y=at + 4, class_="tick end"))
    for value in time_ticks(x):
        label = moment(value, x.high)
        parts.append(tag("text", label, x=x(value), y=height - 8, class_="tick middle"))
    return joined(*parts)


def rates(
    series: Mapping[str, Series], start_ns: int, end_ns: int, ident: str
) -> Drawn:
    """Messages a second, one line a message name, most frequent first."""
    height = 220
    ordered = sorted(series.items(), key=lambda item: -item[1].count)
    shown = ordered[:COLOURS]
    widest = max(each.width_ns for _, each in ordered)
    width = max(widest, (end_ns - start_ns) // RATE_BUCKETS)
    levels = {name: _levels(each, start_ns, width) for name, each in shown}
    most = max(level for found in levels.values() for level in found.values())
    x = Scale(0, (end_ns - start_ns) / 1e9, LEFT, WIDTH - RIGHT)
    y = Scale(0, most * 1.05, height - FOOT, TOP)
    parts = [_frame(x, y, height, "/s")]
    for colour, (name, found) in enumerate(levels.items()):
        parts.append(_steps(found, width / 1e9, x, y, colour, name))
    rows = [
        [name, str(each.count), f"{number(_peak(each))}/s", _span(each, start_ns)]
        for name, each in ordered
    ]
    title = "Messages a second over time, by type"
    return Drawn(
        drawing(WIDTH, height, title, *parts, ident=ident),
        [(name, colour) for colour, (name, _) in enumerate(shown)],
        ["Message", "Count", "Highest rate", "First and last"],
        rows,
    )


def _levels(series: Series, start_ns: int, width_ns: int) -> dict[int, float]:
    """Messages a second by the number of an interval; all series share its width.

    A bucket that lies across a border gives each side its part.
    """
    counts: dict[int, float] = {}
    for bucket in series.buckets():
        left = max(0, bucket.start_ns - start_ns)
        right = left + bucket.width_ns
        while left < right:
            at = left // width_ns
            border = min(right, (at + 1) * width_ns)
            share = bucket.count * (border - left) / bucket.width_ns
            counts[at] = counts.get(at, 0) + share
            left = border
    return {at: count * 1e9 / width_ns for at, count in counts.items()}


def _steps(
    levels: dict[int, float], width: float, x: Scale, y: Scale, colour: int, name: str
) -> Markup:
    """A step an interval, down to zero where there is none."""
    path: list[str] = []
    following = -1
    zero = y(0)
    for at, level in sorted(levels.items()):
        left, right = (min(x(n * width), WIDTH - RIGHT) for n in (at, at + 1))
        if not path:
            path.append(f"M{left} {zero}")
        elif at != following:
            path.append(f"V{zero}H{left}")
        path.append(f"V{y(level)}H{right}")
        following = at + 1
    path.append(f"V{zero}")
    return tag("path", tag("title", name), d="".join(path), class_=f"step c{colour}")


def _peak(series: Series) -> float:
    if series.count == 1:
        return 0.0
    return max((b.count * 1e9 / b.width_ns for b in series.buckets()), default=0)


def _span(series: Series, start_ns: int) -> str:
    buckets = series.buckets()
    if not buckets:
        return "-"
    first = (buckets[0].start_ns - start_ns) / 1e9
    last = (buckets[-1].start_ns + buckets[-1].width_ns - start_ns) / 1e9
    return f"{seconds(first)} to {seconds(last)}"


def echo(series: Series, start_ns: int, end_ns: int, ident: str) -> Drawn:
    """Round trips: a dot for the mean of each bucket, a bar from least to most."""
    height = 170
    buckets = series.buckets()
    x = Scale(0, (end_ns - start_ns) / 1e9, LEFT, WIDTH - RIGHT)
    y = Scale(0, max(series.high, 0.001) * 1.1, height - FOOT, TOP)
    parts = [_frame(x, y, height, " ms")]
    for bucket in buckets:
        at = x((bucket.start_ns + bucket.width_ns / 2 - start_ns) / 1e9)
        said = (
            f"{bucket.count} echoes, {number(bucket.low)} to {number(bucket.high)} ms"
        )
        if bucket.high > bucket.low:
            parts.append(
                tag("line", x1=at, x2=at, y1=y(bucket.low), y2=y(bucket.high),
                    class_="whisker c0")
            )  # fmt: skip
        dot = tag("title", said)
        parts.append(tag("circle", dot, cx=at, cy=y(bucket.mean), r=3, class_="dot c0"))
    rows = [
        [
            seconds((b.start_ns - start_ns) / 1e9),
            str(b.count),
            f"{b.low:.3f}",
            f"{b.mean:.3f}",
            f"{b.high:.3f}",
        ]
        for b in buckets
    ]
    return Drawn(
        drawing(WIDTH, height, "Echo round trips over time", *parts, ident=ident),
        [],
        ["From", "Echoes", "Least ms", "Mean ms", "Most ms"],
        rows,
    )


def rssi(
    pairs: Mapping[str, Series], start_ns: int, end_ns: int, ident: str, station: str
) -> Drawn:
    """RSSI of one station at each access point that hears it."""
    height = 160
    ordered = sorted(pairs.items(), key=lambda item: -item[1].count)
    shown = ordered[:COLOURS]
    low = min(each.low for _, each in ordered)
    high = max(each.high for _, each in ordered)
    x = Scale(0, (end_ns - start_ns) / 1e9, LEFT, WIDTH - RIGHT)
    y = Scale(min(low, -90) - 2, max(high, -40) + 2, height - FOOT, TOP)
    parts = [_frame(x, y, height, "")]
    for colour, (ap, each) in enumerate(shown):
        said = f"{ap}: {each.low:.0f} to {each.high:.0f} dBm"
        parts.append(_course(each, x, y, start_ns, colour, said))
    rows = [
        [ap, str(e.count), f"{e.low:.0f}", f"{e.mean:.1f}", f"{e.high:.0f}"]
        for ap, e in ordered
    ]
    title = f"RSSI of {station} over time at each access point, in dBm"
    return Drawn(
        drawing(WIDTH, height, title, *parts, ident=ident),
        [(ap, colour) for colour, (ap, _) in enumerate(shown)],
        ["Access point", "Samples", "Lowest dBm", "Mean dBm", "Highest dBm"],
        rows,
    )


def _course(
    series: Series, x: Scale, y: Scale, start_ns: int, colour: int, said: str
) -> Markup:
    """A line through the means; it breaks where nothing was heard."""
    path: list[str] = []
    dots: list[Markup] = []
    before: int | None = None
    buckets = series.buckets()
    for bucket in buckets:
        a = x((bucket.start_ns + bucket.width_ns / 2 - start_ns) / 1e9)
        b = y(bucket.mean)
        near = before is not None and bucket.start_ns - before <= SILENCE * (
            bucket.width_ns
        )
        path.append(f"{'L' if near else 'M'}{a} {b}")
        before = bucket.start_ns + bucket.width_ns
        if not near or len(buckets) <= 40:
            dots.append(tag("circle", cx=a, cy=b, r=1.8, class_=f"dot c{colour}"))
    line = tag("path", tag("title", said), d="".join(path), class_=f"line c{colour}")
    return joined(line, *dots)


def level(dbm: float) -> int:
    """Class an RSSI for the table of who hears whom: 0 weak to 4 strong."""
    return sum(dbm >= bound for bound in (-80, -72, -64, -55))
