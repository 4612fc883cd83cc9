# SPDX-License-Identifier: GPL-2.0-or-later
"""A profile that calibrate wrote drives dissect, Wireshark and the conformance suite.

The endpoint speaks the layout that was drawn; all tools have only what was measured.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from secrets import randbelow

import pytest

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.tls import identity
from conformance.emulator.wlc import Settings
from conformance.recording import Recorder
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.profile import NOMINAL, Profile
from tests.gear.emulators import MSE, WLC
from tests.gear.geometries import draw_geometry
from tests.gear.shark import shark

LAYOUTS = {
    "documented elements": 472497918,
    "elements of other numbers": 454126331,
    "drawn anew": 0,
}
"""Seeds of drawn layouts. Of the second, no number of an element has a name.

The last is drawn anew each time: what cannot be measured of it stays open, and nothing
may be told wrong.
"""

ECHOES = 9
"""About four seconds of traffic, where the machine is free."""

SELECTORS = ("capability", "echo", "subscription", "measurement")


def program(module: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *map(str, args)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=180, check=False
    )


def talk(mse: EmulatedMse, echoes: int) -> None:
    """Wait until the MSE has had so many echo responses."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        received = mse.session.session.received if mse.session else {}
        if "ECHO_RESPONSE" in received and received["ECHO_RESPONSE"].count >= echoes:
            return
        time.sleep(0.05)
    raise AssertionError("too few echo responses in a minute")


def drawn_anew() -> Profile:
    """A layout that nobody has seen, and that emulated gear can speak."""
    while True:
        seed = randbelow(10**9)
        profile = draw_geometry(seed).profile
        if profile.elements is not None:
            print(f"drawn of seed {seed}")
            return profile


class Gear:
    """An emulated WLC that speaks a drawn layout, and what was measured of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        profile = draw_geometry(seed).profile if seed else drawn_anew()
        self.mine = folder / "mine.toml"
        self.capture, self.identity = folder / "x.pcapng", folder / "mse.pem"
        key, certificate = new_identity("02005ee00002", name="MSE")
        self.identity.write_bytes(key + certificate)
        self.settings = Settings(profile=profile, interval_s=0.25)
        self.listed = AuthList.of(MSE.der)
        self.profile = profile
        self.named = profile.element_types == NOMINAL.element_types
        self.anew = not seed


@pytest.fixture(scope="module", params=LAYOUTS.values(), ids=LAYOUTS)
def gear(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Gear, str]:
    made = Gear(tmp_path_factory.mktemp("drives"), request.param)
    with EmulatedWlc(
        presented=WLC,
        authlist=made.listed,
        authlist_wait_s=0,
        settings=made.settings,
        recorder=Recorder(made.capture),
    ) as wlc:
        plan = Plan(echo_s=0.5, dead_s=5, profile=made.profile)
        with EmulatedMse(("127.0.0.1", wlc.port), presented=MSE, plan=plan) as mse:
            talk(mse, ECHOES)
    port = str(wlc.port)
    found = program(
        "nmsp_scapy", "calibrate", made.capture, "--port", port, "-o", made.mine
    )
    assert found.returncode == 0, found.stderr
    return made, port


def test_dissect_and_tshark_name_the_same_messages(
    gear: tuple[Gear, str], tshark: str, tmp_path: Path
) -> None:
    made, port = gear
    ours = program(
        "nmsp_scapy", "dissect", made.capture, "--port", port,
        "--profile", made.mine, "--format", "ndjson",
    )  # fmt: skip
    assert ours.returncode == 0, ours.stderr
    records = [json.loads(line) for line in ours.stdout.splitlines()]
    types = [str(one["type"]) for one in records if one["kind"] == "message"]
    assert len(types) > 40
    lua = tmp_path / "nmsp.lua"
    done = program(
        "nmsp_scapy", "wireshark", "lua", "--profile", made.mine, "--port", port,
        "-o", lua,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = shark(
        tshark, made.capture, "-X", f"lua_script:{lua}", "-d", f"tcp.port=={port},tls",
        "-Y", "nmsp", "-T", "fields", "-e", "nmsp.type", "-E", "aggregator= ",
    )  # fmt: skip
    theirs = " ".join(lines).split()
    assert Counter(theirs) == Counter(types)


def test_the_suite_judges_what_the_profile_names(gear: tuple[Gear, str]) -> None:
    """What rests on elements without a name stays open: nothing fails for that."""
    made, _ = gear
    with EmulatedWlc(
        presented=WLC,
        authlist=AuthList.of(identity(made.identity.read_bytes()).der),
        authlist_wait_s=0,
        settings=made.settings,
    ) as wlc:
        done = program(
            "conformance", "run", f"127.0.0.1:{wlc.port}", *SELECTORS,
            "--identity", made.identity, "--profile", made.mine, "--json",
            "--timeout-factor", "0.5",
        )  # fmt: skip
    (run,) = json.loads(done.stdout)["runs"]
    counts = Counter(case["verdict"] for case in run["cases"])
    assert done.returncode in (0, 3), counts
    assert not counts["fail"], run
    assert not counts["error"], run
    if made.anew:
        return
    assert counts["pass"] >= (45 if made.named else 20), counts
    reasons = {case.get("reason") for case in run["cases"]}
    assert made.named or "profile-unconfirmed" in reasons
