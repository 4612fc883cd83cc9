# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario is: a short function with a docstring and requirement ids.

Its id is its module and its function's name, so that it never renumbers.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

Function = Callable[..., None]


class Risk(StrEnum):
    """What a scenario may do to the endpoint, the least first."""

    SAFE = "safe"
    MAY_DROP = "may-drop-session"
    MAY_CRASH = "may-crash"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Risk).index(self)


class Scenario(msgspec.Struct, frozen=True):
    """One case that can be run.

    Attributes:
        id: `<module>.<function>`.
        requirements: ids that it evaluates, all of them.
        role: the endpoint under test, `wlc` or `mse`.
        description: the docstring.
        seconds: how long it waits at most, before scaling, for a scheduler.
    """

    id: str
    function: Function
    requirements: tuple[str, ...]
    role: str
    risk: Risk
    description: str

    @property
    def family(self) -> str:
        """The module that it stands in."""
        return self.id.partition(".")[0]

    @property
    def title(self) -> str:
        """First sentence of the description."""
        return self.description.partition("\n")[0]


_DECLARED: dict[str, Scenario] = {}


def scenario(
    *requirements: str, role: str = "wlc", risk: Risk = Risk.SAFE
) -> Callable[[Function], Function]:
    """Declare a scenario.

    Args:
        requirements: the ids that it evaluates.
        role: the endpoint under test.
        risk: what it may do to the endpoint.
    """

    def declare(function: Function) -> Function:
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        if not requirements:
            raise ValueError(f"{name} names no requirement")
        if name in _DECLARED and _DECLARED[name].function is not function:
            raise ValueError(f"two scenarios are called {name}")
        text = "\n".join(line.strip() for line in (function.__doc__ or "").splitlines())
        if not text:
            raise ValueError(f"{name} has no docstring")
        _DECLARED[name] = Scenario(
            name, function, requirements, role, risk, text.strip()
        )
        return function

    return declare


@cache
def load() -> dict[str, Scenario]:
    """Import every scenario, by id, in the order of the families and modules."""
    from conformance import scenarios
    from conformance.requirements import FAMILIES

    modules = {module.name for module in pkgutil.iter_modules(scenarios.__path__)}
    for name in sorted(modules):
        importlib.import_module(f"conformance.scenarios.{name}")
    order = {family: at for at, family in enumerate(FAMILIES)}
    ids = sorted(_DECLARED, key=lambda i: order.get(i.partition(".")[0], len(order)))
    return {i: _DECLARED[i] for i in ids}


def as_json(cases: Sequence[Scenario]) -> list[dict[str, Any]]:
    """Describe scenarios for programs."""
    return [
        {
            "id": case.id,
            "family": case.family,
            "role": case.role,
            "risk": case.risk.value,
            "requirements": list(case.requirements),
            "description": case.description,
        }
        for case in cases
    ]
