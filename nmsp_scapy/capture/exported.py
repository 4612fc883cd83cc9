# SPDX-License-Identifier: GPL-2.0-or-later
"""Exported PDUs: what a dissector would be given, with its addresses as tags.

Source: documented, Wireshark's `epan/exported_pdu.h`.
"""

from enum import IntEnum
from struct import error, unpack_from

from nmsp_scapy.capture.items import Datagram

LINKTYPE = 252
"""`LINKTYPE_WIRESHARK_UPPER_PDU`."""


class Tag(IntEnum):
    """Tags that we read or write."""

    END = 0
    DISSECTOR = 12
    IPV4_SOURCE = 20
    IPV4_TARGET = 21
    IPV6_SOURCE = 22
    IPV6_TARGET = 23
    PORT_TYPE = 24
    SOURCE_PORT = 25
    TARGET_PORT = 26
    ORIGINAL_FRAME = 30


class PortType(IntEnum):
    """Values of `Tag.PORT_TYPE`."""

    TCP = 2
    UDP = 3


class Exported(Datagram, gc=False):
    """One exported PDU; `payload` is the PDU."""


def read(
    data: bytes, start: int, end: int, frame: int, time_ns: int
) -> Exported | None:
    """Read the tags before a PDU.

    Returns:
        The PDU; None where it is not from IP and ports.
    """
    tags: dict[int, bytes] = {}
    pos = start
    try:
        while True:
            tag, length = unpack_from(">HH", data, pos)
            pos += 4
            if pos + length > end:
                return None
            if tag == Tag.END:
                pos += length
                break
            tags[tag] = data[pos : pos + length]
            pos += length
    except error:
        return None
    source = tags.get(Tag.IPV4_SOURCE) or tags.get(Tag.IPV6_SOURCE, b"")
    target = tags.get(Tag.IPV4_TARGET) or tags.get(Tag.IPV6_TARGET, b"")
    ports = tags.get(Tag.SOURCE_PORT, b"")[2:4] + tags.get(Tag.TARGET_PORT, b"")[2:4]
    if len(source) != len(target) or len(source) not in {4, 16} or len(ports) != 4:
        return None
    return Exported(frame, time_ns, source + target + ports, data[pos:end])
