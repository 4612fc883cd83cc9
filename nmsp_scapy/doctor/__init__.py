# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a tunnel is down: capture, trace, certificate and list put side by side.

`transport` sees how connections begin, `case` gathers each conversation, `handshake`
and `session` hold the causes, `lists` and `traces` add what the operator has besides,
`diagnose` joins them.
"""

from nmsp_scapy.doctor.case import Chart
from nmsp_scapy.doctor.diagnose import diagnose
from nmsp_scapy.doctor.finding import Cause, Confidence, Diagnosis, Evidence, Finding
from nmsp_scapy.doctor.transport import Attempt, attempts

__all__ = [
    "Attempt",
    "Cause",
    "Chart",
    "Confidence",
    "Diagnosis",
    "Evidence",
    "Finding",
    "attempts",
    "diagnose",
]
