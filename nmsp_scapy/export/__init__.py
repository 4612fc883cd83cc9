# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 5: what was read, written down. One format a module."""
