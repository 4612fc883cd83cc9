# SPDX-License-Identifier: GPL-2.0-or-later
"""The classic capture format (libpcap), in all the dialects that are met.

Both byte orders, micro- and nanoseconds, and Kuznetzov's modified format, whose
packets have eight bytes more. Source: documented, IETF draft
`draft-ietf-opsawg-pcap`; the modified format in Wireshark's `wiretap/libpcap.h`.
"""

from collections.abc import Iterator
from struct import Struct, unpack_from
from typing import NamedTuple

from nmsp_scapy.capture.items import CaptureError, Damage, Found, Interface
from nmsp_scapy.capture.network import Decode
from nmsp_scapy.capture.session import Session
from nmsp_scapy.capture.source import Buffer

LARGEST = 1 << 20
"""A packet of more bytes than this, or than the snap length, is damage."""

HEADER = 24


class Dialect(NamedTuple):
    """What a magic number tells.

    Attributes:
        order: `<` or `>`, as `struct` writes it.
        ticks: ticks of a time stamp's fraction in a second.
        header: bytes before each packet.
    """

    order: str
    ticks: int
    header: int


_KINDS = {
    0xA1B2C3D4: (1_000_000, 16),
    0xA1B23C4D: (1_000_000_000, 16),
    0xA1B2CD34: (1_000_000, 24),
}
DIALECTS = {
    Struct(order + "I").pack(magic): Dialect(order, ticks, header)
    for magic, (ticks, header) in _KINDS.items()
    for order in "<>"
}
"""What each magic number means, by the first four bytes of the file."""


class PcapReader:
    """Reads one classic capture."""

    def __init__(self, buffer: Buffer, session: Session) -> None:
        """Read the file header.

        Args:
            buffer: at the beginning of the file, whose magic number has been seen.
            session: takes what the file tells.

        Raises:
            CaptureError: the file header is cut.
        """
        if not buffer.need(HEADER):
            raise CaptureError("the capture ends inside its file header")
        self._buffer = buffer
        self._session = session
        self.dialect = DIALECTS[buffer.data[:4]]
        snaplen, network = unpack_from(self.dialect.order + "II", buffer.data, 16)
        linktype = network & 0x03FF_FFFF  # above: length of the check sequence
        self._limit = min(max(snaplen, 1 << 18), LARGEST)
        session.interfaces.append(
            Interface(linktype, snaplen=snaplen, ticks=self.dialect.ticks)
        )
        self._decode = session.decoder(0)

    def batches(self) -> Iterator[list[Found]]:
        """Yield what each chunk of the file holds."""
        buffer, session = self._buffer, self._session
        pos, more = HEADER, True
        while more:
            session.network.base = buffer.base
            pos = self._chunk(buffer.data, pos, self._decode)
            yield session.take()
            if pos < 0:
                return
            more = buffer.more(pos)
            pos = 0
        rest = len(buffer.data) - pos
        if rest > 0:
            session.network.found.append(
                Damage(
                    buffer.base + pos,
                    session.frame + 1,
                    f"the file ends inside a packet, after {rest} of its bytes",
                )
            )
        yield session.take()

    def _chunk(self, data: bytes, pos: int, decode: Decode) -> int:
        """Read the whole packets of the buffer; say where the rest begins."""
        order, ticks, header = self.dialect
        unpack = Struct(order + "IIII").unpack_from
        scale = 1_000_000_000 // ticks
        frame, limit, length = self._session.frame, self._limit, len(data)
        last = length - header
        second, origin = -1, 0
        while pos <= last:
            seconds, fraction, kept, wire = unpack(data, pos)
            start = pos + header
            end = start + kept
            if end > length:
                if kept > limit:
                    self._session.network.found.append(
                        Damage(
                            self._buffer.base + pos,
                            frame + 1,
                            f"a packet of {kept} bytes is impossible; the format "
                            "offers no way to find the next one",
                        )
                    )
                    pos = -1
                break
            frame += 1
            if seconds != second:
                second, origin = seconds, seconds * 1_000_000_000
            decode(data, start, end, wire, frame, origin + fraction * scale)
            pos = end
        self._session.frame = frame
        return pos
