# SPDX-License-Identifier: GPL-2.0-or-later
"""The result as JSON: `{"runs": [...], "exit": 1}`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from conformance.result import Run
from conformance.verdict import Exit


class Document(msgspec.Struct):
    """What `--json` writes.

    Attributes:
        exit: the process's exit code.
    """

    runs: list[Run]
    exit: Exit


def exit_of(runs: Sequence[Run]) -> Exit:
    """Return the exit code of several runs: the one that needs most attention."""
    order = (Exit.BUG, Exit.DEVIATION, Exit.INCONCLUSIVE, Exit.OK)
    codes = {run.exit for run in runs}
    return next((code for code in order if code in codes), Exit.INCONCLUSIVE)


def text_of(runs: Sequence[Run]) -> str:
    """Write the document, indented."""
    document: Any = Document(list(runs), exit_of(runs))
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:  # JSON holds no lone surrogates
        encoded = msgspec.json.encode(_sound(msgspec.to_builtins(document)))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def _sound(value: Any) -> Any:
    """Spell out in every text what is no character."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_sound(key): _sound(each) for key, each in value.items()}
    return [_sound(each) for each in value] if isinstance(value, list) else value


def write(runs: Sequence[Run], path: str) -> None:
    """Write the document to a file, or to standard output for `-`."""
    if path == "-":
        sys.stdout.write(text_of(runs))
    else:
        Path(path).write_text(text_of(runs), encoding="utf-8")


def read(path: Path) -> list[Run]:
    """Read a document.

    Raises:
        ValueError: it is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Document).runs
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: not a result: {error}") from None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    found = msgspec.json.schema(Document)
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "Result of nmsp-conformance"
    return found
