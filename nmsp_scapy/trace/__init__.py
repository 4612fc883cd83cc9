# SPDX-License-Identifier: GPL-2.0-or-later
"""A controller's trace of its NMSP connections, explained.

`records` joins a log's lines, `events` reads what a record says, `connection` follows
connections, `openssl` spells OpenSSL's numbers, `verdict` says what became of a
connection and what to do, `report` is the result for people and for programs.
"""

from nmsp_scapy.trace.connection import Connection, Tracker, connections
from nmsp_scapy.trace.verdict import Outcome, Verdict, judge

__all__ = ["Connection", "Outcome", "Tracker", "Verdict", "connections", "judge"]
