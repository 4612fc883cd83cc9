# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole processes, measured by the kernel's own accounting, in pairs."""

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One finished process.

    Attributes:
        wall_s: from start to end, seconds.
        cpu_s: user and system time of it and its children, seconds.
        rss_mb: largest resident set of one process, 10**6 bytes.
        status: exit status.
    """

    wall_s: float
    cpu_s: float
    rss_mb: float
    status: int


def run(command: Sequence[str]) -> Run:
    """Run a command with its output thrown away."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        rss_mb=usage.ru_maxrss * 1024 / 1e6,
        status=process.returncode,
    )


@dataclass(frozen=True)
class Comparison:
    """Two commands that do the same work, run in turn.

    Attributes:
        name: what the work is.
        wanted: how many times as fast ours must be.
        ours, theirs: the runs, in order.
    """

    name: str
    wanted: float
    ours: tuple[Run, ...]
    theirs: tuple[Run, ...]

    @property
    def ratio(self) -> float:
        """Median over the pairs of their time by ours."""
        pairs = zip(self.theirs, self.ours, strict=True)
        return statistics.median(t.wall_s / o.wall_s for t, o in pairs)

    @property
    def met(self) -> bool:
        """Whether the budget holds; a run that failed meets none."""
        sound = all(run.status == 0 for run in self.ours + self.theirs)
        return sound and self.ratio >= self.wanted


def compare(
    name: str,
    wanted: float,
    ours: Sequence[str],
    theirs: Sequence[str],
    runs: int,
) -> Comparison:
    """Run both commands in turn, `runs` times after one that is not counted."""
    run(ours), run(theirs)
    pairs = [(run(ours), run(theirs)) for _ in range(runs)]
    mine, others = zip(*pairs, strict=True)
    return Comparison(name, wanted, mine, others)
