# SPDX-License-Identifier: GPL-2.0-or-later
"""This machine's Wireshark: where it reads plugins, and whether ours works there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import msgspec

from nmsp_scapy.constants import PORT
from nmsp_scapy.layers import bind
from nmsp_scapy.profile import NOMINAL, Profile

PLUGIN = "nmsp.lua"
EXTCAP = "nmsp"
"""File of the capture source."""

PROFILE = "NMSP"
"""Name of the configuration profile: `wireshark -C NMSP`."""

PROFILE_FILES = (
    "colorfilters",
    "dfilter_buttons",
    "io_graphs",
    "preferences",
    "recent",
)
"""Its files."""

OWN_CHANGES = "recent"
"""What Wireshark itself writes there: the widths that a user has drawn stay."""

SOURCE = f'#!/bin/sh\nexec "{sys.executable}" -m nmsp_scapy extcap "$@"\n'
"""What that file says."""

LAST_USED = "gui.last_used_profile: "
"""Line of `recent_common`: the profile that Wireshark starts with."""

NO_CHOICE = "Default"
"""The profile of those who chose none."""

SECONDS = 60


class WiresharkError(Exception):
    """Wireshark is not there, or does not say what is asked of it."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that `check` looked at.

    Attributes:
        what: what it is.
        good: whether it is as it should be.
        said: what was found.
    """

    what: str
    good: bool
    said: str


class Wireshark:
    """A Wireshark, asked through its tshark.

    Attributes:
        version: of tshark, as it says it.
    """

    def __init__(self, tshark: str | None = None) -> None:
        path = shutil.which(tshark or "tshark")
        if path is None:
            raise WiresharkError(f"{tshark or 'tshark'} is not installed")
        self._tshark = path
        self._folders: dict[str, str] = {}
        said = self.run("--version").split("\n", 1)[0]
        self.version = said.removeprefix("TShark (Wireshark) ").rstrip(".")

    def run(self, *arguments: str) -> str:
        """Return what tshark prints."""
        try:
            done = subprocess.run(  # noqa: S603 - the program that was looked up
                [self._tshark, *arguments],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise WiresharkError(f"tshark: {error}") from None
        if done.returncode:
            raise WiresharkError(f"tshark: {_told(done.stderr)}")
        return done.stdout

    def folder(self, name: str) -> Path:
        """Return a folder that tshark knows by a name.

        Raises:
            WiresharkError: it knows none (a Wireshark without Lua has no plugins).
        """
        if not self._folders:
            lines = self.run("-G", "folders").splitlines()
            pairs = (line.partition(":") for line in lines)
            self._folders = {key.strip(): value.strip() for key, _, value in pairs}
        if name in self._folders:
            return Path(self._folders[name])
        raise WiresharkError(f"this Wireshark has no folder for {name}")

    @property
    def plugins(self) -> Path:
        """Where the user's Lua plugins are read."""
        return self.folder("Personal Lua Plugins")

    @property
    def profile(self) -> Path:
        """Where our configuration profile is read."""
        return self.folder("Personal configuration") / "profiles" / PROFILE

    def install(self, dissector: str, keylog: Path | None = None) -> list[Path]:
        """Write plugin and configuration profile; return what was written."""
        written = [_write(self.plugins / PLUGIN, dissector)]
        templates = files("nmsp_scapy.export").joinpath("templates/profile")
        for name in PROFILE_FILES:
            if name == OWN_CHANGES and (self.profile / name).exists():
                continue
            text = templates.joinpath(name).read_text()
            if name == "preferences" and keylog is not None:
                text += f"tls.keylog_file: {keylog.resolve()}\n"
            written.append(_write(self.profile / name, text))
        return [*written, *self._install_extcap()]

    @property
    def extcap(self) -> Path:
        """Where capture sources are read; one for all users in old Wiresharks."""
        try:
            return self.folder("Personal Extcap path")
        except WiresharkError:
            return self.folder("Extcap path")

    @property
    def _recent(self) -> Path:
        return self.folder("Personal configuration") / "recent_common"

    @property
    def started_with(self) -> str:
        """The profile that a plain `wireshark` starts with: the one used last."""
        if not self._recent.exists():
            return NO_CHOICE
        for line in self._recent.read_text(errors="replace").splitlines():
            if line.startswith(LAST_USED):
                return line.removeprefix(LAST_USED).strip()
        return NO_CHOICE

    def start_with(self, profile: str) -> Path:
        """Have a plain `wireshark` start with a profile; nothing else is changed."""
        kept = []
        if self._recent.exists():
            text = self._recent.read_text(errors="surrogateescape")
            kept = [each for each in text.split("\n") if not each.startswith(LAST_USED)]
        lines = [f"{LAST_USED}{profile}", *kept]
        self._recent.parent.mkdir(parents=True, exist_ok=True)
        self._recent.write_text(
            "\n".join(lines).rstrip("\n") + "\n", errors="surrogateescape"
        )
        return self._recent

    def uninstall(self) -> list[Path]:
        """Take away what `install` wrote; return what was taken away."""
        gone = [self.plugins / PLUGIN]
        gone += [self.profile / name for name in PROFILE_FILES]
        source = self.extcap / EXTCAP
        if source.exists() and source.read_text(errors="replace") == SOURCE:
            gone.append(source)
        gone = [path for path in gone if os.access(path.parent, os.W_OK)]
        gone = [path for path in gone if path.exists()]
        for path in gone:
            path.unlink()
        if self.profile.exists() and not any(self.profile.iterdir()):
            self.profile.rmdir()
        if self.started_with == PROFILE:
            self.start_with(NO_CHOICE)
        return gone

    def _install_extcap(self) -> list[Path]:
        """Write the capture source where this user may."""
        folder = self.extcap
        if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
            return []
        written = _write(folder / EXTCAP, SOURCE)
        written.chmod(0o755)
        return [written]

    def check(self, dissector: str, profile: Profile = NOMINAL) -> list[Finding]:
        """Look whether the plugin is the current one and dissects a message."""
        plugin = self.plugins / PLUGIN
        findings = [Finding("tshark", True, self.version)]
        if not plugin.exists():
            said = f"{plugin} is missing: nmsp wireshark install"
            return [*findings, Finding("plugin", False, said)]
        current = plugin.read_text() == dissector
        said = f"{plugin}{'' if current else ' is of another version or profile'}"
        findings.append(Finding("plugin", current, said))
        has_profile = (self.profile / "preferences").exists()
        findings.append(Finding("profile", has_profile, str(self.profile)))
        findings.append(self._dissects(profile))
        return findings

    def _dissects(self, profile: Profile) -> Finding:
        name = "ECHO_REQUEST"
        number = profile.message_types.get(name)
        body = bind(profile).message(name)
        if number is None or body is None:
            return Finding("dissection", False, f"the profile has no {name}")
        sample = bytes(bind(profile).header() / body())
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder) / "sample.pcap"
            capture.write_bytes(_capture(sample))
            said = self.run(
                *("-r", str(capture), "-d", f"tcp.port=={PORT},nmsp"),
                *("-T", "fields", "-e", "nmsp.type"),
            ).strip()
        good = said == str(number)
        what = f"read {name} as {said or 'nothing'}"
        return Finding("dissection", good, what)


def _told(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if "Running as user" not in line]
    return lines[-1] if lines else "no word why"


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _capture(payload: bytes) -> bytes:
    """Write a capture of one TCP segment."""
    from scapy.layers.inet import IP, TCP

    packet = bytes(
        IP(dst="127.0.0.1") / TCP(sport=49152, dport=PORT, flags="PA") / payload
    )
    header = bytes.fromhex("d4c3b2a1 02000400 00000000 00000000 00000400 65000000")
    sizes = len(packet).to_bytes(4, "little") * 2
    return header + bytes(8) + sizes + packet


def filter_names(dissector: str) -> list[tuple[str, str, str]]:
    """Return filter name, type and label of each field of a Lua dissector, sorted."""
    call = re.compile(r'Proto(Field|Expert)\.(\w+)\("([\w.]+)", "([^"]*)"')
    found = {
        (name, "expert" if kind == "Expert" else type_, label)
        for kind, type_, name, label in call.findall(dissector)
    }
    return sorted(found)


def filter_page(names: Iterable[tuple[str, str, str]]) -> str:
    """Write the table of filter names."""
    rows = [f"| `{name}` | {type_} | {label} |" for name, type_, label in names]
    return "\n".join(["| filter name | type | |", "|---|---|---|", *rows]) + "\n"
