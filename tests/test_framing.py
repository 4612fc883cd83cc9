# SPDX-License-Identifier: GPL-2.0-or-later
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.constants import MessageType
from nmsp_scapy.conversation import Message
from nmsp_scapy.framing import Framed, Framer
from nmsp_scapy.integrity import Gap, Hole, Item, Plain, Undecodable
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Field, HeaderGeometry, Profile

KNOWN = [m.value for m in MessageType]


def element(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2) + len(value).to_bytes(2) + value


def message(kind: int = 1, body: bytes = b"", transaction: int = 0) -> bytes:
    return (
        b"\x01\0"
        + kind.to_bytes(2)
        + (12 + len(body)).to_bytes(4)
        + transaction.to_bytes(4)
        + body
    )


bodies = st.lists(
    st.builds(element, st.sampled_from([1, 2, 5, 18, 999]), st.binary(max_size=80)),
    max_size=4,
).map(b"".join)
messages = st.lists(
    st.builds(
        message, st.sampled_from(KNOWN), bodies, st.integers(0, 2**32 - 1)
    ),
    min_size=1,
    max_size=30,
)  # fmt: skip


def pieces(data: bytes, cuts: list[int]) -> list[Plain]:
    places = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
    return [
        Plain(data[a:b], a, 1000 + n, (n,))
        for n, (a, b) in enumerate(pairwise(places), 1)
    ]


def framed(items: list[Item], **options: object) -> list[Framed]:
    framer = Framer(**options)  # type: ignore[arg-type]
    return [out for item in items for out in framer.feed(item)] + framer.finish()


def raws(out: list[Framed]) -> list[bytes]:
    return [m.raw for m in out if isinstance(m, Message)]


def left_out(out: list[Framed]) -> list[Undecodable]:
    return [m for m in out if isinstance(m, Undecodable)]


@given(messages, st.lists(st.integers(0, 5000)))
def test_any_cut_gives_the_same_messages(sent: list[bytes], cuts: list[int]) -> None:
    items = pieces(b"".join(sent), cuts)
    out = framed(list(items))
    assert raws(out) == sent
    assert not left_out(out)
    at = 0
    for n, found in enumerate(out):
        assert isinstance(found, Message)
        assert found.index == n
        carried = [
            p for p in items if at - len(p.data) < p.offset < at + len(found.raw)
        ]
        assert found.frames == tuple(p.frames[0] for p in carried)
        assert found.time_ns == carried[-1].time_ns
        at += len(found.raw)


@given(
    messages,
    st.lists(st.integers(0, 5000)),
    st.lists(st.integers(0, 60)),
    st.booleans(),
)
def test_holes_give_a_subsequence_and_every_byte_is_accounted_for(
    sent: list[bytes], cuts: list[int], dropped: list[int], known_length: bool
) -> None:
    data = b"".join(sent)
    items = pieces(data, cuts)
    lost = {d % len(items) for d in dropped}
    seen: list[Item] = []
    shift = 0
    for n, item in enumerate(items):
        if n in lost:
            length = len(item.data)
            seen.append(Gap(item.offset, length if known_length else None, 0, (), "x"))
            shift += 0 if known_length else length
        else:
            seen.append(
                Plain(item.data, item.offset - shift, item.time_ns, item.frames)
            )
    out = framed(seen)
    rest = iter(sent)
    assert all(raw in rest for raw in raws(out))
    present = sum(len(i.data) for i in seen if isinstance(i, Plain))
    named = sum(hole.length or 0 for hole in left_out(out))
    assert sum(map(len, raws(out))) + named == present
    assert [h for h in out if isinstance(h, Gap)] == [
        h for h in seen if isinstance(h, Gap)
    ]


def test_the_message_that_a_hole_cuts_is_named_and_the_next_ones_are_found() -> None:
    body = element(18, bytes(16))
    sent = [message(15, body, n) for n in range(10)]
    data = b"".join(sent)
    first = Plain(data[:80], 0, 1, (1,))
    gap = Gap(5000, 60, 2, (1, 3), "lost")
    second = Plain(data[140:], 80, 3, (3,))
    out = framed([first, gap, second])
    assert raws(out) == sent[:2] + sent[5:]
    cut, skipped = left_out(out)
    assert (cut.offset, cut.length, cut.frames) == (64, 16, (1,))
    assert "16 of a message's 32 bytes" in cut.reason
    assert (skipped.offset, skipped.length, skipped.frames) == (80, 20, (3,))
    kinds = [type(found) for found in out[2:5]]
    assert kinds == [Undecodable, Gap, Undecodable]


def test_the_end_of_a_cut_message_is_no_place_where_holes_are_not_counted() -> None:
    """TLS does not know how much plaintext a hole had: places go on without it."""
    body = element(18, bytes(16))
    sent = [message(15, body, n) for n in range(6)]
    data = b"".join(sent)
    gap = Gap(5000, 40, 2, (), "lost")
    out = framed([Plain(data[:46], 0, 1, (1,)), gap, Plain(data[56:], 46, 3, (3,))])
    assert raws(out) == sent[:1] + sent[2:]


def test_messages_inside_a_cut_message_are_not_taken_for_real_ones() -> None:
    inner = b"".join(message(1, b"", n) for n in range(20))
    outer = message(15, element(999, b"????" + inner))
    after = [message(2, b"", n) for n in range(3)]
    data = outer + b"".join(after)
    gap = Gap(16, 5, 2, (), "lost")
    out = framed([Plain(data[:16], 0, 1, (1,)), gap, Plain(data[21:], 21, 3, (2,))])
    assert raws(out) == after


@pytest.mark.parametrize("length", [0, 11, 65_537, 2**32 - 1])
def test_a_length_that_is_no_messages_is_named_and_stepped_over(length: int) -> None:
    good = [message(1, b"", n) for n in range(6)]
    bad = b"\x01\0\0\x01" + length.to_bytes(4) + b"junk"
    data = b"".join(good[:2]) + bad + b"".join(good[2:])
    out = framed([Plain(data, 0, 1, (1,))])
    assert raws(out) == good
    (hole,) = left_out(out)
    assert (hole.offset, hole.length) == (24, 12)
    assert f"length {length} is no message's" in hole.reason


def test_a_capture_that_begins_inside_a_message_begins_with_the_next() -> None:
    sent = [message(15, element(18, bytes(16)), n) for n in range(6)]
    data = b"".join(sent)[20:]
    out = framed([Plain(data, 0, 1, (1,))], synchronised=False)
    assert raws(out) == sent[1:]
    (hole,) = left_out(out)
    assert (hole.offset, hole.length) == (0, 12)


def test_the_end_inside_a_message_is_named() -> None:
    out = framed([Plain(message() + message()[:7], 0, 1, (1,))])
    assert len(raws(out)) == 1
    (hole,) = left_out(out)
    assert (hole.offset, hole.length) == (12, 7)


def test_what_holds_no_message_is_one_hole_and_memory_stays_bounded() -> None:
    framer = Framer(synchronised=False)
    for n in range(200):
        assert not framer.feed(Plain(b"\xff" * 10_000, n * 10_000, n, (n,)))
        assert framer._have < 20
    (hole,) = framer.finish()
    assert isinstance(hole, Hole)
    assert (hole.offset, hole.length, hole.frames) == (0, 2_000_000, (0, 199))


def test_a_candidate_waits_only_so_long_for_its_proof() -> None:
    framer = Framer(synchronised=False)
    claim = b"\x01\0\0\x01" + (60_000).to_bytes(4) + bytes(4)
    sent = [message(1, b"", n) for n in range(10)]
    data = claim + bytes(100) + b"".join(sent)
    out = framer.feed(Plain(data, 0, 1, (1,))) + framer.finish()
    assert raws(out) == sent


def test_a_datagram_holds_whole_messages() -> None:
    a, b = message(1, b"", 1), message(2, b"", 2)
    items: list[Item] = [Plain(a + b[:5], 0, 1, (1,)), Plain(b + a, 17, 2, (2,))]
    out = framed(items, datagrams=True)
    assert raws(out) == [a, b, a]
    assert [(h.offset, h.length) for h in left_out(out)] == [(12, 5)]


ODD = Profile(
    name="odd",
    header=HeaderGeometry(
        size=11,
        fields=(
            Field("magic", 0, 2, value=0xBEEF),
            Field("length", 2, 3, "little"),
            Field("type", 6, 2),
            Field("version", 8, 1),
        ),
        covers_from=11,
        trailer=2,
        trailer_counted=False,
        maximum=2000,
    ),
    elements=ElementGeometry(alignment=4),
    message_types={"ECHO_REQUEST": 1},
    element_types={},
    services={},
)


def odd(body: bytes) -> bytes:
    return (
        b"\xbe\xef"
        + len(body).to_bytes(3, "little")
        + b"\0\0\x01\x05\0\0"
        + body
        + b"CS"
    )


@given(st.lists(st.integers(0, 5000)))
def test_another_profile_is_data(cuts: list[int]) -> None:
    sent = [odd(element(7, bytes(4 * n))) for n in range(5)]
    data = b"".join(sent)
    out = framed(list(pieces(data, cuts)), profile=ODD)
    assert raws(out) == sent
    first = next(m for m in out if isinstance(m, Message))
    assert (first.type, first.version, first.length, first.flags) == (1, 5, 4, 0)
    out = framed([Plain(b"\0" * 7 + data, 0, 1, (1,))], profile=ODD)
    assert raws(out) == sent
    assert "beef" in left_out(out)[0].reason


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("widths", [(1, 1, 2, 4, 4), (2, 2, 4, 2, 8), (1, 3, 2, 3, 4)])
def test_headers_of_any_width_and_order_are_read(
    order: str, widths: tuple[int, ...]
) -> None:
    names = ("version", "flags", "type", "length", "transaction_id")
    fields, at = [], 0
    for name, width in zip(names, widths, strict=True):
        fields.append(Field(name, at, width, order))  # type: ignore[arg-type]
        at += width
    header = HeaderGeometry(size=at, fields=tuple(fields))
    profile = msgspec.structs.replace(NOMINAL, header=header)
    numbers = (1, 0, 30, at + 8, 9)
    head = b"".join(
        n.to_bytes(w, order)  # type: ignore[arg-type]
        for n, w in zip(numbers, widths, strict=True)
    )
    raw = head + element(1, bytes(4))
    items: list[Item] = [Gap(0, None, 0, (), "x"), Plain(raw * 4, 0, 1, (1,))]
    out = framed(items, profile=profile)
    assert raws(out) == [raw] * 4
    found = out[-1]
    assert isinstance(found, Message)
    assert (found.version, found.flags, found.type, found.length) == numbers[:4]
    assert found.transaction_id == 9
