# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast we are, measured beside tshark in the same run: `make bench`."""
