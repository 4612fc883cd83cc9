# SPDX-License-Identifier: GPL-2.0-or-later
"""The wire profile: all that is geometry, as data.

NMSP's byte layout is not public. Whatever this project says of it stands here,
graded, and can be replaced by a profile that was measured. `NOMINAL` is the
built-in one (assumed; consistent with every byte count that is public). `read`
takes one from TOML, `written` makes TOML of one.
"""

from nmsp_scapy.profile.model import (
    NOMINAL,
    ByteOrder,
    ElementGeometry,
    Field,
    HeaderGeometry,
    Profile,
    Statement,
)

__all__ = [
    "NOMINAL",
    "ByteOrder",
    "ElementGeometry",
    "Field",
    "HeaderGeometry",
    "Profile",
    "Statement",
]
