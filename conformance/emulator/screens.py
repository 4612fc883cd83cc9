# SPDX-License-Identifier: GPL-2.0-or-later
"""What an emulated WLC says of itself: the counts behind `show nmsp ...`.

They are its own counts of what it sent and took in, not read from a capture: the two
can be compared.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conformance.emulator.answers import MASKS
from nmsp_scapy.constants import Service, SubService
from nmsp_scapy.conversation import Direction
from nmsp_scapy.status.tally import Counter, Offered, Status

if TYPE_CHECKING:
    from conformance.emulator.server import EmulatedWlc, Peer
    from conformance.emulator.wlc import WlcSession


def statuses(wlc: "EmulatedWlc") -> list[Status]:
    """Return one status for each connection that was admitted, in order."""
    return [
        _status(index, peer, peer.session, wlc.port)
        for index, peer in enumerate(wlc.peers)
        if peer.session is not None
    ]


def _status(index: int, peer: "Peer", served: "WlcSession", port: int) -> Status:
    session = served.session
    numbers = session.profile.message_types
    counters = [
        Counter(numbers.get(name, 0) or int(name), name, direction, one.count, one.size)
        for table, direction in (
            (session.received, Direction.MSE_TO_WLC),
            (session.sent, Direction.WLC_TO_MSE),
        )
        for name, one in list(table.items())
    ]
    counted = {(counter.name, counter.direction): counter for counter in counters}
    asked = counted.get(("ECHO_REQUEST", Direction.MSE_TO_WLC))
    answered = counted.get(("ECHO_RESPONSE", Direction.WLC_TO_MSE))
    status = Status(
        index,
        mse=f"{peer.address[0]}:{peer.address[1]}",
        wlc=f":{port}",
        transport="tls",
        ended=peer.end.value if peer.end else "",
        first_ns=0,
        echo_requests=asked.count if asked else 0,
        echo_responses=answered.count if answered else 0,
        counters=counters,
        offered_by_wlc=offered(MASKS),
        subscribed=offered(served.subscribed),
        unsupported=session.unsupported,
    )
    if "counts-nothing-sent" in served.settings.faults:
        status.counters = [
            counter for counter in counters if counter.direction is Direction.MSE_TO_WLC
        ]
    if "counts-wrong" in served.settings.faults and asked:
        asked.count += 1
    return status


def offered(masks: Mapping[int, int]) -> list[Offered]:
    """Name services and sub-services."""
    shown = []
    for number, mask in sorted(masks.items()):
        name = Service(number).name if number in set(Service) else str(number)
        bits = [bit for bit in SubService if bit & mask]
        subs = tuple((bit.name or "").removeprefix(f"{name}_") for bit in bits)
        shown.append(Offered(name, subs))
    return shown
