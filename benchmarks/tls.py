# SPDX-License-Identifier: GPL-2.0-or-later
"""What stage 3 alone costs, by suite, record size and how the records are cut.

Run as `python -m benchmarks.tls`; with `-v` each line is followed by its profile. Times
are of the processor, so that other work on the machine counts less.
"""

import cProfile
import pstats
import sys
import time

from tests.gear.tls import Pair, Recorded, context, identity, items, key_store, read

SUITES = [
    ("1.0", "AES128-SHA", "rsa"),
    ("1.2", "AES128-SHA", "rsa"),
    ("1.2", "AES128-SHA256", "rsa"),
    ("1.2", "ECDHE-RSA-AES128-GCM-SHA256", "rsa"),
    ("1.2", "ECDHE-RSA-CHACHA20-POLY1305", "rsa"),
    ("1.3", "TLS_AES_128_GCM_SHA256", "ec"),
]

SHAPES = [(100, 1, None), (100, 15, 1448), (100, 200, None), (4000, 4, 1448)]
"""Bytes a record, records sent together, and bytes a segment."""


def session(
    version: str, suite: str, kind: str, length: int, together: int
) -> Recorded:
    """A session in which the server writes about two megabytes."""
    pair = Pair(
        context(0, version, suite),
        context(1, version, suite, identity("server", kind)),
    ).handshake()
    data = bytes(number & 0xFF for number in range(length))
    for number in range(min(20_000, 16_000_000 // length)):
        pair.say(1, data, together=number % together != together - 1)
    pair.move()
    pair.read()
    return pair.recorded


def measure(recorded: Recorded, size: int | None, profile: bool) -> tuple[float, int]:
    """Best processor time of three runs, and the records in each."""
    stream = list(items(recorded.flow, size))
    best = float("inf")
    for _ in range(3):
        keys = key_store(recorded)
        start = time.process_time()
        opened = read(iter(stream), keys)
        best = min(best, time.process_time() - start)
        if opened.plain != recorded.written:
            raise SystemExit("the plaintext differs")
    if profile:
        profiler = cProfile.Profile()
        profiler.runcall(read, iter(stream), key_store(recorded))
        pstats.Stats(profiler).sort_stats("tottime").print_stats(12)
    return best, sum(opened.session.facts.records)


def main() -> None:
    """Print one line a suite and shape."""
    for version, suite, kind in SUITES:
        for length, together, size in SHAPES:
            recorded = session(version, suite, kind, length, together)
            best, records = measure(recorded, size, "-v" in sys.argv)
            total = sum(map(len, recorded.written))
            print(
                f"{version} {suite:28} {length:5} B x {together:3}, "
                f"cut at {size or 'records':>7}: {total / best / 1e6:6.1f} MB/s, "
                f"{best / records * 1e6:5.2f} us a record"
            )


if __name__ == "__main__":
    main()
