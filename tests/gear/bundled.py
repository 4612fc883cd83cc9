# SPDX-License-Identifier: GPL-2.0-or-later
"""The captures of `pcaps/`, and what opens each, as `pcaps/README.md` tells."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent


class Bundled(NamedTuple):
    """One capture.

    Attributes:
        name: of its file.
        path: of its file.
        options: of `nmsp` that open it, relative to the root of the checkout.
    """

    name: str
    path: Path
    options: tuple[str, ...]


def bundled() -> list[Bundled]:
    """All bundled captures, in the order of their names."""
    told = (ROOT / "pcaps/README.md").read_text()
    rows = re.findall(r"^\| (\S+\.pcapng) \|[^|]*\|([^|]*)\|$", told, re.M)
    found = []
    for name, opened in sorted(rows):
        options = re.search(r"`(--[^`]*)`", opened)
        words = tuple(options[1].split()) if options else ()
        found.append(Bundled(name, ROOT / "pcaps" / name, words))
    return found
