# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that once came out wrong; `tests/captures/README.md` says how."""

from pathlib import Path

import pytest

from nmsp_scapy.capture import Segment, open_capture
from nmsp_scapy.streams import Out, Reassembler
from tests.streams.test_reassembler import connections, stream

CAPTURES = Path(__file__).parent.parent / "captures"
EXPECTED: dict[str, tuple[list[bytes | int | None], list[bytes | int | None]]] = {
    "syn-after-its-data": ([b"helloworld"], [b"HELLO"]),
    "syn-ack-after-its-data": ([b"hello"], [b"bannermore"]),
    "syn-after-the-end": ([b"hello"], [b"HELLO"]),
    "fin-after-a-hole": ([b"hello", 4], []),
}


def read(path: Path) -> list[Out]:
    reassembler = Reassembler({16_113})
    with open_capture(path) as capture:
        segments = [found for found in capture if isinstance(found, Segment)]
    out = [o for segment in segments for o in reassembler.feed(segment)]
    return out + reassembler.close()


def test_every_capture_has_its_line_and_its_test() -> None:
    names = {path.stem for path in CAPTURES.glob("*.pcap")}
    assert names == set(EXPECTED)
    readme = (CAPTURES / "README.md").read_text()
    assert all(f"`{name}.pcap`" in readme for name in names)


@pytest.mark.parametrize("name", EXPECTED)
def test_it_comes_out_right_now(name: str) -> None:
    out = read(CAPTURES / f"{name}.pcap")
    (connection,) = connections(out)
    assert connection.client.port == 40_000
    assert (stream(out), stream(out, side=1)) == EXPECTED[name]
