# SPDX-License-Identifier: GPL-2.0-or-later
"""A small radio world: access points, stations and tags that walk about.

Deterministic: the same seed gives the same walks. It knows nothing of NMSP.
"""

import math
import random

import msgspec

SIZE_M = 60.0
STEP_M = 1.4
NOISE_FLOOR_DBM = -95


class AccessPoint(msgspec.Struct):
    """A radio that hears.

    Attributes:
        x, y: metres.
    """

    mac: str
    name: str
    address: str
    x: float
    y: float


class Thing(msgspec.Struct):
    """A station or a tag.

    Attributes:
        kind: name of the service's sub-service: `MOBILE_STATION`, `TAG` or `ROGUE`.
        port: of the switch, for a wired one; 0 for none.
        received, sent: packets.
    """

    mac: str
    kind: str
    address: str
    user: str
    ssid: str
    x: float
    y: float
    port: int = 0
    received: int = 0
    sent: int = 0


class Heard(msgspec.Struct, frozen=True):
    """How one access point heard a thing."""

    ap_mac: str
    rssi_dbm: int
    snr_db: int
    age_ms: int


class World:
    """All of it; `tick` lets time pass.

    Attributes:
        access_points, things: what there is.
    """

    def __init__(
        self, seed: int = 1, *, stations: int = 6, tags: int = 2, rogues: int = 1
    ) -> None:
        """Place everything."""
        self._chance = random.Random(seed)  # noqa: S311 - a simulation
        self.access_points = [
            AccessPoint(
                mac=f"02:00:5e:a0:00:{i:02x}",
                name=f"AP-{i + 1}",
                address=f"10.20.0.{i + 11}",
                x=SIZE_M * (0.25 + 0.5 * (i % 2)),
                y=SIZE_M * (0.25 + 0.5 * (i // 2)),
            )
            for i in range(4)
        ]
        kinds = ["MOBILE_STATION"] * stations + ["TAG"] * tags + ["ROGUE"] * rogues
        self.things = [
            Thing(
                mac=f"02:00:5e:b0:{len(kind):02x}:{i:02x}",
                kind=kind,
                address=f"10.30.0.{i + 21}",
                user=f"user{i}",
                ssid="campus",
                x=self._chance.uniform(0, SIZE_M),
                y=self._chance.uniform(0, SIZE_M),
                port=i % 4 + 1 if kind == "MOBILE_STATION" else 0,
            )
            for i, kind in enumerate(kinds)
        ]

    def tick(self) -> None:
        """Let everything take a step and send a little."""
        for thing in self.things:
            angle = self._chance.uniform(0, math.tau)
            thing.x = min(max(thing.x + STEP_M * math.cos(angle), 0.0), SIZE_M)
            thing.y = min(max(thing.y + STEP_M * math.sin(angle), 0.0), SIZE_M)
            thing.received += self._chance.randrange(40)
            thing.sent += self._chance.randrange(20)

    def of_kind(self, kind: str) -> list[Thing]:
        """Things of a kind, in order."""
        return [thing for thing in self.things if thing.kind == kind]

    def hearing(self, thing: Thing) -> list[Heard]:
        """How each access point hears a thing, the loudest first."""
        heard = []
        for point in self.access_points:
            distance = max(1.0, math.hypot(point.x - thing.x, point.y - thing.y))
            loss = 40 + 30 * math.log10(distance) + self._chance.gauss(0, 2)
            rssi = max(round(15 - loss), NOISE_FLOOR_DBM)
            heard.append(
                Heard(
                    ap_mac=point.mac,
                    rssi_dbm=rssi,
                    snr_db=rssi - NOISE_FLOOR_DBM,
                    age_ms=self._chance.randrange(2000),
                )
            )
        return sorted(heard, key=lambda one: -one.rssi_dbm)
