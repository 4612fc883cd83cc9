# SPDX-License-Identifier: GPL-2.0-or-later
"""The header that begins every message."""

from typing import Any, ClassVar

from scapy.fields import Field
from scapy.packet import Packet, bind_layers

from nmsp_scapy.constants import PORT, response_name
from nmsp_scapy.layers.base import (
    NMSPPacket,
    filled,
    header_fields,
    name_by_number,
)
from nmsp_scapy.layers.fields import BytesField
from nmsp_scapy.layers.geometry import HeaderPlan
from nmsp_scapy.profile import NOMINAL


class NMSP(NMSPPacket):
    """Header of a message.

    ::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    version    |     flags     |              type             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                             length                            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         transaction_id                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Attributes:
        version: 1 in the nominal profile.
        flags: MORE: further responses to this transaction follow.
        type: message id (`MessageType`), unknown ones included; filled from the
            body when built.
        length: of the whole message, header included, bytes; filled when built.
        transaction_id: of the request, repeated in its responses; 0 in a
            notification.

    Source: assumed: nothing public exists; consistent with the byte counts of
        the source document's NMSP Status screen.
    """

    name = "NMSP"
    plan: ClassVar[HeaderPlan] = HeaderPlan(NOMINAL.header)
    fields_desc: ClassVar[list[Field[Any, Any]]] = header_fields(
        NOMINAL.header, name_by_number(NOMINAL.message_types)
    )

    @classmethod
    def dispatch_hook(cls, _pkt: bytes = b"", *_: Any, **__: Any) -> type[Packet]:
        """Choose `NMSPTruncated` for fewer bytes than a header."""
        return NMSPTruncated if 0 < len(_pkt) < cls.plan.size else cls

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        """Cut the body where the length says it ends; keep the trailer aside."""
        extent = self.plan.extent(self.length, self.plan.size + len(s))
        body, end = (at - self.plan.size for at in (extent.body, extent.end))
        if self.plan.trailer:
            self.fields["trailer"] = s[body:end]
        return s[:body], s[end:]

    def do_dissect_payload(self, s: bytes) -> None:
        """Make the body, also one of no bytes: an echo has none."""
        if s:
            super().do_dissect_payload(s)
            return
        cls = self.guess_payload_class(s)
        if issubclass(cls, NMSPPacket):
            self.add_payload(cls(_internal=1, _underlayer=self))

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """Choose the body's class by the message's type."""
        return self.binding.body_class(self.type, len(payload))

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        """Fill the length, and put the trailer behind the body."""
        if self.length is None:
            pkt = filled(self, pkt, self.plan.length_of(len(pay)))
        trailer = b""
        if self.plan.trailer:
            trailer = self.trailer
            if trailer is None:
                trailer = bytes(self.plan.trailer)
        return pkt + pay + trailer

    @property
    def message(self) -> str:
        """Name of the message, or its number for an unknown one."""
        field: Any = self.get_field("type")
        return str(field.name_of(self.type))

    def hashret(self) -> bytes:
        """Bring together what belongs to one transaction."""
        number = self.transaction_id if "transaction_id" in self.fieldtype else 0
        return b"NMSP%x" % number

    def answers(self, other: Packet) -> bool:
        """Tell whether this is a response to `other`, by id and transaction."""
        return (
            isinstance(other, NMSP)
            and response_name(other.message) == self.message
            and self.hashret() == other.hashret()
        )

    def mysummary(self) -> str:
        """Name the message, its transaction and how many elements it has."""
        text = f"NMSP {self.message}"
        if "transaction_id" in self.fieldtype and self.transaction_id:
            text += f" #{self.transaction_id}"
        return text


class NMSPTruncated(NMSPPacket):
    """Fewer bytes than a header has.

    Source: assumed: what cannot be read is kept.
    """

    name = "NMSP (truncated)"
    fields_desc: ClassVar[list[Field[Any, Any]]] = [BytesField("load", b"")]

    def mysummary(self) -> str:
        """Say how much there is."""
        return f"NMSP, {len(self.load)} bytes of a header"


def bind_port(port: int = PORT) -> None:
    """Let Scapy take TCP payload on a port for NMSP (a capture without TLS).

    Nothing is bound before this is called: on the wire the port carries TLS.
    """
    from scapy.layers.inet import TCP

    bind_layers(TCP, NMSP, sport=port)
    bind_layers(TCP, NMSP, dport=port)
    bind_layers(TCP, NMSP, sport=port, dport=port)
