# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes out of a run: one format a module, all from the same result."""
