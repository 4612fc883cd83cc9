# SPDX-License-Identifier: GPL-2.0-or-later
"""For each deviation that a capture shows, a capture of its own: its frames alone.

It holds the conversation as it was captured, with its secrets, from its first frame to
the message that deviates, or to its end where what deviates is that nothing came. The
frame bears the comment that `annotate` writes, which our Wireshark dissector marks.
Captures are read as often as it takes to keep few files open and no packet in memory.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from conformance.annotate import Annotation, Remark
from conformance.capture import Watched
from conformance.place import pointed
from conformance.result import Case, Judged, Run
from conformance.verdict import Evidence, Finding
from nmsp_scapy.capture import Capture, Packet
from nmsp_scapy.capture.items import Datagram, Segment
from nmsp_scapy.capture.network import Network
from nmsp_scapy.capture.pcapng import PcapngWriter, open_private
from nmsp_scapy.links import addresses

MOST = 500
"""Deviations that get a capture of their own; a report says when there are more."""

AT_ONCE = 64
"""Files that are written while the capture is read once."""

Ends = frozenset[tuple[str, int]]


class Wanted(NamedTuple):
    """One deviation.

    Attributes:
        last: the frame with which it ends; None where the conversation does.
        remarks: what its frames are to bear.
    """

    part: Judged
    watched: Watched
    last: int | None
    remarks: list[Remark]

    @property
    def name(self) -> str:
        """Name of its file, of what only we have named."""
        return f"{self.part.requirement}.{self.watched.conversation.index}.pcapng"


def excerpts(
    run: Run,
    watched: Sequence[Watched],
    annotation: Annotation,
    file: IO[bytes],
    folder: Path,
    key_log: Iterable[str],
) -> None:
    """Write them, and tell the findings where in them they lie.

    Args:
        run: of the capture; changed in place.
        watched: its conversations.
        annotation: has listened while the capture was read.
        file: the capture, seekable.
        folder: exists; holds secrets from now on.
        key_log: lines that opened the conversations.

    Raises:
        ValueError: the capture itself would be written over.
    """
    wanted = list(_wanted(run.cases, watched, annotation))
    if len(wanted) > MOST:
        run.remarks.append(
            f"{len(wanted)} deviations: the first {MOST} have captures of their own."
        )
    del wanted[MOST:]
    if not wanted:
        return
    own = os.fstat(file.fileno())
    for path in (folder / each.name for each in wanted):
        if path.exists() and os.path.samestat(path.stat(), own):
            raise ValueError(f"{path} is the capture that is read")
    owners = _owners(file, [each.watched for each in wanted])
    lines = list(key_log)
    for at in range(0, len(wanted), AT_ONCE):
        _write(file, owners, wanted[at : at + AT_ONCE], folder, lines)


def _wanted(
    cases: Iterable[Case], watched: Sequence[Watched], annotation: Annotation
) -> Iterator[Wanted]:
    for case, part, each in annotation.failed(cases, watched):
        remarks = [annotation.remark(part, found, each) for found in part.unmet]
        yield Wanted(part, each, _last(part, case.role, each), remarks)


def _last(part: Judged, role: str, watched: Watched) -> int | None:
    """The frame up to which a conversation must be read to see what deviates.

    TLS opens bytes in their order, and what came before may have come again later.
    """
    messages = watched.seen.messages
    last = -1
    for found in part.unmet:
        at = found.evidence
        if at is None or at.message is None or messages[at.message].sender != role:
            return None
        last = max(last, at.message)
    frames = (frame for m in messages[: last + 1] for frame in m.frames)
    return max(frames, default=None)


def _owners(file: IO[bytes], watched: Iterable[Watched]) -> dict[int, int]:
    """Find the frames of conversations: the conversation by frame number."""
    begun: dict[Ends, list[tuple[int, int]]] = {}
    for each in {w.conversation.index: w.conversation for w in watched}.values():
        ends = _ends(each.client.address, each.client.port)
        ends |= _ends(each.server.address, each.server.port)
        begun.setdefault(ends, []).append((each.frame, each.index))
    found: dict[int, int] = {}
    for frames, ends in _carriers(file):
        for first, index in begun.get(ends, ()):
            if frames[-1] >= first:  # the latest that uses these ports again wins
                found.update(dict.fromkeys(frames, index))
    return found


def _ends(address: str, port: int) -> Ends:
    return frozenset([(address, port)])


def _carriers(file: IO[bytes]) -> Iterator[tuple[tuple[int, ...], Ends]]:
    """Yield the frames of each segment and datagram, and between whom it went."""
    network = Network()
    file.seek(0)
    capture = Capture(file)
    for packet in capture.packets():
        if not isinstance(packet, Packet):
            continue
        data, linktype = packet.data, capture.interfaces[packet.interface].linktype
        network.joined = ()
        read = network.decoder(linktype)
        read(data, 0, len(data), packet.wire_length, packet.frame, packet.time_ns)
        for found in network.found:
            if isinstance(found, Segment | Datagram):
                source, target = addresses(found.flow)
                ends = _ends(source.address, source.port)
                ends |= _ends(target.address, target.port)
                yield network.joined or (packet.frame,), ends
        network.found.clear()


class _Excerpt:
    """A file while it is written.

    Attributes:
        numbers: of its frames, by those of the whole capture.
    """

    def __init__(self, wanted: Wanted, file: IO[bytes], key_log: Sequence[str]) -> None:
        self.wanted = wanted
        self.numbers: dict[int, int] = {}
        self._interfaces: dict[int, int] = {}
        self._remarks: dict[int, list[str]] = defaultdict(list)
        for frame, text in wanted.remarks:
            self._remarks[frame].append(text)
        told = [wanted.part.requirement, wanted.part.text, "Frames of a whole capture."]
        self._writer = PcapngWriter(file, comments=told)
        tls = wanted.watched.conversation.tls
        random = (tls.client_random if tls else None) or ""
        own = [f"{line}\n" for line in key_log if random in line]
        if tls and own:
            self._writer.secrets("".join(own).encode())

    def take(self, capture: Capture, packet: Packet) -> None:
        """Write a packet, unless it comes after what deviates."""
        if self.wanted.last is not None and packet.frame > self.wanted.last:
            return
        interface = self._interfaces.get(packet.interface)
        if interface is None:
            known = capture.interfaces[packet.interface]
            interface = self._writer.interface(
                known.linktype, snaplen=known.snaplen, name=known.name
            )
            self._interfaces[packet.interface] = interface
        self.numbers[packet.frame] = len(self.numbers) + 1
        told = self._remarks.get(packet.frame, ())
        self._writer.packet(
            packet.data,
            packet.time_ns,
            interface=interface,
            wire_length=packet.wire_length,
            comments=(*packet.comments, *told),
        )

    def tell(self) -> None:
        """Name the file, and tell its findings where in it they lie."""
        part, remarks = self.wanted.part, iter(self.wanted.remarks)
        part.capture = self.wanted.name
        part.findings = [
            found if found.met else self._told(found, next(remarks))
            for found in part.findings
        ]

    def _told(self, found: Finding, remark: Remark) -> Finding:
        at = found.evidence or Evidence()
        if at.message is not None:
            message = self.wanted.watched.seen.messages[at.message]
            frames = tuple(self.numbers.get(n, 0) for n in message.frames)
            told, _ = pointed(at, message.raw, frames, message.profile)
        else:
            number = self.numbers.get(remark.frame, len(self.numbers))
            told = msgspec.structs.replace(
                at, frames=(number,), filter=f"frame.number == {number}"
            )
        return msgspec.structs.replace(found, evidence=told)


def _write(
    file: IO[bytes],
    owners: dict[int, int],
    wanted: Sequence[Wanted],
    folder: Path,
    key_log: Sequence[str],
) -> None:
    with ExitStack() as stack:
        made: dict[int, list[_Excerpt]] = {}
        for each in wanted:
            out = stack.enter_context(open_private(folder / each.name))
            index = each.watched.conversation.index
            made.setdefault(index, []).append(_Excerpt(each, out, key_log))
        file.seek(0)
        capture = Capture(file)
        for packet in capture.packets():
            if isinstance(packet, Packet) and packet.frame in owners:
                for excerpt in made.get(owners[packet.frame], ()):
                    excerpt.take(capture, packet)
    for excerpt in (each for some in made.values() for each in some):
        excerpt.tell()
