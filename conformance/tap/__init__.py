# SPDX-License-Identifier: GPL-2.0-or-later
"""A recording proxy for one's own gear, where no key can be had."""
