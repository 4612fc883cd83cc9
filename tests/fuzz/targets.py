# SPDX-License-Identifier: GPL-2.0-or-later
"""What is fuzzed: each target takes any bytes and must hold its promises.

A target raises `AssertionError` where a promise is broken; any other exception is a
defect just as well.
"""

import io
from collections.abc import Callable
from itertools import islice
from struct import Struct

from nmsp_scapy.capture import CaptureError, Damage, Datagram, Segment, open_capture
from nmsp_scapy.integrity import Gap, Plain
from nmsp_scapy.streams import Notice, Out, Reassembler
from tests.fuzz.keys import key_files, key_logs
from tests.fuzz.messages import messages
from tests.fuzz.sessions import dtls, handshakes, records

MOST = 20_000
"""Things read from one input; a compressed one could hold billions."""

_STEP = Struct(">BBhhBB")
_FLOWS = (
    b"\x0a\0\0\1\x0a\0\0\2\x9c\x40\x3e\xf1",
    b"\x0a\0\0\2\x0a\0\0\1\x3e\xf1\x9c\x40",
)


def contiguous(out: list[Out]) -> None:
    """Hold what streams promise: each direction goes on where it was, every hole named.

    Nothing follows the last word of a connection.
    """
    places: dict[tuple[int, int], int] = {}
    closed: set[int] = set()
    for connection, side, item in out:
        assert connection.index not in closed
        where = connection.index, side
        if isinstance(item, Plain):
            assert item.data
            assert item.offset == places.get(where, 0)
            places[where] = item.offset + len(item.data)
        elif isinstance(item, Gap):
            assert item.offset == places.get(where, 0)
            assert item.length is None or item.length > 0
            places[where] = item.offset + (item.length or 0)
        elif item.kind == "closed":
            assert isinstance(item, Notice)
            assert connection.ended
            closed.add(connection.index)
    assert closed == {connection.index for connection, _, _ in out}


def capture(data: bytes) -> None:
    """Bytes as a capture file, and what it holds as streams."""
    reassembler = Reassembler()
    out: list[Out] = []
    try:
        with open_capture(io.BytesIO(data)) as opened:
            for found in islice(opened, MOST):
                if isinstance(found, Segment):
                    out += reassembler.feed(found)
                else:
                    assert isinstance(found, Datagram | Damage)
            for _ in islice(opened.packets(), MOST):
                pass
    except CaptureError:
        return
    contiguous(out + reassembler.close())


def streams(data: bytes) -> None:
    """Bytes as segments of one connection: eight a segment, and a short payload."""
    reassembler = Reassembler()
    out: list[Out] = []
    for number, at in enumerate(range(0, len(data) - 7, 8), 1):
        side, flags, seq, ack, length, missing = _STEP.unpack_from(data, at)
        segment = Segment(
            number,
            number * (1 << (side >> 3)),
            _FLOWS[side & 1],
            (seq * (1 << 16 if side & 4 else 1)) & 0xFFFF_FFFF,
            ack & 0xFFFF_FFFF,
            flags,
            data[at : at + length % 9],
            missing % 5 if side & 2 else 0,
        )
        out += reassembler.feed(segment)
    contiguous(out + reassembler.close())


TARGETS: dict[str, Callable[[bytes], None]] = {
    "capture": capture,
    "streams": streams,
    "records": records,
    "handshakes": handshakes,
    "dtls": dtls,
    "keylogs": key_logs,
    "keyfiles": key_files,
    "messages": messages,
}
"""Every target; its corpus is `corpus/<name>/`."""
