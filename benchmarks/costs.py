# SPDX-License-Identifier: GPL-2.0-or-later
"""What each stage costs a message, in one process, and the profile that shows it."""

import cProfile
import io
import pstats
from collections.abc import Callable
from pathlib import Path
from time import process_time

from nmsp_scapy.capture import open_capture
from nmsp_scapy.constants import PORT
from nmsp_scapy.decrypt import Decryption
from nmsp_scapy.dissect import Dissection
from nmsp_scapy.export.columns import Rows, TsvWriter
from nmsp_scapy.export.ndjson import NdjsonWriter
from nmsp_scapy.streams import Reassembler

HEADER = ["type", "length", "transaction_id"]


class _Nowhere(io.RawIOBase):
    """Takes any bytes."""

    def write(self, data: object) -> int:
        """Take bytes."""
        return 0


def _read(path: Path) -> None:
    with open_capture(path, ports={PORT}) as capture:
        for _ in capture.batches():
            pass


def _reassemble(path: Path) -> None:
    feed = Reassembler({PORT}).feed
    with open_capture(path, ports={PORT}) as capture:
        for batch in capture.batches():
            for segment in batch:
                feed(segment)  # type: ignore[arg-type]


def _decrypt(path: Path) -> None:
    for _ in Decryption().run(path):
        pass


def _frame(path: Path) -> None:
    for _ in Dissection(Decryption()).run(path):
        pass


def _columns(path: Path) -> None:
    writer = TsvWriter(_Nowhere(), Rows(HEADER))  # type: ignore[arg-type]
    for batch in Dissection(Decryption()).run(path):
        writer.write(batch)


def _json(path: Path) -> None:
    writer = NdjsonWriter(_Nowhere())  # type: ignore[arg-type]
    for batch in Dissection(Decryption()).run(path):
        writer.write(batch)


STAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "1 packets to segments": (_read, ""),
    "2 segments to streams": (_reassemble, "1 packets to segments"),
    "3 TLS to plaintext": (_decrypt, "2 segments to streams"),
    "4 plaintext to messages": (_frame, "3 TLS to plaintext"),
    "5 three columns": (_columns, "4 plaintext to messages"),
    "5 all elements as JSON": (_json, "4 plaintext to messages"),
}
"""Work up to and with a stage, and the stage whose time is taken off."""


def costs(path: Path, count: int, runs: int = 3) -> list[tuple[str, float]]:
    """Microseconds of the processor a message, by stage; the best of some runs."""
    whole = {"": 0.0}
    for name, (work, _) in STAGES.items():
        times = []
        for _ in range(runs):
            start = process_time()
            work(path)
            times.append(process_time() - start)
        whole[name] = min(times)
    return [
        (name, (whole[name] - whole[before]) / count * 1e6)
        for name, (_, before) in STAGES.items()
    ]


def profile(path: Path, lines: int = 12) -> str:
    """Where the time of all stages up to JSON goes, function by function."""
    profiler = cProfile.Profile()
    profiler.runcall(_json, path)
    out = io.StringIO()
    stats = pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime")
    stats.print_stats(lines)
    table = out.getvalue().partition("ncalls")
    return "".join(table[1:]).rstrip()
