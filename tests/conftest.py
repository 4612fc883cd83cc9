# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures that every part of the tests shares."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background so, and our programs would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def program(name: str) -> str:
    """Path of a program that a test holds ours against.

    Without it the test is skipped; in continuous integration that is a failure.
    """
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed (make tools)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def schema(name: str) -> Path:
    """Path of an official schema, which a report is held to."""
    path = Path(sys.prefix) / "share" / "nmsp-schemas" / name
    if not path.exists():
        reason = f"{name} has not been fetched (make tools)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def tshark() -> str:
    """Path of tshark, the independent judge."""
    return program("tshark")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium, which reports are looked at with."""
    return program("chromium")
