# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawn layouts as runs and captures, and how well calibrate does on them."""

import io
from typing import NamedTuple

from nmsp_scapy.calibrate import Calibration, Finding, Run, runs_of
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.integrity import Plain
from nmsp_scapy.profile import ElementGeometry, HeaderGeometry
from tests.gear.geometries import START_S, Geometry, conversation, records
from tests.gear.tls import Pair, context, identity


class Verdict(NamedTuple):
    """How what was found compares with what was drawn.

    Attributes:
        framing: every message of the capture is told apart and has its type.
        exact: offset, width and order of type and length, and what it covers.
        wrong: statements that were called determined and are not so.
        elements: every element of the capture is told apart and has its type.
        exact_elements: every width of the elements too.
    """

    framing: bool
    exact: bool
    wrong: list[str]
    elements: bool
    exact_elements: bool


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


def judged(geometry: Geometry, found: Calibration) -> Verdict:
    """Compare with what was drawn."""
    drawn, profile = geometry.profile, found.profile
    if profile is None:
        return Verdict(False, False, [], False, False)
    told = {one.statement: one for one in found.findings}
    said = conversation(geometry, 0)
    framing = all(_reads(profile.header, one.raw, one.kind) for one in said)
    wrong = []
    exact = _added(profile.header) == _added(drawn.header)
    for name in ("type", "length"):
        same = _place(profile.header, name) == _place(drawn.header, name)
        exact = exact and same
        if not same and told[f"header.{name}"].determined:
            wrong.append(f"header.{name}")
    size = profile.header.size == drawn.header.size
    if not size and told["header.size"].determined:
        wrong.append("header.size")
    trailer = profile.header.trailer == drawn.header.trailer
    if not trailer and told["header.trailer"].determined:
        wrong.append("header.trailer")
    same = _shape(drawn.elements) == _shape(profile.elements)
    if not same and told["elements"].determined:
        wrong.append("elements")
    elements = drawn.elements is None or (
        profile.elements is not None and size and _walks(geometry, profile.elements)
    )
    return Verdict(framing, exact, wrong, elements, same)


def _place(header: HeaderGeometry, name: str) -> tuple[int, int, str]:
    (own,) = (f for f in header.fields if f.name == name)
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


def _walks(geometry: Geometry, found: ElementGeometry) -> bool:
    """Whether both layouts see the same elements in every message."""
    from nmsp_scapy.layers.geometry import ElementPlan

    assert geometry.profile.elements is not None
    header = geometry.profile.header
    truth, other = ElementPlan(geometry.profile.elements), ElementPlan(found)
    for one in conversation(geometry, 0):
        span = header.size, len(one.raw) - header.trailer
        if truth.walk(one.raw, *span) != other.walk(one.raw, *span):
            return False
    return True


def shaky(found: Calibration) -> list[Finding]:
    """What was not determined."""
    return [one for one in found.findings if not one.determined]
