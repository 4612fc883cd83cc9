# SPDX-License-Identifier: GPL-2.0-or-later
"""Campaigns of Scapy's own test tool, run by that tool."""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


class CampaignError(AssertionError):
    """A test of a campaign failed, or the campaign was not run."""


@functools.cache
def run_campaigns(*paths):
    """Run campaigns in one UTscapy; return what it says of each, and of failures."""
    chosen = [part for path in paths for part in ("-t", str(path))]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scapy.tools.UTscapy",
            *chosen,
            "-b",
            "-f",
            "text",
            "-N",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    _, *parts = re.split(r"^.*Loading: ", done.stdout, flags=re.M)
    said = {Path(part.split("\n", 1)[0]): part for part in parts}
    return said, done.stdout + done.stderr


def judge(path, *others):
    """Raise unless each test of the campaign passed; return how many did."""
    said, everything = run_campaigns(*(others or (path,)))
    result = re.search(r"PASSED=(\d+) FAILED=(\d+)", said.get(path, ""))
    if result is None or result[1] == "0" or result[2] != "0":
        raise CampaignError(everything)
    return int(result[1])


class Campaign(pytest.File):
    """One `.uts` file."""

    def collect(self):
        yield CampaignRun.from_parent(self, name="campaign")


class CampaignRun(pytest.Item):
    """Runs the campaigns of its folder, once for all of them."""

    def runtest(self):
        judge(self.path, *sorted(self.path.parent.glob("*.uts")))

    def repr_failure(self, excinfo):
        if excinfo.errisinstance(CampaignError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, self.path.name
