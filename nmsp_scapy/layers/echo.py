# SPDX-License-Identifier: GPL-2.0-or-later
"""Echo: is the other side alive."""

from nmsp_scapy.constants import MessageType
from nmsp_scapy.layers.message import NMSPMessage


class NMSPEchoRequest(NMSPMessage):
    """Asked by the MSE every echo interval.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements                                                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: none is known; what there is is kept.

    Source: reported: number; the counts of 27 each way are observed (MSE screen).
    """

    name = "ECHO_REQUEST"
    number = MessageType.ECHO_REQUEST
    contains = ()


class NMSPEchoResponse(NMSPMessage):
    """The WLC's answer, one for each request.

    ::

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | elements                                                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        elements: none is known; what there is is kept.

    Source: reported: number; the counts of 27 each way are observed (MSE screen).
    """

    name = "ECHO_RESPONSE"
    number = MessageType.ECHO_RESPONSE
    contains = ()
