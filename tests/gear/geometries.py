# SPDX-License-Identifier: GPL-2.0-or-later
"""Random wire layouts and five minutes of traffic in them.

The encoder is its own, so that it is an oracle for the layers and for calibrate:
it knows the profile's data model and nothing else of the package.
"""

import random
import zlib
from dataclasses import dataclass, field

from nmsp_scapy.constants import ElementType, MessageType
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Field, HeaderGeometry, Profile

Tree = list[tuple[int, "bytes | Tree"]]
"""Elements: type, and value or what it contains."""

START_S = 1_700_000_000
DURATION_S = 300
ECHO_S = 15
NOTIFICATION_S = 2


@dataclass
class Geometry:
    """A layout, with what a profile does not say.

    Attributes:
        profile: what calibrate is to find.
        checksum: how the trailer is made: `crc32`, `sum`, `xor`, or empty.
        echo_body: whether echo has a body.
        fixed: bytes of the header that are always the same, by field.
    """

    profile: Profile
    checksum: str
    echo_body: bool
    fixed: dict[str, int] = field(default_factory=dict)


def draw_geometry(seed: int) -> Geometry:
    """Draw a layout."""
    rng = random.Random(f"geometry {seed}")
    order = rng.choice(["big", "little"])
    widths = {"type": rng.choice([1, 2, 2, 4]), "length": rng.choice([1, 2, 2, 4, 4])}
    fixed = {}
    for name, choices, chance in (
        ("version", [1], 0.6), ("flags", [1, 2], 0.5), ("transaction_id", [2, 4], 0.8),
        ("magic", [2, 4], 0.3), ("sequence", [2, 4], 0.3), ("session", [2, 4, 8], 0.2),
        ("reserved", [1, 2], 0.3),
    ):  # fmt: skip
        if rng.random() < chance:
            widths[name] = rng.choice(choices)
    names = list(widths)
    rng.shuffle(names)
    aligned = rng.random() < 0.6
    at, fields = 0, []
    for name in names:
        width = widths[name]
        if aligned:
            at += -at % min(width, 4)
        if at + width > 30 and name not in {"type", "length"}:
            continue
        fields.append(Field(name, at, width, order))
        at += width
        if name in {"version", "magic", "session"}:
            top = 9 if name == "version" else (1 << 8 * width) - 1
            fixed[name] = rng.randint(1, top)
    size = max(4, at + -at % (4 if aligned else 1))
    length = next(f for f in fields if f.name == "length")
    trailer = rng.choice([0, 0, 0, 1, 2, 4])
    header = HeaderGeometry(
        size=size,
        fields=tuple(fields),
        covers_from=rng.choice([0, size, length.offset + length.width]),
        trailer=trailer,
        trailer_counted=rng.random() < 0.5,
    )
    types = {
        n: v for n, v in NOMINAL.message_types.items() if v < 1 << 8 * widths["type"]
    }
    profile = Profile(
        name="drawn",
        header=header,
        elements=_elements(rng, order) if rng.random() < 0.85 else None,
        message_types=types,
        element_types=NOMINAL.element_types,
        services=NOMINAL.services,
    )
    checksum = {0: "", 1: "xor", 2: "sum", 4: "crc32"}[trailer]
    return Geometry(profile, checksum, rng.random() < 0.2, fixed)


def _elements(rng: random.Random, order: str) -> ElementGeometry:
    kind, length = rng.choice([1, 2, 2, 4]), rng.choice([1, 2, 2, 4])
    first = rng.random() < 0.75
    head = kind + length
    return ElementGeometry(
        type_offset=0 if first else length,
        type_width=kind,
        length_offset=kind if first else 0,
        length_width=length,
        value_offset=head,
        covers_from=rng.choice([0, head, head]),
        byte_order=order,  # type: ignore[arg-type]
        alignment=rng.choice([1, 1, 1, 2, 4]),
    )


class Encoder:
    """Writes messages in a layout."""

    def __init__(self, geometry: Geometry) -> None:
        """Begin; sequence numbers count from here."""
        self.geometry = geometry
        self.sent = [0, 0]

    def message(self, side: int, kind: int, transaction: int, body: bytes) -> bytes:
        """Write one message of a side."""
        header = self.geometry.profile.header
        whole = header.size + len(body) + header.trailer
        uncounted = 0 if header.trailer_counted else header.trailer
        values = dict(self.geometry.fixed)
        values |= {
            "type": kind,
            "length": whole - uncounted - header.covers_from,
            "transaction_id": transaction,
            "sequence": self.sent[side],
            "flags": int(kind == MessageType.STATISTICS_RESPONSE),
        }
        self.sent[side] += 1
        raw = bytearray(header.size)
        for one in header.fields:
            value = values.get(one.name, 0) % (1 << 8 * one.width)
            if one.name == "length":
                value = values["length"]
            raw[one.offset : one.offset + one.width] = value.to_bytes(
                one.width, one.byte_order
            )
        raw += body
        return bytes(raw) + self._trailer(bytes(raw))

    def _trailer(self, raw: bytes) -> bytes:
        width = self.geometry.profile.header.trailer
        order = self.geometry.profile.header.fields[0].byte_order
        value = {
            "": 0,
            "crc32": zlib.crc32(raw),
            "sum": sum(raw) & 0xFFFF,
            "xor": _xor(raw),
        }[self.geometry.checksum]
        return value.to_bytes(width, order)

    def body(self, tree: Tree) -> bytes:
        """Write a body: elements, or the values one behind the other."""
        elements = self.geometry.profile.elements
        if elements is None:
            return b"".join(
                value if isinstance(value, bytes) else self.body(value)
                for _, value in tree
            )
        made = bytearray()
        for kind, value in tree:
            inner = value if isinstance(value, bytes) else self.body(value)
            head = bytearray(elements.value_offset)
            whole = len(head) + len(inner) - elements.covers_from
            for at, width, number in (
                (elements.type_offset, elements.type_width, kind),
                (elements.length_offset, elements.length_width, whole),
            ):
                head[at : at + width] = number.to_bytes(width, elements.byte_order)
            made += head + inner
            made += bytes(-len(made) % elements.alignment)
        return bytes(made)


def _xor(raw: bytes) -> int:
    value = 0
    for byte in raw:
        value ^= byte
    return value


@dataclass(frozen=True)
class Said:
    """One message: when, by whom (0 is the MSE), what."""

    time_s: float
    side: int
    kind: int
    raw: bytes


def conversation(geometry: Geometry, seed: int) -> list[Said]:
    """Five minutes after section 6 of the protocol notes, at default intervals."""
    return _Talk(geometry, seed).run()


class _Talk:
    def __init__(self, geometry: Geometry, seed: int) -> None:
        self.rng = random.Random(f"talk {seed}")
        self.geometry, self.encoder = geometry, Encoder(geometry)
        self.said: list[Said] = []
        self.transaction = self.rng.choice([1, 1, 1000])
        order = geometry.profile.header.fields[0].byte_order
        self.order = order
        self.stations = [self._mac() for _ in range(self.rng.randint(4, 40))]
        self.aps = [self._mac() for _ in range(self.rng.randint(2, 12))]
        self.room = self._room()

    def _room(self) -> int:
        """Bytes that a message may have."""
        length = next(
            f for f in self.geometry.profile.header.fields if f.name == "length"
        )
        elements = self.geometry.profile.elements
        narrow = length.width == 1 or (elements and elements.length_width == 1)
        return 200 if narrow else 1400

    def _mac(self) -> bytes:
        vendor = self.rng.choice([b"\x00\x1b\x0c", b"\x3c\x5a\xb4", b"\xf8\xff\xc2"])
        return vendor + self.rng.randbytes(3)

    def _number(self, value: int, width: int) -> bytes:
        return (value % (1 << 8 * width)).to_bytes(width, self.order)

    def run(self) -> list[Said]:
        e = MessageType
        self._say(0.0, 0, e.CAPABILITY_NOTIFICATION, 0, self._services())
        version = (ElementType.SOFTWARE_VERSION, b"8.10.185.0")
        self._say(0.1, 1, e.CAPABILITY_NOTIFICATION, 0, [version, *self._services()])
        self._ask(0.3, e.SERVICE_SUBSCRIBE_REQUEST, self._services())
        for n, kind in enumerate([e.INFORMATION_REQUEST, e.STATISTICS_REQUEST] * 2):
            query = (ElementType.QUERY, bytes([n + 1, n, 0] + [n] * (n % 2)))
            self._ask(1.0 + 0.2 * n, kind, [query])
        at = 2.5
        while at < DURATION_S:
            self._notify(at)
            at += NOTIFICATION_S
        at = ECHO_S + 0.37
        while at < DURATION_S:
            body: Tree = []
            if self.geometry.echo_body:
                body = [(ElementType.STATUS, self._number(round(at), 4))]
            self._ask(at, e.ECHO_REQUEST, body, body)
            at += ECHO_S + self.rng.uniform(-0.02, 0.02)
        for at in (31.1, 92.4, 151.9, 213.3, 270.2):
            query = (ElementType.QUERY, bytes([4, 13, 0]))
            self._ask(at, e.STATISTICS_REQUEST, [query])
        self.said.sort(key=lambda one: one.time_s)
        return self._encoded()

    def _encoded(self) -> list[Said]:
        return [
            Said(
                s.time_s,
                s.side,
                s.kind,
                self.encoder.message(s.side, s.kind, t, s.raw),
            )
            for s, t in ((s, self.ids[id(s)]) for s in self.said)
        ]

    ids: dict[int, int]

    def _say(
        self, at: float, side: int, kind: int, transaction: int, body: Tree
    ) -> None:
        said = Said(at, side, kind, self.encoder.body(body))
        self.__dict__.setdefault("ids", {})[id(said)] = transaction
        self.said.append(said)

    def _ask(
        self, at: float, kind: int, body: Tree, answer: Tree | None = None
    ) -> None:
        self.transaction += 1
        transaction = self.transaction
        self._say(at, 0, kind, transaction, body)
        if answer is None:
            answer = [(ElementType.STATUS, self._number(0, 2))]
            if kind == MessageType.STATISTICS_REQUEST:
                answer += self._some(self._statistics, 3)
            if kind == MessageType.INFORMATION_REQUEST:
                answer += self._some(self._information, 3)
        self._say(at + self.rng.uniform(0.002, 0.05), 1, kind + 1, transaction, answer)

    def _notify(self, at: float) -> None:
        e = MessageType
        at += self.rng.uniform(0, 0.3)
        kind = self.rng.random()
        if kind < 0.8:
            body = self._some(self._measurement, 12)
            self._say(at, 1, e.MEASUREMENT_NOTIFICATION, 0, body)
        if kind > 0.7:
            body = self._some(self._information, 4)
            self._say(at + 0.01, 1, e.INFORMATION_NOTIFICATION, 0, body)
        if kind > 0.93:
            ap: Tree = [
                (ElementType.MAC_ADDRESS, self.rng.choice(self.aps)),
                (ElementType.AP_NAME, f"ap-{self.rng.randint(1, 99)}".encode()),
            ]
            body = [(ElementType.AP, ap)]
            self._say(at + 0.02, 1, e.AP_INFO_NOTIFICATION, 0, body)

    def _some(self, make, most: int) -> Tree:  # type: ignore[no-untyped-def]
        body: Tree = []
        for _ in range(self.rng.randint(1, most)):
            longer = [*body, make()]
            if body and len(self.encoder.body(longer)) > self.room - 40:
                break
            body = longer
        return body

    def _services(self) -> Tree:
        chosen = self.rng.sample(range(1, 12), 5)
        return [
            (
                ElementType.SERVICE,
                bytes([n]) + self._number(1 << self.rng.randint(0, 22), 8),
            )
            for n in chosen
        ]

    def _measurement(self) -> tuple[int, Tree]:
        inner: Tree = [
            (ElementType.MAC_ADDRESS, self.rng.choice(self.stations)),
            (ElementType.ENTITY, bytes([self.rng.choice([0, 0, 0, 1])])),
        ]
        most = 3 if self.room < 300 else 5
        for _ in range(self.rng.randint(1, most)):
            sample = self.rng.choice(self.aps) + bytes(
                [self.rng.randint(0, 1), 1, 0, 1]
            )
            sample += bytes(256 - self.rng.randint(40, 90) for _ in range(2))
            sample += bytes([self.rng.randint(5, 40), 0])
            sample += self._number(self.rng.randint(0, 4000), 4)
            inner.append((ElementType.RSSI_SAMPLE, sample))
        return ElementType.MEASUREMENT, inner

    def _information(self) -> tuple[int, Tree]:
        user = f"user{self.rng.randint(1, 500)}".encode()
        address = bytes([10, 1, self.rng.randint(0, 9), self.rng.randint(1, 254)])
        return ElementType.INFORMATION, [
            (ElementType.MAC_ADDRESS, self.rng.choice(self.stations)),
            (ElementType.IP_ADDRESS, address),
            (ElementType.USER_NAME, user),
            (ElementType.SSID, self.rng.choice([b"corp", b"guest-net"])),
        ]

    def _statistics(self) -> tuple[int, Tree]:
        traffic = b"".join(
            self._number(self.rng.randint(0, 1 << 24), 8) for _ in range(4)
        )
        return ElementType.STATISTICS, [
            (ElementType.MAC_ADDRESS, self.rng.choice(self.stations)),
            (ElementType.TRAFFIC, traffic),
            (ElementType.LAST_HEARD, self._number(self.rng.randint(0, 9999), 4)),
        ]


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
