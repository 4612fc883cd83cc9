# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of checks as the kill matrix makes them: what they were given and said.

A check that is given what was seen can be called again with the same, in no time.
One that is given a live connection is told apart: it must be met live again.
"""

import importlib
import pickle
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, ValuesView
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from conformance import matrix, scenario
from conformance.building import Builder
from conformance.link import Link
from conformance.peer import Peer
from conformance.verdict import Judge
from nmsp_scapy.profile import Profile
from tests.mutation.operators import TABLE

MODULES = (
    "ap_info", "authlist", "capability", "echo", "measurement", "notifications",
    "passive", "requests", "robustness", "session", "statistics", "subscription",
    "transport",
)  # fmt: skip


class Met(NamedTuple):
    """A scenario against gear."""

    role: str
    fault: str
    scenario: str


class Call(NamedTuple):
    """A call of a check, and what came of it."""

    given: bytes
    said: Any


class Judged(NamedTuple):
    """A judge in place of the one that a call was given."""

    names: tuple[str, ...]


class Built(NamedTuple):
    """A builder in place of the one that a call was given."""

    profile: Profile


class Recording:
    """Calls by module and function.

    Attributes:
        calls: that can be made again.
        live: where those were made that cannot.
        instead: what is called in place of a check.
    """

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], dict[bytes, Call]] = defaultdict(dict)
        self.live: dict[tuple[str, str], set[Met]] = defaultdict(set)
        self.instead: dict[tuple[str, str], Callable[..., Any]] = {}
        self._lock, self.met = threading.Lock(), threading.local()

    def keep(self, path: Path) -> None:
        """Write what was recorded."""
        path.write_bytes(pickle.dumps((dict(self.calls), dict(self.live))))

    def load(self, path: Path) -> None:
        """Read what an earlier run recorded."""
        calls, live = pickle.loads(path.read_bytes())  # noqa: S301 - written by us
        self.calls.update(calls)
        self.live.update(live)

    def watch(self) -> None:
        """Put a recorder before each function of the checks."""
        for name in MODULES:
            module = importlib.import_module(f"conformance.checks.{name}")
            for key, function in list(vars(module).items()):
                if callable(function) and not key.startswith("__"):
                    own = getattr(function, "__module__", "") == module.__name__
                    if own and not isinstance(function, type):
                        setattr(module, key, self._before((name, key), function))
            table = getattr(module, TABLE, {})
            for key, function in table.items():
                table[key] = self._before((name, key), function)

    def _before(
        self, key: tuple[str, str], function: Callable[..., Any]
    ) -> Callable[..., Any]:

        @wraps(function)
        def recorded(*args: Any, **more: Any) -> Any:
            if key in self.instead:
                return self.instead[key](*args, **more)
            parts = [*args, *more.values()]
            if any(isinstance(part, Link | Peer) for part in parts):
                with self._lock:
                    self.live[key].add(getattr(self.met, "now", Met("", "", "")))
                return function(*args, **more)
            given = pickle.dumps(_frozen(args, more))
            judge = next((p for p in parts if isinstance(p, Judge)), None)
            before = len(judge.findings) if judge else 0
            result = function(*args, **more)
            said = pickle.dumps(outcome(judge, before, result))
            with self._lock:
                self.calls[key].setdefault(given, Call(given, said))
            return result

        return recorded


def _frozen(args: Any, more: dict[str, Any]) -> Any:
    def plain(part: Any) -> Any:
        if isinstance(part, Builder):
            return Built(part.profile)
        if isinstance(part, ValuesView):
            return tuple(part)
        return Judged(part.names) if isinstance(part, Judge) else part

    return tuple(map(plain, args)), {key: plain(value) for key, value in more.items()}


def outcome(judge: Judge | None, before: int, result: object) -> Any:
    """What a call decided: no clause that only tells of it."""
    if judge is None:
        return repr(result)
    told = [(f.requirement, f.met, f.advice) for f in judge.findings[before:]]
    return told, sorted((name, why[0].value) for name, why in judge.unjudged.items())


def again(function: Callable[..., Any], call: Call) -> bytes:
    """Call a function as it was called, and return what came of it."""
    args, more = pickle.loads(call.given)  # noqa: S301 - written by this run
    judges = [p for p in (*args, *more.values()) if isinstance(p, Judged)]
    judge = Judge(judges[0].names) if judges else None

    def alive(part: Any) -> Any:
        if isinstance(part, Built):
            return Builder(part.profile)
        return judge if isinstance(part, Judged) else part

    result = function(*map(alive, args), **{k: alive(v) for k, v in more.items()})
    return pickle.dumps(outcome(judge, 0, result))


def record(recording: Recording, faults: Iterable[str] | None = None) -> None:
    """Meet the honest gear with every scenario, and each fault with its own."""
    run_case = matrix.run_case

    def noted(case: scenario.Scenario, settings: Any) -> Any:
        recording.met.now = Met(case.role, recording.fault, case.id)  # type: ignore[attr-defined]
        return run_case(case, settings)

    matrix.run_case = noted
    try:
        for role, table in (("wlc", matrix.WLC), ("mse", matrix.MSE)):
            every = [c for c in scenario.load().values() if c.role == role]
            for fault, names in {"": (), **table}.items():
                if faults is None or fault in faults:
                    recording.fault = fault  # type: ignore[attr-defined]
                    chosen = matrix.cases(role, names) if fault else every
                    matrix.run(fault, role, chosen)
    finally:
        matrix.run_case = run_case


def module_of(name: str, source: str) -> ModuleType:
    """Make a module of a source."""
    made = ModuleType(f"conformance.checks.{name}")
    exec(compile(source, f"{name}.py", "exec"), vars(made))  # noqa: S102 - our source
    return made
