# SPDX-License-Identifier: GPL-2.0-or-later
"""Many pieces of a direction opened at once.

Most of what a capture holds is application data under proved keys, cut into segments
anywhere. One run over the joined segments costs a fraction of a run over each; which
frames carried a record is worked out afterwards, a segment at a time.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls.lane import Lane
from nmsp_scapy.tls.protection import Inner, Protection

Carried = tuple[bytes, int, int, int, int]
"""Content of adjacent records and the first and last piece that carried them; or, of a
record that is not authentic, nothing, its pieces, and where it begins and ends."""


class Run(NamedTuple):
    """What became of a run of records.

    Attributes:
        carried: the contents in order; records that lie in one piece stand together,
            one that several carry by itself.
        records: how many are authentic application data.
        stop: where the run ended.
        inner: as `Protection.run` answers.
        sequence: number of the next record.
    """

    carried: list[Carried]
    records: int
    stop: int
    inner: Inner | None
    sequence: int


def run(protection: Protection, data: bytes, begin: int, ends: Sequence[int]) -> Run:
    """Open the application data records that `data[begin:]` begins with.

    Args:
        protection: of the direction, at its next record.
        data: bytes of the stream.
        begin: where the first record begins.
        ends: where in `data` each of its pieces ends.
    """
    contents: list[bytes] = []
    bad: list[tuple[int, int, int]] = []
    stops: list[int] = []
    stop, inner = protection.run(data, begin, len(data), contents, bad, stops)
    carried: list[Carried] = []
    done, first = 0, 0
    for index, start, end in bad:
        last = first + index - done
        _carry(contents[done:index], begin, stops[first:last], ends, carried)
        pieces = bisect_right(ends, start), bisect_right(ends, end - 1)
        carried.append((b"", *pieces, start, end))
        done, first, begin = index, last + 1, end
    last = first + len(contents) - done
    _carry(contents[done:], begin, stops[first:last], ends, carried)
    return Run(carried, len(contents), stop, inner, protection.sequence)


def _carry(
    contents: list[bytes],
    start: int,
    stops: list[int],
    ends: Sequence[int],
    out: list[Carried],
) -> None:
    """Say which pieces carried adjacent records, the first of which is at `start`."""
    done, count = 0, len(contents)
    first = piece = bisect_right(ends, start)
    while done < count:
        end = ends[piece]
        within = bisect_right(stops, end, done)
        if within == done:  # a record goes on behind the piece
            piece += 1
            continue
        if first < piece:
            out.append((contents[done], first, piece, 0, 0))
            done += 1
        if done < within:
            body = contents[done]
            if within - done > 1:
                body = b"".join(contents[done:within])
            out.append((body, piece, piece, 0, 0))
            done = within
        first = piece + (stops[within - 1] == end)
        piece += 1


def hand_on(lane: Lane, found: Run, pieces: Sequence[Plain]) -> None:
    """Hand on what a run came to that began at the buffer's position.

    Args:
        lane: whose run it was.
        found: what became of it.
        pieces: of the stream, in which it lay.
    """
    lane.records += found.records
    out, side, produced = lane.out, lane.side, lane.produced
    for content, first, last, start, stop in found.carried:
        if stop:
            lane.bad(lane.span(start, stop))
        elif content:
            piece = pieces[last]
            frames = piece.frames
            if first != last:
                before: Sequence[int] = pieces[first].frames
                if first + 1 < last:
                    before = [f for one in pieces[first:last] for f in one.frames]
                frames = tuple(dict.fromkeys((*before, *frames)))
            out.append((side, Plain(content, produced, piece.time_ns, frames)))
            produced += len(content)
    lane.produced = produced
    lane.buffer.position = found.stop
