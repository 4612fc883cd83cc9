# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture gives to play: no more than stands in it."""

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.replay import script
from conformance.replay.script import Script, ScriptError
from conformance.verdict import Reason
from nmsp_scapy.conversation import Result
from nmsp_scapy.dissect import dissect

PCAPS = Path(__file__).parents[3] / "pcaps"
WHOLE = (PCAPS / "tls13.pcapng").read_bytes()
PACKET = 6


def blocks(data: bytes) -> Iterator[bytes]:
    """Cut a pcapng into its blocks."""
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at + 4)
        yield data[at : at + size]
        at += size


def without(data: bytes, *frames: int) -> bytes:
    """Drop packets by their number."""
    kept, number = [], 0
    for block in blocks(data):
        number += struct.unpack_from("<I", block)[0] == PACKET
        is_packet = struct.unpack_from("<I", block)[0] == PACKET
        if not (is_packet and number in frames):
            kept.append(block)
    return b"".join(kept)


def results(data: bytes) -> Iterator[Result]:
    return dissect(io.BytesIO(data))


def read(data: bytes, **more: int) -> Script:
    return script.read(results(data), **more)


def names(found: Script) -> list[str]:
    return [line.name for line in found.playable]


@pytest.fixture(scope="module")
def whole() -> Script:
    return read(WHOLE)


def test_both_sides_are_kept_with_their_frames(whole: Script) -> None:
    assert names(whole)[:3] == [
        "CAPABILITY_NOTIFICATION",
        "SERVICE_SUBSCRIBE_REQUEST",
        "INFORMATION_REQUEST",
    ]
    assert all(message.frames for message in whole.messages)
    assert whole.playable == whole.lines
    assert (whole.holes, whole.left) == ([], 0)
    assert (whole.ended, whole.ended_by) == ("fin", "mse")


def test_playing_ends_where_the_mse_s_bytes_are_missing(whole: Script) -> None:
    lost = whole.lines[4]
    found = read(without(WHOLE, *lost.frames))
    assert names(found) == names(whole)[:4]
    assert [line.raw for line in found.playable] == [x.raw for x in whole.lines[:4]]
    hole = found.hole("mse")
    assert hole is not None
    assert hole.reason is Reason.CAPTURE_GAP
    assert lost.raw not in [line.raw for line in found.lines]


def test_what_is_missing_of_the_wlc_s_side_stops_nothing(whole: Script) -> None:
    lost = next(m for m in whole.messages if m.name == "ECHO_RESPONSE")
    found = read(without(WHOLE, *lost.frames))
    assert found.hole("mse") is None
    assert found.hole("wlc") is not None
    assert names(found) == names(whole)


def test_a_limit_says_what_it_leaves(whole: Script) -> None:
    found = read(WHOLE, most=5)
    assert len(found.messages) == 5
    assert found.left == len(whole.messages) - 5


def test_a_conversation_can_be_chosen(whole: Script) -> None:
    rejected = (PCAPS / "tls13-rejected.pcapng").read_bytes()
    both = [*results(rejected), *dissect(io.BytesIO(WHOLE), first=1)]
    assert script.read(iter(both)).conversation.index == 0
    assert names(script.read(iter(both), number=1)) == names(whole)
    with pytest.raises(ScriptError, match="2 conversations, none is number 2") as error:
        script.read(iter(both), number=2)
    assert error.value.missing


def test_the_first_with_messages_of_the_mse_is_taken(whole: Script) -> None:
    silent = (PCAPS / "tls10-rsa-rejected.pcapng").read_bytes()
    both = [*results(silent), *dissect(io.BytesIO(WHOLE), first=1)]
    assert script.read(iter(both)).conversation.index == 1


@pytest.mark.parametrize(
    ("name", "change", "reason", "text"),
    [
        ("tls12-ecdhe", bytes, Reason.NO_KEYS, "nothing that the MSE says"),
        ("tls10-rsa-rejected", bytes, None, "nothing"),
        ("tls13", lambda data: without(data, *range(1, 200)), None, "no conversation"),
    ],
)
def test_nothing_to_play_has_its_reason(
    name: str, change: Callable[[bytes], bytes], reason: Reason | None, text: str
) -> None:
    data = change((PCAPS / f"{name}.pcapng").read_bytes())
    with pytest.raises(ScriptError, match=text) as error:
        read(data)
    assert reason in (None, error.value.reason)
