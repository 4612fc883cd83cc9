# SPDX-License-Identifier: GPL-2.0-or-later
"""Which scenarios run: selectors, risk, shards. What matches nothing is an error."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from conformance import requirements, scenario
from conformance.scenario import Risk, Scenario
from conformance.verdict import Level
from nmsp_scapy.constants import Grade

KINDS = "a scenario id, a requirement id, a family, role, level, risk or grade, @file"


class SelectorError(ValueError):
    """A selector that matches nothing, or cannot be read."""


def expanded(selectors: Iterable[str]) -> list[str]:
    """Read `@file` selectors: one a line, `#` begins a comment.

    Levels may be written small, as the plugin's marks are.

    Raises:
        SelectorError: a file cannot be read or holds none.
    """
    found: list[str] = []
    for selector in selectors:
        if not selector.startswith("@"):
            found.append(_level(selector))
            continue
        try:
            lines = Path(selector[1:]).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SelectorError(f"{selector}: {error}") from None
        inside = [text for line in lines if (text := line.partition("#")[0].strip())]
        if not inside:
            raise SelectorError(f"{selector}: holds no selector")
        found += map(_level, inside)
    return found


def _level(selector: str) -> str:
    return selector.upper() if selector.upper() in set(Level) else selector


def kind_of(selector: str) -> str:
    """Tell what a selector names."""
    if selector in ("wlc", "mse"):
        return "role"
    if selector in set(Level):
        return "level"
    if selector in set(Risk):
        return "risk"
    if selector in set(Grade):
        return "grade"
    if selector in requirements.FAMILIES:
        return "family"
    return "requirement" if selector.startswith("NMSP-") else "id"


def matches(case: Scenario, selector: str) -> bool:
    """Tell whether one selector names a scenario."""
    known = requirements.load()
    own = [known[name] for name in case.requirements]
    names: dict[str, list[str]] = {
        "role": [case.role],
        "level": [r.level for r in own],
        "risk": [case.risk],
        "grade": [r.grade for r in own],
        "family": [case.family, *(r.family for r in own)],
        "requirement": list(case.requirements),
        "id": [case.id],
    }
    return any(fnmatchcase(name, selector) for name in names[kind_of(selector)])


def select(
    cases: Sequence[Scenario], selectors: Iterable[str], exclude: Iterable[str] = ()
) -> list[Scenario]:
    """Pick scenarios, in their order.

    Selectors of one kind are alternatives; those of different kinds narrow. Ids and
    requirement ids are one kind.

    Raises:
        SelectorError: a selector matches nothing, or nothing is left.
    """
    wanted = expanded(selectors)
    by_kind: dict[str, list[str]] = {}
    for selector in wanted:
        if not any(matches(case, selector) for case in cases):
            raise SelectorError(f"{selector!r} matches nothing; it is {KINDS}")
        kind = kind_of(selector).replace("requirement", "id")
        by_kind.setdefault(kind, []).append(selector)
    unwanted = expanded(exclude)
    for selector in unwanted:
        if not any(matches(case, selector) for case in cases):
            raise SelectorError(f"{selector!r} excludes nothing; it is {KINDS}")
    found = [
        case
        for case in cases
        if all(any(matches(case, s) for s in some) for some in by_kind.values())
        and not any(matches(case, s) for s in unwanted)
    ]
    if not found:
        raise SelectorError("the selectors together match nothing")
    return found


def chosen(
    role: str,
    selectors: Sequence[str],
    *,
    risk: Risk = Risk.SAFE,
    exclude: Sequence[str] = (),
    shard: str = "",
) -> list[Scenario]:
    """Pick the scenarios of a run.

    What is selected and needs more risk than the run may take is an error, not
    silence, when nothing else is left.

    Raises:
        SelectorError: nothing is left to run.
    """
    own = [case for case in scenario.load().values() if case.role == role]
    found = select(own, selectors, exclude)
    allowed = [case for case in found if case.risk.rank <= risk.rank]
    if not allowed:
        need = min((case.risk for case in found), key=lambda r: r.rank)
        raise SelectorError(f"what is selected needs --risk {need}")
    return sharded(allowed, shard)


def sharded(cases: list[Scenario], shard: str) -> list[Scenario]:
    """Keep every n-th case from the i-th on, for `i/n`.

    Raises:
        SelectorError: it is not `i/n` with 1 <= i <= n, or leaves nothing.
    """
    if not shard:
        return cases
    first, slash, count = shard.partition("/")
    if not (slash and first.isdecimal() and count.isdecimal()) or not (
        1 <= int(first) <= int(count)
    ):
        raise SelectorError(f"--shard {shard!r} is not i/n with 1 <= i <= n")
    kept = cases[int(first) - 1 :: int(count)]
    if not kept:
        raise SelectorError(f"--shard {shard} holds no case: there are {len(cases)}")
    return kept
