# SPDX-License-Identifier: GPL-2.0-or-later
"""Cost of stages 1 and 2, segment by segment: `python -m benchmarks.stages`.

One small segment a message, in order, on Ethernet and IPv4: what a busy controller
sends. Prints the best of several runs, in microseconds a segment, and the most
memory that the process ever had.
"""

import argparse
import cProfile
import io
import resource
import struct
from collections.abc import Callable
from time import process_time

from nmsp_scapy.capture import open_capture
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.streams import Reassembler

PORT = 16_113
START_NS = 1_700_000_000_000_000_000


def captures(segments: int, size: int) -> dict[str, bytes]:
    """Make the same capture in both formats."""
    tcp = TcpFrames(("10.0.0.1", 40_000), ("10.0.0.2", PORT))
    frames = tcp.open()
    for number in range(segments):
        frames += tcp.data(number & 1, b"x" * size, acknowledged=False)
    frames += tcp.finish(0) + tcp.finish(1)
    pcapng = io.BytesIO()
    writer = PcapngWriter(pcapng)
    writer.interface()
    pcap = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)]
    for number, frame in enumerate(frames):
        time_ns = START_NS + number * 1000
        writer.packet(frame, time_ns)
        seconds, rest = divmod(time_ns, 1_000_000_000)
        pcap += [struct.pack("<IIII", seconds, rest, len(frame), len(frame)), frame]
    return {"pcap": b"".join(pcap), "pcapng": pcapng.getvalue()}


def read(data: bytes) -> None:
    """Stage 1 alone."""
    for _ in open_capture(io.BytesIO(data), ports={PORT}).batches():
        pass


def reassemble(data: bytes) -> None:
    """Stages 1 and 2."""
    feed = Reassembler({PORT}).feed
    for batch in open_capture(io.BytesIO(data), ports={PORT}).batches():
        for segment in batch:
            for _ in feed(segment):  # type: ignore[arg-type]
                pass


def best(work: Callable[[bytes], None], data: bytes, runs: int) -> float:
    """Shortest time of several runs, seconds of this process."""
    times = []
    for _ in range(runs):
        start = process_time()
        work(data)
        times.append(process_time() - start)
    return min(times)


def main() -> None:
    """Measure, and print a line for each format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=30_000)
    parser.add_argument("--size", type=int, default=122)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    made = captures(options.segments, options.size)
    if options.profile:
        cProfile.runctx("reassemble(data)", {}, {"reassemble": reassemble, "data": made["pcap"]}, sort="tottime")  # fmt: skip # noqa: E501
        return
    scale = 1_000_000 / options.segments
    for name, data in made.items():
        one = best(read, data, options.runs) * scale
        both = best(reassemble, data, options.runs) * scale
        print(f"{name:7} stage 1 {one:5.2f} us   stages 1 and 2 {both:5.2f} us")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"most memory {peak / 1024:.0f} MB, the captures themselves included")


if __name__ == "__main__":
    main()
