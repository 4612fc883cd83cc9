# SPDX-License-Identifier: GPL-2.0-or-later
"""The MSE's NMSP Status page as text (observed: MSE screen of the source document)."""

from nmsp_scapy.constants import MessageType
from nmsp_scapy.conversation import Direction
from nmsp_scapy.status.screen import clock, host, table
from nmsp_scapy.status.tally import Offered, Status

_ECHO = (MessageType.ECHO_REQUEST, MessageType.ECHO_RESPONSE)


def mse_status(status: Status) -> str:
    """Write a conversation's NMSP Status.

    The target type (`NGWC Switch`) is not told on the wire as far as anybody knows;
    the WLC's software version stands there when it told one. Echo stands in the
    summary alone, messages in the order of their numbers, as on the MSE.
    """
    summary = [
        ("IP Address", host(status.wlc) or "-"),
        ("Target Type", status.software or "not told"),
        ("NMSP Status", "Active" if status.active else "Inactive"),
        ("Echo Request Count", str(status.echo_requests)),
        ("Echo Response Count", str(status.echo_responses)),
        ("Last Activity Time", clock(status.last_ns)),
        ("Last Echo Request Message", clock(status.last_echo_request_ns)),
        ("Last Echo Response Message", clock(status.last_echo_response_ns)),
        ("Capable NMSP Services", _names(status.offered_by_wlc)),
    ]
    lines = ["NMSP Status", "", "Summary"]
    lines += [f"  {name:<27} {value}" for name, value in summary]
    lines += ["", "Subscribed Services"]
    rows: list[tuple[str, ...]] = [("Service", "SubServices")]
    rows += [
        (f"{_plain(service.service)} Service", ", ".join(service.sub_services))
        for service in status.subscribed
    ]
    text = "\n".join(lines) + "\n" + table(rows, indent="  ")
    for code in status.refused:
        text += f"  refused: {code}\n"
    for service in status.requested:
        text += f"  requested, no response seen: {_plain(service.service)}\n"
    return text + "\nMessages\n" + table(_messages(status), indent="  ")


def _messages(status: Status) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("Message Type", "IN/OUT", "Count", "Last Activity Time", "Bytes")
    ]
    for counter in sorted(status.counters, key=lambda c: (c.type, c.direction)):
        if counter.type not in _ECHO:
            rows.append(
                (
                    counter.name or f"type {counter.type}",
                    "OUT" if counter.direction is Direction.MSE_TO_WLC else "IN",
                    str(counter.count),
                    clock(counter.last_ns),
                    str(counter.size),
                )
            )
    return rows


def _names(services: list[Offered]) -> str:
    return ", ".join(_plain(service.service) for service in services) or "not told"


def _plain(service: str) -> str:
    return service.replace("_", "")
