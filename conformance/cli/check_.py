# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance check`: the same checks on a capture."""

import shlex
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.options import judging, outputs
from nmsp_scapy.cli.options import (
    CAPTURE,
    FILE,
    key_options,
    key_store,
    wire_options,
    wire_profile,
)
from nmsp_scapy.constants import PORT

if TYPE_CHECKING:
    from conformance.claims import Claims
    from conformance.result import Run
    from conformance.scenario import Scenario


@click.command()
@click.argument("capture", type=CAPTURE)
@click.argument("names", nargs=-1, metavar="[SELECTOR]...")
@key_options
@wire_options
@judging
@click.option("--exclude", multiple=True, metavar="SELECTOR", help="Leave these out.")
@click.option("--claims", type=FILE, help="Known deviations and scored checks, TOML.")
@click.option(
    "--authlist",
    type=FILE,
    help="Whom the WLC lists: a MAC and a key hash a line, or pasted configuration.",
)
@click.option(
    "--annotate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.pcapng",
    help="Write the capture, its secrets inside, with comments on the frames: what"
    " deviates, what could not be read.",
)
@outputs
@click.pass_context
def command(
    ctx: click.Context, /, capture: str, names: tuple[str, ...], **given: Any
) -> None:
    """Judge both ends of every conversation in a capture.

    What the capture does not show cannot be judged, and is said to be inconclusive;
    only what was deviated from, or nothing at all judged, changes the exit code.
    SELECTOR is as for list; what needs a stimulus is nothing that a capture shows.

    \b
    Examples:
      nmsp-conformance check up.pcapng --keylog mse.keys
      nmsp-conformance check up.pcapng NMSP-ECHO-1 --json
      nmsp-conformance check up.pcapng echo must -o out --report html
      nmsp-conformance check up.pcapng --claims known.toml
      nmsp-conformance check up.pcapng --authlist authlist.txt
      nmsp-conformance check up.pcapng --annotate told.pcapng
    """
    from conformance import capture as checking
    from conformance import claims, requirements, selection
    from conformance.report.privacy import pseudonymised
    from conformance.report.writing import reports

    for name in names:
        if name in requirements.load() and name not in checking.CHECKS:
            raise click.UsageError(f"{name} is nothing that a capture can show")
    try:
        chosen = selection.select(checking.catalogue(), names, given["exclude"])
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        claimed = claims.read(given["claims"]) if given["claims"] else claims.Claims()
    except ValueError as error:
        raise click.UsageError(f"--claims: {error}") from None
    if given["output"]:
        Path(given["output"]).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        run = _judge(stack, ctx, capture, chosen, claimed, given)
        if not given["show_identities"]:
            run = pseudonymised(run)
    reports([run], **given)
    ctx.exit(run.exit)


def _judge(
    stack: ExitStack,
    ctx: click.Context,
    capture: str,
    chosen: "list[Scenario]",
    claimed: "Claims",
    given: dict[str, Any],
) -> "Run":
    """Read the capture, judge it, and write it anew when that is asked for."""
    from conformance import baseline
    from conformance import capture as checking
    from conformance.annotate import Annotation
    from conformance.emulator.authlist import AuthList
    from conformance.excerpt import excerpts
    from conformance.verdict import Exit, Trust
    from nmsp_scapy.cli.reading import Reading, seekable, spare
    from nmsp_scapy.constants import Grade

    began = time.monotonic()
    annotate: Path | None = given["annotate"]
    spare(annotate, (capture,))
    store = key_store(given["keylogs"], given["rsa_keys"], given["password_file"])
    ports = frozenset(given["ports"] or (PORT,))
    reading = Reading(store, wire_profile(given["profile_file"]), ports, quiet=True)
    annotation = Annotation()
    file = seekable(stack, capture)
    try:
        listed = AuthList.read(given["authlist"]) if given["authlist"] else None
    except (ValueError, OSError) as error:
        raise click.UsageError(f"--authlist: {error}") from None
    results = annotation.listen(reading.read(capture, file))
    watched = checking.observe(results, listed)
    if reading.useless:
        ctx.exit(Exit.INCONCLUSIVE)
    trust = given["trust"]
    weigh = Trust(Grade.OBSERVED if trust == "auto" else Grade(trust), given["strict"])
    run = checking.check(
        watched,
        capture=Path(capture).name,
        trust=weigh,
        chosen=[case.requirements[0] for case in chosen],
        policy=claimed.policy,
        reproduce=_again(capture, given),
    )
    run.port = min(ports) if len(ports) == 1 and PORT not in ports else 0
    baseline.apply(run, claimed.known, datetime.now(UTC).date())
    baseline.scored(run, claimed.scored)
    if annotate is not None:
        annotation.deviations(run.cases, watched)
        annotation.write(file, annotate, reading.key_log)
    if given["output"]:
        folder = Path(given["output"])
        try:
            excerpts(run, watched, annotation, file, folder, reading.key_log)
        except ValueError as error:
            raise click.UsageError(f"-o: {error}") from None
    run.duration_s = round(time.monotonic() - began, 3)
    return run


def _again(capture: str, given: dict[str, Any]) -> str:
    """The command that judges the capture in the same way."""
    line = ["nmsp-conformance", "check", capture]
    for name, value in (
        *(("--keylog", each) for each in given["keylogs"]),
        *(("--rsa-key", each) for each in given["rsa_keys"]),
        *(("--port", each) for each in given["ports"] if given["ports"] != (PORT,)),
        ("--password-file", given["password_file"]),
        ("--profile", given["profile_file"]),
        ("--claims", given["claims"]),
        ("--authlist", given["authlist"]),
        ("--trust", None if given["trust"] == "auto" else given["trust"]),
    ):
        line += [name, str(value)] if value else []
    return shlex.join(line + (["--strict"] if given["strict"] else []))
