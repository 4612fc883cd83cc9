# SPDX-License-Identifier: GPL-2.0-or-later
"""Five minutes of traffic in a drawn layout, after section 6 of the protocol notes.

What a site has is drawn: stations, access points, services in use, and from where the
MSE counts its transactions. Intervals are the defaults of section 4.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from nmsp_scapy.constants import ElementType as El
from tests.gear.geometries import Encoder, Geometry, Tree

DURATION_S = 300
ECHO_S = 15
NOTIFICATION_S = 2
WIRED_S = 30
"""Between attachment and location notifications."""


@dataclass(frozen=True)
class Said:
    """One message: when, by whom (0 is the MSE), what, and its number."""

    time_s: float
    side: int
    kind: int
    raw: bytes


@dataclass(frozen=True)
class _Turn:
    """A message that is to be said."""

    time_s: float
    side: int
    name: str
    transaction: int
    body: bytes
    flags: int = 0


def conversation(
    geometry: Geometry, seed: int, duration_s: float = DURATION_S
) -> list[Said]:
    """What both sides say after section 6 of the protocol notes, in order."""
    turns = _Talk(geometry, seed, duration_s).run()
    encoder, numbers = Encoder(geometry), geometry.profile.message_types
    return [
        Said(
            one.time_s,
            one.side,
            numbers[one.name],
            encoder.message(
                one.side, numbers[one.name], one.transaction, one.body, one.flags,
                one.time_s,
            ),
        )
        for one in turns
    ]  # fmt: skip


class _Talk:
    def __init__(self, geometry: Geometry, seed: int, duration_s: float) -> None:
        self.rng = random.Random(f"talk {seed}")
        self.geometry, self.encoder = geometry, Encoder(geometry)
        self.duration_s = duration_s
        self.turns: list[_Turn] = []
        # An MSE counts from one, or from where it has come to, or from anywhere.
        tops = (1, 1000, 1 << 16, 1 << 32)
        self.transaction = self.rng.randint(1, self.rng.choice(tops))
        self.order = geometry.place("type").byte_order
        self.stations = [self._mac() for _ in range(self.rng.randint(4, 60))]
        self.aps = [self._mac() for _ in range(self.rng.randint(2, 16))]
        elements, header = geometry.profile.elements, geometry.profile.header
        # A body may be as long as the length can say, and a container too.
        narrow = geometry.place("length").width == 1
        self.room = 255 - header.size - header.trailer if narrow else 1400
        narrow = elements is not None and elements.length_width == 1
        self.inner_room = min(self.room - 12, 240 if narrow else 1400)

    def _mac(self) -> bytes:
        vendor = self.rng.choice([b"\x00\x1b\x0c", b"\x3c\x5a\xb4", b"\xf8\xff\xc2"])
        return vendor + self.rng.randbytes(3)

    def _number(self, value: int, width: int) -> bytes:
        return (value % (1 << 8 * width)).to_bytes(width, self.order)

    def run(self) -> list[_Turn]:
        self._say(0.0, 0, "CAPABILITY_NOTIFICATION", 0, self._services())
        version = (El.SOFTWARE_VERSION, b"8.10.185.0")
        self._say(0.1, 1, "CAPABILITY_NOTIFICATION", 0, [version, *self._services()])
        self._ask(0.3, "SERVICE_SUBSCRIBE", self._services())
        for n, name in enumerate(["INFORMATION", "STATISTICS"] * 2 + ["MEASUREMENT"]):
            query = (El.QUERY, bytes([n + 1, n, 0] + [n] * (n % 2)))
            self._ask(1.0 + 0.2 * n, name, [query])
        for at in self._times(2.5, NOTIFICATION_S, 0.3):
            self._notify(at)
        for at in self._times(ECHO_S + 0.37, ECHO_S, 0.02):
            body: Tree = []
            if self.geometry.echo_body:
                body = [(El.STATUS, self._number(round(at), 4))]
            self._ask(at, "ECHO", body, body)
        for at in (31.1, 92.4, 151.9, 213.3, 270.2):
            query = (El.QUERY, bytes([4, 13, 0]))
            self._ask(at, "STATISTICS", [query])
        self._wired()
        self.turns.sort(key=lambda one: one.time_s)
        # A flow that was cut off ends with a whole message all the same.
        return [one for one in self.turns if one.time_s < self.duration_s]

    def _times(self, start: float, every: float, jitter: float) -> list[float]:
        count = int((self.duration_s - start) // every) + 1
        return [start + n * every + self.rng.uniform(0, jitter) for n in range(count)]

    def _wired(self) -> None:
        """What wired switches and sensors tell, and what the MSE asks of them."""
        services = [
            name
            for name in ("ATTACHMENT", "LOCATION", "AP_MONITOR", "IDS")
            if self.rng.random() < 0.5
        ]
        for name in services:
            for at in self._times(20.0, WIRED_S, 9.0):
                body = self._some(self._attachment, 6)
                self._say(at, 1, f"{name}_NOTIFICATION", 0, body)
        if "LOCATION" in services:
            for at in (3.3, 3.6):
                self._ask(at, "LOCATION", [(El.QUERY, bytes([5, 17, 0]))])

    def _say(
        self, at: float, side: int, name: str, transaction: int, body: Tree,
        flags: int = 0,
    ) -> None:  # fmt: skip
        made = self.encoder.body(body)
        self.turns.append(_Turn(at, side, name, transaction, made, flags))

    def _ask(
        self, at: float, family: str, body: Tree, answer: Tree | None = None
    ) -> None:
        self.transaction += 1
        own = self.transaction
        self._say(at, 0, f"{family}_REQUEST", own, body)
        at += self.rng.uniform(0.002, 0.05)
        if answer is None:
            answer = [(El.STATUS, self._number(0, 2))]
            makers = {"STATISTICS": self._statistics, "INFORMATION": self._information}
            if family in makers:
                # One request may cause several responses: all but the last say so.
                for n in range(self.rng.choice([0, 0, 0, 1, 2])):
                    part = [*answer, *self._some(makers[family], 8, 16)]
                    self._say(
                        at + 0.001 * n, 1, f"{family}_RESPONSE", own, part,
                        MORE,
                    )  # fmt: skip
                answer = [*answer, *self._some(makers[family], 8, 16)]
        self._say(at + 0.004, 1, f"{family}_RESPONSE", own, answer)

    def _notify(self, at: float) -> None:
        kind = self.rng.random()
        if kind < 0.8:
            body = self._some(self._measurement, 12)
            self._say(at, 1, "MEASUREMENT_NOTIFICATION", 0, body)
        if kind > 0.7:
            body = self._some(self._information, 8)
            self._say(at + 0.01, 1, "INFORMATION_NOTIFICATION", 0, body)
        if kind > 0.85:
            body = self._some(self._statistics, 8)
            self._say(at + 0.015, 1, "STATISTICS_NOTIFICATION", 0, body)
        if kind > 0.93:
            ap: Tree = [
                (El.MAC_ADDRESS, self.rng.choice(self.aps)),
                (El.AP_NAME, f"ap-{self.rng.randint(1, 99)}".encode()),
            ]
            self._say(at + 0.02, 1, "AP_INFO_NOTIFICATION", 0, [(El.AP, ap)])

    def _some(
        self, make: Callable[[], tuple[int, Tree]], most: int, spare: int = 0
    ) -> Tree:
        body: Tree = []
        size = 0
        for _ in range(self.rng.randint(1, most)):
            one = make()
            size += len(self.encoder.body([one]))
            if body and size > self.room - spare:
                break
            body.append(one)
        return body

    def _services(self) -> Tree:
        chosen = self.rng.sample(range(1, 12), 5)
        return [
            (El.SERVICE, bytes([n]) + self._number(1 << self.rng.randint(0, 22), 8))
            for n in chosen
        ]

    def _measurement(self) -> tuple[int, Tree]:
        """A station as up to sixteen samples see it."""
        inner: Tree = [
            (El.MAC_ADDRESS, self.rng.choice(self.stations)),
            (El.ENTITY, bytes([self.rng.choice([0, 0, 0, 1])])),
        ]
        size = len(self.encoder.body(inner))
        for _ in range(self.rng.randint(1, 16)):
            one = (El.RSSI_SAMPLE, self._sample())
            size += len(self.encoder.body([one]))
            if size > self.inner_room:
                break
            inner.append(one)
        return El.MEASUREMENT, inner

    def _sample(self) -> bytes:
        sample = self.rng.choice(self.aps)
        sample += bytes([self.rng.randint(0, 1), 1, 0, 1])
        sample += bytes(256 - self.rng.randint(40, 90) for _ in range(2))
        sample += bytes([self.rng.randint(5, 40), 0])
        return sample + self._number(self.rng.randint(0, 4000), 4)

    def _information(self) -> tuple[int, Tree]:
        user = f"user{self.rng.randint(1, 500)}".encode()
        address = bytes([10, 1, self.rng.randint(0, 9), self.rng.randint(1, 254)])
        return El.INFORMATION, [
            (El.MAC_ADDRESS, self.rng.choice(self.stations)),
            (El.IP_ADDRESS, address),
            (El.USER_NAME, user),
            (El.SSID, self.rng.choice([b"corp", b"guest-net"])),
        ]

    def _statistics(self) -> tuple[int, Tree]:
        traffic = b"".join(
            self._number(self.rng.randint(0, 1 << 24), 8) for _ in range(4)
        )
        return El.STATISTICS, [
            (El.MAC_ADDRESS, self.rng.choice(self.stations)),
            (El.TRAFFIC, traffic),
            (El.LAST_HEARD, self._number(self.rng.randint(0, 9999), 4)),
        ]

    def _attachment(self) -> tuple[int, Tree]:
        return El.ATTACHMENT, [
            (El.SWITCH_PORT, bytes([1, 0, self.rng.randint(1, 48)])),
            (El.MAC_ADDRESS, self.rng.choice(self.stations)),
            (El.IP_ADDRESS, bytes([10, 1, 1, self.rng.randint(1, 254)])),
            (El.ATTACHMENT_STATE, bytes([self.rng.randint(1, 2)])),
            (El.SERIAL_NUMBER, b"FDO%05d" % self.rng.randint(1, 300)),
            (El.SINCE, self._number(self.rng.randint(0, 600), 4)),
        ]


MORE = 1
"""The flag of a response that others follow."""


def records(said: list[Said], seed: int) -> list[tuple[float, int, bytes]]:
    """Cut a conversation into TLS records: mostly one a message."""
    rng = random.Random(f"records {seed}")
    out: list[tuple[float, int, bytes]] = []
    for one in said:
        chance = rng.random()
        cut = rng.randint(1, len(one.raw) - 1)
        if chance < 0.05:
            out.append((one.time_s, one.side, one.raw[:cut]))
            out.append((one.time_s + 0.001, one.side, one.raw[cut:]))
        elif chance < 0.15 and out and out[-1][1] == one.side:
            when, side, before = out.pop()
            out.append((when, side, before + one.raw))
        else:
            out.append((one.time_s, one.side, one.raw))
    return out
