# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for the suite as a user meets it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from conformance import matrix

ROOT = Path(__file__).parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def listed_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The identity that the emulated gear of `matrix` lists."""
    who = matrix.listed().listed
    path = tmp_path_factory.mktemp("identity") / "mse.pem"
    path.write_bytes(
        who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + who.certificate.public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture(scope="session")
def suite() -> Command:
    """Run `nmsp-conformance`."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "conformance", *map(str, arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run
