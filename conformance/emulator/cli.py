# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp emulate`: a WLC or an MSE that behaves, or has the faults it is told."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nmsp_scapy.constants import PORT

if TYPE_CHECKING:
    from conformance.emulator.server import EmulatedWlc
    from conformance.emulator.tls import Identity

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
INCOMPLETE = 3


def _shared(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that both roles have."""
    for option in (
        click.option(
            "--fault", "faults", multiple=True, metavar="NAME", help="See `faults`."
        ),
        click.option(
            "--for", "seconds", type=float, metavar="SECONDS", help="Stop after a time."
        ),
        click.option(
            "--profile", type=FILE, metavar="FILE", help="Wire profile to speak."
        ),
        click.option(
            "--capture",
            type=OUT,
            metavar="FILE",
            help="Record a pcapng with its secrets inside (mode 0600).",
        ),
        click.option(
            "--identity",
            type=FILE,
            metavar="FILE",
            help="Private key and certificate in one PEM; made in memory without.",
        ),
        click.option(
            "--tls",
            default="any",
            show_default=True,
            metavar="WHAT",
            help="1.0 to 1.3, a range (1.0..1.2), or legacy-3850, c9800, "
            "c9800-strong, fips.",
        ),
    ):
        function = option(function)
    return function


@click.group(
    epilog="""\b
Examples:
  nmsp emulate wlc --authlist authlist.txt --identity wlc.pem
  nmsp emulate mse 127.0.0.1 --identity mse.pem --for 10
  nmsp emulate wlc --fault echo-twice --capture faulty.pcapng"""
)
def command() -> None:
    """Emulate a WLC or an MSE over real TLS, on your own machine."""


@command.command("faults")
def faults_command() -> None:
    """List the faults and oddities that emulated gear can be told to have.

    The conformance suite fails gear with a fault; an oddity it must let pass.

    \b
    Example:
      nmsp emulate faults
    """
    from conformance.emulator.faults import FAULTS, MSE_FAULTS, QUIRKS

    for call, known in (
        ("wlc --fault", FAULTS),
        ("wlc --quirk", QUIRKS),
        ("mse --fault", MSE_FAULTS),
    ):
        click.echo(f"nmsp emulate {call} NAME")
        for name, text in known.items():
            click.echo(f"  {name:34}  {text}")


@command.command("wlc")
@click.option(
    "--listen",
    default=f"127.0.0.1:{PORT}",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen; port 0 takes a free one.",
)
@click.option(
    "--authlist",
    type=FILE,
    metavar="FILE",
    help="Whom to let in: a MAC and a key hash a line, or pasted configuration.",
)
@click.option(
    "--authlist-wait",
    type=click.FloatRange(0, 60),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the list takes; about 1 s was observed.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0.01, 180),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Of measurement notifications.",
)
@click.option(
    "--quirk",
    "quirks",
    multiple=True,
    metavar="NAME",
    help="An oddity that nothing forbids; see `faults`.",
)
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    metavar="SOCKET",
    help="Take commands there; see `nmsp emulate control`.",
)
@click.option("--trace", is_flag=True, help="Print the trace lines of a controller.")
@click.option(
    "--status",
    "status",
    is_flag=True,
    help="Print the show nmsp screens of its own counts at the end, and on SIGUSR1.",
)
@click.option(
    "--ngwc", is_flag=True, help="Behave as the switch of the source document's screen."
)
@click.option("--seed", default=1, show_default=True, help="Of the radio world.")
@click.option("--ready-file", type=OUT, metavar="FILE", help="Write HOST:PORT there.")
@_shared
def wlc(
    listen: str,
    authlist: Path | None,
    authlist_wait: float,
    faults: tuple[str, ...],
    quirks: tuple[str, ...],
    interval: float,
    control: Path | None,
    trace: bool,
    status: bool,
    ngwc: bool,
    seed: int,
    ready_file: Path | None,
    tls: str,
    identity: Path | None,
    capture: Path | None,
    profile: Path | None,
    seconds: float | None,
) -> None:
    """Be a WLC: TLS server, AuthList, capability, subscription, notifications, echo.

    Without --authlist nobody is let in, as on a real one.

    \b
    Examples:
      nmsp emulate wlc --authlist keys/authlist.txt --trace
      nmsp emulate wlc --listen 127.0.0.1:0 --tls legacy-3850 --capture c.pcapng
    """
    from conformance.emulator.authlist import AuthList
    from conformance.emulator.control import Control
    from conformance.emulator.faults import FAULTS, QUIRKS, Faults
    from conformance.emulator.server import EmulatedWlc
    from conformance.emulator.wlc import Settings
    from conformance.emulator.world import World

    host, port = _address(listen)
    with _usage():
        emulated = EmulatedWlc(
            host=host,
            port=port,
            tls=tls,
            presented=_identity(identity),
            authlist=AuthList.read(authlist) if authlist else AuthList(),
            authlist_wait_s=authlist_wait,
            settings=Settings(
                world=World(seed),
                profile=_profile(profile),
                faults=Faults(
                    Faults.named(faults, FAULTS) | Faults.named(quirks, QUIRKS)
                ),
                interval_s=interval,
                ngwc=ngwc,
            ),
            recorder=_recorder(capture),
            trace=click.echo if trace else None,
        )
    where = f"{host}:{emulated.port}"
    if authlist is None:
        click.echo("No --authlist: nobody is let in.", err=True)
    click.echo(f"WLC on {where}, TLS {tls}; Ctrl-C stops it.", err=True)
    with ExitStack() as stack:
        stack.enter_context(emulated)
        if control is not None:
            with _usage():
                stack.enter_context(Control(emulated, control))
        if ready_file is not None:
            ready_file.write_text(f"{where}\n")
        if status:
            _show_on_signal(emulated)
        waiting(seconds)
    if status:
        _show(emulated)
    _tell_peers(emulated)


@command.command("control")
@click.argument("socket", type=click.Path(path_type=Path))
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
def control_command(socket: Path, words: tuple[str, ...]) -> None:
    """Tell a running `emulate wlc --control SOCKET` what to do.

    add MAC HASH..., remove MAC [HASH...], or statistics: its show nmsp screens.

    \b
    Examples:
      nmsp emulate control wlc.sock statistics
      nmsp-conformance run 127.0.0.1 --identity mse.pem \\
        --authlist-command "nmsp emulate control wlc.sock" \\
        --statistics-command "nmsp emulate control wlc.sock statistics"
    """
    from conformance.emulator.control import REFUSED, ask

    try:
        answer = ask(socket, " ".join(words))
    except OSError as error:
        raise click.UsageError(f"{socket}: {error}") from None
    if answer.startswith(REFUSED):
        raise click.UsageError(answer.removeprefix(REFUSED).strip())
    click.echo(answer, nl=False)


@command.command("mse")
@click.argument("target", metavar="HOST[:PORT]")
@click.option(
    "--echo",
    type=click.FloatRange(0.01, 120),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="Interval of echo requests.",
)
@click.option(
    "--reconnect",
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    help="Dial again after this long; dials once without.",
)
@_shared
def mse(
    target: str,
    echo: float,
    reconnect: float | None,
    faults: tuple[str, ...],
    tls: str,
    identity: Path | None,
    capture: Path | None,
    profile: Path | None,
    seconds: float | None,
) -> None:
    """Be an MSE: dial a WLC, subscribe, ask, and send echo.

    Exit code 3: no session came about, or it was lost.

    \b
    Examples:
      nmsp emulate mse 127.0.0.1 --identity keys/mse.pem --for 20
      nmsp emulate mse 127.0.0.1:16113 --tls 1.0 --reconnect 5
    """
    from conformance.emulator.faults import MSE_FAULTS, Faults
    from conformance.emulator.mse import EmulatedMse, Plan

    with _usage():
        emulated = EmulatedMse(
            _address(target if ":" in target else f"{target}:{PORT}"),
            presented=_identity(identity),
            tls=tls,
            plan=Plan(
                echo_s=echo,
                dead_s=2 * echo,
                profile=_profile(profile),
                faults=Faults.named(faults, MSE_FAULTS),
            ),
            reconnect_s=reconnect,
            recorder=_recorder(capture),
        )
    with emulated:
        waiting(seconds, emulated.finished)
    for ended in emulated.ended:
        click.echo(f"connection ended: {ended}", err=True)
    if emulated.session is None:
        click.echo("no session came about", err=True)
        raise SystemExit(INCOMPLETE)
    session = emulated.session.session
    for heading, counts in (("out", session.sent), ("in", session.received)):
        for name, traffic in sorted(counts.items()):
            click.echo(
                f"{heading:3}  {name:30}  {traffic.count:6} messages  "
                f"{traffic.size:8} bytes"
            )
    if emulated.session.dead or emulated.session.problem or not session.received:
        click.echo(emulated.session.problem or "the WLC was silent", err=True)
        raise SystemExit(INCOMPLETE)


class _usage:  # noqa: N801 - reads as a word of `with`
    """Tell what was given wrongly in one line."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Turn what is the caller's fault into a usage error."""
        if isinstance(error, ValueError | OSError):
            raise click.UsageError(str(error)) from None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"{text!r} is no HOST:PORT, as 127.0.0.1:{PORT}")
    return host.strip("[]"), int(port)


def _identity(path: Path | None) -> "Identity | None":
    from conformance.emulator.tls import identity_file

    return None if path is None else identity_file(path)


def _recorder(path: Path | None) -> Any:
    from conformance.recording import Recorder

    return None if path is None else Recorder(path)


def _profile(path: Path | None) -> Any:
    from nmsp_scapy.cli.options import wire_profile

    return wire_profile(path)


def waiting(seconds: float | None, over: Any = None) -> None:
    """Wait for a signal, a time, or an event."""
    import signal
    import threading

    event = over or threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: event.set())
    event.wait(seconds)


def _show(emulated: "EmulatedWlc") -> None:
    from conformance.emulator.screens import statuses
    from nmsp_scapy.status.ios import ios_screens

    click.echo(ios_screens(statuses(emulated)))


def _show_on_signal(emulated: "EmulatedWlc") -> None:
    import signal

    signal.signal(signal.SIGUSR1, lambda *_: _show(emulated))


def _tell_peers(emulated: "EmulatedWlc") -> None:
    for peer in emulated.peers:
        frames = "turned away"
        if peer.session is not None:
            counts = peer.session.session
            frames = (
                f"{counts.data_frames(counts.received)} data frames in, "
                f"{counts.data_frames(counts.sent)} out"
            )
        end = f"{peer.end}" + (f" {peer.alert}" if peer.alert is not None else "")
        click.echo(f"{peer.address[0]}:{peer.address[1]}  {frames}; {end}", err=True)
