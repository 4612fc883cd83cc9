# SPDX-License-Identifier: GPL-2.0-or-later
"""Records `pcaps/` and `keys/` from the emulators on loopback: `make captures`.

Root records the packets of the loopback interface; for anyone else frames are rebuilt
from what the sockets carried. The keys open nothing but these captures.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EVERYTHING, MSE_MAC, EmulatedMse, Plan
from conformance.emulator.server import WLC_MAC, EmulatedWlc
from conformance.emulator.tls import Identity, identity, identity_file
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from conformance.sniffer import Sniffer
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.authlist.identity import identity_of
from nmsp_scapy.capture.pcapng import PcapngWriter, open_private
from nmsp_scapy.constants import PORT, Service, SubService

FOR_EVER = 36_500
"""Days; nothing in `keys/` may expire."""

ALL_SERVICES: dict[int, int] = {
    Service.RSSI: SubService.RSSI_MOBILE_STATION
    | SubService.RSSI_TAG
    | SubService.RSSI_ROGUE,
    Service.INFORMATION: SubService.INFORMATION_MOBILE_STATION,
    Service.STATISTICS: SubService.STATISTICS_MOBILE_STATION,
    Service.ATTACHMENT: SubService.ATTACHMENT_MOBILE_STATION_ATTACHMENT,
    Service.LOCATION: SubService.LOCATION_SUBSCRIPTION,
    Service.AP_MONITOR: SubService.AP_MONITOR_SUBSCRIPTION,
    Service.IDS: SubService.IDS_WIPS,
    Service.AP_INFO: SubService.AP_INFO_SUBSCRIPTION,
}


class Session(msgspec.Struct, frozen=True):
    """One capture: what is played, and where its keys go.

    Attributes:
        tls: policy or version of the WLC.
        listed: whether the MSE stands in the AuthList.
        seconds: how long the MSE stays.
        keys: `inside` the pcapng, a key `log` beside it, or `rsa` (the WLC's key).
    """

    tls: str
    keys: str
    ciphers: str = ""
    listed: bool = True
    seconds: float = 1.0
    interval_s: float = 0.3
    echo_s: float = 0.4
    everything: bool = False
    host: str = "127.0.0.1"
    note: str = ""


SESSIONS: dict[str, Session] = {
    "tls10-rsa": Session("legacy-3850", "rsa", note="as the observed controller"),
    "tls10-rsa-rejected": Session(
        "legacy-3850", "rsa", listed=False, note="the MSE is not on the AuthList"
    ),
    "tls11-rsa": Session("1.1", "rsa", "AES128-SHA:@SECLEVEL=0"),
    "tls12-ecdhe": Session("c9800", "log"),
    "tls12-cbc": Session("1.2", "log", "AES256-SHA256:@SECLEVEL=0"),
    "tls12-ipv6": Session("1.2", "log", host="::1"),
    "tls13": Session("1.3", "inside"),
    "tls13-rejected": Session(
        "1.3", "inside", listed=False, note="the MSE is not on the AuthList"
    ),
    "notifications": Session(
        "c9800",
        "inside",
        seconds=6.0,
        interval_s=0.5,
        echo_s=0.75,
        everything=True,
        note="every message, and a minute of notifications in six seconds",
    ),
}


def record(session: Session, wlc: Identity, mse: Identity, path: Path) -> list[bytes]:
    """Play a session and record it; return its key log.

    Args:
        session: what to play.
        wlc: identity of the WLC.
        mse: identity of the MSE.
        path: of the capture; the key log stands inside where `session` says so.
    """
    recorder = Recorder(path)
    # In TLS 1.3 a client that is turned away has secrets that the server never made.
    client = Recorder(path.with_suffix(".client"))
    emulated = EmulatedWlc(
        host=session.host,
        port=PORT,
        tls=session.tls,
        ciphers=session.ciphers,
        presented=wlc,
        authlist=AuthList.of(mse.der) if session.listed else AuthList(),
        authlist_wait_s=0.2,
        settings=Settings(interval_s=session.interval_s),
        recorder=recorder,
    )
    plan = Plan(echo_s=session.echo_s)
    if session.everything:
        plan = Plan(subscribes=ALL_SERVICES, asks=EVERYTHING, echo_s=session.echo_s)
    peer = EmulatedMse(
        (session.host, emulated.port), presented=mse, plan=plan, recorder=client
    )

    def play() -> None:
        with emulated:
            peer.once(session.seconds)
            peer.stop()

    packets = _sniffed(emulated.port, play)
    path.with_suffix(".client").unlink()
    secrets = [*dict.fromkeys(recorder.secrets + client.secrets)]
    inside = session.keys == "inside"
    if packets is None and not inside:
        _without_secrets(path)
    elif packets is not None:
        _write(path, packets, secrets if inside else [])
    return secrets


def _sniffed(port: int, play: Callable[[], None]) -> list[tuple[int, bytes]] | None:
    """Play, and return the packets of the interface; None for who may not see them."""
    try:
        sniffer = Sniffer(port)
    except PermissionError:
        play()
        return None
    with sniffer:
        play()
    return sniffer.packets


def _write(path: Path, packets: list[tuple[int, bytes]], secrets: list[bytes]) -> None:
    with open_private(path) as file:
        writer = PcapngWriter(file)
        writer.interface(name="lo", description="loopback, between the emulators")
        if secrets:
            writer.secrets(b"\n".join(secrets) + b"\n")
        for time_ns, frame in packets:
            writer.packet(frame, time_ns)


def _without_secrets(path: Path) -> None:
    """Take the secrets out of a recording."""
    from nmsp_scapy.capture.pcapng import BlockType, block, blocks

    with path.open("rb") as file:
        kept = [found for found in blocks(file) if found.kind != BlockType.SECRETS]
    path.write_bytes(b"".join(block(found.kind, found.body) for found in kept))


def _identity(path: Path, mac: str, name: str) -> Identity:
    """Read an identity that captures already stand on, or make it."""
    if not path.exists():
        made = identity(b"".join(new_identity(mac, name=name, days=FOR_EVER)))
        path.write_bytes(made.pem)
    return identity_file(path)


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Folder that holds pcaps/ and keys/.",
)
def main(names: tuple[str, ...], root: Path) -> None:
    """Record NAMES, or every capture."""
    unknown = set(names) - SESSIONS.keys()
    if unknown:
        raise click.UsageError(f"no capture {', '.join(sorted(unknown))}")
    pcaps, keys = root / "pcaps", root / "keys"
    for folder in (pcaps, keys):
        folder.mkdir(parents=True, exist_ok=True)
    wlc = _identity(keys / "wlc.pem", WLC_MAC, "WLC")
    mse = _identity(keys / "mse.pem", MSE_MAC, "MSE")
    shown = identity_of(mse.der)
    (keys / "authlist.txt").write_text(f"{shown.mac} {shown.sha256}\n")
    if os.geteuid() != 0:
        click.echo(
            "Not root: frames are rebuilt from what the sockets carry.", err=True
        )
    for name in names or SESSIONS:
        session = SESSIONS[name]
        path = pcaps / f"{name}.pcapng"
        secrets = record(session, wlc, mse, path)
        if session.keys == "log":
            log = keys / f"{name}.keys"
            log.write_bytes(b"\n".join(secrets) + b"\n")
        path.chmod(0o644)
        click.echo(f"{path}  {path.stat().st_size} bytes", err=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
