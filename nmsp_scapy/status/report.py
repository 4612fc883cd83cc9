# SPDX-License-Identifier: GPL-2.0-or-later
"""The statuses for programs."""

import msgspec

from nmsp_scapy.status.tally import Status


class Report(msgspec.Struct):
    """What `nmsp status --json` prints; times are ns since 1970."""

    conversations: list[Status]
