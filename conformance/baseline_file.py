# SPDX-License-Identifier: GPL-2.0-or-later
"""The file of known deviations, edited in place.

It is a claims file, TOML that people write in too. So it is edited as text: what is not
concerned stays as it is, comments included, and what comes out is read back and held
against what was meant.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from conformance.claims import Claims, Known, read

TABLE = "[[known]]"
HEADING = "# Known deviations; a stale or expired entry fails the run.\n\n"
EXPIRES = re.compile(r"(?m)^([ \t]*expires[ \t]*=[ \t]*)\S+")


class BaselineError(ValueError):
    """The file cannot be edited; says why."""


def entry(known: Known) -> str:
    """Write an entry as TOML."""
    lines = [TABLE, f"requirement = {_text(known.requirement)}"]
    if known.case:
        lines.append(f"case = {_text(known.case)}")
    lines.append(f"reason = {_text(known.reason)}")
    if known.expires is not None:
        lines.append(f"expires = {known.expires.isoformat()}")
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    # A JSON string is a TOML basic string, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def made(entries: Sequence[Known]) -> str:
    """Write a new file."""
    return HEADING + "\n".join(entry(known) for known in entries)


class BaselineFile:
    """A claims file and its text.

    Attributes:
        claims: what it says.
    """

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            ValueError: it is no claims file.
            OSError: it cannot be read.
        """
        self.path = path
        self.claims: Claims = read(path)
        self._pieces = _pieces(path.read_text(encoding="utf-8"))

    def edited(
        self,
        *,
        drop: Sequence[Known] = (),
        add: Sequence[Known] = (),
        renew: Sequence[Known] = (),
        expires: date | None = None,
    ) -> str:
        """Return the text with entries dropped, added, and given another last day.

        Raises:
            BaselineError: the file writes its entries in a way that is not known here.
        """
        known = self.claims.known
        at = [i for i, piece in enumerate(self._pieces) if piece.startswith(TABLE)]
        if len(at) != len(known):
            raise BaselineError(f"{self.path}: entries are not written as {TABLE}")
        pieces = list(self._pieces)
        for place, each in zip(at, known, strict=True):
            if each in drop:
                pieces[place] = ""
            elif each in renew:
                pieces[place] = _renewed(pieces[place], expires)
        text = "".join(pieces)
        for each in add:
            text = text.rstrip("\n") + "\n\n" + entry(each)
        text = text.lstrip("\n")
        meant = [
            msgspec.structs.replace(each, expires=expires) if each in renew else each
            for each in known
            if each not in drop
        ]
        self._verify(text, [*meant, *add])
        return text

    def _verify(self, text: str, known: Sequence[Known]) -> None:
        """Read what was written back: it must be what was meant."""
        meant = msgspec.structs.replace(self.claims, known=tuple(known))
        try:
            again = msgspec.toml.decode(text, type=Claims)
        except msgspec.DecodeError as error:
            raise BaselineError(f"{self.path}: cannot be edited: {error}") from None
        if again != meant:
            raise BaselineError(f"{self.path}: cannot be edited without harm")


def _pieces(text: str) -> list[str]:
    """Cut the text before each table; comments above one stay with what is before."""
    return [piece for piece in re.split(r"(?m)^(?=[ \t]*\[)", text) if piece]


def _renewed(piece: str, expires: date | None) -> str:
    assert expires is not None  # noqa: S101 - what is renewed had a last day
    return EXPIRES.sub(rf"\g<1>{expires.isoformat()}", piece, count=1)
