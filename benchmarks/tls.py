# SPDX-License-Identifier: GPL-2.0-or-later
"""What stage 3 alone costs: plaintext per second by suite, segment size and record size.

Run as `python -m benchmarks.tls [-v]`; `-v` prints the profile of each line.
"""

import cProfile
import pstats
import sys
import time

from tests.gear.tls import context, identity, items, key_store, Pair, read

CASES = [
    ("1.0", "AES128-SHA", "rsa"),
    ("1.2", "AES128-SHA", "rsa"),
    ("1.2", "AES128-SHA256", "rsa"),
    ("1.2", "ECDHE-RSA-AES128-GCM-SHA256", "rsa"),
    ("1.2", "ECDHE-RSA-CHACHA20-POLY1305", "rsa"),
    ("1.3", "TLS_AES_128_GCM_SHA256", "ec"),
]


def session(version, suite, kind, count, length, together):
    """A session of `count` messages; `together` records go out in one piece."""
    made = (
        context(0, version, suite),
        context(1, version, suite, identity("server", kind)),
    )
    pair = Pair(*made).handshake()
    data = bytes(range(256)) * (length // 256 + 1)
    for number in range(count):
        pair.say(1, data[:length], together=number % together != together - 1)
    pair.move()
    pair.read()
    return pair.recorded


def main() -> None:
    for version, suite, kind in CASES:
        for length, together, size in (
            (100, 1, None),
            (100, 15, 1448),
            (100, 200, None),
            (4000, 4, 1448),
        ):
            recorded = session(
                version, suite, kind, 20000 if length < 1000 else 4000, length, together
            )
            stream = list(items(recorded.flow, size))
            total = sum(map(len, recorded.written))
            best = 1e9
            for _ in range(3):
                keys = key_store(recorded)
                profile = cProfile.Profile()
                start = time.process_time()
                if "-v" in sys.argv:
                    profile.enable()
                opened = read(iter(stream), keys)
                profile.disable()
                best = min(best, time.process_time() - start)
            assert opened.plain == recorded.written
            records = sum(opened.session.facts.records)
            print(
                f"{version} {suite:30} {length:5} B x{together:4} cut {size or 'no':>5}: "
                f"{total / best / 1e6:7.1f} MB/s  {best / records * 1e6:6.2f} us/record  {best / len(stream) * 1e6:6.2f} us/segment"
            )
            if "-v" in sys.argv:
                pstats.Stats(profile).sort_stats("tottime").print_stats(12)


if __name__ == "__main__":
    main()
