# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 2: TCP segments to the bytes of each direction, each certain or named missing.

A capture is no receiver: it may have lost what the other side got, hold it twice,
late, or in another order. The rules:

- Positions are 32-bit serial numbers; position 0 of a direction is the byte after
  its SYN, or the first byte seen where the capture starts later.
- The first copy of a byte wins. A copy that differs is a `Notice`.
- What comes too early waits in a bounded store. A hole before it is a `Gap` as soon
  as the other side has acknowledged it and some patience has brought no late packet,
  when the store is full, when it has waited for minutes, or at the end.
- A SYN with another initial number begins a new connection on the same addresses.
"""

from nmsp_scapy.streams.items import Address, Connection, Notice, Out
from nmsp_scapy.streams.reassembler import Reassembler

__all__ = ["Address", "Connection", "Notice", "Out", "Reassembler"]
