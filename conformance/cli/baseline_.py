# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance baseline`: the list of known deviations."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from conformance.baseline_file import BaselineFile
    from conformance.claims import Known
    from conformance.result import Run

RESULT = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
REASON = click.option("--reason", metavar="TEXT", help="Why they are accepted.")
EXPIRES = click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The last day on which they are, as 2027-01-31.",
)


@click.group(
    epilog="""\b
Examples:
  nmsp-conformance baseline make out/ known.toml --reason "waits for 17.12"
  nmsp-conformance run 192.0.2.10 --identity mse.pem --claims known.toml
  nmsp-conformance baseline update out/ known.toml
  nmsp-conformance baseline show known.toml"""
)
def command() -> None:
    """Keep the list of deviations that are known and do not fail a run.

    The file is one for --claims. Each entry has a reason and may expire; one that has,
    or whose deviation no longer occurs, fails the run.
    """


@command.command("make")
@click.argument("result", type=RESULT)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--reason", required=True, metavar="TEXT", help="Why they are accepted.")
@EXPIRES
def make(result: Path, file: Path, reason: str, expires: datetime | None) -> None:
    """Write a new list with every deviation that fails a result.

    RESULT is a run's output folder or result file. FILE must not exist yet.

    \b
    Example:
      nmsp-conformance baseline make out/ known.toml --reason "waits for 17.12"
    """
    from conformance.baseline_file import made
    from conformance.cli.refusing import Refused

    reason, last = _reason(reason), _last_day(expires)
    runs = _runs(result)
    if file.exists():
        raise Refused(f"{file}: exists already; baseline update adds to it")
    found = _new(runs, reason, last)
    if not found:
        click.echo("no deviation fails this result: nothing to list")
        return
    _write(file, made(found))
    _tell("listed", found)


@command.command("update")
@click.argument("result", type=RESULT)
@click.argument("file", type=FILE)
@REASON
@EXPIRES
@click.pass_context
def update(
    ctx: click.Context,
    result: Path,
    file: Path,
    reason: str | None,
    expires: datetime | None,
) -> None:
    """Add a result's new deviations to a list, and drop stale entries.

    Reasons in the file are kept, and so is all else that it says. New deviations need
    --reason. Expired entries that still occur get the date of --expires; without it
    they stay expired and the exit code is 1.

    \b
    Examples:
      nmsp-conformance baseline update out/ known.toml
      nmsp-conformance baseline update out/ known.toml --reason "waits for 17.12"
    """
    from conformance import baseline
    from conformance.baseline import State
    from conformance.cli.refusing import Refused

    last, today = _last_day(expires), _today()
    runs, known = _runs(result), _file(file)
    states = {k: baseline.state_of(k, runs, today) for k in known.claims.known}
    stale = [k for k, state in states.items() if state is State.STALE]
    expired = [k for k, state in states.items() if state is State.EXPIRED]
    kept = [k for k in states if k not in stale]
    for run in runs:
        baseline.apply(run, [_unexpired(k) for k in kept], today)
        baseline.scored(run, known.claims.scored)
    new = _new(runs, reason or "", last)
    if new and not (reason or "").strip():
        raise Refused(f"{_count(new, 'new deviation')}: --reason is needed")
    renewed = expired if last is not None else []
    with _refused():
        text = known.edited(drop=stale, add=new, renew=renewed, expires=last)
    _write(file, text)
    _tell("added", new)
    _tell("dropped", stale)
    _tell("renewed", renewed)
    left = [] if renewed else expired
    _tell("expired", left)
    click.echo(f"{_count([*kept, *new], 'known deviation')} in {file}")
    ctx.exit(1 if left else 0)


@command.command("check")
@click.argument("result", type=RESULT)
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(ctx: click.Context, result: Path, file: Path, as_json: bool) -> None:
    """Judge a result anew by a list: what is new, known, stale or expired.

    The exit code is what the run's would have been with --claims FILE.

    \b
    Example:
      nmsp-conformance baseline check out/ known.toml
    """
    from conformance import baseline
    from conformance.report.json import exit_of

    runs, known = _runs(result), _file(file)
    claims, today = known.claims, _today()
    states = {k: baseline.state_of(k, runs, today) for k in claims.known}
    for run in runs:
        baseline.apply(run, claims.known, today)
        # Each run sees its own part; what counts is whether any of them shows it.
        run.stale = [
            _named(k)
            for k, state in states.items()
            if state in (baseline.State.STALE, baseline.State.EXPIRED)
        ]
        baseline.scored(run, claims.scored)
    new = list(dict.fromkeys(pair for run in runs for pair in baseline.held(run)))
    code = exit_of(runs)
    if as_json:
        entries = [_as_json(k, state) for k, state in states.items()]
        fresh = [{"requirement": name, "case": case} for name, case in new]
        told = {"new": fresh, "known": entries, "exit": int(code)}
        click.echo(json.dumps(told, indent=2))
    else:
        for name, case in new:
            click.echo(f"new        {name} {case}".rstrip())
        _show(states)
    ctx.exit(int(code))


@command.command("show")
@click.argument("file", type=FILE)
@click.argument("result", type=RESULT, required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def show(ctx: click.Context, file: Path, result: Path | None, as_json: bool) -> None:
    """List the entries of a list, with their reasons; stale ones if given a RESULT.

    Exits 1 when one has expired or is stale.

    \b
    Examples:
      nmsp-conformance baseline show known.toml
      nmsp-conformance baseline show known.toml out/ --json
    """
    from conformance.baseline import State, state_of

    runs = [] if result is None else _runs(result)
    known, today = _file(file), _today()
    states = {k: state_of(k, runs, today) for k in known.claims.known}
    if as_json:
        entries = [_as_json(k, state) for k, state in states.items()]
        click.echo(json.dumps({"known": entries}, indent=2))
    else:
        _show(states)
        click.echo(_count(list(states), "known deviation"))
    bad = {State.STALE, State.EXPIRED} & set(states.values())
    ctx.exit(1 if bad else 0)


# --- what is given ------------------------------------------------------------


@contextmanager
def _refused() -> Iterator[None]:
    """Tell what cannot be used in one line."""
    from conformance.cli.refusing import Refused

    try:
        yield
    except ValueError as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from None


def _runs(path: Path) -> "list[Run]":
    from conformance.reading import read

    with _refused():
        return read(path)


def _file(path: Path) -> "BaselineFile":
    from conformance.baseline_file import BaselineFile

    with _refused():
        return BaselineFile(path)


def _today() -> date:
    return datetime.now(UTC).date()


def _last_day(given: datetime | None) -> date | None:
    if given is not None and given.date() < _today():
        raise click.BadParameter(f"{given.date()} has passed", param_hint="--expires")
    return None if given is None else given.date()


def _reason(text: str) -> str:
    if not text.strip():
        raise click.BadParameter("a reason is needed", param_hint="--reason")
    return text


def _new(runs: "list[Run]", reason: str, last: date | None) -> "list[Known]":
    """Make entries of what fails the runs."""
    from conformance.baseline import held
    from conformance.claims import Known

    found = dict.fromkeys(pair for run in runs for pair in held(run))
    return [Known(name, reason, case, last) for name, case in found]


def _unexpired(known: "Known") -> "Known":
    """What has expired and still occurs is no new deviation."""
    import msgspec

    return msgspec.structs.replace(known, expires=None)


# --- what comes out -------------------------------------------------------------


def _write(path: Path, text: str) -> None:
    from nmsp_scapy.export.output import replacing

    with _refused(), replacing(path) as file:
        file.write(text.encode())


def _named(known: "Known") -> str:
    return f"{known.requirement} {known.case}".strip()


def _tell(what: str, entries: "list[Known]") -> None:
    for known in entries:
        click.echo(f"{what:10} {_named(known)}: {_printable(known.reason)}")


def _printable(text: str) -> str:
    from conformance.report.console import printable

    return printable(text)


def _show(states: "dict[Known, Any]") -> None:
    for known, state in states.items():
        until = f" (until {known.expires})" if known.expires is not None else ""
        line = f"{state.value:10} {_named(known)}{until}: {known.reason}"
        click.echo(_printable(line))


def _as_json(known: "Known", state: Any) -> dict[str, str | None]:
    return {
        "requirement": known.requirement,
        "case": known.case,
        "reason": known.reason,
        "expires": known.expires.isoformat() if known.expires else None,
        "state": state.value,
    }


def _count(entries: "list[Any]", what: str) -> str:
    return f"{len(entries)} {what}{'' if len(entries) == 1 else 's'}"
