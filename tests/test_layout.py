# SPDX-License-Identifier: GPL-2.0-or-later
"""The file tree is the architecture: what must hold of it as a whole."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for package in ("nmsp_scapy", "conformance")
    for path in (ROOT / package).rglob("*.py")
)
LINES = 600


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_names_its_licence_and_stays_small(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# SPDX-License-Identifier: GPL-2.0-or-later\n")
    assert len(text.splitlines()) <= LINES


def test_names_that_say_nothing_are_not_used() -> None:
    banned = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [path for path in SOURCES if path.stem in banned]


def test_scapy_all_is_never_imported() -> None:
    bad = [
        p
        for p in SOURCES
        if re.search(r"^\s*(from|import) scapy\.all", p.read_text(), re.M)
    ]
    assert not bad


def test_the_lock_names_no_index_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?:|index-url|find-links|file:", lock)
    pins = re.findall(r"^([a-z0-9.-]+)==\S+.*?(?=^[a-z]|\Z)", lock, re.M | re.S)
    entries = re.split(r"^(?=[a-z])", lock, flags=re.M)[1:]
    assert len(pins) == len(entries) > 30
    assert all("--hash=sha256:" in entry for entry in entries)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = list(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        names += extra
    for group in project["dependency-groups"].values():
        names += group
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text().lower()
    missing = [n for n in names if re.split(r"[>=<\[]", n)[0].lower() not in reasons]
    assert not missing


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


def test_no_file_names_a_place_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".pcap", ".pcapng", ".png"} or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        if re.search(r"(?<![\w./])/(?:root|home/\w+)/", text):
            found.append(name)
    assert not found
