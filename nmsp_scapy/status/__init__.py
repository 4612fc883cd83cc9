# SPDX-License-Identifier: GPL-2.0-or-later
"""The screens that operators read, from what a capture shows.

`tally` counts, `mse` and `ios` write the screens of either side.
"""

from nmsp_scapy.status.tally import Counter, Offered, Status, Tally

__all__ = ["Counter", "Offered", "Status", "Tally"]
