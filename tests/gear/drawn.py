# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawn layouts as runs and captures, and how well calibrate does on them."""

import io
import random
from dataclasses import replace
from typing import NamedTuple

from nmsp_scapy.calibrate import Calibration, Finding, Run, runs_of
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.constants import MESSAGE_LIMIT
from nmsp_scapy.integrity import Plain
from nmsp_scapy.profile import ElementGeometry, HeaderGeometry, Profile
from tests.gear.geometries import START_S, Encoder, Geometry
from tests.gear.talk import Said, conversation, records
from tests.gear.tls import Pair, context, identity

WALKED = 150
"""Messages whose elements are held against the drawn ones."""


class Verdict(NamedTuple):
    """How what was found compares with what was drawn.

    Attributes:
        framing: every message of the capture is told apart and has its type.
        always: so would be every message that the drawn layout can ever carry, and
            the body begins and ends where it does.
        exact: type and length have the drawn offset, width and order; what the length
            covers, the header's size and the trailer are the drawn ones.
        zeros: where they are not, the places differ in no byte that is ever set.
        listed: so they are in the profile, or among the readings that are listed.
        transaction: the transaction id has the drawn offset, width and order.
        wrong: statements that were called determined and are not so.
        elements: every element of the capture is told apart and has its type.
        exact_elements: every width of the elements too.
        why: what is not exact, in short.
    """

    framing: bool
    always: bool
    exact: bool
    zeros: bool
    listed: bool
    transaction: bool
    wrong: list[str]
    elements: bool
    exact_elements: bool
    why: list[str]


def runs(geometry: Geometry, seed: int) -> list[Run]:
    """The conversation as calibrate sees it after decryption."""
    places, items = [0, 0], []
    sent = records(conversation(geometry, seed), seed)
    for number, (when, side, data) in enumerate(sent, 1):
        time_ns = int((START_S + when) * 1e9)
        items.append((side, Plain(data, places[side], time_ns, (number,))))
        places[side] += len(data)
    return runs_of(items)


def capture(
    geometry: Geometry, seed: int, said: list[tuple[int, bytes]] | None = None
) -> bytes:
    """The conversation over real TLS, with its secrets inside."""
    if said is None:
        sent = records(conversation(geometry, seed), seed)
        said = [(side, data) for _, side, data in sent]
    contexts = (
        context(0, "1.2", None, identity("mse")),
        context(1, "1.2", None, identity("wlc"), ask=True),
    )
    recorded = Pair(*contexts).handshake().talk(tuple(said)).close()
    made = TcpFrames(("10.1.1.10", 40001), ("10.1.1.1", 16113))
    frames = made.open()
    for side, data in recorded.flow:
        frames += made.data(side, data)
    frames += made.finish(0) + made.finish(1)
    file = io.BytesIO()
    writer = PcapngWriter(file)
    writer.interface()
    writer.secrets(b"\n".join(recorded.key_log) + b"\n")
    for number, frame in enumerate(frames):
        writer.packet(frame, START_S * 10**9 + number * 100_000_000)
    return file.getvalue()


def judged(geometry: Geometry, found: Calibration, seed: int = 0) -> Verdict:
    """Compare with what was drawn."""
    drawn, profile = geometry.profile, found.profile
    if profile is None:
        none = [found.reason]
        return Verdict(False, False, False, False, False, False, [], False, False, none)
    told = {one.statement: one for one in found.findings}
    said = conversation(geometry, seed)
    framing = all(_reads(profile.header, one.raw, one.kind) for one in said)
    same = {
        "header.size": profile.header.size == drawn.header.size,
        "header.trailer": profile.header.trailer == drawn.header.trailer,
        "header.covers": _added(profile.header) == _added(drawn.header),
        "elements": _shape(drawn.elements) == _shape(profile.elements),
        "byte_order": told["byte_order"].value == geometry.place("type").byte_order,
    }
    listed = all(same[one] for one in ("header.size", "header.trailer"))
    for name in ("type", "length", "transaction_id"):
        own = f"header.{name}"
        same[own] = _place(profile.header, name) == _place(drawn.header, name)
        if name != "transaction_id":
            listed = listed and (same[own] or _listed(drawn.header, name, told[own]))
    wrong = [
        one for one, right in same.items()
        if not right and one in told and told[one].determined
    ]  # fmt: skip
    header = ("header.size", "header.trailer", "header.covers", "header.type",
              "header.length")  # fmt: skip
    elements = drawn.elements is None or (
        profile.elements is not None
        and same["header.size"]
        and _walks(geometry, profile.elements, said[:WALKED])
    )
    every, exact = anything(geometry), all(same[one] for one in header)
    return Verdict(
        framing=framing,
        always=same["header.size"]
        and same["header.trailer"]
        and all(_reads(profile.header, *one) for one in every),
        exact=exact,
        zeros=not exact
        and not any(raw[n] for raw, _ in every for n in _apart(drawn, profile)),
        listed=listed,
        transaction=same["header.transaction_id"],
        wrong=wrong,
        elements=elements,
        exact_elements=same["elements"],
        why=[one for one, right in same.items() if not right],
    )


def _apart(drawn: Profile, found: Profile) -> set[int]:
    """Bytes that type and length have in one layout and not in the other."""
    apart: set[int] = set()
    for name in ("type", "length"):
        one, other = (_place(p.header, name) for p in (drawn, found))
        assert one is not None
        assert other is not None
        spans = [set(range(at, at + width)) for at, width, _ in (one, other)]
        apart |= spans[0] ^ spans[1]
    return apart


def anything(geometry: Geometry) -> list[tuple[bytes, int]]:
    """Messages of all that the drawn layout can carry, with their numbers.

    Numbers are of 16 bits at most, as documented, and messages no longer than the
    limit; whatever is no constant of the layout may have any value.
    """
    geometry = replace(geometry, fixed=dict(geometry.fixed))
    rng, encoder = random.Random(7), Encoder(geometry)
    header, made = geometry.profile.header, []
    length = geometry.place("length")
    top = min((1 << 8 * length.width) - 1, MESSAGE_LIMIT) - header.size - header.trailer
    free = [f for f in header.fields if f.name in {"session", "sequence", "clock"}]
    for n in range(120):
        for one in free:
            geometry.fixed[one.name] = rng.randrange(1 << 8 * one.width)
        kind = rng.randrange(min(1 << 8 * geometry.place("type").width, 1 << 16))
        body = bytes(rng.randint(0, top) if n % 8 == 0 else rng.randint(0, 99))
        encoder.sent = [rng.randrange(1 << 32)] * 2
        flags, transaction = rng.randrange(1 << 16), rng.randrange(1 << 32)
        made.append((encoder.message(0, kind, transaction, body, flags), kind))
    return made


def _listed(drawn: HeaderGeometry, name: str, told: Finding) -> bool:
    """Whether the drawn place stands among the readings that a finding lists."""
    own = _place(drawn, name)
    assert own is not None
    order = f" {own[2]}-endian" if own[2] else ""
    return any(f"{8 * own[1]} bits{order} at {own[0]}" in one for one in told.others)


def _place(header: HeaderGeometry, name: str) -> tuple[int, int, str] | None:
    own = next((f for f in header.fields if f.name == name), None)
    if own is None:
        return None
    return own.offset, own.width, own.byte_order if own.width > 1 else ""


def _added(header: HeaderGeometry) -> int:
    return header.covers_from + (0 if header.trailer_counted else header.trailer)


def _reads(header: HeaderGeometry, raw: bytes, kind: int) -> bool:
    numbers = {}
    for one in header.fields:
        own = raw[one.offset : one.offset + one.width]
        numbers[one.name] = int.from_bytes(own, one.byte_order)
    return numbers["type"] == kind and _added(header) + numbers["length"] == len(raw)


def _shape(elements: ElementGeometry | None) -> tuple[object, ...]:
    if elements is None:
        return ()
    order = elements.byte_order
    widest = max(elements.type_width, elements.length_width)
    return (
        elements.type_offset, elements.type_width, elements.length_offset,
        elements.length_width, elements.value_offset, elements.covers_from,
        elements.alignment, order if widest > 1 else "",
    )  # fmt: skip


def _walks(geometry: Geometry, found: ElementGeometry, said: list[Said]) -> bool:
    """Whether both layouts see the same elements in every message."""
    from nmsp_scapy.layers.geometry import ElementPlan

    assert geometry.profile.elements is not None
    header = geometry.profile.header
    truth, other = ElementPlan(geometry.profile.elements), ElementPlan(found)
    for one in said:
        span = header.size, len(one.raw) - header.trailer
        if truth.walk(one.raw, *span) != other.walk(one.raw, *span):
            return False
    return True


def shaky(found: Calibration) -> list[Finding]:
    """What was not determined."""
    return [one for one in found.findings if not one.determined]
