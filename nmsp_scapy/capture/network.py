# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames to segments: link layer, tunnels, IPv4 and IPv6, TCP and UDP.

Nearly every packet of a capture is Ethernet, IPv4 without options and TCP. That
shape is read by one `Struct`; whatever differs goes the general way.
"""

from collections.abc import Callable, Container
from struct import Struct, error

from nmsp_scapy.capture import exported, link
from nmsp_scapy.capture.fragments import Fragments, Piece
from nmsp_scapy.capture.items import Damage, Datagram, Found, Segment

DEPTH = 8
"""Networks inside networks that we follow."""

WANTED = 65_536
"""Flows whose verdict (wanted or not) is remembered."""

TCP, UDP = 6, 17
_TUNNELS = {4: link.IPV4, 41: link.IPV6}  # IP in IP
_GRE = 47
_GENEVE = 6081
_EXTENSIONS = frozenset((0, 43, 51, 60, 135))
_FRAGMENT = 44

_COMMON = ">{}x3sxHxxHxBxx12sIIBB"
_IPV4_HEAD = b"\x08\0\x45"  # ethertype, version, header of five words
_WHOLE = frozenset((0, 0x4000))  # fragment field of what is no fragment
_NEVER = 1 << 40
_PORTS = Struct(">HH").unpack_from
_UDP = Struct(">HHH").unpack_from
_NUMBERS = Struct(">IIBB").unpack_from
_IPV4 = Struct(">BxHHHxB").unpack_from
_IPV6 = Struct(">HBx").unpack_from
_U16 = Struct(">H").unpack_from

Decode = Callable[[bytes, int, int, int, int, int], None]
"""Reads one packet: buffer, start, end, length on the wire, frame, time in ns."""


class Network:
    """Reads the packets of one capture.

    Attributes:
        found: what the packets held; whoever calls takes it out.
        base: offset in the file of the buffer in use, for `Damage`; None
            where there is no file.
        joined: frames of the fragments that were put together last.
    """

    def __init__(self, ports: Container[int] | None = None) -> None:
        """Begin.

        Args:
            ports: only segments and datagrams to or from these are kept; None
                keeps all.
        """
        self.found: list[Found] = []
        self.base: int | None = 0
        self.joined: tuple[int, ...] = ()
        self._ports = ports
        self._wanted: dict[bytes, bool] = {}
        self._fragments = Fragments()
        self._frame = 0
        self._time_ns = 0
        self._unread: set[int] = set()

    def decoder(self, linktype: int) -> Decode:
        """Make the reader of one link type."""
        if linktype == exported.LINKTYPE:
            return self._exported
        general = self._general(linktype)
        skip = {1: 12, 113: 14}.get(linktype)
        if skip is None:
            return general
        return self._quick(skip, general)

    def _exported(
        self, buf: bytes, start: int, end: int, wire: int, frame: int, time_ns: int
    ) -> None:
        """Read an exported PDU."""
        found = exported.read(buf, start, end, frame, time_ns)
        ports = self._ports
        if found is None:
            self._frame = frame
            self._damage(start, "an exported PDU without addresses and ports")
        elif ports is None or any(p in ports for p in _PORTS(found.flow[-4:])):
            self.found.append(found)

    def _quick(self, skip: int, general: Decode) -> Decode:
        """Make a reader of the common shape, `skip` bytes before the ethertype."""
        unpack = Struct(_COMMON.format(skip)).unpack_from
        wanted = self._wanted.get
        emit = self.found.append
        network = skip + 2
        # Where TCP data begin, by the byte that holds the length of its header.
        headers = tuple(
            network + 20 + (byte >> 2 & 0x3C) if byte >= 0x50 else _NEVER
            for byte in range(256)
        )

        def decode(
            buf: bytes, start: int, end: int, wire: int, frame: int, time_ns: int
        ) -> None:
            # What is unpacked may belong to the next packet, or be no bytes at all;
            # the last condition tells.
            try:
                head, total, part, proto, flow, seq, ack, words, flags = unpack(
                    buf, start
                )
            except error:
                return general(buf, start, end, wire, frame, time_ns)
            if proto == TCP and head == _IPV4_HEAD and part in _WHOLE:
                stop = start + total + network
                data = start + headers[words]
                if data <= stop <= end:
                    keep = wanted(flow)
                    if keep:
                        payload = buf[data:stop]
                        return emit(
                            Segment(frame, time_ns, flow, seq, ack, flags, payload)
                        )
                    if keep is False:
                        return None
            return general(buf, start, end, wire, frame, time_ns)

        return decode

    def _general(self, linktype: int) -> Decode:
        reader = link.LINKS.get(linktype)

        def decode(
            buf: bytes, start: int, end: int, wire: int, frame: int, time_ns: int
        ) -> None:
            self._frame, self._time_ns = frame, time_ns
            if reader is None:
                if linktype not in self._unread:
                    self._unread.add(linktype)
                    self._damage(start, f"link type {linktype} is not one we read")
                return
            try:
                kind, pos = reader(buf, start, end)
                self._network(kind, buf, pos, end, 0)
            except link.Cut:
                if end - start < wire:
                    reason = f"cut to {end - start} bytes, inside its headers"
                else:
                    reason = "the packet ends inside its headers"
                self._damage(start, reason)

        return decode

    def packet(
        self, kind: int, buf: bytes, pos: int, end: int, frame: int, time_ns: int
    ) -> None:
        """Read one packet without link layer, `kind` being its ethertype."""
        self._frame, self._time_ns = frame, time_ns
        try:
            self._network(kind, buf, pos, end, 0)
        except link.Cut:
            self._damage(pos, "the packet ends inside its headers")

    def close(self) -> None:
        """End: name the fragments that waited for others in vain."""
        for frame in self._fragments.unfinished():
            self.found.append(
                Damage(None, frame, "fragments of this packet are not in the capture")
            )

    def _damage(self, pos: int, reason: str) -> None:
        offset = None if self.base is None else self.base + pos
        self.found.append(Damage(offset, self._frame, reason))

    def _network(self, kind: int, buf: bytes, pos: int, end: int, depth: int) -> None:
        kind, pos = link.strip(kind, buf, pos, end)
        if not kind:
            return
        if depth > DEPTH:
            self._damage(pos, f"more than {DEPTH} tunnels inside each other")
        elif kind == link.IPV4:
            self._ipv4(buf, pos, end, depth)
        else:
            self._ipv6(buf, pos, end, depth)

    def _ipv4(self, buf: bytes, pos: int, end: int, depth: int) -> None:
        if pos + 20 > end:
            raise link.Cut
        first, total, ident, part, protocol = _IPV4(buf, pos)
        header = (first & 15) * 4
        if first >> 4 != 4 or header < 20:
            return self._damage(pos, "an IPv4 header that is none")
        stop = pos + total if total else end  # 0: segmentation offload
        data = pos + header
        if data > stop:
            return self._damage(pos, "an IPv4 packet shorter than its header")
        addresses = buf[pos + 12 : pos + 20]
        if part & 0x3FFF:
            start = (part & 0x1FFF) * 8
            piece = Piece(
                start,
                start + stop - data,
                buf[data : min(stop, end)],
                not part & 0x2000,
                protocol,
            )
            return self._fragment((addresses, ident, protocol), piece, pos, depth)
        return self._transport(protocol, addresses, buf, data, stop, end, depth)

    def _ipv6(self, buf: bytes, pos: int, end: int, depth: int) -> None:
        if pos + 40 > end:
            raise link.Cut
        if buf[pos] >> 4 != 6:
            return self._damage(pos, "an IPv6 header that is none")
        length, header = _IPV6(buf, pos + 4)
        stop = pos + 40 + length if length else end  # 0: offload, or a jumbogram
        addresses = buf[pos + 8 : pos + 40]
        at = pos + 40
        while header in _EXTENSIONS:
            if at + 8 > end:
                raise link.Cut
            size = (buf[at + 1] + 2) * 4 if header == 51 else (buf[at + 1] + 1) * 8
            header, at = buf[at], at + size
        if at > stop:
            return self._damage(pos, "IPv6 extension headers longer than the packet")
        if header != _FRAGMENT:
            return self._transport(header, addresses, buf, at, stop, end, depth)
        if at + 8 > end:
            raise link.Cut
        part = _U16(buf, at + 2)[0]
        data, start = at + 8, part & 0xFFF8
        if data > stop:
            return self._damage(pos, "an IPv6 fragment shorter than its header")
        piece = Piece(
            start,
            start + stop - data,
            buf[data : min(stop, end)],
            not part & 1,
            buf[at],
        )
        return self._fragment((addresses, buf[at + 4 : at + 8]), piece, pos, depth)

    def _fragment(
        self, key: tuple[object, ...], piece: Piece, pos: int, depth: int
    ) -> None:
        if piece.stop > 65_535:
            return self._damage(pos, "a fragment beyond the longest packet")
        if piece.start == piece.stop:
            return None
        whole = self._fragments.add(key, piece, self._frame)
        if whole is None:
            return None
        self.joined = whole.frames
        if whole.conflict:
            self._damage(pos, "overlapping fragments disagree; the first copy is read")
        addresses = key[0]
        assert isinstance(addresses, bytes)  # noqa: S101 - for mypy: both callers
        base, self.base = self.base, None
        try:
            self._transport(
                whole.header,
                addresses,
                whole.data,
                0,
                whole.length,
                len(whole.data),
                depth,
            )
        finally:
            self.base = base
        return None

    def _transport(
        self,
        protocol: int,
        addresses: bytes,
        buf: bytes,
        pos: int,
        stop: int,
        end: int,
        depth: int,
    ) -> None:
        """Read what IP carries; it should end at `stop`, and was captured to `end`."""
        captured = min(stop, end)
        if protocol == TCP:
            self._tcp(addresses, buf, pos, stop, captured)
        elif protocol == UDP:
            self._udp(addresses, buf, pos, stop, captured, depth)
        elif protocol in _TUNNELS:
            self._network(_TUNNELS[protocol], buf, pos, captured, depth + 1)
        elif protocol == _GRE:
            kind, pos = link.gre(buf, pos, captured)
            self._network(kind, buf, pos, captured, depth + 1)

    def _tcp(self, addresses: bytes, buf: bytes, pos: int, stop: int, end: int) -> None:
        if pos + 4 > end:
            raise link.Cut
        flow = addresses + buf[pos : pos + 4]
        if not self._is_wanted(flow):
            return None
        if pos + 20 > end:
            raise link.Cut
        seq, ack, words, flags = _NUMBERS(buf, pos + 4)
        data = pos + (words >> 2 & 0x3C)
        if words < 0x50 or data > stop:
            return self._damage(pos, "a TCP header of an impossible length")
        if data > end:
            missing, payload = stop - data, b""
        else:
            missing, payload = stop - end, buf[data:end]
        self.found.append(
            Segment(self._frame, self._time_ns, flow, seq, ack, flags, payload, missing)
        )
        return None

    def _udp(
        self, addresses: bytes, buf: bytes, pos: int, stop: int, end: int, depth: int
    ) -> None:
        if pos + 8 > end:
            raise link.Cut
        _, target, length = _UDP(buf, pos)
        if target in link.VXLAN and pos + 9 <= end and buf[pos + 8] & 8:
            kind, pos = link.vxlan(buf, pos + 8, end, plain=target != link.VXLAN_GPE)
            return self._network(kind, buf, pos, end, depth + 1)
        if target == _GENEVE and pos + 16 <= end and buf[pos + 8] >> 6 == 0:
            kind = _U16(buf, pos + 10)[0]
            inner = pos + 16 + (buf[pos + 8] & 0x3F) * 4
            return self._network(kind, buf, inner, end, depth + 1)
        flow = addresses + buf[pos : pos + 4]
        if not self._is_wanted(flow):
            return None
        stop = min(stop, pos + length) if length >= 8 else stop
        end = min(end, stop)
        self.found.append(
            Datagram(self._frame, self._time_ns, flow, buf[pos + 8 : end], stop - end)
        )
        return None

    def _is_wanted(self, flow: bytes) -> bool:
        wanted = self._wanted.get(flow)
        if wanted is None:
            if self._ports is None:
                wanted = True
            else:
                source, target = _PORTS(flow, len(flow) - 4)
                wanted = source in self._ports or target in self._ports
            if len(self._wanted) >= WANTED:
                self._wanted.clear()
            self._wanted[flow] = wanted
        return wanted
