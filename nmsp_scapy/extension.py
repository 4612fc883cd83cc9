# SPDX-License-Identifier: GPL-2.0-or-later
"""What Scapy loads as `scapy.layers.nmsp`: every NMSP class, and nothing bound."""

from nmsp_scapy.layers import CLASSES, bind, bind_port

globals().update(CLASSES)

__all__ = ["bind", "bind_port", *CLASSES]  # noqa: PLE0604 - computed names
