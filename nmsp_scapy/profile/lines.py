# SPDX-License-Identifier: GPL-2.0-or-later
"""On which line of a TOML text a value stands.

The standard library's parser tells no places. This finds those of tables and of the
keys that begin a line, which is how a profile is written; what stands inside an inline
table is on the line of its key.
"""

import re
import tomllib

Path = tuple[str | int, ...]

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*"
    r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_LONG_TEXT = re.compile(r"\"\"\"|'''")
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")


def lines_of(text: str) -> dict[Path, int]:
    """Find the lines of tables and keys; 1 is the text's first."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    within = ""
    for number, line in enumerate(text.split("\n"), 1):
        inside, within = within, _left_open(line, within)
        if inside:
            continue
        if match := _TABLE.match(line):
            table = _within(_parts(match[2]), counts)
            if match[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, number)
                table = (*table, counts[table])
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault((*table, *_parts(match[1])), number)
    return found


def line_of(text: str, path: Path) -> int:
    """Find the line of a value, or of what holds it; 1 where nothing is known."""
    return nearest(text, path)[1]


def nearest(text: str, path: Path) -> tuple[int, int]:
    """Find how many steps of a path a text has, and the line of the last one."""
    found = lines_of(text)
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return length, found[path[:length]]
        # A table may be begun by what stands below it: [a.b] begins a.
        below = [n for own, n in found.items() if own[:length] == path[:length]]
        if below:
            return length, min(below)
    return 0, 1


def _left_open(line: str, within: str) -> str:
    """Tell which quotes of many lines are open behind a line."""
    if not within and line.lstrip().startswith("#"):
        return ""
    for quotes in _LONG_TEXT.findall(line):
        if quotes == within:
            within = ""
        elif not within:
            within = quotes
    return within


def _parts(text: str) -> Path:
    return tuple(_spelt(a) or b or c for a, b, c in _PART.findall(text))


def _spelt(key: str) -> str:
    """Read the escapes in a quoted key."""
    try:
        return str(tomllib.loads(f'k = "{key}"')["k"]) if "\\" in key else key
    except tomllib.TOMLDecodeError:
        return key


def _within(path: Path, counts: dict[Path, int]) -> Path:
    """Put the running number of each array of tables on the way into a path."""
    placed: Path = ()
    for part in path[:-1]:
        placed = (*placed, part)
        if placed in counts:
            placed = (*placed, counts[placed])
    return (*placed, *path[-1:])
