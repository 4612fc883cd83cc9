# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole processes, measured by the kernel's own accounting, in turn."""

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_UNCOMPILED = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Run:
    """One finished process.

    Attributes:
        wall_s: from start to end, seconds.
        cpu_s: user and system time of it and its children, seconds.
        rss_mb: largest resident set of one process, 10**6 bytes; that of the process
            which measures is a lower bound, for the kernel counts from before `exec`.
        status: exit status.
    """

    wall_s: float
    cpu_s: float
    rss_mb: float
    status: int


def run(command: Sequence[str]) -> Run:
    """Run a command with its output thrown away.

    Python is let keep its compiled modules, as it does where a package is installed.
    """
    environment = {k: v for k, v in os.environ.items() if k != _UNCOMPILED}
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
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
    """The same work done by us, by one process of ours, and by somebody else.

    Attributes:
        name: what the work is.
        count: messages in it.
        wanted: how many times as fast ours must be.
        ours, alone, theirs: the runs, in order.
    """

    name: str
    count: int
    wanted: float
    ours: tuple[Run, ...]
    alone: tuple[Run, ...]
    theirs: tuple[Run, ...]

    @property
    def ratio(self) -> float:
        """Median over the turns of their time by ours."""
        return _ratio(self.theirs, self.ours)

    @property
    def ratio_alone(self) -> float:
        """The same for one process."""
        return _ratio(self.theirs, self.alone)

    @property
    def sound(self) -> bool:
        """Whether no process failed."""
        return not any(r.status for r in self.ours + self.alone + self.theirs)

    @property
    def met(self) -> bool:
        """Whether the budget holds; a run that failed meets none."""
        return self.sound and self.ratio >= self.wanted


def _ratio(theirs: Sequence[Run], ours: Sequence[Run]) -> float:
    pairs = zip(theirs, ours, strict=True)
    return statistics.median(t.wall_s / o.wall_s for t, o in pairs)


def compare(
    name: str,
    count: int,
    wanted: float,
    commands: tuple[Sequence[str], Sequence[str], Sequence[str]],
    runs: int,
    output: Path,
) -> Comparison:
    """Run ours, ours alone and theirs in turn, `runs` times.

    What stands at `output` is removed before each, so that none replaces old files.
    """

    def fresh(command: Sequence[str]) -> Run:
        if output.is_dir():
            shutil.rmtree(output)
        output.unlink(missing_ok=True)
        return run(command)

    turns = [[fresh(command) for command in commands] for _ in range(runs)]
    return Comparison(name, count, wanted, *map(tuple, zip(*turns, strict=True)))


def median(runs: Sequence[Run]) -> float:
    """Median of the runs' wall time, seconds."""
    return statistics.median(one.wall_s for one in runs)
