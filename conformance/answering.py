# SPDX-License-Identifier: GPL-2.0-or-later
"""The WLC that the tester is while an MSE is under test."""

from collections.abc import Callable, Sequence

from conformance.link import Link
from conformance.observation import Seen
from nmsp_scapy.constants import Status, response_name

Answer = Callable[[Link, Seen], None]


class Answers:
    """Answers an MSE's messages, each once; a scenario replaces what it needs to.

    Attributes:
        silent_on: names of requests that are left unanswered.
        offers: sub-services by service; all of them unless given.
        instead: what is done in place of the ordinary answer, by request.
    """

    def __init__(
        self,
        *,
        capability: bool = True,
        silent_on: Sequence[str] = (),
        instead: dict[str, Answer] | None = None,
        offers: dict[int, int] | None = None,
    ) -> None:
        self.offers = WHOLE if offers is None else offers
        self.capability = capability
        self.silent_on = frozenset(silent_on)
        self.instead = instead or {}
        self._begun = False
        self._done = 0

    def begin(self, link: Link) -> None:
        """Tell the capability, once."""
        if self._begun or not self.capability:
            return
        self._begun = True
        link.send_raw(self.capability_of(link))

    def capability_of(self, link: Link) -> bytes:
        """Build the capability, for who sends it in a way of his own."""
        version = link.element("SOFTWARE_VERSION", version="conformance suite")
        services = [
            link.element("SERVICE", service=service, sub_services=mask)
            for service, mask in self.offers.items()
        ]
        return link.build("CAPABILITY_NOTIFICATION", version, *services)

    def step(self, link: Link) -> bool:
        """Answer what has come since; always False, so that a pump goes on."""
        news = link.theirs()[self._done :]
        self._done += len(news)
        for message in news:
            expected = response_name(message.name)
            if expected is None or message.name in self.silent_on:
                continue
            if message.name in self.instead:
                self.instead[message.name](link, message)
            else:
                self._ordinary(link, message, expected)
        return False

    def _ordinary(self, link: Link, request: Seen, expected: str) -> None:
        elements = []
        if request.name != "ECHO_REQUEST":
            elements.append(link.element("STATUS", code=Status.SUCCESS))
        link.send(expected, *elements, transaction=request.transaction)


WHOLE = {
    1: 0x3F,
    2: 0x1C0,
    3: 0x1E00,
    4: 0xE000,
    5: 0x10000,
    6: 0x20000,
    7: 0x40000,
    8: 0x80000,
    9: 0x100000,
    10: 0x200000,
    11: 0x400000,
}
"""Every sub-service, by service."""
