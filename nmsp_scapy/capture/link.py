# SPDX-License-Identifier: GPL-2.0-or-later
"""Link layers: where the IP packet of a frame begins.

Numbers of link types: https://www.tcpdump.org/linktypes.html (documented).
"""

from collections.abc import Callable
from struct import Struct

IPV4 = 0x0800
IPV6 = 0x86DD
ETHERNET = 0x6558
"""Ethertype of an Ethernet frame inside a tunnel (transparent bridging)."""

VXLAN_GPE = 4790
VXLAN = frozenset((4789, 8472, VXLAN_GPE))
"""UDP ports of VXLAN: the standard's, Linux's before it, and the generic one's."""

ERSPAN_2 = 0x88BE
ERSPAN_3 = 0x22EB

_U16 = Struct(">H").unpack_from
_U32 = Struct(">I").unpack_from
_TAGS = {
    0x8100: 4,  # 802.1Q
    0x88A8: 4,  # 802.1ad
    0x9100: 4,  # QinQ before 802.1ad
    0x9200: 4,
    0x8909: 8,  # Cisco MetaData
}
_MPLS = frozenset((0x8847, 0x8848))
_GPE = {1: IPV4, 2: IPV6, 3: ETHERNET, 5: 0x8847}
_PPPOE = 0x8864
_PPP = {0x0021: IPV4, 0x0057: IPV6}
_FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}


class Cut(Exception):  # noqa: N818 - no error of anybody: the capture kept too little
    """The captured bytes end before a header does."""


Place = tuple[int, int]
"""Ethertype and where its packet begins; ethertype 0 is nothing we look for."""

NOWHERE: Place = (0, 0)


def _need(pos: int, length: int, end: int) -> None:
    if pos + length > end:
        raise Cut


def ethernet(buf: bytes, pos: int, end: int) -> Place:
    """Read an Ethernet header, with LLC and SNAP where there is no ethertype."""
    _need(pos, 14, end)
    kind: int = _U16(buf, pos + 12)[0]
    if kind >= 0x600:
        return kind, pos + 14
    _need(pos, 22, end)
    if buf[pos + 14 : pos + 20] == b"\xaa\xaa\x03\0\0\0":
        return _U16(buf, pos + 20)[0], pos + 22
    return NOWHERE


def cooked(buf: bytes, pos: int, end: int) -> Place:
    """Read a Linux cooked header (SLL)."""
    _need(pos, 16, end)
    return _U16(buf, pos + 14)[0], pos + 16


def cooked2(buf: bytes, pos: int, end: int) -> Place:
    """Read a Linux cooked header, version 2 (SLL2)."""
    _need(pos, 20, end)
    return _U16(buf, pos)[0], pos + 20


def loopback(buf: bytes, pos: int, end: int) -> Place:
    """Read a BSD loopback header: an address family in whichever byte order."""
    _need(pos, 4, end)
    family = _U32(buf, pos)[0]
    if family > 0xFFFF:
        family = int.from_bytes(buf[pos : pos + 4], "little")
    return _FAMILIES.get(family, 0), pos + 4


def raw(buf: bytes, pos: int, end: int) -> Place:
    """Tell IPv4 from IPv6 by the version in the first four bits."""
    _need(pos, 1, end)
    version = buf[pos] >> 4
    return {4: IPV4, 6: IPV6}.get(version, 0), pos


def ppp(buf: bytes, pos: int, end: int) -> Place:
    """Read a PPP header, with address and control bytes or without."""
    _need(pos, 4, end)
    if buf[pos] == 0xFF:
        pos += 2
    return _PPP.get(_U16(buf, pos)[0], 0), pos + 2


LINKS: dict[int, Callable[[bytes, int, int], Place]] = {
    0: loopback,
    1: ethernet,
    9: ppp,
    12: raw,
    14: raw,
    101: raw,
    108: loopback,
    113: cooked,
    228: raw,
    229: raw,
    276: cooked2,
}
"""Reader of each link type that we read."""


def strip(kind: int, buf: bytes, pos: int, end: int) -> Place:
    """Step over tags, labels and mirror headers down to the network layer.

    Args:
        kind: ethertype of what stands at `pos`.
        buf: holds the frame.
        pos: where to begin.
        end: where the captured bytes of the frame end.

    Returns:
        IPv4 or IPv6 and its place; ethertype 0 for anything else.

    Raises:
        Cut: the captured bytes end inside a header.
    """
    while kind not in (IPV4, IPV6):
        if kind in _TAGS:
            size = _TAGS[kind]
            _need(pos, size, end)
            kind, pos = _U16(buf, pos + size - 2)[0], pos + size
        elif kind in _MPLS:
            kind, pos = _labels(buf, pos, end)
        elif kind == ETHERNET:
            kind, pos = ethernet(buf, pos, end)
        elif kind == _PPPOE:
            _need(pos, 8, end)
            kind, pos = _PPP.get(_U16(buf, pos + 6)[0], 0), pos + 8
        else:
            return NOWHERE
    return kind, pos


def _labels(buf: bytes, pos: int, end: int) -> Place:
    """Step over an MPLS label stack, and over the control word of a pseudowire."""
    while True:
        _need(pos, 5, end)
        bottom = buf[pos + 2] & 1
        pos += 4
        if bottom:
            break
    kind, _ = raw(buf, pos, end)
    if kind:
        return kind, pos
    if buf[pos] >> 4 == 0:  # a control word, or an address that begins alike
        _need(pos, 18, end)
        after = _U16(buf, pos + 16)[0]
        pos += 4 if after in _TAGS or after in (IPV4, IPV6) else 0
    return ETHERNET, pos


def gre(buf: bytes, pos: int, end: int) -> Place:
    """Read a GRE header (RFC 2784, 2890) and an ERSPAN header after it."""
    _need(pos, 4, end)
    flags, kind = _U16(buf, pos)[0], _U16(buf, pos + 2)[0]
    if flags & 7:
        return NOWHERE  # version 1 is PPTP
    pos += 4 + 4 * sum(bool(flags & bit) for bit in (0x8000, 0x2000, 0x1000))
    if kind == ERSPAN_2:  # type I has neither sequence number nor header
        return ETHERNET, pos + (8 if flags & 0x1000 else 0)
    if kind == ERSPAN_3:
        _need(pos, 12, end)
        return ETHERNET, pos + (20 if buf[pos + 11] & 1 else 12)
    return kind, pos


def vxlan(buf: bytes, pos: int, end: int, *, plain: bool) -> Place:
    """Read a VXLAN header (RFC 7348), whatever its group policy bits say.

    Args:
        buf: holds the frame.
        pos: where the header begins.
        end: where the captured bytes of the frame end.
        plain: an Ethernet frame follows; otherwise the header says what does
            (draft-ietf-nvo3-vxlan-gpe), where its P bit is set.
    """
    _need(pos, 8, end)
    if plain or not buf[pos] & 4:
        return ETHERNET, pos + 8
    return _GPE.get(buf[pos + 3], 0), pos + 8
