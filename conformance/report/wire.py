# SPDX-License-Identifier: GPL-2.0-or-later
"""A message as a report shows it: its bytes, its decoded tree, and what is marked."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from conformance.result import Case, Line
from conformance.verdict import Evidence, Verdict
from nmsp_scapy.constants import MessageType

COLUMNS = 16
LIMIT = 4096
"""Bytes of a message that are laid out."""


class Node(NamedTuple):
    """A line of a decoded message."""

    depth: int
    name: str
    value: str
    marked: bool


def evidence_of(case: Case, line: Line) -> list[Evidence]:
    """What failed in a line of the transcript."""
    if line.message is None:
        return []
    return [
        found.evidence
        for part in case.requirements
        if part.verdict is Verdict.FAIL
        for found in part.unmet
        if found.evidence is not None
        and found.evidence.message == line.message
        and found.evidence.connection == line.connection
    ]


def dump(raw: str, marks: Sequence[Evidence]) -> list[list[tuple[str, bool]]]:
    """Lay a message's bytes out in rows; the second of each pair marks a byte."""
    marked: set[int] = set()
    for mark in marks:
        if mark.offset is not None:
            marked |= set(range(mark.offset, mark.offset + (mark.length or 1)))
    raw = raw[: 2 * LIMIT]
    pairs = [(raw[i : i + 2], i // 2 in marked) for i in range(0, len(raw), 2)]
    return [pairs[i : i + COLUMNS] for i in range(0, len(pairs), COLUMNS)]


def tree(record: dict[str, Any] | None, marks: Sequence[Evidence] = ()) -> list[Node]:
    """Lay a decoded message out, a line a field; fields of findings are marked."""
    wanted = {mark.field for mark in marks if mark.field}
    lines: list[Node] = []

    def walk(value: dict[str, Any], depth: int, paths: tuple[str, ...]) -> None:
        for key, inner in value.items():
            if key == "elements" and isinstance(inner, list):
                for at, element in enumerate(inner):
                    name = str(element.get("name", "?"))
                    own = tuple(
                        _joined(path, step)
                        for path in paths
                        for step in (str(at), name.lower())
                    )
                    hit = bool(wanted & set(_prefixed(own)))
                    lines.append(Node(depth, name, "", hit))
                    walk(element, depth + 1, own)
            elif not (depth and key in ("type", "name", "length")):
                here = {_joined(path, key) for path in paths}
                if depth:
                    here = {*_prefixed(here), f"elements.{key}"}
                lines.append(Node(depth, key, str(inner), bool(wanted & here)))

    walk(record or {}, 0, ("",))
    return lines


def _joined(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _prefixed(paths: Iterable[str]) -> list[str]:
    return [f"elements.{path}" for path in paths]


def display_filter(line: Line) -> str:
    """Write the Wireshark display filter that finds a message."""
    record = line.record or {}
    number = record.get("type")
    if number is None:
        return "nmsp"
    known = {m.value for m in MessageType}
    made = f"nmsp.type == {number}" if number in known else f"nmsp.type == {number:#x}"
    if record.get("transaction_id"):
        made += f" && nmsp.transaction_id == {record['transaction_id']}"
    return made
