# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as pytest items, and their results gathered across workers.

Items run where pytest puts them. Their results travel in the test reports, so that
the controller has all of them; a sanity case that only the controller runs brackets
the items of each endpoint.
"""

import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conformance import inventory, requirements
from conformance.judging import Judging
from conformance.reception import Say
from conformance.report import privacy
from conformance.result import Case, Run
from conformance.runner import run_case
from conformance.scenario import Risk, Scenario
from conformance.verdict import Verdict

FOLDER = Path(__file__).parent / "scenarios"
SHARED = pytest.StashKey["Suite"]()
AT_ONCE = 8
"""Endpoints whose sanity cases run at the same time."""


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


def endpoints(config: pytest.Config) -> dict[str, Judging]:
    """Begin with each endpoint that the options name, by its name.

    Raises:
        ValueError: an option or a file cannot be used.
        OSError: a file cannot be read.
    """
    option = config.getoption
    parallel = bool(option("numprocesses", None) or option("tx", None))

    def made(name: str, own: dict[str, Any]) -> Judging:
        def asked(key: str) -> Any:
            return own[key] if key in own else option(key, None)

        return Judging(
            name,
            asked,
            parallel=parallel,
            alone=not hasattr(config, "workerinput"),
            say=saying(config),
        )

    path = option("--nmsp-inventory")
    if not path:
        return {"": made("", {})}
    if option("--nmsp-target") or option("--nmsp-listen"):
        raise ValueError("--nmsp-inventory names the endpoints: no target besides")
    if any(option(name) for name in inventory.ONES_OWN):
        raise ValueError("a command that asks one endpoint belongs in the inventory")
    found = {}
    for each in inventory.read(Path(path)):
        try:
            found[each.name] = made(each.name, each.options())
        except (ValueError, OSError) as error:
            raise ValueError(f"{path}: {each.name}: {error}") from None
    return found


def saying(config: pytest.Config) -> Say:
    """Return what tells the operator a line, past pytest's capture."""

    def say(text: str) -> None:
        if config.getoption("--nmsp-quiet"):
            return
        capture = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            stream = sys.stderr
            clear = "\r\x1b[K" if stream.isatty() else ""
            print(f"{clear}nmsp-conformance: {text}", file=stream, flush=True)

    return say


class Suite:
    """One process's part of a run; the controller's also gathers.

    Attributes:
        endpoints: the judging of each, by its name.
        runs: their results, when the session has ended.
        salt: of the names that pytest's own reports show, in every process the same.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.worker = hasattr(config, "workerinput")
        self.endpoints = endpoints(config)
        self.runs: list[Run] = []
        self.salt = privacy.SALT
        if self.worker:
            self.salt = bytes.fromhex(config.workerinput["nmsp_salt"])  # type: ignore[attr-defined]
            told = config.workerinput["nmsp"]  # type: ignore[attr-defined]
            for name, judging in self.endpoints.items():
                judging.told(**told[name])

    @property
    def _idle(self) -> bool:
        return self.worker or bool(self.config.getoption("collectonly"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Run the sanity cases, before any worker is started."""
        if not self._idle:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(Judging.begin, self.endpoints.values()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker what the sanity cases have shown."""
        told = {name: each.tells() for name, each in self.endpoints.items()}
        node.workerinput["nmsp"] = told
        node.workerinput["nmsp_salt"] = self.salt.hex()

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> "ScenarioFile | None":
        """Collect the modules of scenarios."""
        if file_path.parent == FOLDER and file_path.suffix == ".py":
            found: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
            return found
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run the cases in the order that the seed says."""
        if not self.config.getoption("--nmsp-seed"):
            return
        places = {
            (name, case): at
            for name, judging in self.endpoints.items()
            for at, case in enumerate(judging.selected)
        }
        own = [item for item in items if isinstance(item, ScenarioItem)]
        own.sort(key=lambda item: places[item.endpoint, item.scenario.id])
        ordered = iter(own)
        items[:] = [
            next(ordered) if isinstance(item, ScenarioItem) else item for item in items
        ]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the result into the report; it travels with it."""
        report = yield
        case = getattr(item, "case", None)
        if call.when == "call" and case is not None and isinstance(item, ScenarioItem):
            encoded = msgspec.json.encode(case).decode()
            vars(report)["nmsp_case"] = encoded
            vars(report)["nmsp_endpoint"] = item.endpoint
            if case.verdict is Verdict.ERROR:
                report.when = "setup"  # an error of ours is no failure of theirs
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather."""
        encoded = getattr(report, "nmsp_case", None)
        if self.worker:
            return
        if encoded is not None:
            name = vars(report)["nmsp_endpoint"]
            case = msgspec.json.decode(encoded, type=Case)
            self.endpoints[name].cases.append(case)
        elif report.failed:
            self._lost(report)

    def _lost(self, report: pytest.TestReport) -> None:
        file, _, item = report.nodeid.rpartition("::")
        function, _, name = item.rstrip("]").partition("[")
        if name in self.endpoints:
            case = f"{Path(file).stem}.{function}"
            self.endpoints[name].lost(case, str(report.longrepr))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Run the sanity cases again and sum up, in the controller."""
        if self._idle:
            return
        interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self.runs = list(
                pool.map(
                    lambda each: each.finish(interrupted=interrupted),
                    self.endpoints.values(),
                )
            )
        from conformance.report import json

        path = self.config.getoption("--nmsp-json")
        if path:
            json.write(self.runs, path)
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            session.exitstatus = int(json.exit_of(self.runs))

    @pytest.hookimpl(optionalhook=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what pytest's counts do not: what was not judged, and the exit code."""
        from conformance.report.console import printable, top_line

        for run in self.runs:
            for text in (top_line(run), *run.remarks, *run.stale):
                terminalreporter.write_line(printable(text))


class ScenarioFile(pytest.File):
    """A module of scenarios."""

    def collect(self) -> Iterator["ScenarioItem"]:
        """Yield the scenarios that were chosen."""
        suite = self.config.stash[SHARED]
        for name, judging in suite.endpoints.items():
            for case in judging.selected.values():
                if sys.modules[case.function.__module__].__file__ == str(self.path):
                    told = f"[{name}]" if name else ""
                    item: ScenarioItem = ScenarioItem.from_parent(
                        self,
                        name=f"{case.function.__name__}{told}",
                        scenario=case,
                        endpoint=name,
                    )
                    yield item


class ScenarioItem(pytest.Item):
    """One scenario against one endpoint."""

    def __init__(self, *, scenario: Scenario, endpoint: str, **more: Any) -> None:
        super().__init__(**more)
        self.scenario, self.endpoint = scenario, endpoint
        self.case: Case | None = None
        known = requirements.load()
        levels = {known[name].level.lower() for name in scenario.requirements}
        for mark in (scenario.family, mark_of(scenario.risk), *sorted(levels)):
            self.add_marker(mark)

    def runtest(self) -> None:
        """Run it; the verdict becomes pytest's outcome."""
        suite = self.config.stash[SHARED]
        judging = suite.endpoints[self.endpoint]
        settings = judging.settings
        case = self.case = run_case(self.scenario, settings)
        if not self.config.getoption("--nmsp-show-identities"):
            case = privacy.hidden(case, judging.target, suite.salt)
        if case.verdict is Verdict.ERROR:
            raise CaseError(case)
        if case.verdict is Verdict.FAIL:
            if case.severity is not None and settings.trust.fails(case.severity):
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
        told = f"[{self.endpoint}]" if self.endpoint else ""
        return self.path, 0, f"{self.scenario.id}{told}"


class CaseError(Exception):
    """A case that failed, for pytest."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.id)
        self.case = case
