# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads pcapng: sections, interfaces, packets, secrets; steps over damage.

A damaged block is named by its offset; reading goes on at the next sound block,
which is one whose two lengths agree.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from struct import Struct, error, unpack_from
from typing import NamedTuple

from nmsp_scapy.capture.items import CaptureError, Damage, Found, Interface
from nmsp_scapy.capture.network import Decode
from nmsp_scapy.capture.pcapng import (
    MAGIC,
    BlockType,
    Option,
    comments,
    options,
    text,
    ticks_of,
)
from nmsp_scapy.capture.session import Session
from nmsp_scapy.capture.source import Buffer, Source

LARGEST = 1 << 24
"""A block of more bytes than this is damage."""

SCANNED = 1 << 16
"""Bytes looked through for secrets at once; larger ones cost the allocator more."""

COMMENTS = 10_000
"""Comments kept of one capture's sections."""

_SHORTEST: dict[int, int] = {
    BlockType.SECTION: 28,
    BlockType.INTERFACE: 20,
    BlockType.PACKET: 32,
    BlockType.SIMPLE_PACKET: 16,
    BlockType.ENHANCED_PACKET: 32,
    BlockType.SECRETS: 20,
}
_SOUND = {
    "<": re.compile(rb"\n\r\r\n|[\x01-\x06\n]\0\0\0"),
    ">": re.compile(rb"\n\r\r\n|\0\0\0[\x01-\x06\n]"),
}
_SECRETS = ((b"\n\0\0\0", "<"), (b"\0\0\0\n", ">"))


def _nothing(*_: object) -> None:
    """Read no packet."""


class _Clock(NamedTuple):
    """How an interface's packets are read: times are `ticks * scale + shift` ns.

    `scale` is 0 where a tick is no whole number of nanoseconds.
    """

    decode: Decode
    scale: int
    ticks: int
    shift: int
    snaplen: int

    def time_ns(self, stamp: int) -> int:
        return stamp * 1_000_000_000 // self.ticks + self.shift


class PcapngReader:
    """Reads one pcapng capture."""

    def __init__(self, buffer: Buffer, session: Session) -> None:
        """Begin.

        Args:
            buffer: at the beginning of the file, whose magic number has been seen.
            session: takes what the file tells.

        Raises:
            CaptureError: the first section header is cut or none.
        """
        self._buffer = buffer
        self._session = session
        self._order = "<"
        self._clocks: list[_Clock] = []
        self._lost: tuple[int, str] | None = None
        if not buffer.need(28) or self._order_at(buffer.data, 0) is None:
            raise CaptureError("the capture ends inside its section header")

    def batches(self, until: int | None = None) -> Iterator[list[Found]]:
        """Yield what each chunk of the file holds; end after the offset `until`."""
        buffer, session = self._buffer, self._session
        pos, more = 0, True
        while more:
            session.network.base = buffer.base
            pos = self._chunk(buffer.data, pos, final=False)
            yield session.take()
            if until is not None and buffer.base + pos > until:
                return
            more = buffer.more(pos)
            pos = 0
        session.network.base = buffer.base
        pos = self._chunk(buffer.data, 0, final=True)
        while self._resumed(buffer.data, pos):
            pos = self._chunk(buffer.data, pos + 1, final=True)
        self._end(len(buffer.data) - pos, pos)
        yield session.take()

    def _resumed(self, data: bytes, pos: int) -> bool:
        """Whether the block that the file cuts was none, and sound ones follow."""
        if self._lost is not None or pos + 8 > len(data):
            return False
        kind = unpack_from(self._order + "I", data, pos)[0]
        if kind in _SHORTEST or not self._search(data, pos + 1, final=True)[1]:
            return False
        self._lost = self._buffer.base + pos, f"a block of type {kind:#x} that is none"
        return True

    def _end(self, rest: int, pos: int) -> None:
        end = self._buffer.base + pos + rest
        if self._lost is not None:
            offset, reason = self._lost
            self._damage(offset, f"{reason}; no sound block in the last {end - offset}")
        elif rest:
            self._damage(
                self._buffer.base + pos,
                f"the file ends inside a block, after {rest} of its bytes",
            )

    def _damage(self, offset: int, reason: str) -> None:
        self._session.network.found.append(Damage(offset, None, reason))

    def _chunk(self, data: bytes, pos: int, *, final: bool) -> int:
        """Read the whole blocks of the buffer; say where the rest begins."""
        while pos + 12 <= len(data):
            if self._lost is None:
                pos, reason = self._run(data, pos)
                if not reason:
                    return pos
                self._lost = self._buffer.base + pos, reason
                pos += 1
            pos, found = self._search(data, pos, final=final)
            if not found:
                return pos
            offset, reason = self._lost
            skipped = self._buffer.base + pos - offset
            self._damage(offset, f"{reason}; {skipped} bytes skipped")
            self._lost = None
        return pos

    def _search(self, data: bytes, pos: int, *, final: bool) -> tuple[int, bool]:
        """Find the next sound block, or the place from which more bytes are needed."""
        while match := _SOUND[self._order].search(data, pos):
            pos = match.start()
            if pos + 12 > len(data):
                break
            order = self._order_at(data, pos)
            if order is not None:
                kind, size = unpack_from(order + "II", data, pos)
                if not self._wrong(kind, size):
                    if pos + size > len(data):
                        if not final:
                            return pos, False
                    elif unpack_from(order + "I", data, pos + size - 4)[0] == size:
                        return pos, True
            pos += 1
        return max(pos, len(data) - 11), False

    def _order_at(self, data: bytes, pos: int) -> str | None:
        """Byte order of the block at `pos`; None for a section header that is none."""
        if data[pos : pos + 4] != b"\n\r\r\n":
            return self._order
        magic = data[pos + 8 : pos + 12]
        if magic == MAGIC.to_bytes(4, "little"):
            return "<"
        return ">" if magic == MAGIC.to_bytes(4, "big") else None

    @staticmethod
    def _wrong(kind: int, size: int) -> str:
        """Say what is wrong with a block's length; empty when nothing is."""
        if size % 4 or size < _SHORTEST.get(kind, 12) or size > LARGEST:
            return f"a block of type {kind:#x} cannot have {size} bytes"
        return ""

    def _run(self, data: bytes, pos: int) -> tuple[int, str]:
        """Read blocks until the buffer ends, or up to damage and its name."""
        session, clocks = self._session, self._clocks
        frame, length = session.frame, len(data)
        unpack = Struct(self._order + "IIIIIII").unpack_from
        last = length - 32
        quick = not session.raw
        decode, scale, origin, lately, era = _nothing, 0, 0, -1, -1
        reason = ""
        while True:
            if pos <= last:
                kind, size, interface, high, low, kept, wire = unpack(data, pos)
                if kind == 6 and quick and size == (kept + 35) & ~3:
                    if interface != lately or high != era:
                        clock = clocks[interface] if interface < len(clocks) else None
                        if clock is not None and clock.scale and size <= LARGEST:
                            lately, era = interface, high
                            decode, scale = clock.decode, clock.scale
                            origin = (high << 32) * scale + clock.shift
                    if interface == lately and high == era:
                        start = pos + 28
                        after = pos + size
                        if after > length:
                            break
                        frame += 1
                        decode(
                            data, start, start + kept, wire, frame, origin + low * scale
                        )
                        pos = after
                        continue
            elif pos + 12 > length:
                break
            session.frame = frame
            size, reason = self._block(data, pos)
            frame = session.frame
            if not size or reason:
                break
            pos += size
            clocks, lately = self._clocks, -1
            unpack = Struct(self._order + "IIIIIII").unpack_from
        session.frame = frame
        return pos, reason

    def _block(self, data: bytes, pos: int) -> tuple[int, str]:
        """Read any block: its size (0 when not all there), and what is wrong."""
        order = self._order_at(data, pos)
        if order is None:
            return 0, "a section header without its magic number"
        kind, size = unpack_from(order + "II", data, pos)
        reason = self._wrong(kind, size)
        if reason or pos + size > len(data):
            return 0, reason
        end = pos + size - 4
        if unpack_from(order + "I", data, end)[0] != size:
            return 0, f"the two lengths of a block of type {kind:#x} differ"
        try:
            self._read(kind, data, pos, end, order)
        except error:
            self._damage(
                self._buffer.base + pos, f"a block of type {kind:#x} is cut short"
            )
        return size, ""

    def _read(self, kind: int, data: bytes, pos: int, end: int, order: str) -> None:
        if kind in (BlockType.ENHANCED_PACKET, BlockType.PACKET):
            self._packet(kind, data, pos, end)
        elif kind == BlockType.SIMPLE_PACKET:
            self._simple(data, pos, end)
        elif kind == BlockType.INTERFACE:
            self._interface(data, pos, end)
        elif kind == BlockType.SECRETS:
            self._secrets(data, pos, end)
        elif kind == BlockType.SECTION:
            self._order = order
            self._clocks = []
            kept = self._session.comments
            if len(kept) < COMMENTS:
                kept += comments(options(data, pos + 24, end, order))

    def _interface(self, data: bytes, pos: int, end: int) -> None:
        linktype, _, snaplen = unpack_from(self._order + "HHI", data, pos + 8)
        interface = Interface(linktype, snaplen)
        for code, value in options(data, pos + 16, end, self._order):
            if code == Option.INTERFACE_NAME:
                interface.name = text(value)
            elif code == Option.INTERFACE_DESCRIPTION:
                interface.description = text(value)
            elif code == Option.INTERFACE_TICKS and len(value) == 1:
                interface.ticks = ticks_of(value[0])
            elif code == Option.INTERFACE_OFFSET and len(value) == 8:
                interface.offset_s = unpack_from(self._order + "q", value)[0]
        session = self._session
        session.interfaces.append(interface)
        ticks = interface.ticks
        exact = 1_000_000_000 % ticks == 0
        self._clocks.append(
            _Clock(
                session.decoder(len(session.interfaces) - 1),
                1_000_000_000 // ticks if exact else 0,
                ticks,
                interface.offset_s * 1_000_000_000,
                snaplen,
            )
        )

    def _packet(self, kind: int, data: bytes, pos: int, end: int) -> None:
        interface, high, low, kept, wire = unpack_from(
            self._order + "IIIII", data, pos + 8
        )
        if kind == BlockType.PACKET:
            interface = unpack_from(self._order + "H", data, pos + 8)[0]
        self._session.frame += 1
        start = pos + 28
        if start + kept > end:
            self._damage(
                self._buffer.base + pos, f"a packet of {kept} bytes overruns its block"
            )
        elif interface >= len(self._clocks):
            self._damage(
                self._buffer.base + pos, f"interface {interface} was never described"
            )
        else:
            if self._session.raw:
                at = start + (kept + 3 & ~3)
                self._session.note = comments(options(data, at, end, self._order))
            clock = self._clocks[interface]
            time_ns = clock.time_ns(high << 32 | low)
            clock.decode(data, start, start + kept, wire, self._session.frame, time_ns)

    def _simple(self, data: bytes, pos: int, end: int) -> None:
        """Read a simple packet block: the section's first interface, and no time."""
        wire = unpack_from(self._order + "I", data, pos + 8)[0]
        self._session.frame += 1
        if not self._clocks:
            self._damage(
                self._buffer.base + pos, "a simple packet before any interface"
            )
            return
        clock = self._clocks[0]
        kept = min(wire, end - pos - 12, clock.snaplen or wire)
        clock.decode(data, pos + 12, pos + 12 + kept, wire, self._session.frame, 0)

    def _secrets(self, data: bytes, pos: int, end: int) -> None:
        offset = self._buffer.base + pos
        kind, length = unpack_from(self._order + "II", data, pos + 8)
        if pos + 16 + length > end:
            self._damage(offset, f"secrets of {length} bytes overrun their block")
        elif offset >= self._session.known:
            self._session.secrets.append((kind, data[pos + 16 : pos + 16 + length]))


class _SecretsOnly(Session):
    """A session that looks at no packet."""

    def decoder(self, interface: int) -> Decode:
        """Return a reader that reads nothing."""
        return _nothing


def last_candidate(source: Source) -> tuple[int, int]:
    """Look for what may be secrets blocks: block by block, after damage by search.

    Returns:
        Where the last one may begin, -1 for none; and the length of the source.
    """
    data, base, last, order = b"", 0, -1, ""
    sound = True
    while chunk := source.read(max(SCANNED, len(data))):
        data += chunk
        pos, found = 0, -1
        if not base:
            order = ">" if data[8:12] == MAGIC.to_bytes(4, "big") else "<"
            pos = _section_size(data, order)
        if sound:
            pos, found, sound = _along(data, pos, order)
        if not sound:
            found = max(found, _candidate(data, pos))
            pos = max(pos, len(data) - 15)
        last = base + found if found >= 0 else last
        base += pos
        data = data[pos:]
    return last, base + len(data)


def _section_size(data: bytes, order: str) -> int:
    """Length of the section header that a file begins with, where it is sound."""
    if len(data) < 28:
        return 0
    size: int = unpack_from(order + "I", data, 4)[0]
    return size if size % 4 == 0 and 28 <= size <= len(data) else 0


def _along(data: bytes, pos: int, order: str) -> tuple[int, int, bool]:
    """Go along whole blocks from one to the next.

    Returns:
        Where it ended; the last secrets block, -1 for none; and whether the blocks are
        sound as far as they are at hand. A second section header, whose order may
        differ, is not.
    """
    head, joint = Struct(order + "II").unpack_from, Struct(order + "III").unpack_from
    section, secrets = int(BlockType.SECTION), int(BlockType.SECRETS)
    packet = int(BlockType.ENHANCED_PACKET)
    last, length = -1, len(data)
    if pos > length - 12:
        return pos, last, True
    kind, size = head(data, pos)
    while True:
        if kind == packet:  # most are, and most of those are followed by another
            with suppress(error):
                closing, following, next_size = joint(data, pos + size - 4)
                while (
                    32 <= closing == size <= LARGEST
                    and following == packet
                    and not size & 3
                ):
                    pos, size = pos + size, next_size
                    closing, following, next_size = joint(data, pos + size - 4)
        if not 12 <= size <= LARGEST or size & 3 or kind == section:
            return pos, last, False
        after = pos + size
        if after + 8 <= length:
            closing, following, next_size = joint(data, after - 4)
        elif after <= length:
            closing, following, next_size = head(data, after - 8)[1], 0, 0
        else:
            return pos, last, True
        if closing != size:
            return pos, last, False
        if kind == secrets:
            last = pos
        pos, kind, size = after, following, next_size
        if pos > length - 12:
            return pos, last, True


def _candidate(data: bytes, start: int) -> int:
    """Find the last that may be a secrets block, of either order; -1 for none."""
    last = -1
    for kind, order in _SECRETS:
        pos = data.find(kind, start)
        while 0 <= pos <= len(data) - 16:
            size, _, length = unpack_from(order + "III", data, pos + 4)
            if not size % 4 and 20 <= size <= LARGEST and length <= size - 20:
                last = max(last, pos)
            pos = data.find(kind, pos + 1)
    return last


def secrets_of(source: Source, until: int) -> list[tuple[int, bytes]]:
    """Read all secrets blocks that begin at the offset `until` or before it."""
    session = _SecretsOnly()
    for _ in PcapngReader(Buffer(source), session).batches(until):
        pass
    return session.secrets
