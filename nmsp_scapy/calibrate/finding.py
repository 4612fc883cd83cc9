# SPDX-License-Identifier: GPL-2.0-or-later
"""What calibrate says: one statement, its evidence, and how sure it is."""

import msgspec


class Finding(msgspec.Struct):
    """One statement about the layout.

    Attributes:
        statement: what it is about, as `header.length`.
        value: what was found, for people.
        determined: whether the evidence excludes every other reading that was tried.
        evidence: what speaks for it.
        bits: how improbable that evidence is by chance, as powers of two, with the
            number of readings tried already taken off; None where nothing is counted.
        others: readings that the evidence does not exclude, or the next best.
        frames: some that show it.
    """

    statement: str
    value: str
    determined: bool
    evidence: str
    bits: float | None = None
    others: list[str] = []
    frames: list[int] = []
