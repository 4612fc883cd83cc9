# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture as one self-contained page that a person would rather look at.

`gather` aggregates in flat memory, `series` holds time buckets, `svg`, `charts` and
`ladder` draw, `page` fills the template. The page loads nothing and runs no script.
"""

from nmsp_scapy.export.html.gather import Gathered
from nmsp_scapy.export.html.page import render

__all__ = ["Gathered", "render"]
