# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario holds: the tester's end, with the waits and the preconditions."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from conformance.answering import Answers
from conformance.checks.requests import Exchange
from conformance.claims import HASHES, Claims, Hash
from conformance.identities import Identities, Identity
from conformance.link import TLS13, Link, Opening
from conformance.observation import EndKind, Seen
from conformance.operator import Operator, OperatorError
from conformance.tcp import Listener, Tcp
from conformance.verdict import Judge, Reason
from nmsp_scapy.constants import Service, SubService, response_name
from nmsp_scapy.profile import NOMINAL, Profile


class Timing(msgspec.Struct, frozen=True):
    """How long the tester waits, in seconds. One factor scales all of it.

    Attributes:
        connect: for TCP.
        handshake: for TLS; an AuthList that is asked takes about 1 s (observed).
        answer: for a response. The MSE's response timeout is 1 s and it asks 5 times
            at 3 s (reported); a tester is more patient than one try.
        quiet: for what must not come. It is a wait of its own, never a timeout that
            lets a case pass.
        notification: for a notification; the interval is 2 s unless configured.
        dial: for an endpoint under test that dials.
        echo: for an endpoint that sends echo requests on its own, every 15 s.
        dead: for which a peer is silent until it counts as dead; the MSE's neighbour
            dead interval is 30 s (reported).
        patience: until the operator of an MSE that does not dial is told so.
        arrival: for the first time that an MSE dials, its operator's work included.
    """

    connect: float = 5.0
    handshake: float = 5.0
    answer: float = 5.0
    quiet: float = 0.7
    notification: float = 6.5
    dial: float = 60.0
    echo: float = 40.0
    dead: float = 35.0
    patience: float = 10.0
    arrival: float = 300.0

    def scaled(self, factor: float) -> "Timing":
        """Return all waits multiplied."""
        return Timing(*(value * factor for value in msgspec.structs.astuple(self)))


LISTED = "listed"
PIECES = 4
"""What comes slowly comes in so many."""
Services = dict[int, int]
DEFAULT_SERVICES: Services = {Service.RSSI: SubService.RSSI_MOBILE_STATION}


class Peer:
    """The tester's end of a case.

    Attributes:
        judge: of the case.
        timing: its waits.
        identities: what it can present.
        claims: the endpoint's.
        operator: of the endpoint; may offer nothing.
        links: every connection of the case, in order; they are recorded.
    """

    def __init__(
        self,
        role: str,
        judge: Judge,
        *,
        target: tuple[str, int] = ("", 0),
        listener: Listener | None = None,
        identities: Identities,
        timing: Timing | None = None,
        profile: Profile = NOMINAL,
        claims: Claims | None = None,
        operator: Operator | None = None,
    ) -> None:
        self.claims = claims or Claims()
        self.operator = operator or Operator()
        self.role, self.judge = role, judge
        self.target, self.listener = target, listener
        self.identities = identities
        self.timing = timing or Timing()
        self.profile = profile
        self.links: list[Link] = []

    # --- the endpoint is a WLC: we dial ------------------------------------

    def dial(self, identity: Identity | str | None = LISTED, **opening: Any) -> Link:
        """Connect and run the TLS handshake; never raises, the link tells all."""
        presented = self.identities.listed if identity == LISTED else identity
        assert not isinstance(presented, str)  # noqa: S101 - for the type
        link = self._link(Opening(identity=presented, **opening))
        link.handshake(self.timing.handshake)
        return link

    def bare(self) -> Link:
        """Connect over TCP only, without a handshake."""
        return self._link(Opening())

    def _link(self, opening: Opening) -> Link:
        tcp = Tcp.connect(*self.target, self.timing.connect)
        failed = tcp if isinstance(tcp, EndKind) else None
        link = Link(
            None if isinstance(tcp, EndKind) else tcp,
            opening,
            role=self.role,
            profile=self.profile,
            number=len(self.links),
        )
        if failed is not None:
            link.failed(failed)
        self.links.append(link)
        return link

    def connected(self, link: Link) -> Link:
        """Assume that TCP was established."""
        end = link.observation.end
        if end.kind in (EndKind.REFUSED, EndKind.UNREACHABLE):
            text = f"no connection to {self.target[0]}:{self.target[1]}: {end.kind}"
            self.judge.assume(False, Reason.DEPENDENCY, text)
        self.judge.assume(
            not (end.kind is EndKind.TIMEOUT and not link.chunks),
            Reason.TIMEOUT,
            "TCP was not established in time",
        )
        return link

    def speaks_tls(self, link: Link) -> Link:
        """Assume that the endpoint answered with a TLS handshake."""
        self.connected(link)
        if not link.observation.tls.seen:
            self._assume_open(link, "the TLS handshake")
            self.judge.assume(False, Reason.TIMEOUT, "no TLS handshake was answered")
        return link

    def established(self, link: Link) -> Link:
        """Assume that the TLS handshake was completed."""
        self.speaks_tls(link)
        if not link.complete:
            self._assume_open(link, "the handshake was complete")
            text = "the TLS handshake was not completed in time"
            self.judge.assume(False, Reason.TIMEOUT, text)
        return link

    def _assume_open(self, link: Link, what: str) -> None:
        alerts = [a for a in link.observation.tls.alerts if a.sender == self.role]
        alert = f", alert {alerts[-1].description}" if alerts else ""
        self.judge.assume(
            link.open,
            Reason.PEER_CLOSED,
            f"before {what}: {link.observation.end}{alert}",
        )

    def session(
        self,
        services: Services | None = None,
        *,
        capability: bool = True,
        **opening: Any,
    ) -> Link:
        """Open a session as an MSE does; what stands in the way ends the case.

        Args:
            services: sub-service masks to subscribe to; None subscribes to nothing.
            capability: whether the tester tells its own first.
            opening: as for `dial`.
        """
        link = self.established(self.dial(**opening))
        if capability:
            self.tell_capability(link)
            link.pump(
                self.timing.answer, lambda: link.theirs("CAPABILITY_NOTIFICATION")
            )
        if services is not None:
            response = self.subscribe(link, services)
            self.judge.assume(
                response is not None, Reason.TIMEOUT, "the subscription had no response"
            )
            assert response is not None  # noqa: S101 - for the type
            self.judge.assume(
                response.status == 0,
                Reason.DEPENDENCY,
                f"the subscription was answered with status {response.status}",
            )
        return link

    def tell_capability(self, link: Link) -> Seen:
        """Send the tester's own capability."""
        services = [
            link.element("SERVICE", service=service, sub_services=mask)
            for service, mask in OFFERED.items()
        ]
        version = link.element("SOFTWARE_VERSION", version="conformance suite")
        return link.send("CAPABILITY_NOTIFICATION", version, *services)

    def subscribe(self, link: Link, services: Services) -> Seen | None:
        """Subscribe; returns the response, None without one."""
        elements = [
            link.element("SERVICE", service=service, sub_services=mask)
            for service, mask in services.items()
        ]
        request = link.send("SERVICE_SUBSCRIBE_REQUEST", *elements)
        return self.answer(link, request)

    def ask(self, link: Link, name: str, *elements: Any) -> Seen:
        """Send a request and wait for its last response; returns the request."""
        request = link.send(name, *elements)
        expected = response_name(name) or ""
        link.pump(
            self.timing.answer,
            lambda: (
                (r := link.observation.following(request, expected)) and not r[-1].more
            ),
        )
        return request

    def answer(self, link: Link, request: Seen) -> Seen | None:
        """Wait for a response to a request; None without one.

        Whether it bears the request's transaction is for a check to say.
        """
        expected = response_name(request.name) or ""
        link.pump(
            self.timing.answer, lambda: link.observation.following(request, expected)
        )
        return next(iter(link.observation.following(request, expected)), None)

    def query(
        self,
        link: Link,
        exchange: Exchange,
        mac: str = "",
        *,
        sub_service: int | None = None,
        tag_vendor: int | None = None,
    ) -> Seen:
        """Ask for what a family gives, for all things or for one of a MAC address."""
        bit = exchange.sub_service if sub_service is None else sub_service
        query = link.element(
            "QUERY", service=exchange.service, sub_service=bit, tag_vendor=tag_vendor
        )
        named = [link.element("MAC_ADDRESS", mac=mac)] if mac else []
        return self.ask(link, exchange.request, query, *named)

    def until_more(self, link: Link, name: str, seconds: float) -> bool:
        """Wait for one more message of a name than there is."""
        before = len(link.theirs(name))
        return link.pump(seconds, lambda: len(link.theirs(name)) > before)

    def await_notification(self, link: Link, name: str, count: int = 1) -> bool:
        """Wait for notifications of a name."""
        return link.pump(
            self.timing.notification, lambda: len(link.theirs(name)) >= count
        )

    def offers(self, link: Link, service: int) -> int:
        """Assume that the WLC offers a service; returns its sub-services."""
        told = link.theirs("CAPABILITY_NOTIFICATION")
        self.judge.assume(told, Reason.TIMEOUT, "no CAPABILITY_NOTIFICATION came")
        masks = told[-1].services
        self.judge.applies(masks.get(service), f"the WLC does not offer {service!r}")
        return masks[service]

    def echo(self, link: Link) -> Seen | None:
        """Send an echo request; returns the response, None without one."""
        return self.answer(link, link.send("ECHO_REQUEST"))

    def trickle(self, link: Link, raw: bytes) -> None:
        """Send a message in several TLS records, with a pause after each.

        The transcript is the caller's: he notes the message that it is.
        """
        size = -(-len(raw) // PIECES)
        for at in range(0, len(raw), size):
            link.send_bytes(raw[at : at + size])
            link.pump(self.timing.quiet / PIECES)

    def rest(self) -> None:
        """Give the endpoint a moment to come to terms with what happened."""
        time.sleep(max(self.timing.quiet, 0.25))

    def alive(self, link: Link | None = None) -> bool:
        """Tell whether the endpoint still serves: on this link, else on a new one."""
        if link is not None and link.open and self.echo(link) is not None:
            return True
        again = self.dial()
        return again.complete and self.echo(again) is not None

    def settle(self, link: Link) -> None:
        """Wait until the endpoint has ended the link or has let us in."""
        if link.complete and link.open:
            self.tell_capability(link)
            link.send("ECHO_REQUEST")
        link.pump(self.timing.answer, lambda: link.received)
        link.pump(self.timing.quiet / 2)

    def admitted(self, link: Link) -> bool:
        """Tell whether the endpoint let us in.

        With TLS 1.3 the client's handshake is complete before its certificate is
        judged; application data from the endpoint is the proof, in whatever layout,
        or that it keeps the connection.
        """
        if not link.complete:
            return False
        if link.observation.tls.version != TLS13:
            link.pump(self.timing.quiet, lambda: link.received)
            return link.open
        self.settle(link)
        return link.open

    # --- with the operator's help -------------------------------------------

    def change_list(
        self, verb: str, identity: Identity, hashes: Sequence[Hash] = HASHES
    ) -> None:
        """Have the operator add an identity to the AuthList, or remove it."""
        self.judge.applies(
            self.operator.changes_list,
            "the AuthList cannot be changed from here (--authlist-command)",
        )
        try:
            self.operator.change(verb, identity, hashes)
        except OperatorError as error:
            self.judge.assume(False, Reason.DEPENDENCY, str(error))

    @contextmanager
    def listed_for_now(
        self, guest: Identity, hashes: Sequence[Hash] = HASHES
    ) -> Iterator[None]:
        """Have a guest listed for the time of a block, however that ends."""
        self.change_list("add", guest, hashes)
        try:
            yield
        finally:
            with suppress(OperatorError):
                self.operator.change("remove", guest)

    # --- the endpoint is an MSE: it dials -----------------------------------

    def accept(
        self,
        identity: Identity | None = None,
        *,
        unaided: bool = False,
        **opening: Any,
    ) -> Link:
        """Wait for the MSE to dial, and run the handshake as a WLC.

        Args:
            identity: what is presented; the one of the run unless given.
            unaided: that it dials is what is judged: its operator must not help.
            opening: as for `dial`.
        """
        tcp = None
        if self.listener is not None:
            await_it = self.listener.accept if unaided else self.listener.arrival
            tcp = await_it(self.timing.dial)
        presented = identity or self.identities.listed
        link = Link(
            tcp,
            Opening(identity=presented, **opening),
            role=self.role,
            profile=self.profile,
            number=len(self.links),
        )
        if tcp is None:
            link.failed(EndKind.TIMEOUT)
        else:
            self.links.append(link)
            link.handshake(self.timing.handshake)
        return link

    def dialled(self, link: Link) -> Link:
        """Assume that the MSE dialled."""
        met = self.listener is not None and self.listener.met
        self.judge.assume(
            link.endpoints is not None,
            Reason.TIMEOUT if met else Reason.DEPENDENCY,
            "the MSE does not dial again" if met else "no MSE has connected",
        )
        return link

    def served(self, answers: Answers | None = None, **opening: Any) -> Link:
        """Accept the MSE and be a WLC for it until it has subscribed."""
        link = self.dialled(self.accept(**opening))
        if not link.complete:
            self._assume_open(link, "the handshake was complete")
            self.judge.assume(False, Reason.TIMEOUT, "the handshake took too long")
        answers = answers or Answers()
        self.serve(link, answers, self.timing.answer, "SERVICE_SUBSCRIBE_REQUEST")
        return link

    def serve(
        self, link: Link, answers: Answers, seconds: float, until: str = ""
    ) -> None:
        """Answer the MSE as a WLC does, for a time or until a message has come."""
        answers.begin(link)
        link.pump(
            seconds,
            lambda: answers.step(link) or bool(until and link.theirs(until)),
        )

    def close(self) -> None:
        """Close what the scenario left open."""
        for link in self.links:
            link.close()


OFFERED: Services = {
    Service.RSSI: 0x3F,
    Service.INFORMATION: 0x1E00,
    Service.STATISTICS: 0xE000,
    Service.ATTACHMENT: 0x10000,
    Service.LOCATION: 0x20000,
}
"""What the tester says that it can do."""
