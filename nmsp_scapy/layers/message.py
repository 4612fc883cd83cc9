# SPDX-License-Identifier: GPL-2.0-or-later
"""What the bodies of all messages share."""

from collections.abc import Sequence
from typing import ClassVar

from nmsp_scapy.layers.base import Holds, NMSPPacket
from nmsp_scapy.layers.fields import ElementsField, WireField
from nmsp_scapy.layers.header import NMSP


class NMSPMessage(NMSPPacket):
    """The body of a message.

    Attributes:
        number: the message's type.
        contains: the elements that belong into it.
    """

    number: ClassVar[int]
    body_fields: ClassVar[Sequence[WireField | ElementsField]] = (ElementsField(),)
    contains: ClassVar[Sequence[Holds]] = ()
    show_summary = False

    def __init_subclass__(cls) -> None:
        """Make the fields of the body, and the header's type when built."""
        if "number" not in cls.__dict__:
            return
        cls.fields_desc = list(cls.body_fields)
        cls._overload_fields = {NMSP: {"type": cls.number}}

    def mysummary(self) -> str:
        """Leave the summary to the header."""
        return ""
