# SPDX-License-Identifier: GPL-2.0-or-later
"""What the readers of all formats share while they read one capture."""

from collections.abc import Container

from nmsp_scapy.capture.items import Found, Interface, Packet
from nmsp_scapy.capture.network import Decode, Network


class Session:
    """Counters and facts of one capture.

    Attributes:
        network: reads packets into segments; collects what was found.
        interfaces: all that the capture has named so far.
        secrets: type and bytes of each secrets block, in the file's order.
        comments: comments on the file itself (pcapng section headers).
        frame: number of packets read so far.
        raw: when set, packets are yielded as they stand in the file.
        note: comments of the packet that is read next; only when `raw`.
        known: secrets blocks before this offset stand in `secrets` already.
    """

    def __init__(
        self, ports: Container[int] | None = None, *, raw: bool = False
    ) -> None:
        """Begin; `ports` as in `Network`."""
        self.network = Network(ports)
        self.interfaces: list[Interface] = []
        self.secrets: list[tuple[int, bytes]] = []
        self.comments: list[str] = []
        self.frame = 0
        self.raw = raw
        self.note: tuple[str, ...] = ()
        self.known = 0

    def decoder(self, interface: int) -> Decode:
        """Make the reader of an interface's packets."""
        if not self.raw:
            return self.network.decoder(self.interfaces[interface].linktype)

        def keep(
            buf: bytes, start: int, end: int, wire: int, frame: int, time_ns: int
        ) -> None:
            self.network.found.append(
                Packet(frame, time_ns, interface, buf[start:end], wire, self.note)
            )
            self.note = ()

        return keep

    def take(self) -> list[Found]:
        """Take out what was found."""
        found = self.network.found
        batch = found[:]
        found.clear()
        return batch
