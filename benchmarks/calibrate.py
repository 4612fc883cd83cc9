# SPDX-License-Identifier: GPL-2.0-or-later
"""How often calibrate finds a drawn layout: `python -m benchmarks.calibrate [N]`.

Writes the table between the marks in `docs/calibrate.md`.
"""

import sys
from pathlib import Path
from time import perf_counter

from nmsp_scapy.calibrate import calibrate
from tests.gear.drawn import judged, runs
from tests.gear.geometries import draw_geometry

PAGE = Path(__file__).parent.parent / "docs/calibrate.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"


def main(count: int) -> None:
    """Draw, calibrate, compare, and write what came of it."""
    framing = exact = with_elements = walked = same = none_right = 0
    wrong: list[str] = []
    seconds, size = [], 0
    for seed in range(2000, 2000 + count):
        geometry = draw_geometry(seed)
        seen = runs(geometry, seed)
        began = perf_counter()
        found = calibrate(seen)
        seconds.append(perf_counter() - began)
        size += sum(len(run.data) for run in seen)
        verdict = judged(geometry, found)
        framing += verdict.framing
        exact += verdict.exact
        wrong += [f"{seed}: {one}" for one in verdict.wrong]
        if geometry.profile.elements is not None:
            with_elements += 1
            walked += verdict.elements
            same += verdict.exact_elements
        elif found.profile is not None:
            none_right += found.profile.elements is None
    rows = [
        ("layouts drawn", f"{count}"),
        ("every message and its type read right", _share(framing, count)),
        ("type and length of the drawn width and place too", _share(exact, count)),
        ("layouts with elements", f"{with_elements}"),
        ("every element and its type read right", _share(walked, with_elements)),
        ("elements of the drawn widths too", _share(same, with_elements)),
        ("layouts without elements told so", _share(none_right, count - with_elements)),
        ("statements called determined that are wrong", f"{len(wrong)}"),
        ("bytes of a conversation, mean", f"{size // count}"),
        ("seconds, mean and most", f"{sum(seconds) / count:.2f}, {max(seconds):.2f}"),
    ]
    table = "| | |\n|---|---|\n" + "".join(f"| {a} | {b} |\n" for a, b in rows)
    print(table, *wrong, sep="\n")
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(before + BEGIN + table + END + rest.partition(END)[2])


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / max(whole, 1):.1f} %)"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
