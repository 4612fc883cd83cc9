# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance check`: the same checks on a capture."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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


@click.command()
@click.argument("capture", type=CAPTURE)
@click.argument("names", nargs=-1, metavar="[REQUIREMENT]...")
@key_options
@wire_options
@judging
@click.option("--claims", type=FILE, help="Known deviations and scored checks, TOML.")
@outputs
@click.pass_context
def command(
    ctx: click.Context, /, capture: str, names: tuple[str, ...], **given: Any
) -> None:
    """Judge both ends of every conversation in a capture.

    What the capture does not show cannot be judged, and is said to be inconclusive;
    only what was deviated from, or nothing at all judged, changes the exit code.

    \b
    Examples:
      nmsp-conformance check up.pcapng --keylog mse.keys
      nmsp-conformance check up.pcapng NMSP-ECHO-1 --json
      nmsp-conformance check up.pcapng --claims known.toml
    """
    from conformance import baseline, claims
    from conformance import capture as checking
    from conformance.report.privacy import pseudonymised
    from conformance.report.writing import reports
    from conformance.verdict import Exit, Trust
    from nmsp_scapy.capture import CaptureError
    from nmsp_scapy.constants import PORT, Grade
    from nmsp_scapy.dissect import dissect

    for name in names:
        if name not in checking.CHECKS:
            raise click.UsageError(f"{name} is no requirement that a capture can show")
    store = key_store(given["keylogs"], given["rsa_keys"], given["password_file"])
    profile = wire_profile(given["profile_file"])
    ports = frozenset(given["ports"] or (PORT,))
    try:
        claimed = claims.read(given["claims"]) if given["claims"] else claims.Claims()
    except ValueError as error:
        raise click.UsageError(f"--claims: {error}") from None
    try:
        results = dissect(capture, keys=store, profile=profile, ports=ports)
        watched = checking.observe(results)
    except CaptureError as error:
        click.echo(f"nmsp-conformance: {capture}: {error}", err=True)
        ctx.exit(Exit.INCONCLUSIVE)
    trust = given["trust"]
    weigh = Trust(Grade.OBSERVED if trust == "auto" else Grade(trust), given["strict"])
    run = checking.check(watched, capture=Path(capture).name, trust=weigh, chosen=names)
    baseline.apply(run, claimed.known, datetime.now(UTC).date())
    baseline.scored(run, claimed.scored)
    if not given["show_identities"]:
        run = pseudonymised(run)
    if given["output"]:
        Path(given["output"]).mkdir(parents=True, exist_ok=True)
    reports([run], **given)
    ctx.exit(run.exit)
