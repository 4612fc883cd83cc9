# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`: the budgets, each beside its peer in the same run.

Writes what it finds between the marks in `docs/performance.md`.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.captures import SUITES, Suite, generate
from benchmarks.costs import costs, profile
from benchmarks.measure import Comparison, Run, compare, median, run
from nmsp_scapy.capture import open_capture

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/performance.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"

NMSP = str(Path(sys.executable).parent / "nmsp")
RSS_BUDGET_MB = 150
HELP_BUDGET_S = 0.25
SCAPY_BUDGET = 100
SCAPY_MESSAGES = 5_000
CONNECTIONS = 4
FIELDS = ("type", "length", "transaction_id")
JOBS = ("--jobs", str(os.cpu_count() or 1))


def _tshark(capture: Path, *rest: str) -> list[str]:
    """A tshark that does not stop at reordering nor take our data for others'."""
    return [
        *("tshark", "-r", str(capture), "-d", "tcp.port==16113,tls"),
        *("-o", "tcp.reassemble_out_of_order:TRUE", *rest),
    ]


def _generate(suite: Suite, count: int, path: Path, connections: int = 1) -> int:
    """Make a capture in a process of its own, so that this one stays small."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(generate, suite, count, path, connections).result()


class Bench:
    """One run of all measurements."""

    def __init__(self, folder: Path, messages: int, runs: int) -> None:
        """Begin; captures and output are written to `folder`."""
        self.folder, self.messages, self.runs = folder, messages, runs
        self.done: list[Comparison] = []
        self.memory: dict[str, Run] = {}
        self.facts: list[str] = []
        self.met = True
        self._lua = folder / "nmsp.lua"
        self._out = str(folder / "out")
        subprocess.run([NMSP, "wireshark", "lua", "-o", self._lua], check=True)

    def suite(self, suite: Suite) -> None:
        """Measure what one suite's capture costs."""
        count = self.messages
        large, middle, small = (
            self.folder / f"{name}.pcapng" for name in ("large", "middle", "small")
        )
        size = _generate(suite, count, large, CONNECTIONS)
        _generate(suite, count // 10, small, CONNECTIONS)
        _generate(suite, count // 4, middle, CONNECTIONS)
        streams = [word for n in range(CONNECTIONS) for word in ("-z", f"{FOLLOW}{n}")]
        raw = [NMSP, "decrypt", str(large), "-o", self._out, "--format", "raw"]
        wanted = 1.0 if "cbc" in suite.name else 3.0
        name = f"{suite.name}: to plaintext"
        theirs = _tshark(large, "-q", *streams)
        self._compare(name, count, wanted, raw, theirs, 3 * self.runs)
        speed = size / median(self.done[-1].ours) / 1e6
        self.facts.append(f"{name}: {size / 1e6:.0f} MB, {speed:.0f} MB/s")
        lua = ("-X", f"lua_script:{self._lua}")
        columns = [part for one in FIELDS for part in ("-e", f"nmsp.{one}")]
        self._compare(
            f"{suite.name}: all elements as JSON",
            count // 10,
            10.0,
            self._dissect(small, "ndjson"),
            _tshark(small, *lua, "-T", "json", "--no-duplicate-keys"),
        )
        self._compare(
            f"{suite.name}: type, length, id",
            count // 4,
            20.0,
            self._dissect(middle, "tsv", "--columns", ",".join(FIELDS)),
            _tshark(middle, *lua, "-T", "fields", *columns),
        )
        for form in ("ndjson", "tsv"):
            self.memory[f"{suite.name}: {form}"] = run(self._dissect(large, form))

    def _dissect(self, capture: Path, *form: str) -> list[str]:
        dissect = [NMSP, "dissect", str(capture), "-o", self._out, "--format"]
        return [*dissect, *form]

    def _compare(
        self,
        name: str,
        count: int,
        wanted: float,
        ours: list[str],
        theirs: list[str],
        turns: int = 0,
    ) -> None:
        commands = ([*ours, *JOBS], ours, theirs)
        turns = turns or self.runs
        output = Path(self._out)
        done = compare(name, count, wanted, commands, turns, output)
        self.done.append(done)
        self.met = self.met and self.done[-1].met

    def scapy(self, suite: Suite) -> None:
        """Hold the speed of all stages to that of Scapy's own TLS session."""
        capture, log = self.folder / "scapy.pcapng", self.folder / "keys"
        size = _generate(suite, SCAPY_MESSAGES, capture)
        with open_capture(capture) as opened:
            log.write_bytes(b"".join(data for _, data in opened.secrets))
        reader = [sys.executable, "-W", "ignore", "-m", "benchmarks.scapy_tls"]
        theirs = size / run([*reader, str(capture), str(log)]).wall_s / 1e6
        large = self.folder / "large.pcapng"
        size = _generate(suite, self.messages, large)
        raw = [NMSP, "decrypt", str(large), "-o", f"{self._out}.s", "--format", "raw"]
        ours = size / median([run(raw) for _ in range(self.runs)]) / 1e6
        self.met = self.met and ours >= SCAPY_BUDGET * theirs
        self.facts.append(
            f"one connection of {suite.name}, one process: {ours:.0f} MB/s; through "
            f"Scapy's own TLS session ({SCAPY_MESSAGES} messages): {theirs:.2f} MB/s "
            f"({ours / theirs:.0f} times, budget {SCAPY_BUDGET})"
        )

    def start(self) -> None:
        """Measure the start of the program."""
        times = [run([NMSP, "--help"]).cpu_s for _ in range(2 * self.runs + 3)]
        seconds = statistics.median(times)
        self.met = self.met and seconds <= HELP_BUDGET_S
        self.facts.append(f"nmsp --help: {seconds:.2f} s (budget {HELP_BUDGET_S})")
        one = [r for done in self.done for r in (*done.ours, *done.alone)]
        largest = max(r.rss_mb for r in (*one, *self.memory.values()))
        self.met = self.met and largest <= RSS_BUDGET_MB
        self.facts.append(
            f"largest resident set of one of our processes, {self.messages} messages "
            f"to plaintext, JSON and columns: {largest:.0f} MB (budget {RSS_BUDGET_MB})"
        )

    def table(self) -> Table:
        """Show the comparisons."""
        table = Table(title="wall time, medians")
        headings = ("work", "messages", "ours s", "one process s", "tshark s")
        for heading in (*headings, "ratio", "one process", "budget", "met"):
            side = "left" if heading == "work" else "right"
            table.add_column(heading, justify=side)  # type: ignore[arg-type]
        for row in self.rows():
            table.add_row(*row)
        return table

    def rows(self) -> list[tuple[str, ...]]:
        """Write the comparisons."""
        return [
            (
                one.name,
                f"{one.count}",
                f"{median(one.ours):.2f}",
                f"{median(one.alone):.2f}",
                f"{median(one.theirs):.2f}",
                f"{one.ratio:.1f}",
                f"{one.ratio_alone:.1f}",
                f"{one.wanted:g}",
                "yes" if one.met else "NO",
            )
            for one in self.done
        ]


FOLLOW = "follow,tls,raw,"


def _machine() -> str:
    shark = subprocess.run(
        ["tshark", "--version"], capture_output=True, text=True, check=True
    ).stdout.split("\n", 1)[0]
    return (
        f"{os.cpu_count()} processors, Python {platform.python_version()}, "
        f"{shark.rstrip('.')}; ours with `{' '.join(JOBS)}`"
    )


def _page(bench: Bench, stages: list[tuple[str, float]], functions: str) -> str:
    heads = "| work | messages | ours s | one process s | tshark s "
    heads += "| times as fast | one process | budget | met |\n"
    table = heads + "|---|" + "---:|" * 8 + "\n"
    table += "".join(f"| {' | '.join(row)} |\n" for row in bench.rows())
    costs = "| stage | µs a message |\n|---|---:|\n"
    costs += "".join(f"| {name} | {cost:.2f} |\n" for name, cost in stages)
    facts = "".join(f"- {fact}\n" for fact in (_machine(), *bench.facts))
    return f"{facts}\n{table}\n{costs}\n```\n{functions}\n```\n"


@click.command()
@click.option("--messages", default=100_000, show_default=True)
@click.option("--runs", default=3, show_default=True, help="Counted turns.")
@click.option("--suite", "only", multiple=True, help="Measure these suites alone.")
@click.option("--json", "json_path", type=click.Path(), help="Write the figures.")
@click.option("--page", is_flag=True, help="Write them to docs/performance.md too.")
def main(
    messages: int, runs: int, only: tuple[str, ...], json_path: str | None, page: bool
) -> None:
    """Measure the budgets of the architecture beside tshark.

    tshark with a Lua file is slow, so that work is measured with a tenth of the
    messages, or a quarter where it is less slow. What is quick has three times as many
    turns.
    """
    if not shutil.which("tshark"):
        raise click.UsageError("tshark is not installed: make tools")
    console = Console(width=120)
    suites = [suite for suite in SUITES if not only or suite.name in only]
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), messages, runs)
        for suite in suites:
            console.print(f"measuring {suite.name} ...")
            bench.suite(suite)
        bench.scapy(suites[-1])
        bench.start()
        stages = costs(Path(name) / "large.pcapng", messages)
        functions = profile(Path(name) / "small.pcapng")
    console.print(bench.table(), *bench.facts, sep="\n")
    if json_path:
        figures = {
            "messages": messages,
            "facts": bench.facts,
            "stages": dict(stages),
            "work": [asdict(one) | {"ratio": one.ratio} for one in bench.done],
        }
        Path(json_path).write_text(json.dumps(figures, indent=1))
    if page:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        made = BEGIN + _page(bench, stages, functions) + END
        PAGE.write_text(before + made + rest.partition(END)[2])
    sys.exit(0 if bench.met else 1)


main()
