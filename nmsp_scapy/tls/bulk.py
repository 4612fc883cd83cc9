# SPDX-License-Identifier: GPL-2.0-or-later
"""Many pieces of a direction opened at once.

Most of what a capture holds is application data under proved keys, cut into segments
anywhere. One run over the joined segments costs a fraction of a run over each; which
frames carried a record is worked out afterwards, a segment at a time.
"""

from bisect import bisect_right
from collections.abc import Sequence

from nmsp_scapy.integrity import Plain
from nmsp_scapy.tls.facts import Evidence
from nmsp_scapy.tls.lane import Lane
from nmsp_scapy.tls.protection import Inner, Protection


def open_many(
    lane: Lane, protection: Protection, items: Sequence[Plain]
) -> Inner | None:
    """Open the application data records that a lane's next bytes begin with.

    What follows them stays in the lane's buffer. Answers what `Protection.run` does
    when a record holds something else.
    """
    buffer = lane.buffer
    buffer.extend(items)
    data, begin = buffer.data, buffer.position
    contents: list[bytes] = []
    bad: list[tuple[int, int, int]] = []
    stop, inner = protection.run(data, begin, len(data), contents, bad)
    lane.records += len(contents)
    last = stop if inner is None else inner[2]
    done, at = 0, begin
    for index, start, end in bad:
        _emit(lane, contents[done:index], at, start)
        lane.bad(lane.span(start, end))
        done, at = index, end
    _emit(lane, contents[done:], at, last)
    buffer.position = stop
    return inner


def _emit(lane: Lane, contents: list[bytes], start: int, stop: int) -> None:
    """Hand on the contents of the records that fill `data[start:stop]`.

    Records that lie in one segment go out together, one that several carry by itself.
    """
    stops = _stops(lane.buffer.data, start, stop)
    emit, offset = lane.emit, lane.buffer.offset
    done, count = 0, len(contents)
    carriers: list[Plain] = []  # of a record that began in an earlier segment
    for place, mark in lane.buffer.marks:
        end = place - offset
        if end <= start:
            continue
        if done == count:
            break
        within = bisect_right(stops, end, done)
        if within == done:
            carriers.append(mark)
            continue
        if carriers:
            frames = [frame for one in (*carriers, mark) for frame in one.frames]
            whole = Evidence(mark.time_ns, tuple(dict.fromkeys(frames)))
            emit(contents[done : done + 1], whole)
            done += 1
        if done < within:
            emit(contents[done:within], mark)
            done = within
        carriers = [] if stops[within - 1] == end else [mark]


def _stops(data: bytes, start: int, stop: int) -> list[int]:
    """Where each of the records ends that fill `data[start:stop]`."""
    stops = []
    while start < stop:
        start += 5 + (data[start + 3] << 8 | data[start + 4])
        stops.append(start)
    return stops
