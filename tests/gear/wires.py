# SPDX-License-Identifier: GPL-2.0-or-later
"""The same messages over many wires: captures whose messages are known."""

import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from nmsp_scapy.capture.frames import (
    ACK,
    PSH,
    TcpFrames,
    ethernet,
    tcp_segment,
    udp_datagram,
)
from tests.gear.captures import pcapng
from tests.gear.dtls import openssl_dtls
from tests.gear.talks import MSE, WLC, conversation, script, talk
from tests.gear.tls import Recorded, openssl

Said = tuple[tuple[int, bytes], ...]


class Wire(NamedTuple):
    """A capture.

    Attributes:
        capture: a pcapng file.
        said: side and message of all conversations in it that can be read.
        rsa: whether the key of `identity()` opens its sessions; otherwise the
            secrets inside do.
        profile: whether tshark reads its TLS under our configuration profile alone.
        tls: what tshark reads of its TLS, where that is less.
        whole: whether nothing is lost.
    """

    capture: bytes
    said: Said
    rsa: bool = False
    profile: bool = False
    tls: Said | None = None
    whole: bool = True


def _log(*logs: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for log in logs for line in log)


def _frames(
    flow: Iterable[tuple[int, bytes]],
    size: int = 1400,
    client: tuple[str, int] = MSE,
    isn: int = 1000,
) -> list[bytes]:
    made = TcpFrames(client, WLC, isn=isn)
    frames = made.open()
    for side, data in flow:
        for at in range(0, len(data), size):
            frames += made.data(side, data[at : at + size])
    return frames + made.finish(0) + made.finish(1)


def tls() -> Wire:
    """TLS 1.3, a message a record."""
    return Wire(talk("1.3").pcapng(), script())


def rsa() -> Wire:
    """TLS 1.0 with static RSA: no key log, but the key of the WLC."""
    recorded = openssl("1.0", "AES128-SHA", talk=script())
    return Wire(pcapng(_frames(recorded.flow)), script(), rsa=True)


def dtls() -> Wire:
    """DTLS 1.2, a message a datagram."""
    suite = "ECDHE-RSA-AES128-GCM-SHA256"
    recorded = openssl_dtls("DTLS 1.2", suite, talk=script())
    ends = (MSE, WLC)
    packed = [(bytes(map(int, a.split("."))), port) for a, port in ends]
    frames = [
        ethernet(udp_datagram(packed[side], packed[1 - side], data), side=side)
        for side, data in recorded.flow
    ]
    return Wire(pcapng(frames, secrets=_log(recorded.key_log)), script())


def several() -> Wire:
    """Three conversations: two at once, and one on ports that were used before."""
    first, second = conversation("1.2"), conversation("1.3")
    made = [
        _frames(first.flow),
        _frames(second.flow, client=("10.1.1.11", 40001), isn=77),
    ]
    frames = [
        frame
        for number in range(max(map(len, made)))
        for one in made
        for frame in one[number : number + 1]
    ]
    frames += _frames(second.flow, isn=2**32 - 300)
    log = _log(first.key_log, second.key_log)
    return Wire(pcapng(frames, secrets=log), script() * 3)


def across() -> Wire:
    """Messages over several records, seven bytes in each."""
    pieces = [
        (side, data[at : at + 7])
        for side, data in script()
        for at in range(0, len(data), 7)
    ]
    recorded = openssl("1.2", talk=pieces)
    frames = _frames(recorded.flow)
    return Wire(pcapng(frames, secrets=_log(recorded.key_log)), script())


def _runs() -> list[tuple[int, list[bytes]]]:
    runs: list[tuple[int, list[bytes]]] = []
    for side, data in script():
        if runs and runs[-1][0] == side:
            runs[-1][1].append(data)
        else:
            runs.append((side, [data]))
    return runs


def one_record() -> Wire:
    """What a side says in a row is one record."""
    talked = [(side, b"".join(run)) for side, run in _runs()]
    recorded = openssl("1.3", talk=talked)
    frames = _frames(recorded.flow)
    return Wire(pcapng(frames, secrets=_log(recorded.key_log)), script())


def one_frame() -> Wire:
    """What a side says in a row is several records in one frame."""
    recorded = conversation("1.2")
    joined: list[tuple[int, bytes]] = []
    for side, data in recorded.flow:
        if joined and joined[-1][0] == side:
            joined[-1] = side, joined[-1][1] + data
        else:
            joined.append((side, data))
    return Wire(pcapng(_frames(joined), secrets=_log(recorded.key_log)), script())


def bytewise() -> Wire:
    """Segments of one byte each."""
    recorded = conversation("1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    frames = _frames(recorded.flow, 1)
    return Wire(pcapng(frames, secrets=_log(recorded.key_log)), script())


def _cut(
    recorded: Recorded, spans: Callable[[int, int], Iterable[tuple[int, int]]]
) -> bytes:
    """Write a session whose pieces are cut, and sent again, as `spans` has it.

    Args:
        recorded: the session.
        spans: of a piece's number and half its length: from where to where each
            segment goes, in halves.
    """
    ends = [(bytes(map(int, a.split("."))), port) for a, port in (MSE, WLC)]
    frames, at = TcpFrames(MSE, WLC).open(), [1001, 1002]
    for number, (side, data) in enumerate(recorded.flow):
        borders = (0, len(data) // 2, len(data))
        for first, last in spans(number, side):
            packet = tcp_segment(
                ends[side],
                ends[1 - side],
                seq=at[side] + borders[first],
                ack=at[1 - side],
                flags=PSH | ACK,
                payload=data[borders[first] : borders[last]],
            )
            frames.append(ethernet(packet, side=side))
        at[side] += len(data)
    return pcapng(frames, secrets=_log(recorded.key_log))


def retransmitted() -> Wire:
    """Each segment twice, whole or its first half."""
    again = ((0, 2), (0, 2)), ((0, 1), (0, 1), (1, 2))
    capture = _cut(conversation("1.2"), lambda number, _: again[number % 2])
    return Wire(capture, script())


def reordered() -> Wire:
    """The second half of each segment comes first, or one grown over the next."""
    mixed = ((1, 2), (0, 1)), ((0, 1), (0, 2), (1, 2))
    capture = _cut(conversation("1.2"), lambda number, _: mixed[number % 2])
    return Wire(capture, script(), profile=True)


def _gap(side: int, lost: int) -> Wire:
    """Lose the segment with a side's message of this number."""
    one = talk("1.2")
    own = [number for number, (of, _) in enumerate(one.said) if of == side]
    # The talk is followed by an alert and a FIN of each side.
    carriers = [n for n, frame in enumerate(one.frames, 1) if len(frame) > 54]
    one.dropped = {carriers[own[lost] - 2 - len(one.said)]}
    return _without(own[lost], one.pcapng())


def _without(lost: int, capture: bytes) -> Wire:
    """A capture that lacks a message; tshark reads no more of that side's TLS."""
    said, side = script(), script()[lost][0]
    after = tuple(each for each in said[lost:] if each[0] != side)
    left = said[:lost] + said[lost + 1 :]
    return Wire(capture, left, tls=said[:lost] + after, whole=False)


def gap_of_wlc() -> Wire:
    """A segment is lost that held a message of the WLC's."""
    return _gap(1, 7)


def gap_of_mse() -> Wire:
    """A segment is lost that held a message of the MSE's."""
    return _gap(0, 2)


def bad_mac() -> Wire:
    """A byte of a record with a message of the WLC's is another one."""
    recorded, lost = conversation("1.2"), 10
    assert script()[lost][0] == 1
    flow = list(recorded.flow)
    place = len(flow) - 2 - len(script()) + lost
    side, data = flow[place]
    flow[place] = side, data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]
    return _without(lost, pcapng(_frames(flow), secrets=_log(recorded.key_log)))


def many_gaps(seed: int) -> bytes:
    """Sixty conversations cut into records of any size, frames lost anywhere."""
    drawn = random.Random(seed)
    frames: list[bytes] = []
    logs = []
    for number in range(60):
        if number % 10 == 0:
            pieces = _pieces(drawn.choice((7, 20, 60, 150)))
            recorded = openssl(drawn.choice(("1.2", "1.3")), talk=pieces)
            logs.append(recorded.key_log)
        made = _frames(recorded.flow, client=("10.1.2.1", 50_000 + number))
        begin = len(made) // 3  # the handshake stays
        lost = {drawn.randrange(begin, len(made)) for _ in range(drawn.randrange(5))}
        frames += [frame for n, frame in enumerate(made) if n not in lost]
    return pcapng(frames, secrets=_log(*logs))


def _pieces(size: int) -> list[tuple[int, bytes]]:
    """What the sides say in a row, in pieces of this size."""
    talked = [(side, b"".join(run)) for side, run in _runs()]
    return [
        (side, data[at : at + size])
        for side, data in talked
        for at in range(0, len(data), size)
    ]


def gap_at_end() -> Wire:
    """The last message of all is lost, and all behind it but the other side's ACK."""
    one = talk("1.2")
    last = len(one.frames)
    carriers = [n for n, frame in enumerate(one.frames, 1) if len(frame) > 54]
    one.dropped = {carriers[-3], *range(carriers[-2], last + 1)}
    return Wire(one.pcapng(), one.said[:-1], whole=False)


def gap_inside() -> Wire:
    """Records of 20 bytes; one is lost from the midst of a message, and its end."""
    stream = b"".join(data for side, data in script() if side == 1)
    pieces = [(1, stream[at : at + 20]) for at in range(0, len(stream), 20)]
    recorded = openssl("1.2", talk=pieces)
    lost = recorded.flow[-2 - len(pieces) + 10]
    assert lost[0] == 1
    frames = _frames(recorded.flow)
    [gone] = [n for n, frame in enumerate(frames) if frame.endswith(lost[1])]
    del frames[gone]
    ends = itertools.accumulate(len(data) for side, data in script() if side == 1)
    messages = [each for each in script() if each[0] == 1]
    placed = list(zip(ends, messages, strict=True))
    before = [each for end, each in placed if end <= 200]
    after = [each for end, each in placed if end - len(each[1]) >= 220]
    assert before
    assert after
    assert len(before) + len(after) < len(messages)
    capture = pcapng(frames, secrets=_log(recorded.key_log))
    return Wire(capture, (*before, *after), tls=tuple(before), whole=False)


WIRES: tuple[Callable[[], Wire], ...] = (
    tls,
    rsa,
    dtls,
    several,
    across,
    one_record,
    one_frame,
    bytewise,
    retransmitted,
    reordered,
    gap_of_wlc,
    gap_of_mse,
    gap_inside,
    gap_at_end,
    bad_mac,
)
