# SPDX-License-Identifier: GPL-2.0-or-later
"""One endpoint's part of a run: how it is met, its cases, and what comes of them."""

import random
import shlex
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

import nmsp_scapy
from conformance import baseline, requirements, scenario, selection
from conformance.claims import Claims
from conformance.claims import read as read_claims
from conformance.identities import Identities, read
from conformance.operator import CommandedOperator, Hooks
from conformance.peer import Timing
from conformance.reception import Reception, Say
from conformance.result import Case, Run
from conformance.runner import Settings, run_case
from conformance.scenario import Risk, Scenario
from conformance.verdict import Reason, Trust, Verdict
from nmsp_scapy.constants import PORT, Grade
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.profile.reading import read as read_profile

SANITY = {"wlc": "session.serves_a_listed_mse", "mse": "session.dials_and_speaks"}
REPEATED = {
    "profile": "",
    "claims": "",
    "tls": "",
    "timeout-factor": 1.0,
    "trust": "auto",
    "strict": False,
    "authlist-command": "",
    "statistics-command": "",
    "statistics": "",
    "risk": Risk.SAFE,
}
"""Options that a case's verdict may rest on, with what they are unless given."""

FACTOR = 1000
"""The most by which waits are scaled: an inventory allows no more either."""

Option = Callable[[str], Any]


def endpoint_of(text: str, default: int = PORT) -> tuple[str, int]:
    """Split `HOST[:PORT]` or `[IPv6]:PORT`.

    Raises:
        ValueError: it is neither.
    """
    from nmsp_scapy.cli.endpoint import host_and_port

    if text.count(":") > 1 and not text.startswith("["):
        return text, default
    return host_and_port(text)


def factor_of(value: float) -> float:
    """Return a factor for all waits.

    Raises:
        ValueError: it is too small, too large, or no number.
    """
    if not 0.001 <= value <= FACTOR:
        raise ValueError(f"--timeout-factor {value:g} is not 0.001 to {FACTOR}")
    return value


class Judging:
    """The judging of one endpoint, in one process of a run.

    Attributes:
        name: of the endpoint in an inventory; empty where there is but one.
        option: what was asked for, by the name of the plugin's option.
        settings: of every case.
        selected: the scenarios, by id, in the order in which they run.
        cases: results, in the controller.
        run: the whole result, when the session has ended.
    """

    def __init__(
        self, name: str, option: Option, *, parallel: bool, alone: bool, say: Say
    ) -> None:
        self.name, self.option = name, option
        self.role = "mse" if option("--nmsp-listen") else "wlc"
        identity = option("--nmsp-identity")
        if not identity:
            raise ValueError(
                "--nmsp-identity is missing: a PEM with key and certificate "
                "(nmsp authlist new makes one)"
            )
        factor = factor_of(option("--nmsp-timeout-factor"))
        self._catalogue = [case.id for case in self._chosen()]
        self.selected = {case.id: case for case in self._shuffled()}
        self.settings = Settings(
            Identities(read(Path(identity))),
            role=self.role,
            timing=Timing().scaled(factor),
            profile=_profile(option("--nmsp-profile")),
            output=_folder(option("--nmsp-output"), name),
        )
        claims = option("--nmsp-claims")
        self.claims = read_claims(Path(claims)) if claims else Claims()
        if option("--nmsp-tls"):
            self.claims = msgspec.structs.replace(self.claims, tls=option("--nmsp-tls"))
        if self.claims.role not in ("", self.role):
            raise ValueError(f"{claims} claims to be of an {self.claims.role}")
        self.settings.claims = self.claims
        self.settings.profile = self.claims.within(self.settings.profile)
        hooks = Hooks.given(
            option("--nmsp-authlist-command"),
            option("--nmsp-statistics-command"),
            option("--nmsp-statistics"),
        )
        self.settings.operator = CommandedOperator(hooks, alone=alone)
        self._say = say
        self.target = self._endpoint(parallel)
        self.settings.reproduce = self._reproduce(identity)
        self.settings.trust = self._trust("")
        self.declared = ""
        self.cases: list[Case] = []
        self.run: Run | None = None
        self._began, self._started = time.monotonic(), datetime.now(UTC)

    def _chosen(self) -> list[Scenario]:
        option = self.option
        return selection.chosen(
            self.role,
            option("--nmsp-select"),
            risk=Risk(option("--nmsp-risk")),
            exclude=option("--nmsp-exclude"),
            shard=option("--nmsp-shard"),
        )

    def _shuffled(self) -> list[Scenario]:
        """Order the cases as the seed says; 0 is the catalogue's order."""
        cases, seed = self._chosen(), self.option("--nmsp-seed")
        if seed:
            random.Random(seed).shuffle(cases)  # noqa: S311 - an order, no secret
        return cases

    def _endpoint(self, parallel: bool) -> str:
        option = self.option
        if self.role == "wlc":
            self.settings.target = endpoint_of(option("--nmsp-target"))
            host, port = self.settings.target
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if parallel:
            raise ValueError("one process drives one MSE: no -n with --nmsp-listen")
        text = option("--nmsp-listen")
        host, port = endpoint_of(text if ":" in text else f"0.0.0.0:{text}")
        identity = Path(option("--nmsp-identity")).name
        timing = self.settings.timing
        self.settings.listener = Reception(
            host,
            port,
            say=self._say,
            identity=f"which presents {identity}",
            patience_s=timing.patience,
            first_s=timing.arrival,
        )
        return f"{host}:{self.settings.listener.port}"

    def _reproduce(self, identity: str) -> str:
        """The command that meets the endpoint in the same way."""
        where = ["run", self.target]
        if self.role == "mse":
            host, _, port = self.target.rpartition(":")
            where = ["listen", "--host", host.strip("[]"), "--port", port]
        line = ["nmsp-conformance", *where, "--identity", identity]
        for name, usual in REPEATED.items():
            given = self.option(f"--nmsp-{name}")
            if given not in (usual, None):
                line += [f"--{name}"] + ([] if given is True else [str(given)])
        return shlex.join(line)

    def _trust(self, declared: str) -> Trust:
        wanted = self.option("--nmsp-trust")
        strict = self.option("--nmsp-strict")
        if wanted != "auto":
            return Trust(Grade(wanted), strict)
        if declared:
            return Trust(Grade.ASSUMED, strict=True)
        return Trust(Grade.OBSERVED, strict)

    # --- what the first sanity case has shown -------------------------------

    def begin(self) -> None:
        """Run the first sanity case."""
        case = self._sanity("first")
        lost = case.reason is Reason.DEPENDENCY and not case.confirmed
        self.told(
            confirmed=case.confirmed,
            declared=case.declared,
            unreachable=case.detail if lost else "",
        )
        self.cases = [self._sanity_weighed(case)]

    def told(self, *, confirmed: bool, declared: str, unreachable: str) -> None:
        """Take over what the first sanity case has shown."""
        self.settings.confirmed = confirmed
        self.settings.trust = self._trust(declared)
        self.settings.unreachable = unreachable
        self.declared = declared

    def tells(self) -> dict[str, Any]:
        """Tell a worker what the first sanity case has shown."""
        return {
            "confirmed": self.settings.confirmed,
            "declared": self.declared,
            "unreachable": self.settings.unreachable,
        }

    def _sanity(self, when: str) -> Case:
        found = scenario.load()[SANITY[self.role]]
        case = run_case(found, self.settings)
        case.id = f"{case.id}[{when}]"
        return case

    def _sanity_weighed(self, case: Case) -> Case:
        for part in case.requirements:
            if part.verdict is Verdict.FAIL:
                known = requirements.load()[part.requirement]
                part.severity = self.settings.trust.severity(known.level, known.grade)
        return case

    # --- what comes of it ---------------------------------------------------

    def lost(self, name: str, why: str) -> None:
        """Give a case its verdict whose process has ended under it."""
        if name not in self.selected:
            return
        case = self._unrun(self.selected[name], "?")
        case.verdict, case.reason = Verdict.ERROR, None
        case.detail = f"its process ended: {why}"
        self.cases.append(case)

    def _unrun(self, which: Scenario, why: str) -> Case:
        nowhere = msgspec.structs.replace(self.settings, unreachable=why, output=None)
        return run_case(which, nowhere)

    def finish(self, *, interrupted: bool) -> Run:
        """Run the sanity case again and sum up."""
        if interrupted:
            done = {case.id for case in self.cases}
            why = "the run was interrupted before this case was judged"
            rest = [case for name, case in self.selected.items() if name not in done]
            self.cases += [self._unrun(case, why) for case in rest]
        elif len(self.cases) > 1:
            self.cases.append(self._sanity_weighed(self._sanity("last")))
        if self.settings.listener is not None:
            self.settings.listener.close()
        self.run = self._summed_up()
        return self.run

    def _in_order(self) -> list[Case]:
        """Sort the cases as the catalogue does, whatever order they ran in."""
        order = {name: at for at, name in enumerate(self._catalogue)}
        last = len(order)
        return sorted(
            self.cases,
            key=lambda c: -1 if c.id.endswith("[first]") else order.get(c.id, last),
        )

    def _summed_up(self) -> Run:
        from conformance.report.privacy import pseudonymised

        run = Run(
            target=self.target,
            role=self.role,
            profile=self.settings.profile.name,
            trust=self.settings.trust.grade,
            strict=self.settings.trust.strict,
            cases=self._in_order(),
            started=self._started.isoformat(timespec="seconds"),
            duration_s=round(time.monotonic() - self._began, 3),
            confirmed=any(case.confirmed for case in self.cases),
            declared=self.declared,
            seed=self.option("--nmsp-seed"),
            tool_version=nmsp_scapy.__version__,
            name=self.name,
        )
        run.remarks = remarks(run)
        baseline.apply(run, self.claims.known, self._started.date())
        baseline.scored(run, self.claims.scored)
        if self.name:
            _within(run, self.name)
        shown = self.option("--nmsp-show-identities")
        return run if shown else pseudonymised(run)


def _within(run: Run, folder: str) -> None:
    """Name captures by their place under the folder of all endpoints."""
    for case in run.cases:
        case.capture = f"{folder}/{case.capture}" if case.capture else ""
        for part in case.requirements:
            part.capture = f"{folder}/{part.capture}" if part.capture else ""


def remarks(run: Run) -> list[str]:
    """Say what a reader must know before the first verdict."""
    found = []
    dependencies = [case.reason is Reason.DEPENDENCY for case in run.cases]
    if not run.confirmed and not all(dependencies):
        found.append(
            f"The endpoint was not seen to speak the wire profile '{run.profile}', so "
            "that nothing above TLS is judged. Measure its layout with 'nmsp "
            "calibrate' and give it with --profile."
        )
    if run.declared and run.trust is Grade.ASSUMED:
        found.append(
            f"The endpoint calls itself '{run.declared}': what is assumed is its own "
            "claim and is held against it (--trust observed turns that off)."
        )
    return found


def _profile(path: str | None) -> Profile:
    if not path:
        return NOMINAL
    return read_profile(path)


def _folder(path: str | None, name: str) -> Path | None:
    if not path:
        return None
    folder = Path(path, name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
