# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether messages end with a checksum of what comes before."""

import binascii
import zlib
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import NamedTuple

from nmsp_scapy.calibrate.seen import Seen

SAMPLE = 60
LEAST_BITS = 64
LONGEST_CONSTANT = 8
WIDEST_HEADER_SUM = 2


class Checksum(NamedTuple):
    """One that fits every message that was tried."""

    name: str
    width: int
    byte_order: str
    messages: int

    @property
    def ordered(self) -> bool:
        """Whether it tells in which order bytes come."""
        return self.width > 1 and not self.name.startswith("constant")


def _internet(data: bytes) -> int:
    total = sum(memoryview(data + b"\0" * (len(data) % 2)).cast("H").tolist())
    total = int.from_bytes(total.to_bytes(8, "little"), "little")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    swapped = total.to_bytes(2, "little")
    return ~int.from_bytes(swapped, "big") & 0xFFFF


SUMS: tuple[tuple[str, int, Callable[[bytes], int]], ...] = (
    ("xor", 1, lambda data: reduce(xor, data, 0)),
    ("sum", 1, sum),
    ("negative sum", 1, lambda data: -sum(data)),
    ("sum", 2, sum),
    ("Internet checksum", 2, _internet),
    ("CRC-16 CCITT", 2, lambda data: binascii.crc_hqx(data, 0xFFFF)),
    ("CRC-16 XMODEM", 2, lambda data: binascii.crc_hqx(data, 0)),
    ("sum", 4, sum),
    ("CRC-32", 4, zlib.crc32),
    ("Adler-32", 4, zlib.adler32),
)


def find_checksum(messages: list[Seen], least: int) -> Checksum | None:
    """Find what the last bytes are of all bytes before them.

    Args:
        messages: what was seen.
        least: bytes of the header that cannot belong to it.
    """
    raws = list({one.raw for one in messages})[:SAMPLE]
    for name, width, made in SUMS:
        if min(map(len, raws)) < least + width or 8 * width * len(raws) < LEAST_BITS:
            continue
        for order in ("big", "little")[: 1 + (width > 1)]:
            if all(_fits(raw, width, order, made) for raw in raws):
                return Checksum(name, width, order, len(raws))
    return _constant([one.raw for one in messages], least)


def _constant(raws: list[bytes], least: int) -> Checksum | None:
    """Find bytes with which all messages end, whatever they are about."""
    shortest = min(raws, key=len)
    width = 0
    while width < min(LONGEST_CONSTANT, len(shortest) - least):
        tail = shortest[len(shortest) - width - 1 :]
        if not all(raw.endswith(tail) for raw in raws):
            break
        width += 1
    tail = shortest[len(shortest) - width :]
    # Zero bytes before it are rather the end of every body.
    tail = tail.lstrip(b"\0")
    width = len(tail)
    if width == 0 or len({len(raw) for raw in raws}) < 3 or not any(tail):
        return None
    return Checksum(f"constant {tail.hex()}", width, "big", len(raws))


def _fits(raw: bytes, width: int, order: str, made: Callable[[bytes], int]) -> bool:
    value = made(raw[:-width]) % (1 << 8 * width)
    return raw[-width:] == value.to_bytes(width, order)  # type: ignore[arg-type]


def header_checksum(
    raws: list[bytes], free: list[int], size: int
) -> tuple[int, int, str] | None:
    """Find a field of the header that sums up the header, itself taken as zero.

    Returns:
        Its offset, its width, and what it is.
    """
    heads = list({raw[:size] for raw in raws})[:SAMPLE]
    for name, width, made in SUMS:
        if width > WIDEST_HEADER_SUM or 8 * width * len(heads) < LEAST_BITS:
            continue
        for at in free:
            if not set(range(at, at + width)) <= {*free}:
                continue
            for order in ("big", "little")[: 1 + (width > 1)]:
                if all(_sums_up(head, at, width, order, made) for head in heads):
                    return at, width, name + f", {order}-endian" * (width > 1)
    return None


def _sums_up(
    head: bytes, at: int, width: int, order: str, made: Callable[[bytes], int]
) -> bool:
    value = made(head[:at] + bytes(width) + head[at + width :]) % (1 << 8 * width)
    return head[at : at + width] == value.to_bytes(width, order)  # type: ignore[arg-type]
