# SPDX-License-Identifier: GPL-2.0-or-later
"""A real TLS 1.3 session on loopback whose key log grows while it runs."""

import time
from pathlib import Path

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.tls import identity_file
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from nmsp_scapy.profile import NOMINAL, Profile

ROOT = Path(__file__).parent.parent.parent


def converse(log: Path, profile: Profile = NOMINAL) -> None:
    """Let an MSE talk to a WLC for a second, its secrets written as they come.

    The port stands in the file `.port` beside the log; the talk begins when there is
    a file `.go`.
    """

    class Growing(Recorder):
        def secret(self, line: bytes) -> None:
            super().secret(line)
            with log.open("ab") as file:
                file.write(line + b"\n")

    mse = identity_file(ROOT / "keys/mse.pem")
    listed, settings = AuthList.of(mse.der), Settings(profile=profile)
    with EmulatedWlc(tls="1.3", authlist=listed, settings=settings) as wlc:
        recorder = Growing(log.with_suffix(".pcapng"))
        peer = EmulatedMse(
            ("127.0.0.1", wlc.port),
            presented=mse,
            plan=Plan(profile=profile),
            recorder=recorder,
        )
        Path(log.with_suffix(".port")).write_text(str(wlc.port))
        deadline = time.monotonic() + 20
        while not log.with_suffix(".go").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        peer.once(1.0)
        peer.stop()
