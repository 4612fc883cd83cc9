# SPDX-License-Identifier: GPL-2.0-or-later
"""The MSE's side of a capture, played at an endpoint, and what came of it.

`script` is what the capture shows, `player` plays it over real TLS, `comparison` holds
the answers against each other, `outcome` is the result and `report` writes it.
"""
