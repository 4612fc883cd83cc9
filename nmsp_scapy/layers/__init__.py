# SPDX-License-Identifier: GPL-2.0-or-later
"""NMSP's wire format as Scapy packets.

`NMSP` is the header, `NMSP<Message>` the bodies, `NMSP<Element>` the elements, as
the nominal profile has them. `bind` gives the same for any other wire profile.
"""

from collections import OrderedDict
from collections.abc import Iterator
from types import ModuleType

from nmsp_scapy.constants import ElementType, MessageType
from nmsp_scapy.layers import (
    ap_info,
    ap_monitor,
    attachment,
    capability,
    echo,
    elements,
    ids,
    information,
    location,
    measurement,
    statistics,
    subscription,
)
from nmsp_scapy.layers.base import (
    NMSPElement,
    NMSPMalformedElement,
    NMSPPacket,
    NMSPUnknownElement,
)
from nmsp_scapy.layers.binding import Binding
from nmsp_scapy.layers.header import NMSP, NMSPTruncated, bind_port
from nmsp_scapy.layers.message import NMSPMessage
from nmsp_scapy.profile import NOMINAL, Profile

FAMILIES: tuple[ModuleType, ...] = (
    echo,
    capability,
    measurement,
    information,
    statistics,
    subscription,
    ap_info,
    attachment,
    location,
    ids,
    ap_monitor,
)
"""Modules of the message families, in the order of the documentation."""

KEPT = 32
"""Profiles whose classes are kept; the one used longest ago goes first."""


def _declared(base: type[NMSPPacket]) -> Iterator[type[NMSPPacket]]:
    for module in (elements, *FAMILIES):
        for cls in vars(module).values():
            own = getattr(cls, "__module__", None) == module.__name__
            if own and isinstance(cls, type) and issubclass(cls, base):
                yield cls


MESSAGES: dict[str, type[NMSPMessage]] = {
    MessageType(cls.number).name: cls
    for cls in _declared(NMSPMessage)
    if issubclass(cls, NMSPMessage)
}
"""Class of each message's body in the nominal profile, by name."""

ELEMENTS: dict[str, type[NMSPElement]] = {
    ElementType(cls.number).name: cls
    for cls in _declared(NMSPElement)
    if issubclass(cls, NMSPElement)
}
"""Class of each element in the nominal profile, by name."""

NMSPPacket.binding = Binding(NOMINAL, MESSAGES, ELEMENTS)

_BOUND: OrderedDict[int, Binding] = OrderedDict()


def bind(profile: Profile = NOMINAL) -> Binding:
    """Return the classes of a wire profile; those of `NOMINAL` are this module's."""
    if profile is NOMINAL:
        return NMSPPacket.binding
    # A binding holds its profile, so that the id stays the profile's.
    bound = _BOUND.get(id(profile))
    if bound is None:
        bound = _BOUND[id(profile)] = Binding(profile, MESSAGES, ELEMENTS)
        if len(_BOUND) > KEPT:
            _BOUND.popitem(last=False)
    else:
        _BOUND.move_to_end(id(profile))
    return bound


_SINGLE: tuple[type[NMSPPacket], ...] = (
    NMSP,
    NMSPTruncated,
    NMSPUnknownElement,
    NMSPMalformedElement,
)

CLASSES: dict[str, type[NMSPPacket]] = {
    cls.__name__: cls for cls in (*_SINGLE, *MESSAGES.values(), *ELEMENTS.values())
}
"""Every class of the nominal profile by its name."""

globals().update(CLASSES)

__all__ = [  # noqa: PLE0604 - the classes' names are computed
    "ELEMENTS",
    "FAMILIES",
    "MESSAGES",
    "Binding",
    "bind",
    "bind_port",
    *CLASSES,
]
