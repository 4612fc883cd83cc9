# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 1: captures to TCP segments and UDP datagrams.

    with open_capture("x.pcapng", ports={16113}) as capture:
        keys = capture.secrets
        for found in capture: ...

Whatever the file is, memory is bounded and one packet's damage stays its own: it
comes as `Damage`, with its place, among the segments.
"""

import sys
from collections.abc import Container, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from nmsp_scapy.capture.items import (
    CaptureError,
    Damage,
    Datagram,
    Found,
    Interface,
    Packet,
    Segment,
)
from nmsp_scapy.capture.pcap import DIALECTS, PcapReader
from nmsp_scapy.capture.pcapng_reader import PcapngReader, last_candidate, secrets_of
from nmsp_scapy.capture.session import Session
from nmsp_scapy.capture.source import Buffer, Wait, opened

__all__ = [
    "Capture",
    "CaptureError",
    "Damage",
    "Datagram",
    "Found",
    "Interface",
    "Packet",
    "Segment",
    "open_capture",
]


class Capture:
    """An open capture.

    Iterating yields `Segment`, `Datagram` and `Damage` in the file's order. A
    seekable file can be read several times, a pipe once.

    Attributes:
        format: `pcap` or `pcapng`.
        secrets: type and bytes of every secrets block of a pcapng. Of a seekable
            file all are there from the start, wherever in the file they stand;
            of a pipe, those that have been read.
        interfaces: those named so far.
        comments: comments on the file itself.
        complete: whether no secrets can come that are not known yet.
    """

    def __init__(
        self,
        file: IO[bytes],
        ports: Container[int] | None = None,
        wait: Wait | None = None,
    ) -> None:
        """Look at the beginning of a file.

        Args, Raises: as in `open_capture`.
        """
        self._file = file
        self._ports = ports
        self._wait = wait
        self._start = file.tell() if file.seekable() else None
        self.secrets: list[tuple[int, bytes]] = []
        self.interfaces: list[Interface] = []
        self.comments: list[str] = []
        self._known = 0
        self._buffer: Buffer | None = self._open(wait)
        self.format = self._recognise(self._buffer)
        self.complete = self.format != "pcapng" or self._start is not None
        if self.format == "pcapng" and self._start is not None:
            self._gather_secrets()

    def _open(self, wait: Wait | None) -> Buffer:
        if self._start is not None:
            self._file.seek(self._start)
        return Buffer(opened(self._file, wait))

    @staticmethod
    def _recognise(buffer: Buffer) -> str:
        if not buffer.need(4):
            reason = buffer.source.damage or "it is empty or nearly so"
            raise CaptureError(f"this is no capture: {reason}")
        magic = buffer.data[:4]
        if magic == b"\n\r\r\n":
            return "pcapng"
        if magic in DIALECTS:
            return "pcap"
        raise CaptureError(
            f"this is no capture: it begins with {magic.hex(' ')}, which is "
            "neither pcap nor pcapng"
        )

    def _gather_secrets(self) -> None:
        """Read the secrets of the whole file, as it is now, ahead of its packets."""
        last, length = last_candidate(self._open(None).source)
        if last >= 0:
            self.secrets += secrets_of(self._open(None).source, last)
        self._known = length
        self._buffer = None

    def _batches(self, *, raw: bool) -> Iterator[list[Found]]:
        buffer, self._buffer = self._buffer, None
        if buffer is None:
            if self._start is None:
                raise CaptureError("a pipe can be read only once")
            buffer = self._open(self._wait)
            self._recognise(buffer)
        session = Session(self._ports, raw=raw)
        session.secrets, session.known = self.secrets, self._known
        self.interfaces, self.comments = session.interfaces, session.comments
        reader: PcapReader | PcapngReader
        if self.format == "pcap":
            reader = PcapReader(buffer, session)
        else:
            reader = PcapngReader(buffer, session)
        yield from reader.batches()
        if buffer.source.damage:
            place = buffer.base + len(buffer.data)
            session.network.found.append(Damage(place, None, buffer.source.damage))
        session.network.close()
        yield session.take()

    def batches(self) -> Iterator[list[Segment | Datagram | Damage]]:
        """Yield what iterating would, many at a time: for those in a hurry."""
        return cast(
            "Iterator[list[Segment | Datagram | Damage]]", self._batches(raw=False)
        )

    def __iter__(self) -> Iterator[Segment | Datagram | Damage]:
        for batch in self.batches():
            yield from batch

    def packets(self) -> Iterator[Packet | Damage]:
        """Yield the packets as they stand in the file, whatever they carry."""
        for batch in self._batches(raw=True):
            yield from cast("list[Packet | Damage]", batch)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_capture(
    source: str | Path | IO[bytes],
    *,
    ports: Container[int] | None = None,
    follow: Wait | None = None,
) -> Capture:
    """Open a pcap or pcapng capture, as it is or compressed with gzip or zstd.

    Args:
        source: a path, `-` for standard input, or a binary file object.
        ports: read only TCP and UDP to or from these; None reads all.
        follow: called whenever the end is reached, for a file that may grow; it
            waits a little and returns True, or ends the capture with False. A
            key log that grows beside it can be read again there.

    Raises:
        CaptureError: this cannot be opened, or is no capture.
    """
    if source == "-":
        return Capture(sys.stdin.buffer, ports, follow)
    if not isinstance(source, str | Path):
        return Capture(source, ports, follow)
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - Capture closes it
    except OSError as error:
        raise CaptureError(f"{source}: {error.strerror}") from error
    try:
        return Capture(file, ports, follow)
    except (CaptureError, OSError) as error:
        file.close()
        raise CaptureError(f"{source}: {error}") from error
