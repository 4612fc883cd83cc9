# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever a capture does to a real session, what comes out is what was written.

Each version of TLS and class of cipher, through the whole pipeline: a capture file,
its streams, its records. The oracle is the plaintext that the endpoints wrote.
"""

import io
import os
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmsp_scapy.capture import Segment
from nmsp_scapy.capture.frames import ethernet, udp_datagram
from nmsp_scapy.conversation import Direction, Message
from nmsp_scapy.dissect import dissect
from nmsp_scapy.integrity import Hole, Plain
from tests.gear.captures import Tap, pcapng
from tests.gear.dtls import openssl_dtls
from tests.gear.hostile import (
    Spoiling,
    file_of,
    judge,
    read,
    spoiled,
    spoilings,
    tap_of,
)
from tests.gear.kinds import FEATURES, KINDS, recorded
from tests.gear.talks import conversation, script
from tests.gear.tls import Pair, Recorded, context, identity

FEW = settings(max_examples=int(os.environ.get("NMSP_EXAMPLES", "5")), deadline=None)
"""More are worth a night: `NMSP_EXAMPLES=2000 pytest tests/test_any_session.py`."""


CAPTURES = Path(__file__).parent / "captures"
KEPT = {
    "early-data-before-the-server-hello": [b"earlyhellobye", b"welcome"],
    "retried-hello-after-its-answer": [b"hellobye", b"welcome"],
    "renegotiation-answered-before-it-is-asked": [
        b"hellobyehellobye",
        b"welcomewelcome",
    ],
    "a-record-without-its-first-byte": [b"", b""],
    "a-hello-across-a-hole": [b"", b""],
}
"""What the captures that once came out wrong must give, by side."""

UNLOGGED = "no key log given holds the handshake's secret"
"""tlslite-ng, which makes KeyUpdates, keeps no handshake secrets."""


SAID = [[raw for owner, raw in script() if owner == n] for n in (0, 1)]


def messages(version: str, spoiling: Spoiling) -> list[list[bytes]]:
    """The messages that come out of a spoiled conversation, by side."""
    session = conversation(version)
    segments = spoiled(tap_of(session, spoiling, 40_000), spoiling)
    raws: list[list[bytes]] = [[], []]
    for made in dissect(io.BytesIO(file_of(segments, session.key_log))):
        if isinstance(made, Message):
            raws[made.direction is Direction.WLC_TO_MSE].append(made.raw)
    return raws


HUGE = Spoiling(cuts=(65_000,))
"""Segments as a capture shows them before the network card has cut them."""


def tap_and_segments(
    kind: str, spoiling: Spoiling, port: int = 40_000
) -> tuple[Tap, list[Segment]]:
    tap = tap_of(recorded(kind), spoiling, port)
    return tap, spoiled(tap, spoiling)


@pytest.mark.parametrize("kind", [*KINDS, *FEATURES])
@FEW
@given(spoiling=spoilings(whole=True))
def test_a_complete_capture_gives_every_byte(kind: str, spoiling: Spoiling) -> None:
    session = recorded(kind)
    _, segments = tap_and_segments(kind, spoiling)
    (found,) = read(file_of(segments, session.key_log))
    assert [found.plain(side) for side in (0, 1)] == session.written
    holes = [i for items in found.items for i in items if isinstance(i, Hole)]
    reasons = {hole.reason for hole in holes}
    assert reasons <= ({UNLOGGED} if kind == "tls13-updated" else set())


@pytest.mark.parametrize("kind", [*KINDS, *FEATURES])
@FEW
@given(spoiling=spoilings())
def test_all_but_the_holes_comes_out_and_every_hole_is_named(
    kind: str, spoiling: Spoiling
) -> None:
    tap, segments = tap_and_segments(kind, spoiling)
    (found,) = read(file_of(segments, recorded(kind).key_log))
    judge(kind, tap, spoiling, segments, found)


def test_every_kept_capture_has_its_line() -> None:
    assert {path.stem for path in CAPTURES.glob("*.pcapng")} == set(KEPT)
    readme = (CAPTURES / "README.md").read_text()
    assert all(f"`{name}.pcapng`" in readme for name in KEPT)


@pytest.mark.parametrize("name", KEPT)
def test_what_once_came_out_wrong(name: str) -> None:
    (found,) = read((CAPTURES / f"{name}.pcapng").read_bytes())
    assert [found.plain(side) for side in (0, 1)] == KEPT[name]
    assert bool(found.holes(0)) == (not KEPT[name][0])
    assert found.conversation.client.port == 40_000


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
@FEW
@given(spoiling=spoilings(whole=True))
def test_any_split_gives_the_same_messages(version: str, spoiling: Spoiling) -> None:
    assert messages(version, spoiling) == SAID


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
@FEW
@given(spoiling=spoilings())
def test_any_loss_leaves_messages_that_were_said(
    version: str, spoiling: Spoiling
) -> None:
    for side, raws in enumerate(messages(version, spoiling)):
        rest = iter(SAID[side])
        assert all(raw in rest for raw in raws)


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_thousands_of_records_in_one_segment(version: str) -> None:
    said = [(1, n.to_bytes(4, "big")) for n in range(2000)]
    pair = Pair(context(0, version), context(1, version, None, identity()))
    pair.handshake()
    for side, data in said:
        pair.say(side, data, together=True)
    session = pair.talk(((0, b"bye"),)).close()
    assert max(len(data) for _, data in session.flow) > 50_000
    (found,) = read(file_of(tap_of(session, HUGE, 40_000).segments, session.key_log))
    assert found.plain(1) == b"".join(data for _, data in said)


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(spoiling=spoilings(started=False))
def test_a_capture_that_starts_late(kind: str, spoiling: Spoiling) -> None:
    tap, segments = tap_and_segments(kind, spoiling)
    for found in read(file_of(segments, recorded(kind).key_log)):
        judge(kind, tap, spoiling, segments, found)


@FEW
@given(
    kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=3),
    spoiling=st.tuples(*[spoilings(whole=True)] * 3),
    chance=st.randoms(use_true_random=False),
)
def test_sessions_merged_in_any_way_do_not_touch(
    kinds: list[str], spoiling: tuple[Spoiling, ...], chance: Random
) -> None:
    queues, logs = [], []
    for number, kind in enumerate(kinds):
        _, segments = tap_and_segments(kind, spoiling[number], 40_000 + number)
        queues.append(segments)
        logs += recorded(kind).key_log
    merged = []
    while any(queues):
        merged.append(chance.choice([q for q in queues if q]).pop(0))
    found = {one.conversation.client.port: one for one in read(file_of(merged, logs))}
    assert sorted(found) == [40_000 + n for n in range(len(kinds))]
    for number, kind in enumerate(kinds):
        plain = [found[40_000 + number].plain(side) for side in (0, 1)]
        assert plain == recorded(kind).written


@FEW
@given(
    kinds=st.tuples(*[st.sampled_from(sorted(KINDS))] * 2),
    spoiling=st.tuples(*[spoilings(whole=True)] * 2),
)
def test_a_second_connection_on_the_same_ports(
    kinds: tuple[str, str], spoiling: tuple[Spoiling, Spoiling]
) -> None:
    segments, logs = [], []
    for kind, how in zip(kinds, spoiling, strict=True):
        segments += tap_and_segments(kind, how)[1]
        logs += recorded(kind).key_log
    if spoiling[0].isn == spoiling[1].isn:
        return  # no stack does so, and no one could tell them apart
    found = read(file_of(segments, logs))
    assert len(found) == 2
    for kind, one in zip(kinds, found, strict=True):
        assert [one.plain(side) for side in (0, 1)] == recorded(kind).written


DTLS = {
    "dtls10-cbc": ("DTLS 1.0", "AES128-SHA"),
    "dtls12-gcm": ("DTLS 1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
    "dtls12-chacha": ("DTLS 1.2", "ECDHE-RSA-CHACHA20-POLY1305"),
}
ENDS = ((bytes([10, 0, 0, 1]), 40_000), (bytes([10, 0, 0, 2]), 16_113))
WORDS = [(n % 3 // 2, b"%d of the datagrams" % n) for n in range(40)]


@cache
def association(kind: str) -> Recorded:
    return openssl_dtls(*DTLS[kind], talk=WORDS)


@pytest.mark.parametrize("kind", DTLS)
@FEW
@given(chance=st.randoms(use_true_random=False))
def test_datagrams_lost_doubled_and_moved(kind: str, chance: Random) -> None:
    session = association(kind)
    frames = [
        ethernet(udp_datagram(ENDS[side], ENDS[1 - side], data), side=side)
        for side, data in session.flow
    ]
    first = len(frames) - len(WORDS) - 2
    kept = [n for n in range(len(frames)) if n < first or chance.random() < 0.9]
    places = [(n + chance.choice((0, 0, 0, 5)), n) for n in kept]
    places += [(n + 7, n) for n in kept if chance.random() < 0.1]
    places = [(0 if n < first else place, n) for place, n in places]
    file = pcapng(
        [frames[n] for _, n in sorted(places)],
        secrets=b"\n".join(session.key_log) + b"\n",
    )
    (found,) = read(file)
    for side in (0, 1):
        said = [w for n, (s, w) in enumerate(WORDS) if s == side and first + n in kept]
        out = [item.data for item in found.items[side] if isinstance(item, Plain)]
        assert sorted(out) == sorted(said)
