# SPDX-License-Identifier: GPL-2.0-or-later
"""Results that earlier runs have left, read back for `diff` and `baseline`."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance.report.json import Document
from conformance.result import SCHEMA_VERSION, Run

NAME = "result.json"
"""What `-o DIR` leaves in its folder."""

LARGEST = 512 << 20
"""Bytes of a result; a file that is larger is none of ours."""


class Head(msgspec.Struct):
    """What tells a result's generation before the rest is read.

    Attributes:
        schema_version: left out of a result while it is the first.
    """

    schema_version: int = 1


class Heads(msgspec.Struct):
    """The same for all of its runs."""

    runs: list[Head]


class ResultError(ValueError):
    """A file is no result that can be read; says which and why."""


def read(path: Path) -> list[Run]:
    """Read a result file, or that of a run's output folder.

    Raises:
        ResultError: there is none, or it is of another generation.
    """
    where = path / NAME if path.is_dir() else path
    try:
        if where.stat().st_size > LARGEST:
            raise ResultError(f"{where}: larger than any result")
        data = where.read_bytes()
        _same_generation(where, msgspec.json.decode(data, type=Heads).runs)
        runs = msgspec.json.decode(data, type=Document).runs
    except OSError as error:
        raise ResultError(f"{where}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultError(f"{where}: not a result of this suite: {error}") from None
    except RecursionError:
        raise ResultError(f"{where}: not a result of this suite: too deep") from None
    if not runs:
        raise ResultError(f"{where}: a result of no run")
    return runs


def _same_generation(where: Path, heads: Sequence[Head]) -> None:
    for head in heads:
        if head.schema_version != SCHEMA_VERSION:
            raise ResultError(
                f"{where}: its schema version is {head.schema_version}, "
                f"this suite's is {SCHEMA_VERSION}"
            )
