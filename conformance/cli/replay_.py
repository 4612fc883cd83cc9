# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance replay`: a capture played at an endpoint."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.options import writable_folder
from nmsp_scapy.cli.options import CAPTURE, FILE, key_options, wire_options

if TYPE_CHECKING:
    from conformance.identities import Identity
    from conformance.replay.replaying import Replay
    from conformance.replay.script import Script

SECONDS = click.FloatRange(min=0.0)


@click.command()
@click.argument("capture", type=CAPTURE)
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--identity", type=FILE, help="PEM with key and certificate.")
@click.option(
    "--conversation",
    type=click.IntRange(min=0),
    metavar="N",
    help="Which of the capture; the first with messages of the MSE unless given.",
)
@click.option(
    "--timing",
    type=click.Choice(["fast", "original"]),
    default="fast",
    show_default=True,
    help="As fast as answers come, or with the distances of the capture.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 1000),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="Divides the distances of --timing original.",
)
@click.option(
    "--tolerance",
    type=SECONDS,
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="By which an answer may be later or earlier than in the capture.",
)
@click.option(
    "--linger",
    type=SECONDS,
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest wait for notifications after the last answer.",
)
@click.option(
    "--for",
    "limit",
    type=click.FloatRange(min=0.1),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop after a time.",
)
@click.option(
    "--messages",
    type=click.IntRange(1, 1_000_000),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Messages of the conversation that are looked at.",
)
@click.option(
    "--timeout-factor",
    type=click.FloatRange(min=0.001),
    default=1.0,
    show_default=True,
    help="Scales every wait for an answer.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="NAME",
    help="Leave a message, element or field out: mac, STATUS.code, *_NOTIFICATION.",
)
@click.option(
    "--compare",
    "compared",
    multiple=True,
    metavar="NAME",
    help="Compare what is ignored because it varies; see the docs for the list.",
)
@key_options
@wire_options
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    callback=writable_folder,
    help="Folder for replay.json, replay.txt and replay.pcapng.",
)
@click.option(
    "--capture",
    "recording",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Record the replay: a pcapng with its secrets inside (mode 0600).",
)
@click.option("--json", "as_json", is_flag=True, help="The result for programs.")
@click.option("--show-identities", is_flag=True, help="Hide no address or name.")
@click.option("-v", "--verbose", is_flag=True, help="List every message.")
@click.pass_context
def command(ctx: click.Context, /, capture: str, target: str, **given: Any) -> None:
    """Play the MSE's side of a capture at a WLC, and compare what it answers.

    The WLC's AuthList must hold the identity. The MSE's messages are sent byte for
    byte; the answers are compared with the capture's in kind, order, timing and
    fields. Exits 0 when they are the same, 1 on a difference, 3 when something could
    not be compared.

    \b
    Examples:
      nmsp-conformance replay up.pcapng 192.0.2.10 --identity mse.pem --keylog mse.keys
      nmsp-conformance replay up.pcapng 192.0.2.10 --identity mse.pem --timing original
      nmsp-conformance replay up.pcapng 192.0.2.10 --ignore mac --ignore address --json
    """
    from conformance.replay.report import pseudonymised
    from conformance.replay.script import ScriptError

    made = _replay(capture, target, given)
    _writable(capture, given)
    try:
        script = _script(capture, given)
    except ScriptError as error:
        if error.missing:
            raise click.UsageError(f"--conversation: {error}") from None
        outcome = made.nothing(error)
    else:
        outcome = made.run(script)
    _record(made, given)
    if not given["show_identities"]:
        outcome = pseudonymised(outcome)
    _tell(outcome, given)
    ctx.exit(outcome.exit)


def _replay(capture: str, target: str, given: dict[str, Any]) -> "Replay":
    from conformance.replay.ignoring import Ignoring
    from conformance.replay.player import Plan
    from conformance.replay.replaying import Replay
    from nmsp_scapy.cli.endpoint import host_and_port
    from nmsp_scapy.cli.options import wire_profile
    from nmsp_scapy.constants import PORT

    bare = target.count(":") > 1 and not target.startswith("[")
    try:
        where = (target, PORT) if bare else host_and_port(target)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    factor = given["timeout_factor"]
    return Replay(
        where,
        capture=Path(capture).name,
        identity=_identity(given["identity"]),
        plan=Plan(
            given["timing"],
            given["speed"],
            answer_s=5.0 * factor,
            quiet_s=0.7 * factor,
            linger_s=given["linger"],
            slack_s=given["tolerance"],
            limit_s=given["limit"],
        ),
        ignoring=Ignoring(given["ignored"], given["compared"]),
        profile=wire_profile(given["profile_file"]),
        factor=factor,
    )


def _identity(path: Path | None) -> "Identity | None":
    from conformance.identities import read

    try:
        return None if path is None else read(path)
    except (ValueError, OSError) as error:
        raise click.UsageError(f"--identity: {error}") from None


def _script(capture: str, given: dict[str, Any]) -> "Script":
    from conformance.replay import script
    from conformance.verdict import Reason
    from nmsp_scapy.capture import CaptureError
    from nmsp_scapy.cli.options import key_store, wire_profile
    from nmsp_scapy.dissect import dissect

    store = key_store(given["keylogs"], given["rsa_keys"], given["password_file"])
    results = dissect(
        capture,
        keys=store,
        profile=wire_profile(given["profile_file"]),
        ports=frozenset(given["ports"]),
    )
    try:
        return script.read(
            results, number=given["conversation"], most=given["messages"]
        )
    except CaptureError as error:
        text = f"the capture cannot be read: {error}"
        raise script.ScriptError(Reason.CAPTURE_GAP, text) from None


def _writable(capture: str, given: dict[str, Any]) -> None:
    """Refuse at once what could only fail, or do harm, after the replay."""
    folder, recording = given["output"], given["recording"]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    if recording is None:
        return
    if not recording.parent.is_dir():
        why = f"there is no directory {recording.parent}"
        raise click.UsageError(f"--capture {recording}: {why}")
    if capture != "-" and recording.exists() and recording.samefile(capture):
        raise click.UsageError(
            f"--capture {recording}: this is the capture that is played"
        )


def _record(made: "Replay", given: dict[str, Any]) -> None:
    """Write what the replay's socket carried."""
    from conformance.evidence import write_capture

    if made.link is None:
        return
    out = made.outcome
    comments = [f"replay of conversation {out.conversation} of {out.capture}"]
    paths = [given["recording"]] if given["recording"] is not None else []
    if given["output"] is not None:
        paths.append(given["output"] / "replay.pcapng")
    for path in paths:
        if write_capture(path, [made.link], comments):
            out.evidence = path.name


def _tell(outcome: Any, given: dict[str, Any]) -> None:
    """Write the result where it was asked for."""
    import msgspec

    from conformance.replay.report import text_of

    encoded = msgspec.json.format(msgspec.json.encode(outcome), indent=2).decode()
    if given["output"] is not None:
        folder = given["output"]
        (folder / "replay.json").write_text(f"{encoded}\n", encoding="utf-8")
        text = text_of(outcome, verbose=True)
        (folder / "replay.txt").write_text(text, encoding="utf-8")
    if given["as_json"]:
        click.echo(encoded)
    else:
        click.echo(text_of(outcome, verbose=given["verbose"]), nl=False)
