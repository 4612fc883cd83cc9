# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows messages while they pass a tap, one line each."""

import threading
from datetime import UTC, datetime

import click

from conformance.session import RemoteProtocolError, Role, Session
from conformance.tap.proxy import Leg
from nmsp_scapy.export.brief import brief
from nmsp_scapy.profile import Profile


class Live:
    """Cuts what passes into messages and prints them."""

    def __init__(self, profile: Profile) -> None:
        """Read in a profile."""
        self._profile = profile
        self._readers: dict[tuple[int, Leg], Session | None] = {}
        self._lock = threading.Lock()

    def heard(self, number: int, leg: Leg, data: bytes) -> None:
        """Take bytes of a leg; what cannot be read is said once and then let be."""
        with self._lock:
            # The reader is the side across: it receives what this leg says.
            role = Role(leg.other.value)
            key = (number, leg)
            reader = self._readers.setdefault(key, Session(role, self._profile))
            if reader is None:
                return
            try:
                arrivals = reader.receive(data, 0.0)
            except RemoteProtocolError as error:
                self._readers[key] = None
                arrivals = error.arrivals
                click.echo(
                    f"{number}: what the {leg} says does not fit the profile "
                    f"({error}); it is passed and recorded all the same",
                    err=True,
                )
            now = f"{datetime.now(UTC):%H:%M:%S.%f}"[:-3]
            for one in arrivals:
                name = one.name or f"type {one.record.get('type')}"
                click.echo(
                    f"{now} {number}: {leg}->{leg.other}  {name} id {one.transaction} "
                    f"({len(one.raw)} bytes)  {brief(one.record)}"
                )
