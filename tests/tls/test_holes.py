# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures with holes: never a wrong byte, every hole named, all that is whole read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmsp_scapy.integrity import BadMac, Gap, Item, NoKey, Plain, Undecodable
from tests.gear.kinds import (
    CHAINED,
    KINDS,
    LENGTHS,
    contents,
    recorded,
    talk,
    whole_records,
)
from tests.gear.tls import (
    Opened,
    context,
    identity,
    items,
    judge,
    key_store,
    openssl,
    read,
    rsa_store,
    with_holes,
)


def lossy(
    kind: str, size: int, lost: set[int], first: int
) -> tuple[Opened, list[tuple[int, int, int]]]:
    """Read a session without the pieces whose numbers are lost."""
    session = recorded(kind)
    gaps: list[tuple[int, int, int]] = []
    number = 0

    def dropped(side: int, item: Plain) -> bool:
        nonlocal number
        number += 1
        if number not in lost or item.offset < first:
            return False
        gaps.append((side, item.offset, item.offset + len(item.data)))
        return True

    opened = read(with_holes(session.flow, size, dropped), key_store(session))
    return opened, gaps


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(
    size=st.sampled_from([23, 60, 200, 700, 1448, 9000]),
    lost=st.sets(st.integers(1, 400), max_size=12),
    first=st.sampled_from([0, 0, 1200, 4000]),
)
def test_never_a_wrong_byte_and_every_hole_named(
    kind: str, size: int, lost: set[int], first: int
) -> None:
    opened, gaps = lossy(kind, size, lost, first)
    judge(opened, recorded(kind).written)
    holes = [(s, h.offset, h.offset + h.length) for s, h in opened.holes]
    for side, start, stop in gaps:
        assert any(s == side and a <= start and stop <= b for s, a, b in holes)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(
    size=st.sampled_from([60, 200, 700, 1448]),
    lost=st.sets(st.integers(1, 600), min_size=1, max_size=8),
)
def test_all_records_that_are_whole_come_out_behind_a_gap(
    kind: str, size: int, lost: set[int]
) -> None:
    opened, gaps = lossy(kind, size, lost, first=6000)
    # A chained cipher needs the ciphertext block before the record; with its MAC
    # outside, that block counts only as part of a whole record.
    before = {"tls10-cbc-etm": 20_000}.get(kind, 16 if kind in CHAINED else 0)
    neighbours = {
        (side, item.offset + len(item.data)): item.offset
        for side, item in whole_records(recorded(kind).flow)
    }
    whole = sure = 0
    for (side, start, stop), length in contents(kind).items():
        near = [(a, b) for s, a, b in gaps if s == side and a < stop]
        whole += length * all(start >= b for _, b in near)
        first = max(start - before, neighbours.get((side, start), 0))
        sure += length * all(first >= b for _, b in near)
    assert sure <= sum(map(len, opened.plain)) <= whole


def behind(kind: str, side: int, start: int, stop: int) -> list[tuple[int, int]]:
    """The records that damage to one of them costs.

    A MAC outside does not cover what an implicit IV is chained to: one record more.
    """
    places = [
        (item.offset, item.offset + len(item.data))
        for owner, item in whole_records(recorded(kind).flow)
        if owner == side
    ]
    more = [place for place in places if place[0] == stop]
    return [(start, stop), *(more if kind == "tls10-cbc-etm" else [])]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_record_is_named_and_the_next_is_read(kind: str) -> None:
    session = recorded(kind)
    records = whole_records(session.flow)
    places = [place for place in contents(kind) if place[0] == 1]
    side, start, stop = places[3]
    stream: list[tuple[int, Item]] = []
    for owner, item in records:
        data = item.data
        if (owner, item.offset) == (side, start):
            data = data[:5] + bytes([data[5] ^ 1]) + data[6:]
        stream.append((owner, Plain(data, item.offset, 1, (7,))))
    opened = read(iter(stream), key_store(session))
    judge(opened, session.written)
    lost = behind(kind, side, start, stop)
    assert [(s, type(h), h.offset, h.length) for s, h in opened.holes] == [
        (side, BadMac, first, last - first) for first, last in lost
    ]
    missing = sum(contents(kind).get((side, *place), 0) for place in lost)
    assert len(session.written[side]) - len(opened.plain[side]) == missing


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_header_costs_one_record(kind: str) -> None:
    session = recorded(kind)
    places = [place for place in contents(kind) if place[0] == 1]
    side, start, stop = places[3]
    stream: list[tuple[int, Item]] = []
    for owner, item in whole_records(session.flow):
        data = item.data
        if (owner, item.offset) == (side, start):
            data = b"\x99" + data[1:]
        stream.append((owner, Plain(data, item.offset, 1, (7,))))
    opened = read(iter(stream), key_store(session))
    judge(opened, session.written)
    last = behind(kind, side, start, stop)[-1][1]
    assert [(s, type(h), h.offset, h.length) for s, h in opened.holes] == [
        (side, Undecodable, start, last - start)
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", [3000, 10_001])
def test_a_capture_that_starts_mid_session_is_named(kind: str, first: int) -> None:
    session = recorded(kind)
    stream = [
        (side, item)
        for side, item in items(session.flow, 500)
        if item.offset >= first or (side == 0 and item.offset > 1500)
    ]
    opened = read(iter(stream), key_store(session))
    assert opened.plain == [b"", b""]
    assert any(isinstance(hole, NoKey) for _, hole in opened.holes)
    assert opened.session.facts.closed.startswith("mid-session")


def test_a_lost_server_hello_is_named() -> None:
    session = openssl("1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    stream = with_holes(session.flow, 100, lambda s, i: s == 1 and i.offset < 100)
    opened = read(stream, key_store(session))
    assert opened.plain == [b"", b""]
    assert opened.session.facts.closed == "the capture does not hold the ServerHello"


def test_a_gap_in_the_certificates_does_not_matter_to_a_key_log() -> None:
    for version, first in (("1.0", 400), ("1.2", 400), ("1.3", 1600)):
        session = openssl(version)
        stream = with_holes(
            session.flow, 100, lambda s, i, f=first: s == 1 and f <= i.offset < f + 200
        )
        opened = read(stream, key_store(session))
        assert opened.plain == session.written, version
        assert {type(hole) for _, hole in opened.holes} <= {Gap, Undecodable}


def test_a_gap_over_the_change_of_keys_does_not_matter() -> None:
    for version in ("1.2", "1.3"):
        session = openssl(version, talk=talk(LENGTHS))
        end = len(b"".join(d for s, d in session.flow[:3] if s == 0))
        stream = with_holes(
            session.flow, 20, lambda s, i, e=end: s == 0 and e - 60 <= i.offset < e
        )
        opened = read(stream, key_store(session))
        assert opened.plain[1] == session.written[1], version
        assert opened.plain[0] == session.written[0], version


def test_one_direction_alone() -> None:
    for version in ("1.2", "1.3"):
        session = openssl(version)
        for side in (0, 1):
            stream = [(s, i) for s, i in items(session.flow, 333) if s == side]
            opened = read(iter(stream), key_store(session))
            assert opened.plain == [b"", b""]
            missing = ("ServerHello", "ClientHello")[side]
            closed = opened.session.facts.closed
            assert closed == f"the capture does not hold the {missing}"


def test_directions_shifted_against_each_other() -> None:
    for version, suite in (("1.2", "AES128-SHA"), ("1.3", None)):
        session = openssl(version, suite)
        stream = sorted(items(session.flow, 500), key=lambda pair: pair[0])
        for order in (stream, stream[::-1]):
            sides = [[p for p in order if p[0] == side] for side in (0, 1)]
            for part in sides:
                part.sort(key=lambda pair: pair[1].offset)
            shifted = sides[order[0][0]] + sides[1 - order[0][0]]
            opened = read(iter(shifted), key_store(session))
            assert opened.plain == session.written
            assert not opened.holes


def test_the_end_within_a_record_is_a_gap() -> None:
    session = openssl("1.2", client=identity("client", "ec"))
    stream = list(items(session.flow))
    side, last = stream[-3]
    cut = Plain(last.data[:-3], last.offset, last.time_ns, last.frames)
    opened = read(iter([*stream[:-3], (side, cut)]), key_store(session))
    assert [(s, type(h)) for s, h in opened.holes] == [(side, Gap)]
    assert context(0, "1.2")


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_a_client_hello_that_is_cut_still_names_its_session(version: str) -> None:
    session = openssl(version)
    end = len(session.flow[0][1])
    stream = with_holes(session.flow, 60, lambda s, i: s == 0 and 60 <= i.offset < end)
    opened = read(stream, key_store(session))
    assert opened.plain == session.written
    assert {hole.reason for _, hole in opened.holes} == {"not captured"}
    facts = opened.session.facts
    assert facts.handshakes[0].name == "client_hello (cut)"
    assert facts.closed is None
    assert not facts.offered_versions


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_hello_that_is_cut_still_says_the_suite(kind: str) -> None:
    session = recorded(kind)
    place = next(n for n, (side, _) in enumerate(session.flow) if side == 1)
    first = session.flow[place][1]
    kept = 5 + 4 + 35 + first[43] + 3  # up to its compression method
    end = 5 + int.from_bytes(first[3:5], "big")

    def without(start: int) -> Opened:
        pieces = [first[:start], first[start:end], first[end:]]
        flow = [(1, piece) for piece in pieces if piece]
        flow = [*session.flow[:place], *flow, *session.flow[place + 1 :]]
        stream = with_holes(flow, None, lambda s, i: s == 1 and start <= i.offset < end)
        return read(stream, key_store(session))

    opened, less = without(kept), without(kept - 2)
    assert opened.plain == session.written
    names = [fact.name for fact in opened.session.facts.handshakes]
    assert names[1] == ("server_hello (cut)" if kept < end else "server_hello")
    assert less.plain == [b"", b""]
    assert less.session.facts.closed == "the capture does not hold the ServerHello"


def test_a_server_hello_that_is_cut_hides_how_the_master_secret_is_made() -> None:
    session = openssl("1.2", "AES128-SHA256")
    end = 5 + int.from_bytes(session.flow[1][1][3:5], "big")
    stream = with_holes(session.flow, 50, lambda s, i: s == 1 and 50 <= i.offset < end)
    opened = read(stream, rsa_store())
    assert opened.plain == [b"", b""]
    assert "needs a handshake without holes" in str(opened.session.facts.closed)


def test_a_client_hello_without_its_random_names_nothing() -> None:
    session = openssl("1.2")
    end = len(session.flow[0][1])
    stream = with_holes(session.flow, 40, lambda s, i: s == 0 and 40 <= i.offset < end)
    opened = read(stream, key_store(session))
    assert opened.plain == [b"", b""]
    assert opened.session.facts.closed == "the capture does not hold the ClientHello"


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_a_hole_from_the_change_of_keys_into_the_data(kind: str, side: int) -> None:
    session = recorded(kind)
    records = whole_records(session.flow)
    own = [item for owner, item in records if owner == side]
    change = next(n for n, item in enumerate(own) if item.data[0] == 20)
    # Of TLS 1.3 the hole ends right behind a Finished in a record of its own.
    data = change + 2 + (4 if kind.startswith("tls13") and side else 0)
    start, end = own[change].offset, own[data + 1].offset
    stream = [
        (owner, Gap(item.offset, len(item.data), 0, (), "not captured"))
        if owner == side and start <= item.offset < end
        else (owner, item)
        for owner, item in records
    ]
    opened = read(iter(stream), key_store(session))
    assert opened.plain[1 - side] == session.written[1 - side]
    assert session.written[side].endswith(opened.plain[side])
    missing = len(session.written[side]) - len(opened.plain[side])
    unread = own[data : data + 2 + (kind in CHAINED)]
    assert missing <= sum(len(item.data) for item in unread)


def test_a_hole_right_behind_the_finished_of_tls_1_3() -> None:
    session = recorded("tls13-gcm")
    records = whole_records(session.flow)
    own = [item for owner, item in records if owner == 0]
    first = next(n for n, item in enumerate(own) if item.data[0] == 23) + 1
    stream = [
        (owner, Gap(item.offset, len(item.data), 0, (), "not captured"))
        if item is own[first]
        else (owner, item)
        for owner, item in records
    ]
    opened = read(iter(stream), key_store(session))
    assert session.written[0].endswith(opened.plain[0])
    lost = len(session.written[0]) - len(opened.plain[0])
    assert 0 < lost < len(own[first].data)
    assert opened.plain[1] == session.written[1]
