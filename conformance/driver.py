# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives pytest for `run` and `listen`: arguments in, reports and exit code out."""

import signal
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import click
import pytest

from conformance.collection import FOLDER, SHARED
from conformance.judging import endpoint_of, factor_of
from conformance.report import json
from conformance.report.writing import reports
from conformance.result import Run
from conformance.verdict import Exit

CONFIGURATION = Path(__file__).parent / "run.ini"
"""pytest's configuration for a run, so that none of the user's is found."""


class Keeper:
    """Keeps the suite's result after pytest has ended, and its usage errors."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Take the result."""
        suite = config.stash.get(SHARED, None)
        self.runs = suite.runs if suite else []


class Interrupt:
    """Keeps Ctrl-C when a callback of OpenSSL has swallowed it.

    What the case then saw, a handshake that broke off, was not the endpoint's doing.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def pytest_sessionstart(self) -> None:
        """Take the signal, where this is the thread that gets it."""
        here = threading.current_thread() is threading.main_thread()
        if here and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._take)

    def _take(self, *_: object) -> None:
        self.asked = True
        raise KeyboardInterrupt

    def pytest_runtest_setup(self) -> None:
        """End the run where the signal did not."""
        if self.asked:
            raise KeyboardInterrupt

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """End it before a case is judged that the signal has met."""
        try:
            return (yield)
        finally:
            if self.asked:
                raise KeyboardInterrupt

    def pytest_sessionfinish(self) -> None:
        """Give the signal back."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


class Progress:
    """Says on a terminal how far the run is; in a pipe it says nothing."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._done = stream, 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case."""
        if hasattr(report, "nmsp_case"):
            self._done += 1
            self._stream.write(f"\r{self._done} cases ")
            self._stream.flush()

    def pytest_sessionfinish(self) -> None:
        """Clear the line."""
        self._stream.write("\r\x1b[K")


def arguments(
    endpoint: dict[str, str], *, workers: str | None = None, **given: Any
) -> list[str]:
    """Write pytest's command line."""
    line = [
        str(FOLDER),
        f"--rootdir={FOLDER.parent}",
        f"-c{CONFIGURATION}",
        "-pno:terminal",
        "-pno:cacheprovider",
        *(f"{name}={value}" for name, value in endpoint.items()),
        *(f"--nmsp-select={s}" for s in given["selectors"]),
        *(f"--nmsp-exclude={s}" for s in given["exclude"]),
    ]
    for name in (
        "identity",
        "risk",
        "trust",
        "timeout_factor",
        "profile",
        "claims",
        "tls",
        "authlist_command",
        "statistics_command",
        "statistics",
        "shard",
        "seed",
        "output",
    ):
        if given.get(name) not in (None, ""):
            line.append(f"--nmsp-{name.replace('_', '-')}={given[name]}")
    line += ["--nmsp-quiet"] if given.get("quiet") else []
    line += ["--nmsp-strict"] if given["strict"] else []
    line += ["--nmsp-show-identities"] if given["show_identities"] else []
    line += [f"-n{workers}"] if workers else []
    return line


def drive(endpoint: dict[str, str], **given: Any) -> Exit:
    """Run the chosen scenarios and write the reports.

    Raises:
        click.UsageError: nothing can be run as asked.
    """
    check(endpoint, given)
    keeper = Keeper()
    plugins: list[object] = [keeper, Interrupt()]
    if sys.stderr.isatty() and not given.get("quiet"):
        plugins.append(Progress(sys.stderr))
    code = pytest.main(arguments(endpoint, **given), plugins=plugins)
    if not keeper.runs and code == pytest.ExitCode.USAGE_ERROR:
        return Exit.USAGE  # pytest has said why
    if not keeper.runs and code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if not keeper.runs:
        click.echo("nmsp-conformance: the run did not come about", err=True)
        return Exit.BUG
    reports(keeper.runs, **given)
    return json.exit_of(keeper.runs)


def check(endpoint: dict[str, str], given: dict[str, Any]) -> None:
    """Refuse what would only fail inside pytest, in the user's own words.

    An inventory's endpoints are looked at one by one, each as if it were the only one.
    """
    from conformance import inventory

    if given["formats"] and not given["output"]:
        raise click.UsageError("--report needs a folder: -o DIR")
    if "--nmsp-inventory" not in endpoint:
        _check_one(endpoint, given)
        return
    path = endpoint["--nmsp-inventory"]
    try:
        found = inventory.read(Path(path))
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
    for option in inventory.ONES_OWN:
        if given.get(option.removeprefix("--nmsp-").replace("-", "_")):
            name = option.replace("nmsp-", "")
            raise click.UsageError(f"{name} asks one endpoint: not with --inventory")
    for each in found:
        own = {
            key.removeprefix("--nmsp-").replace("-", "_"): value
            for key, value in each.options().items()
        }
        own |= {"selectors": own.get("select", given["selectors"])}
        try:
            _check_one({"--nmsp-target": each.target}, {**given, **own})
        except click.UsageError as error:
            raise click.UsageError(f"{path}: {each.name}: {error.message}") from None


def _check_one(endpoint: dict[str, str], given: dict[str, Any]) -> None:
    from conformance import claims, identities, selection
    from conformance.operator import Hooks
    from conformance.scenario import Risk
    from nmsp_scapy.profile import reading

    if not given["identity"]:
        raise click.UsageError("Missing option '--identity'")
    try:
        identities.read(Path(given["identity"]))
        selection.chosen(
            "wlc" if "--nmsp-target" in endpoint else "mse",
            given["selectors"],
            risk=Risk(given["risk"]),
            exclude=given["exclude"],
            shard=given["shard"],
        )
        endpoint_of(next(iter(endpoint.values())))
        factor_of(given["timeout_factor"])
        Hooks.given(
            given["authlist_command"], given["statistics_command"], given["statistics"]
        )
        if given["claims"]:
            claims.read(Path(given["claims"]))
        if given["profile"]:
            reading.read(Path(given["profile"]))
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
