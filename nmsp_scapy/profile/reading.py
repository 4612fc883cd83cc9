# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles from TOML: inheritance, types, rules, and the line at fault.

A profile file is hostile input. It may inherit from a built-in profile, or from a file
that stands beside it under a plain name; nothing else that it says touches the file
system.
"""

import re
import tomllib
from pathlib import Path as FilePath
from typing import Any

import msgspec

from nmsp_scapy.profile.lines import Path, line_of, nearest
from nmsp_scapy.profile.model import NOMINAL, Profile
from nmsp_scapy.profile.rules import faults

SIZE_LIMIT = 1_000_000
"""Largest profile file, bytes."""

DEPTH_LIMIT = 8
"""Most profiles that inherit from each other."""

BUILT_IN = {NOMINAL.name: NOMINAL}
"""Profiles that need no file, by name."""

Sources = list[tuple[str, str]]
"""A file and those that it inherits from: name and text."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+(\.toml)?")
_LONG = re.compile(r"[0-9_]{4300}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")


class ProfileError(ValueError):
    """A profile that cannot be used: file, line, and why."""

    def __init__(self, where: str, line: int, reason: str) -> None:
        """Say so in one line."""
        spelt = (c if c.isprintable() else ascii(c)[1:-1] for c in reason)
        super().__init__(f"{where}:{line}: {''.join(spelt)}")
        self.line = line


def read(path: str | FilePath) -> Profile:
    """Read a profile, by the name of a built-in one or from a file.

    Raises:
        ProfileError: it is none, or cannot work.
        OSError: the file cannot be read.
    """
    if str(path) in BUILT_IN:
        return BUILT_IN[str(path)]
    return _checked(*_merged(FilePath(path), ()))


def parsed(text: str, where: str = "profile") -> Profile:
    """Read a profile from a text that inherits from built-in ones only.

    Raises:
        ProfileError: it is none, or cannot work.
    """
    data = _tables(text, where)
    base = data.pop("inherits", None)
    if base is not None:
        if base not in BUILT_IN:
            line = line_of(text, ("inherits",))
            raise ProfileError(where, line, f"there is no profile {base!r}")
        data = _laid_over(msgspec.to_builtins(BUILT_IN[base]), data)
    return _checked(data, [(where, text)])


def _merged(
    path: FilePath, above: tuple[FilePath, ...]
) -> tuple[dict[str, Any], Sources]:
    """Read a file and lay it over what it inherits from."""
    with path.open("rb") as file:
        raw = file.read(SIZE_LIMIT + 1)
    where = str(path)
    if len(raw) > SIZE_LIMIT:
        raise ProfileError(where, 1, f"larger than {SIZE_LIMIT} bytes")
    try:
        text = raw.decode("utf-8-sig")  # some editors begin with a mark
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProfileError(where, line, "not UTF-8 text") from None
    data = _tables(text, where)
    base = data.pop("inherits", None)
    if base is None:
        return data, [(where, text)]
    line = line_of(text, ("inherits",))
    if isinstance(base, str) and base in BUILT_IN:
        return _laid_over(msgspec.to_builtins(BUILT_IN[base]), data), [(where, text)]
    if not isinstance(base, str) or not _PLAIN.fullmatch(base):
        known = ", ".join(BUILT_IN)
        raise ProfileError(
            where,
            line,
            f"inherits from a built-in profile ({known}) or from a file beside it, "
            "by a plain name",
        )
    beside = path.with_name(base if base.endswith(".toml") else f"{base}.toml")
    chain = (*above, path.resolve())
    if beside.resolve() in chain or len(chain) >= DEPTH_LIMIT:
        raise ProfileError(where, line, f"inherits from itself by way of {base!r}")
    if beside.is_symlink() or not beside.is_file():
        raise ProfileError(where, line, f"there is no profile {beside.name} beside it")
    below, sources = _merged(beside, chain)
    return _laid_over(below, data), [(where, text), *sources]


def _tables(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = re.search(r"at line (\d+)", str(error))
        reason = re.sub(r" \(at line.*", "", str(error)) or "nested too deep"
        line = int(match[1]) if match else _deepest(text)
        raise ProfileError(where, line, reason) from None
    except ValueError:
        # Python makes no number of more digits than it takes by default.
        long = (n for n, line in enumerate(text.splitlines(), 1) if _LONG.search(line))
        raise ProfileError(where, next(long, 1), "a number is too long") from None


def _deepest(text: str) -> int:
    """Find the line with most brackets, of a text that is nested too deep."""
    counts = [line.count("[") + line.count("{") for line in text.split("\n")]
    return counts.index(max(counts)) + 1


def _laid_over(base: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Put tables over tables key by key; everything else replaces."""
    merged = dict(base)
    for key, value in data.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _laid_over(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _checked(data: dict[str, Any], sources: Sources) -> Profile:
    if data.get("elements") is False:
        data["elements"] = None
    data.setdefault("elements", None)
    for table in ("message_types", "element_types", "services"):
        data.setdefault(table, {})
    try:
        profile = msgspec.convert(data, Profile)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        unknown = re.findall(r"unknown field `(\w+)`", reason)
        before, some, after = place.rstrip("`").partition("[...]")
        key = _key_at_fault(before.lstrip("."), data) if some else None
        told = f"{before}.{key}{after}" if key else place.rstrip("`")
        path = (*_path(before), *([key] if key else []), *_path(after), *unknown)
        told = f"{told.lstrip('.')}: {reason}" if told else reason
        raise _refused(sources, path, told) from None
    for path, reason in faults(profile):
        named = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
        raise _refused(sources, path, f"{named.lstrip('.')}: {reason}")
    return profile


def _refused(sources: Sources, path: Path, told: str) -> ProfileError:
    """Blame the file that says it: one that is inherited from, perhaps."""
    found = [(*nearest(text, path), where) for where, text in sources]
    _, line, where = max(found, key=lambda one: one[0])
    return ProfileError(where, line, told)


def _key_at_fault(table: str, data: dict[str, Any]) -> str | None:
    """Find which key of a table is meant, where it is only said that it is one."""
    rows = data.get(table)
    for key, value in rows.items() if isinstance(rows, dict) else ():
        try:
            msgspec.convert({**data, table: {key: value}}, Profile)
        except msgspec.ValidationError:
            return str(key)
    return None


def _path(place: str) -> Path:
    return tuple(int(n) if n else k for k, n in _STEP.findall(place))
