# SPDX-License-Identifier: GPL-2.0-or-later
"""IOS-XE's `show nmsp` screens as text.

Columns are the vendor's (documented: CLI samples), so that what reads a controller
reads these. Counts are the WLC's view: Rx comes from the MSE.
"""

from collections.abc import Sequence

from nmsp_scapy.conversation import Direction
from nmsp_scapy.status.screen import host, title
from nmsp_scapy.status.tally import Counter, Offered, Status

_SHORT = {"Information": "Info"}


def show_nmsp_status(statuses: Sequence[Status]) -> str:
    """Write `show nmsp status`."""
    lines = [
        "NMSP Status",
        "-----------",
        "",
        "DNA Spaces/CMX IP Address               Active    Tx Echo Resp  Rx Echo Req   "
        "Tx Data     Rx Data     Transport",
        "-" * 122,
    ]
    for status in statuses:
        cells = [
            f"{host(status.mse):<39} ",
            f"{'Active' if status.active else 'Inactive':<8}  ",
            f"{status.echo_responses:<12}  ",
            f"{status.echo_requests:<12}  ",
            f"{status.data_frames(Direction.WLC_TO_MSE):<10}  ",
            f"{status.data_frames(Direction.MSE_TO_WLC):<10}  ",
            status.transport.upper(),
        ]
        lines.append("".join(cells))
    return "\n".join(lines) + "\n"


def show_nmsp_statistics_connection(statuses: Sequence[Status]) -> str:
    """Write `show nmsp statistics connection`.

    A line a conversation: a controller counts one peer's connections in one block,
    so conversations of the same MSE stand together.
    """
    text = "NMSP Connection Counters\n------------------------\n"
    for mse, group in _by_mse(statuses).items():
        active = any(status.active for status in group)
        ended = sum(bool(status.ended) for status in group)
        counters = [counter for status in group for counter in status.counters]
        rx = sum(status.data_frames(Direction.MSE_TO_WLC) for status in group)
        tx = sum(status.data_frames(Direction.WLC_TO_MSE) for status in group)
        text += (
            f"\nCMX IP Address: {mse}, Status: {'Active' if active else 'Inactive'}\n"
            "State:\n"
            f"  Connections : {len(group)}\n"
            f"  Disconnections : {ended}\n"
            f"  Rx Data Frames : {rx}\n"
            f"  Tx Data Frames : {tx}\n"
            f"  Unsupported messages : {sum(s.unsupported for s in group)}\n"
        )
        for name, direction in (
            ("Rx", Direction.MSE_TO_WLC),
            ("Tx", Direction.WLC_TO_MSE),
        ):
            text += f"{name} Message Counters:\n"
            text += _counters([c for c in counters if c.direction is direction])
    return text


def show_nmsp_subscription_detail(statuses: Sequence[Status]) -> str:
    """Write `show nmsp subscription detail`."""
    text = "Mobility Services Subscribed:\n"
    for status in statuses:
        text += f"\nCMX IP Address: {host(status.mse)}\n"
        text += _services(status.subscribed)
    return text


def show_nmsp_capability(statuses: Sequence[Status]) -> str:
    """Write `show nmsp capability`: what the WLC offers."""
    text = "Mobility Services Capability:\n"
    for status in statuses:
        if len(statuses) > 1:
            text += f"\nas told to {host(status.mse)}:\n"
        text += _services(status.offered_by_wlc)
    return text


def ios_screens(statuses: Sequence[Status]) -> str:
    """Write all four, each below the command that would show it."""
    screens = (
        ("show nmsp status", show_nmsp_status),
        ("show nmsp statistics connection", show_nmsp_statistics_connection),
        ("show nmsp subscription detail", show_nmsp_subscription_detail),
        ("show nmsp capability", show_nmsp_capability),
    )
    return "\n".join(f"WLC#{name}\n{write(statuses)}" for name, write in screens)


def _by_mse(statuses: Sequence[Status]) -> dict[str, list[Status]]:
    groups: dict[str, list[Status]] = {}
    for status in statuses:
        groups.setdefault(host(status.mse), []).append(status)
    return groups


def _counters(counters: Sequence[Counter]) -> str:
    counts: dict[tuple[int, str], int] = {}
    for counter in counters:
        key = (counter.type, title(counter.name) if counter.name else "unknown")
        counts[key] = counts.get(key, 0) + counter.count
    lines = ["  ID     Name                                    Count"]
    lines.append("  " + "-" * 58)
    for (number, name), count in sorted(counts.items()):
        lines.append(f"  {number:<6} {name:<39} {count}")
    return "\n".join(lines) + "\n"


def _services(services: Sequence[Offered]) -> str:
    lines = ["Service             Subservice", "-" * 54]
    for service in services:
        name = title(service.service)
        subs = ", ".join(title(sub) for sub in service.sub_services)
        lines.append(f"{_SHORT.get(name, name):<19} {subs}".rstrip())
    return "\n".join(lines) + "\n"
