# SPDX-License-Identifier: GPL-2.0-or-later
"""The same classes under any wire profile."""

from collections.abc import Iterable
from typing import Any, TypeVar

from scapy.config import conf
from scapy.packet import Packet, Padding

from nmsp_scapy.layers.base import (
    NMSPElement,
    NMSPMalformedElement,
    NMSPPacket,
    NMSPUnknownElement,
    fixed_body,
    header_fields,
    name_by_number,
)
from nmsp_scapy.layers.fields import ElementsField
from nmsp_scapy.layers.geometry import (
    NESTING_LIMIT,
    ElementPlan,
    HeaderPlan,
)
from nmsp_scapy.layers.header import NMSP, NMSPTruncated
from nmsp_scapy.layers.message import NMSPMessage
from nmsp_scapy.profile import NOMINAL, Profile

P = TypeVar("P", bound=NMSPPacket)


class Binding:
    """The classes of one wire profile, made when they are first asked for.

    Attributes:
        profile: the profile.
        header: the header's class.
        reader: what `nmsp_scapy.records` keeps for the profile.
    """

    def __init__(
        self,
        profile: Profile,
        messages: dict[str, type[NMSPMessage]],
        elements: dict[str, type[NMSPElement]],
    ) -> None:
        self.profile = profile
        self.header_plan = HeaderPlan(profile.header)
        self.element_plan = (
            None if profile.elements is None else ElementPlan(profile.elements)
        )
        self._declared_messages, self._declared_elements = messages, elements
        self.message_names = name_by_number(profile.message_types)
        self.element_names = name_by_number(profile.element_types)
        self._messages: dict[int, type[NMSPMessage]] = {}
        self._elements: dict[int, type[NMSPElement]] = {}
        self.header = self._header()
        self.reader: Any = None
        self.unknown_element = self._derived(NMSPUnknownElement, number=0)
        self.malformed_element = self._derived(NMSPMalformedElement, number=0)

    def dissect(self, raw: bytes) -> Packet:
        """Make a message's packets of its bytes; whatever they are."""
        return self.header(raw) if raw else NMSPTruncated()

    def message(self, which: int | str) -> type[NMSPMessage] | None:
        """Class of a message's body by number or name; None for an unknown one."""
        number = (
            self.profile.message_types.get(which) if isinstance(which, str) else which
        )
        if number not in self._messages:
            if number is None or number not in self.message_names:
                return None
            self._messages[number] = self._message(number, self.message_names[number])
        return self._messages[number]

    def element(self, which: int | str) -> type[NMSPElement] | None:
        """Class of an element by number or name; None for an unknown one."""
        number = (
            self.profile.element_types.get(which) if isinstance(which, str) else which
        )
        if number is None:
            return None
        if number not in self._elements:
            name = self.element_names.get(number, "")
            declared = self._declared_elements.get(name)
            if name in self.profile.values and self.element_plan is not None:
                self._elements[number] = self._placed(number, name)
                return self._elements[number]
            if declared is None or self.element_plan is None:
                return None
            self._elements[number] = self._derived(declared, number=number)
        return self._elements[number]

    def body_class(self, number: int, size: int) -> type[Packet]:
        """Class for a message's body of `size` bytes; raw bytes for an unknown one."""
        cls = self.message(number)
        if cls is None or not cls.fields_desc:
            return conf.raw_layer  # type: ignore[no-any-return]
        fixed = sum(field.width or 0 for field in cls.fields_desc)
        return cls if size >= fixed else conf.raw_layer

    def element_class(self, number: int, size: int, depth: int) -> type[NMSPElement]:
        """Class for an element with a value of `size` bytes."""
        cls = self.element(number)
        if cls is None:
            return self.unknown_element
        too_deep = bool(cls.contains) and depth > NESTING_LIMIT
        return cls if cls.accepts(size) and not too_deep else self.malformed_element

    @staticmethod
    def has_elements(body: type[Packet]) -> bool:
        """Tell whether a message's body is a run of elements."""
        return any(isinstance(field, ElementsField) for field in body.fields_desc)

    def take_elements(self, holder: Packet, data: bytes) -> tuple[bytes, list[Packet]]:
        """Make elements of the front of `data`, as deep as the limit allows."""
        if self.element_plan is None:
            return data, []
        depth = depth_of(holder) + 1
        walk = self.element_plan.walk(data, 0, len(data))
        found: list[Packet] = []
        for span in walk.spans:
            cls = self.element_class(span.number, span.end - span.value, depth)
            element = cls(data[span.start : span.end], _internal=1, _parent=holder)
            if self.element_plan.padding(span.end - span.start):
                element.add_payload(Padding(data[span.end : span.next]))
            found.append(element)
        return data[walk.stop :], found

    def join_elements(self, elements: Iterable[Any]) -> bytes:
        """Build elements one behind the other, aligned."""
        parts: list[bytes] = []
        for element in elements:
            if not isinstance(element, Packet):
                parts.append(bytes(element))
                continue
            own = element.do_build()
            parts.append(own)
            if self.element_plan and isinstance(element.lastlayer(), Padding):
                parts.append(element.build_padding())
            elif self.element_plan:
                parts.append(bytes(self.element_plan.padding(len(own))))
        return b"".join(parts)

    @staticmethod
    def _number(which: int | str, numbers: dict[str, int]) -> int | None:
        return numbers.get(which) if isinstance(which, str) else which

    def _header(self) -> type[NMSP]:
        names = self.message_names
        return self._derived(
            NMSP,
            fields_desc=header_fields(self.profile.header, names),
            plan=self.header_plan,
            dispatch_hook=classmethod(NMSP.dispatch_hook.__func__),  # type: ignore[attr-defined]
        )

    def _message(self, number: int, name: str) -> type[NMSPMessage]:
        declared = self._declared_messages.get(name, NMSPMessage)
        fields = declared.body_fields
        if name in self.profile.bodies:
            fields = fixed_body(self.profile.bodies[name])
        elif self.profile.elements is None:
            fields = ()
        return self._derived(declared, number=number, body_fields=fields)

    def _placed(self, number: int, name: str) -> type[NMSPElement]:
        """Make the class of an element whose fields the profile names."""
        return self._derived(
            self._declared_elements.get(name, NMSPElement),
            number=number,
            name=name,
            value_fields=fixed_body(self.profile.values[name]),
            contains=(),
        )

    def _derived(self, cls: type[P], **own: Any) -> type[P]:
        """Make the class of this profile; the nominal ones are the declared."""
        declared = getattr(cls, "number", None) == own.get("number")
        if self.profile is NOMINAL and declared:
            return cls
        # Scapy lists classes whose name has no leading underscore.
        namespace = {"profile": self.profile, "binding": self, "__doc__": cls.__doc__}
        metaclass: Any = type(cls)
        derived: type[P] = metaclass(f"_{cls.__name__}", (cls,), namespace | own)
        derived.__name__, derived.__module__ = cls.__name__, cls.__module__
        return derived


def depth_of(packet: Any) -> int:
    """Count the elements around what `packet` holds, itself included."""
    depth = 0
    while packet is not None and isinstance(packet, NMSPElement):
        depth, packet = depth + 1, packet.parent
    return depth
