# SPDX-License-Identifier: GPL-2.0-or-later
"""What calibrate says: one statement, its evidence, and how sure it is."""

import msgspec

from nmsp_scapy.constants import Grade
from nmsp_scapy.profile import Statement


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
        convention: why this reading was chosen of those that read the same; empty
            where nothing was to be chosen.
    """

    statement: str
    value: str
    determined: bool
    evidence: str
    bits: float | None = None
    others: list[str] = []
    frames: list[int] = []
    convention: str = ""

    @property
    def grade(self) -> Grade:
        """Observed, or what follows from the observed by a convention."""
        return Grade.OBSERVED if self.determined else Grade.INFERRED

    def stated(self) -> Statement:
        """The statement of a profile."""
        parts = [self.evidence]
        if self.convention:
            parts.append(f"chosen by convention: {self.convention}")
        if self.others:
            more = f" and {len(self.others) - 4} more" * (len(self.others) > 4)
            parts.append("; ".join(self.others[:4]) + more)
        return Statement(self.value, self.grade, "; ".join(parts), self.frames)
