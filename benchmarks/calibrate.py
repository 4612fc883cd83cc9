# SPDX-License-Identifier: GPL-2.0-or-later
"""How often calibrate finds drawn layouts: `python -m benchmarks.calibrate [N [SEED]]`.

Draws N layouts (200 unless told) from a seed on and prints the table. Without a seed it
does so from three, and writes the table between the marks in `docs/calibrate.md` too.
"""

import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from nmsp_scapy.calibrate import calibrate
from tests.gear.drawn import Verdict, judged, runs
from tests.gear.geometries import Geometry, draw_geometry

PAGE = Path(__file__).parent.parent / "docs/calibrate.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"
FIRST_SEEDS = (2000, 31_000, 770_000)


class Tally:
    """Counts what came of many layouts."""

    def __init__(self, first: int) -> None:
        """Begin with none, from a seed on."""
        self.first = first
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.missed: list[str] = []
        self.seconds: list[float] = []
        self.size = 0

    def add(self, seed: int, geometry: Geometry, verdict: Verdict) -> None:
        """Count one."""
        own = {
            "layouts", *(name for name in verdict._fields if getattr(verdict, name))
        }  # fmt: skip
        if geometry.profile.elements is None:
            own -= {"elements", "exact_elements"}
            own |= {"bare"} | ({"bare right"} if verdict.exact_elements else set())
        else:
            own.add("with elements")
        if not verdict.exact:
            own.add("not exact")
        self.counts.update(own)
        self.wrong += [f"{seed}: {one}" for one in verdict.wrong]
        if not (verdict.always and verdict.elements):
            self.missed.append(f"{seed}: {', '.join(verdict.why)}")

    def rows(self) -> list[tuple[str, str]]:
        """The lines of the table."""
        bodies, rest = "with elements", "not exact"
        n, counts, seconds = self.counts["layouts"], self.counts, self.seconds

        def share(key: str, of: str = "layouts") -> str:
            part, whole = counts[key], counts[of]
            return f"{part} of {whole} ({100 * part / max(whole, 1):.1f} %)"

        return [
            ("layouts drawn", f"{n}"),
            ("every message and its type read right", share("framing")),
            ("**header exact:** so would be whatever it can carry", share("always")),
            ("header byte-identical, zero bytes included", share("exact")),
            ("the others differ in bytes that are always zero", share("zeros", rest)),
            ("drawn header in the profile or in the list of equals", share("listed")),
            ("transaction id of the drawn place and width", share("transaction")),
            ("every element and its type read right", share("elements", bodies)),
            ("**elements exact:** byte-identical", share("exact_elements", bodies)),
            ("layouts without elements told so", share("bare right", "bare")),
            ("statements called determined that are wrong", f"{len(self.wrong)}"),
            ("bytes of a conversation, mean", f"{self.size // n}"),
            ("seconds, mean and most", f"{sum(seconds) / n:.2f}, {max(seconds):.2f}"),
        ]  # fmt: skip


def renumbered(seeds: range) -> tuple[str, str]:
    """Count the layouts in which echo is found though its number is another."""
    right = 0
    for seed in seeds:
        geometry = draw_geometry(seed, renumbered=True)
        found = calibrate(runs(geometry, seed))
        if judged(geometry, found, seed).always and found.profile is not None:
            drawn, own = geometry.profile.message_types, found.profile.message_types
            names = ("ECHO_REQUEST", "ECHO_RESPONSE", "CAPABILITY_NOTIFICATION")
            right += all(own.get(name) == drawn[name] for name in names)
    share = f"{right} of {len(seeds)} ({100 * right / len(seeds):.1f} %)"
    return "messages numbered otherwise: header exact and echo known", share


def measured(seeds: range) -> Tally:
    """Draw, calibrate, compare."""
    tally = Tally(seeds[0])
    for seed in seeds:
        geometry = draw_geometry(seed)
        seen = runs(geometry, seed)
        began = perf_counter()
        found = calibrate(seen)
        tally.seconds.append(perf_counter() - began)
        tally.size += sum(len(run.data) for run in seen)
        tally.add(seed, geometry, judged(geometry, found, seed))
    return tally


def table(tallies: list[Tally], others: list[tuple[str, str]]) -> str:
    """Lay the rows of several blocks of seeds side by side."""
    columns = [tally.rows() for tally in tallies]
    lines = ["| seeds from | " + " | ".join(str(t.first) for t in tallies) + " |"]
    lines.append("|---" * (len(tallies) + 1) + "|")
    for rows in zip(*columns, strict=True):
        lines.append(f"| {rows[0][0]} | " + " | ".join(own for _, own in rows) + " |")
    told = " | ".join(share for _, share in others)
    return "\n".join([*lines, f"| {others[0][0]} | {told} |"]) + "\n"


def main(count: int, seed: int | None) -> None:
    """Measure, print, and write what came of it."""
    firsts = FIRST_SEEDS if seed is None else (seed,)
    tallies = [measured(range(first, first + count)) for first in firsts]
    others = [renumbered(range(first, first + count // 4)) for first in firsts]
    made = table(tallies, others)
    print(made)
    for tally in tallies:
        print(*tally.wrong, *tally.missed, sep="\n")
    if seed is None:
        text = PAGE.read_text()
        before, _, rest = text.partition(BEGIN)
        PAGE.write_text(before + BEGIN + made + END + rest.partition(END)[2])


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 200,
        int(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
