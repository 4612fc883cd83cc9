# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`: the budgets, each beside its peer in the same run."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.captures import SUITES, generate
from benchmarks.measure import Comparison, compare, run

NMSP = str(Path(sys.executable).parent / "nmsp")
RSS_BUDGET_MB = 150
HELP_BUDGET_S = 0.25
FOLLOW = ("-q", "-z", "follow,tls,raw,0")
FIELDS = ("type", "length", "transaction_id")


def _tshark(capture: Path, *rest: str) -> list[str]:
    """A tshark that does not stop at reordering nor take our data for others'."""
    return [
        *("tshark", "-r", str(capture), "-d", "tcp.port==16113,tls"),
        *("-o", "tcp.reassemble_out_of_order:TRUE", *rest),
    ]


def _work(capture: Path, suite: str, folder: Path, runs: int) -> list[Comparison]:
    lua = folder / "nmsp.lua"
    wanted = 1.0 if "cbc" in suite else 3.0
    plugin = ("-X", f"lua_script:{lua}")
    columns = [part for name in FIELDS for part in ("-e", f"nmsp.{name}")]
    nmsp = [NMSP, "dissect", str(capture), "-o", str(folder / "out"), "--format"]
    raw = [NMSP, "decrypt", str(capture), "-o", str(folder / "raw"), "--format", "raw"]
    return [
        compare(f"{suite}: to plaintext", wanted, raw, _tshark(capture, *FOLLOW), runs),
        compare(
            f"{suite}: all elements as JSON",
            10.0,
            [*nmsp, "ndjson"],
            _tshark(capture, *plugin, "-T", "json", "--no-duplicate-keys"),
            runs,
        ),
        compare(
            f"{suite}: type, length, id",
            20.0,
            [*nmsp, "tsv", "--columns", ",".join(FIELDS)],
            _tshark(capture, *plugin, "-T", "fields", *columns),
            runs,
        ),
    ]


def _table(done: list[Comparison], count: int, sizes: dict[str, int]) -> Table:
    table = Table(title=f"{count} messages a capture, {sizes}")
    for heading in ("work", "ours s", "tshark s", "ratio", "budget", "RSS MB", "met"):
        table.add_column(heading, justify="left" if heading == "work" else "right")
    for one in done:
        table.add_row(
            one.name,
            f"{statistics.median(r.wall_s for r in one.ours):.2f}",
            f"{statistics.median(r.wall_s for r in one.theirs):.2f}",
            f"{one.ratio:.1f}",
            f"{one.wanted:g}",
            f"{max(r.rss_mb for r in one.ours):.0f}",
            "yes" if one.met else "NO",
        )
    return table


@click.command()
@click.option("--messages", default=100_000, show_default=True)
@click.option("--runs", default=3, show_default=True, help="Counted pairs.")
@click.option("--suite", "only", multiple=True, help="Measure these suites alone.")
@click.option("--json", "json_path", type=click.Path(), help="Write the figures.")
def main(
    messages: int, runs: int, only: tuple[str, ...], json_path: str | None
) -> None:
    """Measure the budgets of the architecture beside tshark."""
    if not shutil.which("tshark"):
        raise click.UsageError("tshark is not installed: make tools")
    console = Console(width=110)
    done: list[Comparison] = []
    sizes = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lua = [NMSP, "wireshark", "lua", "-o", str(folder / "nmsp.lua")]
        subprocess.run(lua, check=True)
        for suite in SUITES:
            if only and suite.name not in only:
                continue
            capture = folder / f"{suite.name}.pcapng"
            sizes[suite.name] = generate(suite, messages, capture)
            console.print(f"measuring {suite.name} ...")
            done += _work(capture, suite.name, folder, runs)
            capture.unlink()
    console.print(_table(done, messages, sizes))
    start = statistics.median(run([NMSP, "--help"]).cpu_s for _ in range(runs * 2 + 1))
    largest = max(r.rss_mb for one in done for r in one.ours)
    console.print(f"nmsp --help: {start:.2f} s of CPU (budget {HELP_BUDGET_S})")
    console.print(f"largest RSS of ours: {largest:.0f} MB (budget {RSS_BUDGET_MB})")
    if json_path:
        figures = {
            "messages": messages,
            "help_cpu_s": start,
            "work": [asdict(one) | {"ratio": one.ratio} for one in done],
        }
        Path(json_path).write_text(json.dumps(figures, indent=1))
    within = start <= HELP_BUDGET_S and largest <= RSS_BUDGET_MB
    sys.exit(0 if within and all(one.met for one in done) else 1)


main()
