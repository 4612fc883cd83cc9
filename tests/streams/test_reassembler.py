# SPDX-License-Identifier: GPL-2.0-or-later
"""Each trap of TCP in captures, one at a time."""

import tracemalloc

from nmsp_scapy.capture import Segment
from nmsp_scapy.integrity import Gap, Plain
from nmsp_scapy.streams import Connection, Notice, Out, Reassembler
from tests.gear.captures import ACK, FIN, MASK, PSH, RST, SYN, Tap, renumbered

SERVER = frozenset({16_113})


def run(segments: list[Segment], reassembler: Reassembler | None = None) -> list[Out]:
    reassembler = reassembler or Reassembler(SERVER)
    out = [o for segment in segments for o in reassembler.feed(segment)]
    return out + reassembler.close()


def stream(
    out: list[Out], connection: int = 0, side: int = 0
) -> list[bytes | int | None]:
    """A direction as bytes and lengths of gaps, neighbouring bytes joined."""
    joined: list[bytes | int | None] = []
    for where, which, item in out:
        if where.index != connection or which != side:
            continue
        if isinstance(item, Gap):
            joined.append(item.length)
        elif isinstance(item, Plain):
            last = joined[-1] if joined else None
            if isinstance(last, bytes):
                joined[-1] = last + item.data
            else:
                joined.append(item.data)
    return joined


def notices(out: list[Out], kind: str) -> list[Notice]:
    return [i for _, _, i in out if isinstance(i, Notice) and i.kind == kind]


def connections(out: list[Out]) -> list[Connection]:
    return list({c.index: c for c, _, _ in out}.values())


def test_bytes_come_at_once_with_frame_and_time() -> None:
    tap = Tap().open().write(0, b"hello")
    reassembler = Reassembler(SERVER)
    *handshake, data, _ = tap.segments
    assert [o for s in handshake for o in reassembler.feed(s)] == []
    ((_, side, item),) = reassembler.feed(data)
    assert side == 0
    assert item == Plain(b"hello", 0, data.time_ns, (data.frame,))


def test_a_header_split_over_two_segments_is_whole() -> None:
    tap = Tap().open().write(0, b"\x17\x03").write(0, b"\x03\x00\x05hello")
    assert stream(run(tap.segments)) == [b"\x17\x03\x03\x00\x05hello"]


def test_a_segment_of_many_records_is_one_run_of_bytes() -> None:
    records = b"\x17\x03\x03\x00\x05hello" * 6500  # 64 kB, as offload makes them
    tap = Tap().open().write(0, records).write(0, records)
    out = run(tap.segments)
    assert [len(i.data) for _, _, i in out if isinstance(i, Plain)] == [65_000] * 2
    assert stream(out) == [records * 2]


def test_one_lost_segment_is_a_gap_and_the_rest_is_read() -> None:
    tap = Tap().open()
    for n in range(100):
        tap.write(0, b"%04d" % n)
    lost = next(s for s in tap.segments if s.payload == b"0010")
    reassembler = Reassembler(SERVER)
    out = [
        o for s in renumbered(s for s in tap.segments if s is not lost)
        for o in reassembler.feed(s)
    ]  # fmt: skip
    (gap,) = [i for _, _, i in out if isinstance(i, Gap)]
    assert (gap.offset, gap.length) == (40, 4)
    assert gap.frames == (22, 25)
    assert "acknowledged" in gap.reason
    before, length, after = stream(out)
    assert before == b"".join(b"%04d" % n for n in range(10))
    assert after == b"".join(b"%04d" % n for n in range(11, 100))
    assert length == 4


def test_a_hole_that_nobody_acknowledged_waits_for_its_retransmission() -> None:
    tap = Tap().open()
    for n in range(500):
        tap.write(0, b"%04d" % n, acknowledged=False)
    first = tap.segments.pop(3)
    reassembler = Reassembler(SERVER)
    assert not [o for s in tap.segments for o in reassembler.feed(s)]
    out = reassembler.feed(first)
    assert stream(out) == [bytes(tap.written[0])]


def test_a_hole_is_given_up_in_time_in_a_one_sided_capture() -> None:
    tap = Tap().open().write(0, b"a").write(0, b"b").write(0, b"c")
    late = tap.segments[-2]
    late.time_ns += 200_000_000_000
    mine = [
        s for s in tap.segments
        if s.flow == tap.flows[0] and s.payload != b"a"
    ]  # fmt: skip
    reassembler = Reassembler(SERVER)
    out = [o for s in mine for o in reassembler.feed(s)]
    assert stream(out) == [1, b"bc"]


def test_reordered_segments_are_put_in_order() -> None:
    tap = Tap().open()
    for n in range(10):
        tap.write(0, b"%d" % n, acknowledged=False)
    out = run(renumbered([*tap.segments[:3], *reversed(tap.segments[3:])]))
    assert stream(out) == [b"0123456789"]


def test_a_late_copy_with_the_same_bytes_is_nothing() -> None:
    tap = Tap().open().write(0, b"hello").write(0, b"world")
    out = run([*tap.segments, *renumbered(tap.segments)])
    assert stream(out) == [b"helloworld"]
    assert not notices(out, "overlap")


def test_the_first_copy_wins_and_another_one_is_told() -> None:
    tap = Tap().open().write(0, b"hello")
    tap.say(0, ACK, b"hELlo!", seq=tap.next[0] - 5)
    out = run(tap.segments)
    assert stream(out) == [b"hello!"]
    (notice,) = notices(out, "overlap")
    assert (notice.offset, notice.length, notice.frames) == (1, 4, (6,))


def test_the_first_copy_wins_while_it_waits_too() -> None:
    tap = Tap().open()
    start = tap.next[0]
    for payload, at in ((b"CDE", 2), (b"bcd", 1), (b"xyzw", 3), (b"a", 0)):
        tap.say(0, ACK, payload, seq=start + at)
    out = run(tap.segments)
    assert stream(out) == [b"abCDEzw"]
    assert [n.offset for n in notices(out, "overlap")] == [2, 3]


def test_a_keepalive_byte_is_nothing_whatever_it_is() -> None:
    tap = Tap().open().write(0, b"hello")
    tap.say(0, ACK, b"\0", seq=tap.next[0] - 1)
    tap.say(0, ACK, b"", seq=tap.next[0] - 1)
    tap.write(0, b"world")
    out = run(tap.segments)
    assert stream(out) == [b"helloworld"]
    assert not notices(out, "overlap")


def test_sequence_numbers_wrap() -> None:
    tap = Tap(isn=(MASK - 3, MASK)).open()
    tap.write(0, b"hello").write(1, b"HELLO").write(0, b"world")
    swapped = [*tap.segments[:3], *tap.segments[3:][::-1]]
    for segments in (tap.segments, renumbered(swapped)):
        out = run(segments)
        assert stream(out) == [b"helloworld"]
        assert stream(out, side=1) == [b"HELLO"]


def test_a_new_initial_number_begins_a_new_connection() -> None:
    first = Tap().open().write(0, b"one").finish()
    second = Tap(isn=(900_000, 1)).open().write(0, b"two")
    third = Tap(isn=(5, 5)).open().write(0, b"three")
    out = run(renumbered(first.segments + second.segments + third.segments))
    assert [stream(out, n) for n in range(3)] == [[b"one"], [b"two"], [b"three"]]
    assert [c.ended for c in connections(out)] == ["fin", "replaced", "end of capture"]


def test_a_copy_of_the_syn_begins_nothing() -> None:
    tap = Tap().open().write(0, b"one")
    tap.segments += [*tap.segments[:3]]
    tap.write(0, b"two")
    out = run(renumbered(tap.segments))
    assert stream(out) == [b"onetwo"]
    assert len(connections(out)) == 1


def test_both_sides_open_at_once() -> None:
    tap = Tap()
    tap.say(0, SYN)
    tap.say(1, SYN)
    tap.next = [n + 1 for n in tap.next]
    tap.say(0, SYN | ACK, seq=tap.next[0] - 1)
    tap.say(1, SYN | ACK, seq=tap.next[1] - 1)
    tap.write(0, b"to").write(1, b"fro")
    out = run(tap.segments)
    assert stream(out) == [b"to"]
    assert stream(out, side=1) == [b"fro"]
    (connection,) = connections(out)
    assert connection.client.port == 40_000


def test_one_direction_alone_is_read_and_the_other_named() -> None:
    tap = Tap().open()
    for n in range(5):
        tap.write(0, b"%d" % n).write(1, b"answer")
    mine = [s for s in tap.segments if s.flow == tap.flows[0]]
    out = run(renumbered(mine))
    assert stream(out) == [b"01234"]
    assert stream(out, side=1) == [30]


def test_a_start_in_the_middle_counts_from_what_it_sees() -> None:
    tap = Tap().open().write(0, b"gone").write(0, b"here").write(1, b"there")
    out = run(renumbered(tap.segments[5:]))
    assert stream(out) == [b"here"]
    assert stream(out, side=1) == [b"there"]
    (connection,) = connections(out)
    assert (connection.began, connection.sure) == ("mid-stream", True)
    assert connection.server.port == 16_113


def test_without_a_syn_and_a_known_port_the_roles_are_not_sure() -> None:
    tap = Tap(client=("10.0.0.1", 999), server=("10.0.0.2", 888)).open()
    tap.write(0, b"x")
    reassembler = Reassembler()
    (connection,) = connections(run(tap.segments[3:], reassembler))
    assert not connection.sure
    assert connection.server.port == 888


def test_a_syn_tells_the_roles_whatever_the_ports() -> None:
    tap = Tap(client=("10.0.0.1", 16_113), server=("10.0.0.2", 2000)).open()
    (connection,) = connections(run(tap.write(0, b"x").segments))
    assert connection.sure
    assert (connection.client.port, connection.server.port) == (16_113, 2000)


def test_how_a_connection_ends_is_told() -> None:
    tap = Tap().open().write(0, b"x").finish(0).finish(1)
    out = run(tap.segments)
    assert [n.kind for _, _, n in out if isinstance(n, Notice)] == [
        "fin", "fin", "closed",
    ]  # fmt: skip
    tap = Tap().open().write(0, b"x")
    tap.say(1, RST | ACK)
    out = run(tap.segments)
    assert len(notices(out, "reset")) == 1
    assert notices(out, "closed")


def test_a_reset_outside_the_window_is_no_reset() -> None:
    tap = Tap().open().write(0, b"x")
    tap.say(1, RST, seq=tap.next[1] + 0x7000_0000)
    tap.write(1, b"still here")
    out = run(tap.segments)
    assert not notices(out, "reset")
    assert stream(out, side=1) == [b"still here"]


def test_what_goes_on_after_a_reset_is_read() -> None:
    tap = Tap().open().write(0, b"before")
    tap.say(1, RST | ACK)
    noise = Tap(client=("10.9.9.9", 7)).open()
    for _ in range(100):
        noise.write(0, b"n")
    noise.finish()
    tap.write(0, b"after", acknowledged=False)
    out = run(renumbered(tap.segments[:6] + noise.segments + tap.segments[6:]))
    read = [stream(out, c.index) for c in connections(out)]
    assert [b"before"] in read
    assert [b"after"] in read


def test_what_a_snap_length_cut_is_a_gap() -> None:
    tap = Tap().open().write(0, b"0123456789").write(0, b"next")
    cut = tap.segments[3]
    cut.payload, cut.missing = cut.payload[:4], 6
    out = run(tap.segments)
    assert stream(out) == [b"0123", 6, b"next"]
    (gap,) = [i for _, _, i in out if isinstance(i, Gap)]
    assert "snap" in gap.reason


def test_a_byte_far_ahead_costs_nothing() -> None:
    tap = Tap().open().write(0, b"x")
    tracemalloc.start()
    reassembler = Reassembler(SERVER)
    for segment in tap.segments:
        reassembler.feed(segment)
    before = tracemalloc.get_traced_memory()[0]
    for ahead in (50_000_000, 0x3FFF_FFFF, 0x7000_0000):
        reassembler.feed(tap.say(0, ACK, b"!", seq=tap.next[0] + ahead))
    assert tracemalloc.get_traced_memory()[0] - before < 20_000
    tracemalloc.stop()
    out = reassembler.feed(tap.write(0, b"y").segments[-2])
    assert stream(out) == [b"y"]


def test_segments_outside_the_window_are_told_and_followed_when_they_go_on() -> None:
    tap = Tap().open().write(0, b"x")
    tap.next[0] += 0x5000_0000
    for n in range(20):
        tap.write(0, b"%02d" % n, acknowledged=False)
    out = run(tap.segments)
    assert len(notices(out, "stray")) == 1
    head, gap, rest = stream(out)
    assert (head, gap) == (b"x", None)
    assert isinstance(rest, bytes)
    assert rest.endswith(b"1819")


def test_the_store_is_bounded_in_bytes_and_in_segments() -> None:
    for size in (1, 60_000):
        tap = Tap().open()
        tap.next[0] += 10
        reassembler = Reassembler(SERVER)
        for segment in tap.segments:
            reassembler.feed(segment)
        tracemalloc.start()
        data = b"x" * size
        out: list[Out] = []
        for _ in range(4500):
            segment = tap.say(0, ACK, data + b"", seq=tap.next[0])
            tap.next[0] += size + 1  # a hole after each
            out += reassembler.feed(segment)[:1]
            tap.segments.clear()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert out
        assert peak < 24_000_000


def test_many_stores_together_are_bounded() -> None:
    reassembler = Reassembler(SERVER)
    given = 0
    for port in range(1000, 1040):
        tap = Tap(client=("10.0.0.1", port)).open()
        tap.next[0] += 10
        for _ in range(50):
            tap.write(0, bytes(40_000), acknowledged=False)
        for segment in tap.segments:
            given += sum(
                len(i.data)
                for _, _, i in reassembler.feed(segment)
                if isinstance(i, Plain)
            )
    assert 40 * 50 * 40_000 - given <= 36_000_000


def test_the_connections_longest_silent_are_given_up_first() -> None:
    reassembler = Reassembler(SERVER, connections=100)
    old = Tap(client=("10.0.0.9", 9)).open()
    out = [o for s in old.segments for o in reassembler.feed(s)]
    taps = [Tap(client=("10.0.0.1", port)).open() for port in range(1000, 1300)]
    segments = renumbered(s for tap in taps for s in tap.segments)
    out += [o for s in segments for o in reassembler.feed(s)]
    gone = [c for c in connections(out) if c.ended == "evicted"]
    assert gone[0].client.port == 9
    assert len(gone) >= 200
    assert len(notices(out, "closed")) == len(gone)
    assert len(connections(out + reassembler.close())) == 301


def test_a_flood_of_syns_is_quick_and_bounded() -> None:
    reassembler = Reassembler(SERVER)
    tracemalloc.start()
    for n in range(10_000):
        flow = n.to_bytes(4, "big") + b"\x0a\0\0\1" + b"\x10\0\x3e\xf1"
        reassembler.feed(Segment(n, n, flow, n, 0, SYN, b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_other_ports_are_not_looked_at() -> None:
    tap = Tap(server=("10.0.0.2", 443)).open().write(0, b"x").finish()
    assert run(tap.segments) == []


def test_a_connection_with_itself_is_survived() -> None:
    tap = Tap(client=("10.0.0.1", 16_113), server=("10.0.0.1", 16_113))
    tap.say(0, SYN)
    tap.say(0, PSH | ACK, b"land")
    tap.say(0, FIN | ACK)
    out = run(tap.segments)
    assert notices(out, "closed")


def test_late_bytes_for_a_gap_are_told() -> None:
    tap = Tap().open()
    for n in range(100):
        tap.write(0, b"%04d" % n)
    lost = next(s for s in tap.segments if s.payload == b"0010")
    kept = [s for s in tap.segments if s is not lost]
    out = run(renumbered([*kept, lost]))
    (notice,) = notices(out, "late")
    assert (notice.offset, notice.length) == (40, 4)
    assert stream(out)[1] == 4


def test_addresses_are_written_as_people_do() -> None:
    tap = Tap(client=("fe80::1", 5), server=("2001:db8::2", 16_113)).open()
    (connection,) = connections(run(tap.segments))
    assert (
        f"{connection.client} {connection.server}" == "[fe80::1]:5 [2001:db8::2]:16113"
    )
