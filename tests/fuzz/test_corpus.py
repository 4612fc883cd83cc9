# SPDX-License-Identifier: GPL-2.0-or-later
"""What fuzzing has found stays found."""

from pathlib import Path

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[name](path.read_bytes())


def test_seeds_can_be_made_anew() -> None:
    for name, data in seeds().items():
        target, _, _ = name.partition("/")
        assert (CORPUS / name).exists()
        TARGETS[target](data)
