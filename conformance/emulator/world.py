# SPDX-License-Identifier: GPL-2.0-or-later
"""A small radio world: access points, stations and tags that walk about.

Deterministic: the same seed gives the same walks. It knows nothing of NMSP.
"""

import math
import random
import threading

import msgspec

SIZE_M = 60.0
STEP_M, STEP_S = 1.4, 1.0
FADING_DB = 2.0
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
        kind: name of the service's sub-service: `MOBILE_STATION`, `TAG`, `ROGUE` or
            `INTERFERER`.
        port: of the switch, for a wired one; 0 for none.
        received, sent: packets.
        fading_db: of its way to each access point, in order.
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
    fading_db: list[float] = []


class Heard(msgspec.Struct, frozen=True):
    """How one access point heard a thing."""

    ap_mac: str
    rssi_dbm: int
    snr_db: int
    age_ms: int


class World:
    """All of it; it moves as time passes, and may be asked from several threads.

    Attributes:
        access_points, things: what there is.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        stations: int = 6,
        tags: int = 2,
        rogues: int = 1,
        interferers: int = 1,
    ) -> None:
        """Place everything."""
        self._chance = random.Random(seed)  # noqa: S311 - a simulation
        self._lock = threading.Lock()
        self._stepped: float | None = None
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
        kinds += ["INTERFERER"] * interferers
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
        self.step()

    def advance(self, now: float) -> None:
        """Let time pass until `now`, in seconds; one step for each `STEP_S`."""
        with self._lock:
            if self._stepped is None:
                self._stepped = now
            steps = int((now - self._stepped) / STEP_S)
            for _ in range(min(steps, 60)):
                self.step()
            self._stepped += max(steps, 0) * STEP_S

    def step(self) -> None:
        """Let everything take a step and send a little."""
        for thing in self.things:
            angle = self._chance.uniform(0, math.tau)
            thing.x = min(max(thing.x + STEP_M * math.cos(angle), 0.0), SIZE_M)
            thing.y = min(max(thing.y + STEP_M * math.sin(angle), 0.0), SIZE_M)
            thing.received += self._chance.randrange(40)
            thing.sent += self._chance.randrange(20)
            thing.fading_db = [
                self._chance.gauss(0, FADING_DB) for _ in self.access_points
            ]

    def of_kind(self, kind: str) -> list[Thing]:
        """Things of a kind, in order."""
        return [thing for thing in self.things if thing.kind == kind]

    def hearing(self, thing: Thing) -> list[Heard]:
        """How each access point hears a thing, the loudest first."""
        heard = []
        for number, point in enumerate(self.access_points):
            distance = max(1.0, math.hypot(point.x - thing.x, point.y - thing.y))
            loss = 40 + 30 * math.log10(distance) + thing.fading_db[number]
            rssi = max(round(15 - loss), NOISE_FLOOR_DBM)
            heard.append(
                Heard(
                    ap_mac=point.mac,
                    rssi_dbm=rssi,
                    snr_db=rssi - NOISE_FLOOR_DBM,
                    age_ms=250 * number,
                )
            )
        return sorted(heard, key=lambda one: -one.rssi_dbm)

    def loudest_dbm(self, mac: str) -> int:
        """How loud a thing is at the access point that hears it best."""
        found = next(thing for thing in self.things if thing.mac == mac)
        return self.hearing(found)[0].rssi_dbm
