# SPDX-License-Identifier: GPL-2.0-or-later
"""The vectors: messages written down byte for byte, with what they say."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

VECTORS = Path(__file__).parent.parent / "vectors"


class Vector(NamedTuple):
    """One file of `tests/vectors`.

    Attributes:
        message: name of the message.
        condition: `valid`, `truncated`, `trailing` or `unknown_element`.
        source: where it is from, the grade first.
        raw: the bytes.
        header, elements: what they say, field by field; absent fields are left out.
        malformed: the bytes that cannot be read.
    """

    message: str
    condition: str
    source: str
    raw: bytes
    header: dict[str, Any]
    elements: list[dict[str, Any]]
    malformed: bytes


def read(path):
    data = tomllib.loads(path.read_text())
    message, condition = path.stem.rsplit("-", 1)
    assert message == data["message"].lower()
    return Vector(
        data["message"],
        condition,
        data["source"],
        bytes.fromhex(data["hex"]),
        data.get("header", {}),
        data.get("elements", []),
        bytes.fromhex(data.get("malformed", "")),
    )


def every_vector():
    return [read(path) for path in sorted(VECTORS.glob("*.toml"))]


def named(vector):
    return f"{vector.message}-{vector.condition}"
