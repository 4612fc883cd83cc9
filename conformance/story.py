# SPDX-License-Identifier: GPL-2.0-or-later
"""The source document, re-lived: a tunnel that stays down, and why, and then up.

`make story` starts a WLC whose list holds another hash and an MSE that fails, reads
the WLC's trace, names the cause, applies the fix and shows the tunnel with the screen
of the source document. Every figure printed is measured in this run; the commands are
those that an operator would type.
"""

import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.tls import identity
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from nmsp_scapy.authlist import identity_of
from nmsp_scapy.authlist.commands import ios_xe
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.cli.main import main as nmsp
from nmsp_scapy.dissect import dissect
from nmsp_scapy.status import Tally
from nmsp_scapy.trace import Outcome, connections, judge

MAC = "00:50:56:9c:34:89"
ECHOES = 27
ECHO_S = 0.3
LIST_S = 1.0
PATIENCE_S = 40.0
SCREEN = {
    "SERVICE_SUBSCRIBE_REQUEST": (1, 77),
    "SERVICE_SUBSCRIBE_RESPONSE": (1, 18),
    "INFORMATION_REQUEST": (2, 38),
    "STATISTICS_REQUEST": (4, 78),
    "LOCATION_RESPONSE": (2, 70),
}
"""Count and bytes on the MSE's screen in the source document (observed)."""
ANSWERS = 4
"""STATISTICS_RESPONSEs on that screen; their bytes end in 5, the rest is illegible."""


class Story:
    """Tells it; `failed` collects what did not come out as the source says."""

    def __init__(self, directory: Path, pace_s: float) -> None:
        self.directory, self.pace_s = directory, pace_s
        self.failed: list[str] = []
        self.began = time.monotonic()
        self.mse = identity(b"".join(new_identity(MAC)))
        self.before = identity(b"".join(new_identity(MAC)))
        self.config = directory / "wlc-running-config.txt"
        self.certificate = directory / "mse.pem"
        self.trace = directory / "trace.txt"
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """Narrate."""
        click.echo()
        click.secho(text, bold=True)
        time.sleep(self.pace_s)

    def run(self, *arguments: str) -> int:
        """Type an nmsp command, and show it."""
        click.secho("$ nmsp " + shlex.join(arguments), fg="cyan")
        try:
            code = nmsp.main(list(arguments), prog_name="nmsp", standalone_mode=False)
        except SystemExit as ended:
            code = ended.code
        time.sleep(self.pace_s)
        return int(code or 0)

    def expect(self, right: bool, what: str) -> None:
        """Hold the run against the source document."""
        said = "as in the source" if right else "NOT AS IN THE SOURCE"
        click.secho(f"  {said}: {what}", fg="green" if right else "red")
        if not right:
            self.failed.append(what)

    def wlc(self, recorder: Recorder, listed: AuthList) -> EmulatedWlc:
        """Start the WLC of the source: TLS 1.0 and static RSA, its list takes 1 s."""
        return EmulatedWlc(
            tls="legacy-3850",
            authlist=listed,
            authlist_wait_s=LIST_S,
            settings=Settings(ngwc=True, part=8),
            recorder=recorder,
            trace=self.lines.append,
        )

    def path(self, name: str) -> str:
        """Path of a file of the story."""
        return str(self.directory / name)


def tell(directory: Path, pace_s: float) -> list[str]:
    """Tell the story; return what did not come out as in the source document."""
    story = Story(directory, pace_s)
    story.certificate.write_bytes(story.mse.certificate.public_bytes(Encoding.PEM))
    story.config.write_text(ios_xe([identity_of(story.before.der)]))
    story.say("1. A WLC and an MSE. The MSE has a new certificate; the WLC's list has "
              "the hash of the old one.")  # fmt: skip
    click.echo(story.config.read_text(), nl=False)
    _failure(story)
    _fix(story)
    _success(story)
    seconds = time.monotonic() - story.began
    story.say(f"The tunnel is up. The whole story took {seconds:.0f} s.")
    return story.failed


def _failure(story: Story) -> None:
    story.say("2. The MSE dials, as its synchronisation from Prime would make it.")
    recorder = Recorder(story.path("down.pcapng"))
    with story.wlc(recorder, AuthList.read(story.config)) as wlc:
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=story.mse)
        mse.once(PATIENCE_S)
        mse.stop()
        port = wlc.port
    ended = mse.ended[-1]
    click.echo(f"MSE: {ended}")
    story.trace.write_text("\n".join(story.lines) + "\n")
    story.say("3. The WLC's trace: set trace nmsp connection level debug, "
              "show trace messages nmsp")  # fmt: skip
    story.run("trace", str(story.trace))
    (connection,) = connections(line.encode() for line in story.lines)
    verdict = judge(connection)
    story.expect(
        verdict.outcome is Outcome.AUTHLIST,
        "the AuthList rejects the client certificate, alert certificate_unknown",
    )
    story.say("4. Why? Capture, trace and the WLC's list, side by side.")
    code = story.run(
        "doctor", story.path("down.pcapng"), "--port", str(port),
        "--trace", str(story.trace), "--authlist", str(story.config),
    )  # fmt: skip
    story.expect(code == 1, "the key hash does not match")


def _fix(story: Story) -> None:
    story.say("5. The fix, ready to paste; it goes into the WLC's configuration.")
    story.run("authlist", str(story.certificate), "--ios")
    story.config.write_text(ios_xe([identity_of(story.mse.der)]))
    code = story.run("authlist", str(story.certificate), "--compare", str(story.config))
    story.expect(code == 0, "the list now holds what the MSE presents")


def _success(story: Story) -> None:
    story.say(f"6. The MSE dials again. Echo runs every {ECHO_S} s here, not every 15.")
    recorder = Recorder(story.path("up.pcapng"))
    story.lines.clear()
    with story.wlc(recorder, AuthList.read(story.config)) as wlc:
        plan = Plan(echo_s=ECHO_S)
        with EmulatedMse(
            ("127.0.0.1", wlc.port), presented=story.mse, plan=plan
        ) as mse:
            _wait(mse)
            # The screen is read while the tunnel is up, as an operator would.
            recorder.close()
        port = wlc.port
    story.trace.write_text("\n".join(story.lines) + "\n")
    story.run("trace", "--brief", str(story.trace))
    (connection,) = connections(line.encode() for line in story.lines)
    verdict = judge(connection)
    story.expect(verdict.outcome is Outcome.UP, "the connection is up")
    story.say("7. What the MSE shows: its NMSP Status page, from the capture.")
    code = story.run("status", story.path("up.pcapng"), "--port", str(port))
    story.expect(code == 0, "all of the capture is read")
    _compare(story, port)


def _wait(mse: EmulatedMse) -> None:
    """Wait until the echoes of the source's screen are answered."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        session = mse.session.session if mse.session is not None else None
        answered = session.received.get("ECHO_RESPONSE") if session else None
        if answered is not None and answered.count >= ECHOES:
            return
        time.sleep(ECHO_S / 8)


def _compare(story: Story, port: int) -> None:
    """Hold counts and bytes against the source's screen, row by row."""
    tally = Tally()
    capture = story.path("up.pcapng")
    tally.feed_all(dissect(capture, ports=frozenset({port})))
    (status,) = tally.conversations
    story.expect(
        (status.echo_requests, status.echo_responses) == (ECHOES, ECHOES),
        f"echo {status.echo_requests} and {status.echo_responses}",
    )
    story.expect(status.active, "NMSP Status Active")
    found = {counter.name: (counter.count, counter.size) for counter in status.counters}
    for name, expected in SCREEN.items():
        count, size = found.get(name, (0, 0))
        story.expect((count, size) == expected, f"{name} {count}, {size} bytes")
    count, size = found.get("STATISTICS_RESPONSE", (0, 0))
    said = "its bytes cannot be read in the source"
    story.expect(count == ANSWERS, f"STATISTICS_RESPONSE {count}, {size} bytes; {said}")


@click.command()
@click.option("--fast", is_flag=True, help="No pauses for reading.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep captures, trace and configuration here.",
)
@click.pass_context
def main(ctx: click.Context, fast: bool, keep: Path | None) -> None:
    """Re-live the source document in under a minute."""
    pace_s = 0.0 if fast or not sys.stdout.isatty() else 1.5
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        failed: Sequence[str] = tell(keep, pace_s)
    else:
        with tempfile.TemporaryDirectory() as directory:
            failed = tell(Path(directory), pace_s)
    ctx.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
