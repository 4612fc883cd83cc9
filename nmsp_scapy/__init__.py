# SPDX-License-Identifier: GPL-2.0-or-later
"""What NMSP is, and what a capture of it says."""

__version__ = "0.1.0.dev0"
