# SPDX-License-Identifier: GPL-2.0-or-later
"""Stages 1 to 3 composed: a capture to the application data of its connections."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count, takewhile
from pathlib import Path
from typing import IO, Protocol, cast, runtime_checkable

from nmsp_scapy.capture import Damage, Datagram, Segment, open_capture
from nmsp_scapy.capture.exported import Exported
from nmsp_scapy.capture.items import Found
from nmsp_scapy.capture.network import Network
from nmsp_scapy.constants import PORT
from nmsp_scapy.conversation import Conversation, Direction, Endpoint, Event
from nmsp_scapy.integrity import Gap, Item, Plain
from nmsp_scapy.links import Link, Place, addresses, transport_of
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.share import END, FLOWS_END, LAST, Key, Share
from nmsp_scapy.streams import Connection, Notice, Reassembler
from nmsp_scapy.tls import (
    DtlsSession,
    KeyStore,
    Opener,
    TlsEngine,
    TlsSession,
    begins_dtls,
)

DIRECTIONS = (Direction.MSE_TO_WLC, Direction.WLC_TO_MSE)
"""By side: 0 is the client, the MSE."""

UNDECIDED = 16
"""Items after which a connection that looks like nothing is taken for TLS."""

FLOWS = 4096
"""Conversations without connection that are remembered."""


@runtime_checkable
class Open(Protocol):
    """A capture that is open already: `open_capture`'s, or `open_live`'s."""

    secrets: list[tuple[int, bytes]]

    def batches(self) -> Iterator[Sequence[Found]]:
        """Yield what has been read, many packets at a time."""


Source = str | Path | IO[bytes] | Open
"""A path, `-` for standard input, an open binary file, or an open capture."""

Opened = Conversation | Event | tuple[Conversation, int, Item]
"""A conversation before its first item; events; items with their side."""


def _opened(
    source: Source, ports: frozenset[int]
) -> tuple[Open, AbstractContextManager[object]]:
    """Open a source; the second is what closes it, where it is ours to close."""
    if isinstance(source, str | Path):
        capture = open_capture(source, ports=ports)
        return capture, capture
    if isinstance(source, Open):
        return source, nullcontext()
    return open_capture(source, ports=ports), nullcontext()


class Decryption:
    """Opens the connections of one capture. What it holds is bounded.

    Attributes:
        keys: what opens them.
        sessions: the open TLS session of each conversation, by index.
        conversations: how many were found.
        key_log: the lines that opened the sessions that are over.
        unread: whether something could not be read.
    """

    def __init__(
        self,
        keys: KeyStore | None = None,
        *,
        profile: Profile = NOMINAL,
        ports: frozenset[int] = frozenset({PORT}),
        first: int = 0,
        share: Share | None = None,
        opener: Opener | None = None,
    ) -> None:
        """Begin.

        Args:
            keys: more may come from the capture itself.
            profile: tells NMSP without TLS.
            ports: of the WLC.
            first: index of the first conversation.
            share: what to open of it; all unless given.
            opener: opens runs of records while this reads on; what it has begun in one
                batch is returned with the next.
        """
        self.keys = keys if keys is not None else KeyStore()
        self.sessions: dict[int, TlsSession | DtlsSession] = {}
        self._engine = TlsEngine(self.keys)
        self._profile = profile
        self._ports = ports
        self._streams = Reassembler(ports)
        self._indices = count(first)
        self._links: dict[int, Link] = {}
        self._flows: dict[bytes, tuple[Link, int]] = {}
        self._problems = 0
        self._network = Network(ports)
        self._network.base = None
        self.conversations = 0
        self.key_log: dict[str, None] = {}
        self.unread = False
        self._opener = opener if share is None else None
        self._places: list[Place] = []  # of this batch
        self._begun: list[Place] = []  # of the batch before
        self._kept: list[Opened | Place] = []  # of the batch before
        self._out: list[Opened | Place] = []
        self._run: list[Plain] = []
        self._run_of: Connection | None = None
        self._run_side = 0
        self._others: Connection | None = None  # the last that is not of our share
        self._share = share
        self._frame = self._seen = 0
        self._cut = False
        self._cuts: list[tuple[int, Key]] = []
        self._cut_at: list[tuple[int, Key]] = []  # of what was returned last

    def run(self, source: Source) -> Iterator[list[Opened]]:
        """Read a capture to its end, many results at a time.

        Raises:
            CaptureError: it cannot be opened, or is no capture.
        """
        capture, own = _opened(source, self._ports)
        with own:
            read = 0
            # What a pipe holds behind the packets is not known yet.
            self.keys.growing |= not getattr(capture, "complete", True)
            for batch in capture.batches():
                for kind, data in capture.secrets[read:]:
                    self.keys.add_secrets(kind, data, "inside the capture")
                read = len(capture.secrets)
                self._begin_part()
                self._tell_problems()
                self._batch(batch)
                yield self._taken()
            yield self.close()

    def parts(self, source: Source) -> Iterator[list[tuple[Key, list[Opened]]]]:
        """Read a share of a capture, in parts whose keys give their order.

        Raises:
            CaptureError: it cannot be opened, or is no capture.
        """
        for opened in self.run(source):
            cuts = self._cut_at
            stops = [at for at, _ in cuts[1:]] + [len(opened)]
            parts = zip(cuts, stops, strict=True) if cuts else ()
            yield [(key, opened[start:stop]) for (start, key), stop in parts]

    def packet(
        self, linktype: int, data: bytes, frame: int, time_ns: int
    ) -> list[Opened]:
        """Read one packet that comes from no file.

        Args:
            linktype: of its link layer.
            data: from the link layer header on.
            frame: its number.
            time_ns: when it was captured.
        """
        network = self._network
        network.decoder(linktype)(data, 0, len(data), len(data), frame, time_ns)
        batch = network.found[:]
        network.found.clear()
        self._batch(batch)
        return self._taken()

    def close(self) -> list[Opened]:
        """End: return what still waited."""
        self._begin_part()
        self._take(self._streams.close(), END)
        self._flush()
        self._close_datagrams()
        self._seen = LAST
        self._tell_problems()
        last = self._taken()
        return last if self._opener is None else last + self._taken()

    # -- a share of the work -----------------------------------------------------

    def _begin_part(self) -> None:
        """What is not ours comes before our next result, or may."""
        self._cut = self._share is not None

    def _part(self, frame: int, place: int) -> None:
        """A result of ours begins a part, if it is the first after what is not."""
        if self._cut:
            self._cuts.append((len(self._out), Key(frame, place)))
            self._cut = False

    def _of_all(self, frame: int) -> bool:
        """Begin a part that belongs to no conversation; tell whether it is ours."""
        self._flush()
        self._begin_part()
        if self._share is not None and self._share.index:
            return False
        self._part(frame, END)
        return True

    def _datagram(self, datagram: Datagram) -> None:
        """Take a datagram: each is whole, none waits for another."""
        flow = datagram.flow
        known = self._flows.get(flow)
        if known is None:
            known = self._new_flow(datagram)
        link, side = known
        if not link.mine:
            self._begin_part()
            return
        self._part(datagram.frame, END)
        end = link.counted[side]
        payload = datagram.payload
        link.counted[side] = end + len(payload) + datagram.missing
        frames = (datagram.frame,)
        if datagram.missing:
            reason = "cut off by the snap length"
            item: Plain | Gap = Gap(
                end, len(payload) + datagram.missing, datagram.time_ns, frames, reason
            )
        else:
            item = Plain(payload, end, datagram.time_ns, frames)
        link.last = datagram.time_ns
        self._open(link, side, item)

    def _new_flow(self, datagram: Datagram) -> tuple[Link, int]:
        """Begin the conversation of two addresses and ports without connection."""
        flow = datagram.flow
        width = (len(flow) - 4) // 2
        back = flow[width:-4] + flow[:width] + flow[-2:] + flow[-4:-2]
        source, target = addresses(flow)
        side = int(source.port in self._ports and target.port not in self._ports)
        client, server = (target, source) if side else (source, target)
        while len(self._flows) >= 2 * FLOWS:
            self._close_flow(next(iter(self._flows)), "too many conversations")
        transport = "pdu" if isinstance(datagram, Exported) else "udp"
        link = self._link(
            Conversation(
                next(self._indices), client, server, transport,
                datagram.time_ns, datagram.frame, "mid-stream",
                server.port in self._ports,
            ), END,
        )  # fmt: skip
        link.early = None
        if link.mine and transport == "udp" and begins_dtls(datagram.payload):
            link.conversation.transport = "dtls"
            self._attach(link, self._engine.datagram_session(link.conversation.index))
        self._flows[flow] = (link, side)
        self._flows[back] = (link, 1 - side)
        return self._flows[flow]

    def _close_datagrams(self) -> None:
        self._frame = FLOWS_END
        while self._flows:
            self._close_flow(next(iter(self._flows)), "the capture ends")

    def _close_flow(self, flow: bytes, reason: str) -> None:
        link, _ = self._flows.pop(flow)
        index = link.conversation.index
        if link.mine:
            self._part(self._frame, index)
        else:
            self._begin_part()
        width = (len(flow) - 4) // 2
        self._flows.pop(flow[width:-4] + flow[:width] + flow[-2:] + flow[-4:-2], None)
        if not link.mine:
            return
        self._finish(link)
        self.sessions.pop(index, None)
        link.conversation.ended = reason
        event = Event(
            "closed", index, None, None, None, link.last, (), reason, False,
        )  # fmt: skip
        self._out.append(event)

    def _taken(self) -> list[Opened]:
        """Return the results: of the batch before, where runs are opened ahead."""
        out, self._out = self._out, []
        if self._opener is not None:
            out, self._kept = self._kept, out
            begun, self._begun, self._places = self._begun, self._places, []
            for place in begun:
                if place.run.out is None:
                    self._settle(place.link, place)
            return [one for found in out for one in self._filled(found)]
        self._cut_at, self._cuts = self._cuts, []
        return cast("list[Opened]", out)

    def _filled(self, found: Opened | Place) -> Iterable[Opened]:
        """Put the results of a run into its place."""
        if not isinstance(found, Place):
            return (found,)
        conversation, opened = found.link.conversation, found.run.out or []
        if any(type(item) is not Plain for _, item in opened):
            self.unread = True
        return [(conversation, side, item) for side, item in opened] + found.events

    def _batch(self, batch: Sequence[Found]) -> None:
        feed, take = self._streams.feed, self._take
        for found in batch:
            if isinstance(found, Segment):
                self._seen = found.frame
                made = feed(found)
                if len(made) == 1:
                    connection, side, item = made[0]
                    if type(item) is Plain:
                        if connection is self._run_of and side == self._run_side:
                            self._run.append(item)
                            continue
                        if connection is self._others and not self._run:
                            self._cut = True
                            continue
                if made:
                    take(made, found.frame)
            elif isinstance(found, Datagram):
                self._flush()
                self._seen = self._frame = found.frame
                self._datagram(found)
            elif isinstance(found, Damage):
                self._damage(found)
        self._flush()

    def _take(
        self, made: list[tuple[Connection, int, Plain | Gap | Notice]], frame: int
    ) -> None:
        for place, (connection, side, item) in enumerate(made):
            if (
                connection is self._run_of
                and side == self._run_side
                and type(item) is Plain
            ):
                self._run.append(item)
                continue
            if self._run:
                self._flush()
            self._frame = frame
            link = self._links.get(connection.index)
            if link is None:
                link = self._begin(connection, place)
            if not link.mine:
                self._begin_part()
                self._others = connection
                if isinstance(item, Notice) and item.kind == "closed":
                    del self._links[connection.index]
                continue
            self._part(frame, place)
            if isinstance(item, Notice):
                self._notice(link, connection, side, item)
            elif link.early is not None:
                self._undecided(link, side, item)
            elif type(item) is Plain and link.session is not None:
                self._run_of, self._run_side = connection, side
                self._run.append(item)
            else:
                self._open(link, side, item)

    def _flush(self) -> None:
        """Open the adjacent bytes that were collected; the rest of a batch waits."""
        items, self._run = self._run, []
        connection, self._run_of = self._run_of, None
        if connection is None or not items:
            return
        link = self._links[connection.index]
        session = link.session
        assert isinstance(session, TlsSession)  # noqa: S101 - a TCP connection's
        side = self._run_side ^ link.swapped
        if self._opener is not None:
            run = session.feed_ahead(side, items, self._opener)
            if run is not None:
                place = Place(link, run)
                link.ahead.append(place)
                self._places.append(place)
                self._out.append(place)
                return
            self._settle(link)
        conversation, append = link.conversation, self._out.append
        for which, opened in session.feed_many(side, items):
            append((conversation, which, opened))
            if type(opened) is not Plain:
                self.unread = True
        if len(link.alerts) != link.told:
            self._alerts(link)

    def _begin(self, connection: Connection, place: int) -> Link:
        client, server = (
            Endpoint(end.address, end.port)
            for end in (connection.client, connection.server)
        )
        conversation = Conversation(
            next(self._indices),
            client,
            server,
            time_ns=connection.time_ns,
            frame=connection.frame,
            began=connection.began,
            sure=connection.sure,
        )
        link = self._links[connection.index] = self._link(conversation, place)
        return link

    def _link(self, conversation: Conversation, place: int) -> Link:
        """Begin a conversation; it is told if it is ours."""
        self.conversations += 1
        share, ends = self._share, (conversation.client, conversation.server)
        mine = share is None or share.has(*(end.address for end in ends))
        if mine:
            self._part(self._frame, place)
            self._out.append(conversation)
        return Link(conversation, mine)

    # -- what the connection carries ---------------------------------------------

    def _undecided(self, link: Link, side: int, item: Plain | Gap) -> None:
        """Collect a connection's first bytes until they tell what they are."""
        early = link.early
        assert early is not None  # noqa: S101 - the caller has looked
        early.append((side, item))
        own = [i for s, i in early if s == side]
        run = list(takewhile(lambda i: isinstance(i, Plain), reversed(own)))
        data = b"".join(i.data for i in reversed(run) if isinstance(i, Plain))
        transport = transport_of(data, self._profile)
        if transport or len(early) >= UNDECIDED:
            # What stands on both sides of a hole is no hello.
            hello = data[:2] == b"\x16\x03" and data[5:6] == b"\x01"
            begins = hello and len(run) == len(own)
            self._decide(link, transport or "tls", swapped=begins and side == 1)

    def _decide(self, link: Link, transport: str, *, swapped: bool) -> None:
        conversation, early = link.conversation, link.early or []
        link.early = None
        conversation.transport = transport
        if swapped:
            link.swapped, conversation.sure = True, True
            conversation.client, conversation.server = (
                conversation.server,
                conversation.client,
            )
        if transport == "tls":
            self._attach(link, self._engine.session(conversation.index))
        for side, item in early:
            self._open(link, side, item)

    def _attach(self, link: Link, session: TlsSession | DtlsSession) -> None:
        """Let a session open what the connection carries."""
        conversation = link.conversation
        link.session = session
        conversation.tls = session.facts
        link.alerts = conversation.tls.alerts  # type: ignore[assignment]
        self.sessions[conversation.index] = session

    def _settle(self, link: Link, last: Place | None = None) -> None:
        """Wait for runs of a connection that are being opened: all, or up to one."""
        while link.ahead:
            place = link.ahead.pop(0)
            assert isinstance(link.session, TlsSession)  # noqa: S101 - it began them
            link.session.settle(place.run)
            place.events = self._new_alerts(link)
            if place is last:
                break

    def _open(self, link: Link, side: int, item: Plain | Gap) -> None:
        if link.ahead:
            self._settle(link)
        conversation, append = link.conversation, self._out.append
        if link.swapped:
            side = 1 - side
        if link.session is None:
            append((conversation, side, item))
            if type(item) is not Plain:
                self.unread = True
            return
        for which, opened in link.session.feed(side, item):
            append((conversation, which, opened))
            if type(opened) is not Plain:
                self.unread = True
        if len(link.alerts) != link.told:
            self._alerts(link)

    # -- what is no byte ---------------------------------------------------------

    def _alerts(self, link: Link) -> None:
        self._out += self._new_alerts(link)

    def _new_alerts(self, link: Link) -> list[Event]:
        """Make events of the alerts that were not told yet."""
        facts, events = link.conversation.tls, []
        for alert in facts.alerts[link.told :] if facts else ():
            reason = "an alert that stays closed"
            detail: dict[str, str | int] = {}
            if alert.number is not None:
                reason = f"{alert.level} alert {alert.number} {alert.description}"
                detail = {"level": alert.level, "number": alert.number}
            event = Event(
                "alert", link.conversation.index, DIRECTIONS[alert.side], None, None,
                alert.time_ns, alert.frames, reason, False,
                detail=detail,
            )  # fmt: skip
            events.append(event)
        link.told = len(link.alerts)
        return events

    def _notice(
        self, link: Link, connection: Connection, side: int, notice: Notice
    ) -> None:
        conversation = link.conversation
        direction: Direction | None = DIRECTIONS[side ^ link.swapped]
        if notice.kind == "closed":
            self._settle(link)
            if link.early is not None:
                self._decide(link, "tls", swapped=False)
            self._finish(link)
            del self._links[connection.index]
            self.sessions.pop(conversation.index, None)
            conversation.ended = connection.ended
            direction = None
        event = Event(
            notice.kind, conversation.index, direction, notice.offset, notice.length,
            notice.time_ns, notice.frames, notice.reason, False,
            "tcp" if notice.offset is not None else "",
        )  # fmt: skip
        self._out.append(event)

    def _finish(self, link: Link) -> None:
        conversation = link.conversation
        if link.session is not None:
            for side, opened in link.session.finish():
                self._out.append((conversation, side, opened))
                if type(opened) is not Plain:
                    self.unread = True
            self._alerts(link)
            conversation.tls = link.session.facts
            self.key_log.update(dict.fromkeys(link.session.key_log()))

    def _damage(self, damage: Damage) -> None:
        self.unread = True
        if not self._of_all(damage.frame or self._seen):
            return
        frames = () if damage.frame is None else (damage.frame,)
        event = Event(
            "damage", None, None, damage.offset, None, None, frames, damage.reason,
            True, "" if damage.offset is None else "file",
        )  # fmt: skip
        self._out.append(event)
        self._begin_part()

    def _tell_problems(self) -> None:
        if len(self.keys.problems) == self._problems or not self._of_all(self._seen):
            return
        for problem in self.keys.problems[self._problems :]:
            self._out.append(
                Event("key-log", None, None, None, None, None, (), str(problem), False)
            )
        self._problems = len(self.keys.problems)
        self._begin_part()
