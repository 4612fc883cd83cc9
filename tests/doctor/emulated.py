# SPDX-License-Identifier: GPL-2.0-or-later
"""Broken set-ups played by the emulators: real sockets, TLS and traces."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.tls import Identity, identity
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from nmsp_scapy.authlist import identity_of
from nmsp_scapy.authlist.commands import ios_xe
from nmsp_scapy.authlist.create import new_identity

DAY = 86_400.0
MAC = "00:50:56:9c:34:89"


def mse(
    *, key: str = "ec", mac: str = MAC, days: int = -1, life: int = 400
) -> Identity:
    """A fresh MSE, valid from `days` after today on."""
    start = datetime.now(UTC) + timedelta(days=days)
    return identity(b"".join(new_identity(mac, key=key, not_before=start, days=life)))


class Sha256Only(AuthList):
    """The list of IOS-XE, which knows SHA2 alone."""

    def admits(
        self, certificate: bytes, *, sha1: bool = False, sha256: bool = True
    ) -> bool:
        return super().admits(certificate, sha1=False, sha256=sha256)


@dataclass
class Played:
    """What a set-up left behind."""

    capture: Path
    trace: bytes
    config: str
    port: int


@dataclass
class Scene:
    """One set-up.

    Attributes:
        causes: what `nmsp doctor` must find, and nothing else.
        listed: makes the WLC's configuration from the MSE's identity.
        with_trace: whether the doctor is given the WLC's trace.
        with_config: whether it is given the WLC's configuration.
    """

    name: str
    causes: set[str]
    tls: tuple[str, str] = ("1.2", "1.2")
    ciphers: str = ""
    who: Callable[[], Identity] = mse
    listed: Callable[[Identity], str] | None = None
    faults: Sequence[str] = ()
    wait_s: float = 0.0
    seconds: float = 1.2
    echo_s: float = 0.3
    with_trace: bool = True
    with_config: bool = True
    attempts: int = 1
    client: Callable[[int], None] | None = None
    ahead_s: float = 0.0


def own(who: Identity) -> str:
    return ios_xe([identity_of(who.der)])


def with_sha1(who: Identity) -> str:
    shown = identity_of(who.der)
    return own(who).replace(shown.sha256, shown.sha1)


def others(_who: Identity) -> str:
    return own(mse(mac="00:00:5e:00:53:99"))


def renewed(_who: Identity) -> str:
    return own(mse())


def openssl_without_certificate(port: int) -> None:
    subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )


def play(scene: Scene, directory: Path) -> Played:
    """Play a scene."""
    who = scene.who()
    config = (scene.listed or own)(who)
    listed = directory / "list"
    listed.write_text(config)
    lines: list[str] = []
    path = directory / "capture.pcapng"
    recorder, client = Recorder(path), Recorder(directory / "client")
    wlc = EmulatedWlc(
        tls=scene.tls[1],
        ciphers=scene.ciphers,
        authlist=Sha256Only.read(listed),
        authlist_wait_s=scene.wait_s,
        settings=Settings(interval_s=0.4),
        faults=scene.faults,
        recorder=recorder,
        trace=lines.append,
        clock_ahead_s=scene.ahead_s,
    )
    with wlc:
        for _ in range(scene.attempts):
            if scene.client is not None:
                scene.client(wlc.port)
                continue
            dialler = EmulatedMse(
                ("127.0.0.1", wlc.port),
                presented=who,
                tls=scene.tls[0],
                plan=Plan(echo_s=scene.echo_s),
                recorder=client,
            )
            dialler.once(scene.seconds)
            dialler.stop()
        port = wlc.port
    client.close()
    return Played(path, "\n".join(lines).encode(), config, port)


SCENES = [
    Scene("up, TLS 1.0", set(), ("1.0", "legacy-3850")),
    Scene("up, TLS 1.2", set(), ("1.2", "c9800")),
    Scene("up, TLS 1.3", set(), ("1.3", "1.3")),
    Scene("up, list in 1 s", set(), wait_s=1.0, seconds=2.5),
    Scene("list has another MSE", {"mac-unlisted"}, listed=others),
    Scene("the same, three attempts, TLS 1.0", {"mac-unlisted"},
          ("1.0", "legacy-3850"), listed=others, attempts=3,
          who=lambda: mse(key="rsa")),
    Scene("certificate renewed", {"hash-mismatch"}, listed=renewed),
    Scene("certificate renewed, TLS 1.3", {"hash-mismatch"}, ("1.3", "1.3"),
          listed=renewed),
    Scene("refused after the MSE has spoken", {"hash-mismatch"}, ("1.3", "1.3"),
          listed=renewed, wait_s=0.4, with_trace=False),
    Scene("SHA-1 in the list", {"sha1-for-sha2"}, listed=with_sha1),
    Scene("SHA-1 in the list, TLS 1.0", {"sha1-for-sha2"}, ("1.0", "1.0"),
          listed=with_sha1),
    Scene("list not at hand", {"authlist-rejected"}, listed=others,
          with_config=False),
    Scene("list and trace not at hand", {"authlist-rejected"}, ("1.0", "legacy-3850"),
          listed=others, with_config=False, with_trace=False),
    Scene("not yet valid", {"certificate-not-yet-valid"}, who=lambda: mse(days=2)),
    Scene("not yet valid, no trace", {"certificate-not-yet-valid"}, ("1.0", "1.0"),
          who=lambda: mse(days=90, key="rsa"), with_trace=False),
    Scene("expired", {"certificate-expired"}, who=lambda: mse(days=-9, life=3)),
    Scene("expired, TLS 1.3", {"certificate-expired"}, ("1.3", "1.3"),
          who=lambda: mse(days=-99, life=9), with_trace=False),
    Scene("WLC two days behind", {"clocks-apart"}, ahead_s=-2 * DAY),
    Scene("WLC years ahead, TLS 1.0", {"clocks-apart"}, ("1.0", "legacy-3850"),
          who=lambda: mse(key="rsa"), ahead_s=800 * DAY),
    Scene("list in 3 s", {"authlist-slow"}, wait_s=3.0, seconds=5),
    Scene("list in 2.5 s, no trace", {"authlist-slow"}, ("1.0", "1.0"), wait_s=2.5,
          seconds=4, with_trace=False),
    Scene("versions apart", {"tls-version"}, ("1.3", "1.2")),
    Scene("versions apart, no trace", {"tls-version"}, ("1.0", "c9800"),
          with_trace=False),
    Scene("suites apart", {"tls-suite"}, ("c9800", "1.2"),
          "AES256-SHA256:@SECLEVEL=0"),
    Scene("suites apart, no trace", {"tls-suite"}, ("legacy-3850", "1.0"),
          "ECDHE-RSA-AES128-SHA:@SECLEVEL=0", with_trace=False),
    Scene("no certificate", {"no-client-certificate"},
          client=openssl_without_certificate),
    Scene("no certificate, no trace", {"no-client-certificate"}, ("1.2", "c9800"),
          client=openssl_without_certificate, with_trace=False),
    Scene("subscription refused", {"subscription-refused"},
          faults=["subscription-refused"]),
    Scene("subscription unanswered", {"subscription-refused"}, ("1.3", "1.3"),
          faults=["subscription-unanswered"], seconds=2.5),
    Scene("echo unanswered", {"echo-lost"}, faults=["echo-unanswered"], seconds=3),
    Scene("echo stops", {"echo-lost"}, ("1.0", "1.0"), faults=["echo-stops"],
          seconds=4),
    Scene("refused without an alert", {"handshake-failed"}, ("1.3", "1.3"),
          listed=others, faults=["rejects-with-fin"]),
    Scene("refused by a reset", {"handshake-failed"}, listed=others,
          faults=["rejects-with-rst"], with_trace=False),
    Scene("refused with alert 42", {"mac-unlisted"}, listed=others,
          faults=["rejects-with-42"]),
    Scene("WLC never speaks, TLS 1.0", {"peer-dead"}, ("1.0", "legacy-3850"),
          faults=["capability-missing", "echo-unanswered"], seconds=4,
          who=lambda: mse(key="rsa"), with_trace=False),
    Scene("WLC hangs", {"peer-dead"}, faults=["echo-unanswered", "notifies-never"],
          seconds=4),
]  # fmt: skip
