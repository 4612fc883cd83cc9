# SPDX-License-Identifier: GPL-2.0-or-later
"""What an endpoint must do, as data: one TOML file a family.

Ids are `NMSP-<FAMILY>-<n>` and never reused.
"""

import re
from functools import cache
from pathlib import Path

import msgspec

from conformance.verdict import Level
from nmsp_scapy.constants import Grade

FAMILIES = (
    "transport",
    "authlist",
    "session",
    "capability",
    "subscription",
    "echo",
    "measurement",
    "information",
    "statistics",
    "notifications",
    "ap_info",
    "attachment",
    "location",
    "ids",
    "ap_monitor",
    "robustness",
    "counters",
)
"""In the order of the documentation."""

ID = re.compile(r"NMSP-([A-Z_]+)-([1-9][0-9]*)")


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that an endpoint must, should or may do.

    Attributes:
        id: `NMSP-<FAMILY>-<n>`.
        role: who is bound by it, `wlc` or `mse`.
        text: one sentence, with the level's verb.
        source: where it is known from; begins with no grade, that is a field.
        wire: whether judging it reads NMSP messages, so that the endpoint must
            first have been seen to speak the profile.
        excluded: why no scenario evaluates it; empty when one does.
    """

    id: str
    role: str
    level: Level
    grade: Grade
    text: str
    source: str
    wire: bool = True
    excluded: str = ""

    @property
    def family(self) -> str:
        """The file that it stands in."""
        return family_of(self.id)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    requirement: list[Requirement]


def family_of(identifier: str) -> str:
    """Return the family of a requirement id.

    Raises:
        ValueError: it is none.
    """
    found = ID.fullmatch(identifier)
    if found is None:
        raise ValueError(f"not a requirement id: {identifier!r} (NMSP-<FAMILY>-<n>)")
    return found[1].lower()


@cache
def load() -> dict[str, Requirement]:
    """Read all requirements, by id, in the order of the families.

    Raises:
        ValueError: a file breaks a rule of this package.
    """
    found: dict[str, Requirement] = {}
    folder = Path(__file__).parent
    for family in FAMILIES:
        path = folder / f"{family}.toml"
        if not path.exists():
            continue
        for requirement in msgspec.toml.decode(
            path.read_bytes(), type=_File
        ).requirement:
            if requirement.family != family:
                raise ValueError(f"{path.name}: {requirement.id} is of another family")
            if requirement.id in found:
                raise ValueError(f"{path.name}: {requirement.id} stands there twice")
            found[requirement.id] = requirement
    return found
