# SPDX-License-Identifier: GPL-2.0-or-later
"""What the screens of both sides share."""

from nmsp_scapy.clock import utc

MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_SMALL = {"Rssi": "RSSI", "Ap": "AP", "Ids": "IDS", "Wips": "wIPS", "Info": "Info"}


def clock(time_ns: int | None) -> str:
    """Write a time as an MSE does (`Jun-06-2015 14:55:43 PM`), UTC; `-` for none.

    That 24 hours stand beside AM and PM is the vendor's (observed: MSE screen).
    """
    if time_ns is None:
        return "-"
    when = utc(time_ns)
    half = "AM" if when.hour < 12 else "PM"
    month = MONTHS[when.month - 1]
    return f"{month}-{when.day:02}-{when.year} {when:%H:%M:%S} {half}"


def host(endpoint: str) -> str:
    """Strip the port: `10.0.0.1:16113`, `[fe80::1]:16113`."""
    return endpoint.rpartition(":")[0].strip("[]") or endpoint


def title(name: str) -> str:
    """Write a message's or service's name as a WLC does: `Echo Request`, `RSSI`."""
    words = (word.capitalize() for word in name.split("_"))
    return " ".join(_SMALL.get(word, word) for word in words)


def table(rows: list[tuple[str, ...]], *, indent: str = "", rule: str = "-") -> str:
    """Set rows in columns; the first is the head, with a rule below.

    Numbers stand flush right, text flush left.
    """
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if cell.isdecimal() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append((indent + "  ".join(cells)).rstrip())
    lines.insert(1, indent + rule * (sum(widths) + 2 * (len(widths) - 1)))
    return "\n".join(lines) + "\n"
