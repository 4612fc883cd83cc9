# SPDX-License-Identifier: GPL-2.0-or-later
"""The capture as it was, with the secrets that it needs inside.

A sound pcapng is copied block by block: interfaces, comments, names, statistics and
what nobody here knows stay as they are. Its secrets are replaced by those that opened
its NMSP sessions, and packets with an event get a comment. Any other capture is
written anew from its packets.
"""

from collections.abc import Iterator, Mapping, Sequence
from struct import Struct, pack, unpack_from
from typing import IO

from nmsp_scapy.capture import Capture, Packet
from nmsp_scapy.capture.pcapng import MAGIC, BlockType, Option, PcapngWriter
from nmsp_scapy.capture.source import Buffer, opened

LARGEST = 1 << 24
"""A block of more bytes is not copied."""

Comments = Mapping[int, Sequence[str]]
"""Comments to add, by frame number."""


def write_capture(
    file: IO[bytes], out: IO[bytes], secrets: bytes, told: Comments, *, sound: bool
) -> None:
    """Write a capture with its secrets inside, and with comments.

    Args:
        file: the capture, at its beginning, seekable.
        out: where the new one goes.
        secrets: text of a key log; empty for none.
        told: comments to add.
        sound: whether the capture was read without damage.

    Raises:
        CaptureError: this is no capture.
    """
    capture = Capture(file)
    file.seek(0)
    if sound and capture.format == "pcapng":
        copy(file, out, secrets, told)
    else:
        rewrite(capture, out, secrets, told)


def rewrite(capture: Capture, out: IO[bytes], secrets: bytes, told: Comments) -> None:
    """Write a capture's packets anew: for what is no sound pcapng."""
    writer: PcapngWriter | None = None
    for packet in capture.packets():
        if writer is None:
            writer = PcapngWriter(out, comments=capture.comments)
            if secrets:
                writer.secrets(secrets)
            known = 0
        for interface in capture.interfaces[known:]:
            writer.interface(
                interface.linktype,
                snaplen=interface.snaplen,
                name=interface.name,
                description=interface.description,
            )
        known = len(capture.interfaces)
        if isinstance(packet, Packet):
            writer.packet(
                packet.data,
                packet.time_ns,
                interface=packet.interface,
                wire_length=packet.wire_length,
                comments=(*packet.comments, *told.get(packet.frame, ())),
            )
    if writer is None:
        writer = PcapngWriter(out, comments=capture.comments)
        if secrets:
            writer.secrets(secrets)


def copy(file: IO[bytes], out: IO[bytes], secrets: bytes, told: Comments) -> None:
    """Copy a sound pcapng block by block.

    Args:
        file: the capture, at its beginning; may be compressed.
        out: where the copy goes.
        secrets: text of a key log, put before the first interface.
        told: comments to add.

    Raises:
        ValueError: a block is damaged.
    """
    frame, first = 0, True
    for order, kind, block in blocks(file):
        if kind == BlockType.SECRETS:
            continue
        written = block
        if kind in (BlockType.ENHANCED_PACKET, BlockType.PACKET):
            frame += 1
            if frame in told:
                written = commented(block, order, told[frame])
        elif kind == BlockType.SIMPLE_PACKET:
            frame += 1
        out.write(written)
        if first:
            first = False
            if secrets:
                out.write(secrets_block(order, secrets))


def blocks(file: IO[bytes]) -> Iterator[tuple[str, int, bytes]]:
    """Yield byte order, type and bytes of each block.

    Raises:
        ValueError: a block is damaged.
    """
    buffer = Buffer(opened(file))
    order, pos = "<", 0
    while True:
        while len(buffer.data) - pos < 12:
            if not buffer.more(pos):
                if len(buffer.data):
                    raise ValueError("the file ends inside a block")
                return
            pos = 0
        data = buffer.data
        if data[pos : pos + 4] == b"\n\r\r\n":
            order = "<" if unpack_from("<I", data, pos + 8)[0] == MAGIC else ">"
        kind, size = unpack_from(order + "II", data, pos)
        if size % 4 or not 12 <= size <= LARGEST:
            raise ValueError(f"a block of {size} bytes")
        while len(buffer.data) - pos < size:
            if not buffer.more(pos):
                raise ValueError("the file ends inside a block")
            pos = 0
        yield order, kind, buffer.data[pos : pos + size]
        pos += size


def secrets_block(order: str, secrets: bytes) -> bytes:
    """Build a block with a key log in the byte order of its section."""
    body = pack(order + "4sI", b"KSLT" if order == "<" else b"TLSK", len(secrets))
    body += secrets + b"\0" * (-len(secrets) % 4)
    size = len(body) + 12
    return pack(order + "II", BlockType.SECRETS, size) + body + pack(order + "I", size)


def commented(block: bytes, order: str, comments: Sequence[str]) -> bytes:
    """Add comments to a packet block."""
    kept = unpack_from(order + "I", block, 20)[0]
    at = 28 + (kept + 3 & ~3)
    head, rest = block[8:at], block[at:-4]
    pair = Struct(order + "HH").pack
    own = b""
    for comment in comments:
        text = comment.encode()[:65_535]
        own += pair(Option.COMMENT, len(text)) + text + b"\0" * (-len(text) % 4)
    body = head + own + (rest or pair(Option.END, 0))
    size = len(body) + 12
    return block[:4] + pack(order + "I", size) + body + pack(order + "I", size)
