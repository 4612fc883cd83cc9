# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzz a target with atheris: `python -m tests.fuzz capture -max_total_time=60`.

What follows the name goes to libFuzzer. New inputs of interest go to a scratch
directory, a crash to the current one; make it small and put it into the corpus.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["nmsp_scapy"]):
    from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Run one target for as long as libFuzzer is told."""
    name, *options = sys.argv[1:] or ["?"]
    if name not in TARGETS:
        sys.exit(f"targets: {', '.join(TARGETS)}")
    with tempfile.TemporaryDirectory() as scratch:
        limits = ["-max_len=8192", "-timeout=10", "-rss_limit_mb=512"]
        arguments = [sys.argv[0], *limits, *options, scratch, str(CORPUS / name)]
        atheris.Setup(arguments, TARGETS[name])
        atheris.Fuzz()


main()
