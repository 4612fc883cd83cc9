# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as pytest items, and their results gathered across workers.

Items run where pytest puts them. Their results travel in the test reports, so that
the controller has all of them; a sanity case that only the controller runs brackets
the items.
"""

import sys
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import nmsp_scapy
from conformance import baseline, requirements, scenario, selection
from conformance.claims import Claims
from conformance.claims import read as read_claims
from conformance.identities import Identities, read
from conformance.operator import CommandedOperator, Hooks
from conformance.peer import Timing
from conformance.result import Case, Run
from conformance.runner import Settings, run_case
from conformance.scenario import Risk, Scenario
from conformance.tcp import Listener
from conformance.verdict import Reason, Trust, Verdict
from nmsp_scapy.constants import PORT, Grade
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.profile.reading import read as read_profile

FOLDER = Path(__file__).parent / "scenarios"
SANITY = {"wlc": "session.serves_a_listed_mse", "mse": "session.dials_and_speaks"}
SHARED = pytest.StashKey["Suite"]()


def begin(config: pytest.Config) -> None:
    """Register the suite of this process; errors of the user's are usage errors."""
    try:
        suite = Suite(config)
    except (ValueError, OSError) as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[SHARED] = suite
    config.pluginmanager.register(suite, "nmsp-suite")
    for name in (*requirements.FAMILIES, "must", "should", "may"):
        config.addinivalue_line("markers", f"{name}: of the conformance suite")
    for risk in Risk:
        config.addinivalue_line("markers", f"{mark_of(risk)}: of the conformance suite")


def mark_of(risk: Risk) -> str:
    """Name of a risk's mark."""
    return risk.value.replace("-", "_")


def endpoint_of(text: str, default: int = PORT) -> tuple[str, int]:
    """Split `HOST[:PORT]` or `[IPv6]:PORT`.

    Raises:
        ValueError: it is neither.
    """
    from nmsp_scapy.cli.endpoint import host_and_port

    if text.count(":") > 1 and not text.startswith("["):
        return text, default
    return host_and_port(text)


class Suite:
    """One process's part of a run; the controller's also gathers.

    Attributes:
        settings: of every case.
        cases: results, in the controller.
        run: the whole result, when the session has ended.
    """

    def __init__(self, config: pytest.Config) -> None:
        option = config.getoption
        self.config = config
        self.worker = hasattr(config, "workerinput")
        self.role = "mse" if option("--nmsp-listen") else "wlc"
        identity = option("--nmsp-identity")
        if not identity:
            raise ValueError(
                "--nmsp-identity is missing: a PEM with key and certificate "
                "(nmsp authlist new makes one)"
            )
        self.selected = {case.id: case for case in self._chosen()}
        self.settings = Settings(
            Identities(read(Path(identity))),
            role=self.role,
            timing=Timing().scaled(option("--nmsp-timeout-factor")),
            profile=_profile(option("--nmsp-profile")),
            output=_folder(option("--nmsp-output")),
            seed=option("--nmsp-seed"),
        )
        claims = option("--nmsp-claims")
        self.claims = read_claims(Path(claims)) if claims else Claims()
        self.settings.policy = self.claims.policy
        hooks = Hooks.given(
            option("--nmsp-authlist-command"),
            option("--nmsp-statistics-command"),
            option("--nmsp-statistics"),
        )
        self.settings.operator = CommandedOperator(hooks, alone=not self.worker)
        self.name = self._endpoint()
        self.settings.reproduce = self._reproduce(identity)
        self.settings.trust = self._trust("")
        self.cases: list[Case] = []
        self.run: Run | None = None
        self._began, self._started = time.monotonic(), datetime.now(UTC)
        if self.worker:
            told = config.workerinput["nmsp"]  # type: ignore[attr-defined]
            self._told(**told)

    def _chosen(self) -> list[Scenario]:
        option = self.config.getoption
        return selection.chosen(
            self.role,
            option("--nmsp-select"),
            risk=Risk(option("--nmsp-risk")),
            exclude=option("--nmsp-exclude"),
            shard=option("--nmsp-shard"),
        )

    def _endpoint(self) -> str:
        option = self.config.getoption
        if self.role == "wlc":
            self.settings.target = endpoint_of(option("--nmsp-target"))
            host, port = self.settings.target
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if option("numprocesses", None):
            raise ValueError("one process drives one MSE: no -n with --nmsp-listen")
        text = option("--nmsp-listen")
        host, port = endpoint_of(text if ":" in text else f"0.0.0.0:{text}")
        self.settings.listener = Listener(host, port)
        return f"{host}:{self.settings.listener.port}"

    def _reproduce(self, identity: str) -> str:
        verb = f"run {self.name}" if self.role == "wlc" else f"listen --port {PORT}"
        risk = self.config.getoption("--nmsp-risk")
        more = "" if risk == Risk.SAFE else f" --risk {risk}"
        return f"nmsp-conformance {verb} --identity {identity}{more}"

    def _trust(self, declared: str) -> Trust:
        wanted = self.config.getoption("--nmsp-trust")
        strict = self.config.getoption("--nmsp-strict")
        if wanted != "auto":
            return Trust(Grade(wanted), strict)
        if declared:
            return Trust(Grade.ASSUMED, strict=True)
        return Trust(Grade.OBSERVED, strict)

    def _told(self, *, confirmed: bool, declared: str, unreachable: str) -> None:
        """Take over what the first sanity case has shown."""
        self.settings.confirmed = confirmed
        self.settings.trust = self._trust(declared)
        self.settings.unreachable = unreachable
        self.declared = declared

    # --- hooks ------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Run the sanity case, before any worker is started."""
        if self.worker or self.config.getoption("collectonly"):
            return
        case = self._sanity("first")
        lost = case.reason is Reason.DEPENDENCY and not case.confirmed
        self._told(
            confirmed=case.confirmed,
            declared=case.declared,
            unreachable=case.detail if lost else "",
        )
        self.cases = [self._sanity_weighed(case)]

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

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker what the sanity case has shown."""
        node.workerinput["nmsp"] = {
            "confirmed": self.settings.confirmed,
            "declared": self.declared,
            "unreachable": self.settings.unreachable,
        }

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> "ScenarioFile | None":
        """Collect the modules of scenarios."""
        if file_path.parent == FOLDER and file_path.suffix == ".py":
            found: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
            return found
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the result into the report; it travels with it."""
        report = yield
        case = getattr(item, "case", None)
        if call.when == "call" and case is not None:
            encoded = msgspec.json.encode(case).decode()
            vars(report)["nmsp_case"] = encoded
            if case.verdict is Verdict.ERROR:
                report.when = "setup"  # an error of ours is no failure of theirs
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather."""
        encoded = getattr(report, "nmsp_case", None)
        if self.worker:
            return
        if encoded is not None:
            self.cases.append(msgspec.json.decode(encoded, type=Case))
        elif report.failed:
            self._lost(report)

    def _lost(self, report: pytest.TestReport) -> None:
        """Give a case its verdict whose process has ended under it."""
        file, _, function = report.nodeid.rpartition("::")
        scenario = self.selected.get(f"{Path(file).stem}.{function}")
        if scenario is None:
            return
        nowhere = msgspec.structs.replace(self.settings, unreachable="?", output=None)
        case = run_case(scenario, nowhere)
        case.verdict, case.reason = Verdict.ERROR, None
        case.detail = f"its process ended: {report.longrepr}"
        self.cases.append(case)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Run the sanity case again and sum up, in the controller."""
        if self.worker or self.config.getoption("collectonly"):
            return
        if session.exitstatus == pytest.ExitCode.INTERRUPTED:
            self.cases += self._not_run("the run was interrupted before this case")
        elif len(self.cases) > 1:
            self.cases.append(self._sanity_weighed(self._sanity("last")))
        self.run = self._summed_up()
        self.run.cases = self._in_order()
        path = self.config.getoption("--nmsp-json")
        if path:
            from conformance.report.json import write

            write([self.run], path)
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            session.exitstatus = int(self.run.exit)
        if self.settings.listener is not None:
            self.settings.listener.close()

    def _not_run(self, why: str) -> list[Case]:
        """Give the cases that were not run their verdict: every case has one."""
        nowhere = msgspec.structs.replace(self.settings, unreachable=why, output=None)
        run = {case.id for case in self.cases}
        rest = [case for name, case in self.selected.items() if name not in run]
        return [run_case(case, nowhere) for case in rest]

    def _in_order(self) -> list[Case]:
        order = {name: at for at, name in enumerate(self.selected)}
        last = len(order)
        return sorted(
            self.cases,
            key=lambda c: -1 if c.id.endswith("[first]") else order.get(c.id, last),
        )

    def _summed_up(self) -> Run:
        from conformance.report.privacy import pseudonymised

        option = self.config.getoption
        run = Run(
            target=self.name,
            role=self.role,
            profile=self.settings.profile.name,
            trust=self.settings.trust.grade,
            strict=self.settings.trust.strict,
            cases=self.cases,
            started=self._started.isoformat(timespec="seconds"),
            duration_s=round(time.monotonic() - self._began, 3),
            confirmed=any(case.confirmed for case in self.cases),
            declared=self.declared,
            seed=option("--nmsp-seed"),
            tool_version=nmsp_scapy.__version__,
        )
        run.remarks = remarks(run)
        baseline.apply(run, self.claims.known, self._started.date())
        baseline.scored(run, self.claims.scored)
        return run if option("--nmsp-show-identities") else pseudonymised(run)


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


class ScenarioFile(pytest.File):
    """A module of scenarios."""

    def collect(self) -> Iterator["ScenarioItem"]:
        """Yield the scenarios that were chosen."""
        suite = self.config.stash[SHARED]
        for case in suite.selected.values():
            if sys.modules[case.function.__module__].__file__ == str(self.path):
                item: ScenarioItem = ScenarioItem.from_parent(
                    self, name=case.function.__name__, scenario=case
                )
                yield item


class ScenarioItem(pytest.Item):
    """One scenario against the endpoint."""

    def __init__(self, *, scenario: Scenario, **more: Any) -> None:
        super().__init__(**more)
        self.scenario = scenario
        self.case: Case | None = None
        known = requirements.load()
        levels = {known[name].level.lower() for name in scenario.requirements}
        for mark in (scenario.family, mark_of(scenario.risk), *sorted(levels)):
            self.add_marker(mark)

    def runtest(self) -> None:
        """Run it; the verdict becomes pytest's outcome."""
        suite = self.config.stash[SHARED]
        self.case = case = run_case(self.scenario, suite.settings)
        if case.verdict is Verdict.ERROR:
            raise CaseError(case)
        if case.verdict is Verdict.FAIL:
            if case.severity is not None and suite.settings.trust.fails(case.severity):
                raise CaseError(case)
        elif case.verdict is not Verdict.PASS:
            why = f"{case.verdict}: {case.reason or ''} {case.detail}"
            pytest.skip(why)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Show expected and actual, not our stack."""
        if isinstance(excinfo.value, CaseError):
            from conformance.report.console import case_text

            return case_text(excinfo.value.case)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the scenario by its id."""
        return self.path, 0, self.scenario.id


class CaseError(Exception):
    """A case that failed, for pytest."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.id)
        self.case = case


def _profile(path: str | None) -> Profile:
    if not path:
        return NOMINAL
    return read_profile(path)


def _folder(path: str | None) -> Path | None:
    if not path:
        return None
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
