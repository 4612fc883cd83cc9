# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared out or not, the results are the same, and in the same order."""

import io
from functools import cache
from heapq import merge
from itertools import zip_longest
from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmsp_scapy.capture import open_capture
from nmsp_scapy.capture.items import Packet
from nmsp_scapy.decrypt import Decryption
from nmsp_scapy.dissect import Dissection
from nmsp_scapy.export.ndjson import NdjsonWriter
from nmsp_scapy.share import MOST_PAIRS, Share
from nmsp_scapy.tls import KeyStore
from tests.gear.bundled import ROOT, bundled
from tests.gear.captures import pcapng


@cache
def material():
    """The frames of each bundled capture, with a host of its own, and all keys."""
    frames, keys = [], []
    for number, one in enumerate(bundled()):
        host = bytes([10, 0, 0, number])
        with open_capture(one.path) as capture:
            packets = [p for p in capture.packets() if isinstance(p, Packet)]
            keys += [data for _, data in capture.secrets]
            if packets[0].data[12:14] == b"\x08\x00":
                frames.append([p.data[:26] + host * 2 + p.data[34:] for p in packets])
    keys += [path.read_bytes() for path in (ROOT / "keys").glob("*.keys")]
    return frames, b"\n".join(keys)


def store():
    keys = KeyStore()
    keys.add_keylog(material()[1], "all")
    return keys


class Written:
    """What a writer makes of each batch."""

    def __init__(self):
        self._file = io.BytesIO()
        self._writer = NdjsonWriter(self._file)

    def of(self, results):
        start = self._file.tell()
        self._writer.write(results)
        return self._file.getvalue()[start:]


def alone(capture):
    work = Decryption(store())
    text, batches = Written(), Dissection(work).run(io.BytesIO(capture))
    return b"".join([text.of(batch) for batch in batches]), work


def shared(capture, count):
    works = [Decryption(store(), share=Share(i, count)) for i in range(count)]
    text = []
    for stretch in zip_longest(*(parts(work, capture) for work in works)):
        text += [part for _, part in merge(*stretch, key=itemgetter(0))]
    return b"".join(text), works


def parts(work, capture):
    text = Written()
    for stretch in Dissection(work).shared(io.BytesIO(capture)):
        yield [(key, text.of(results)) for key, results in stretch]


def agree(frames, count):
    capture = pcapng(frames)
    expected, work = alone(capture)
    found, works = shared(capture, count)
    assert found == expected
    assert {each.conversations for each in works} == {work.conversations}
    assert any(each.unread for each in works) == work.unread
    return expected


def in_turn(captures):
    turns = zip_longest(*captures)
    return [frame for turn in turns for frame in turn if frame is not None]


def test_captures_one_after_the_other():
    frames, _ = material()
    text = agree([frame for one in frames for frame in one], 2)
    assert text.count(b'"event":"conversation"') >= len(frames)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_captures_frame_by_frame_in_turn(count):
    text = agree(in_turn(material()[0]), count)
    assert text.count(b'"kind":"message"') > 100


@settings(max_examples=20)
@given(st.randoms(use_true_random=False), st.integers(2, 4))
def test_captures_in_any_disorder(chance, count):
    frames = in_turn(material()[0])
    for _ in range(chance.randrange(60)):
        at = chance.randrange(len(frames))
        how = chance.randrange(4)
        if how == 0:
            frames.pop(at)
        elif how == 1:
            frames.insert(chance.randrange(len(frames)), frames[at])
        elif how == 2:
            frames.insert(min(at + chance.randrange(9), len(frames)), frames.pop(at))
        else:
            frames[at] = frames[at][: chance.randrange(len(frames[at]) + 1)]
    agree(frames, count)


def test_damage_is_told_once():
    capture = bytearray(pcapng(in_turn(material()[0])))
    middle = capture.index(b"\x06\0\0\0", len(capture) // 2)
    capture[middle + 4 : middle + 8] = b"\xff\xff\xff\xff"
    expected, _ = alone(bytes(capture))
    assert expected.count(b'"event":"damage"') == 1
    assert shared(bytes(capture), 3)[0] == expected


def test_pairs_of_hosts_stay_together_and_go_round():
    shares = [Share(index, 3) for index in range(3)]
    pairs = [("a", "b"), ("b", "a"), ("a", "c"), ("b", "c"), ("a", "d"), ("a", "b")]
    owners = [[share.has(*pair) for share in shares].index(True) for pair in pairs]
    assert owners == [0, 0, 1, 2, 0, 0]
    for share in shares:
        share.begin()
    assert [share.has("a", "b") for share in shares] == [False, True, False]


def test_pairs_that_are_remembered_are_bounded():
    share = Share(0, 2)
    for number in range(MOST_PAIRS + 5):
        share.has("10.0.0.1", str(number))
    assert len(share._pairs) <= MOST_PAIRS
