# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields as data: what a value is, how wide, in which unit, from which registry.

These are Scapy fields whose internal value is already what people and programs
read (a number, `"00:11:22:33:44:55"`, text), so that records, documentation and
the Wireshark dissector are derived from `fields_desc` alone.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from enum import IntEnum, IntFlag
from typing import Any, ClassVar, Self

from scapy.fields import Field, PacketListField
from scapy.packet import Packet
from scapy.volatile import RandBin, RandMAC, RandNum

from nmsp_scapy.constants import Service
from nmsp_scapy.profile import ByteOrder, Profile
from nmsp_scapy.profile import Field as Place


class WireField(Field[Any, Any]):
    """A field of one value.

    Attributes:
        width: bytes; None for all that is left.
        optional: absent (None) where the bytes before it are all there are.
        unit: of the value; also the suffix of the name, where it has one.
    """

    __slots__ = ("optional", "unit", "width")
    kind: ClassVar[str] = "bytes"

    def __init__(
        self,
        name: str,
        default: Any,
        width: int | None = None,
        *,
        unit: str = "",
        optional: bool = False,
    ) -> None:
        self.width, self.unit, self.optional = width, unit, optional
        super().__init__(name, default, "s")

    def under(self, profile: Profile) -> Self:
        """Return the same field as a wire profile has it."""
        del profile
        return self

    def accepts(self, size: int) -> bool:
        """Tell whether this many bytes can be the field, when it takes the rest."""
        return size >= 0

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        """Take the field off the front of `s`."""
        if self.width is None:
            return b"", self.m2i(pkt, s)
        if self.optional and len(s) < self.width:
            return s, None
        return s[self.width :], self.m2i(pkt, s[: self.width])

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        """Append the field to `s`."""
        return s if val is None and self.optional else s + self.i2m(pkt, val)

    def i2len(self, pkt: Packet, x: Any) -> int:
        """Count the bytes of a value."""
        return len(self.i2m(pkt, x)) if self.width is None else self.width


class NumberField(WireField):
    """A whole number of 1 to 8 bytes.

    Attributes:
        signed: two's complement.
        registry: names of its values, or of its bits.
        byte_order: the profile's.
        names: name by value, from the registry or the profile; bits in a flag
            registry.
    """

    __slots__ = ("byte_order", "names", "registry", "signed")
    kind = "number"

    def __init__(
        self,
        name: str,
        default: int | None,
        width: int,
        *,
        unit: str = "",
        optional: bool = False,
        signed: bool = False,
        registry: type[IntEnum | IntFlag] | None = None,
        byte_order: ByteOrder = "big",
        names: Mapping[int, str] | None = None,
    ) -> None:
        self.signed, self.registry, self.byte_order = signed, registry, byte_order
        self.names: Mapping[int, str] = names or {
            member.value: str(member.name) for member in registry or ()
        }
        super().__init__(name, default, width, unit=unit, optional=optional)

    @property
    def is_flags(self) -> bool:
        """Whether the value is a set of bits."""
        return self.registry is not None and issubclass(self.registry, IntFlag)

    def under(self, profile: Profile) -> Self:
        """Return the field in the byte order and with the services of a profile."""
        field: Self = self.copy()
        if profile.elements is not None:
            field.byte_order = profile.elements.byte_order
        if self.registry is Service:
            field.names = {number: name for name, number in profile.services.items()}
        return field

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Take a number, a member of the registry, or names joined by `+`."""
        if isinstance(x, str):
            numbers = {name: number for number, name in self.names.items()}
            try:
                parts = [numbers[part] for part in x.split("+")]
            except KeyError as unknown:
                raise ValueError(f"{self.name}: no value is called {unknown}") from None
            return sum(parts) if self.is_flags else parts[0]
        return int(x) if isinstance(x, int) else x

    def m2i(self, pkt: Packet | None, x: bytes) -> int:
        """Read the number."""
        return int.from_bytes(x, self.byte_order, signed=self.signed)

    def i2m(self, pkt: Packet | None, x: int | None) -> bytes:
        """Write the number; refuse one that does not fit."""
        assert self.width is not None  # noqa: S101 - numbers have a width
        try:
            return (x or 0).to_bytes(self.width, self.byte_order, signed=self.signed)
        except OverflowError:
            raise ValueError(
                f"{self.name}: {x} does not fit {self.width} bytes"
            ) from None

    def names_of(self, x: int) -> list[str]:
        """Names of the bits that are set; unknown bits by their number."""
        bits = (1 << at for at in range(x.bit_length()) if x >> at & 1)
        return [self.names.get(bit, f"bit {bit.bit_length() - 1}") for bit in bits]

    def name_of(self, x: int) -> str:
        """Name of the value, or its number for an unknown one."""
        return self.names.get(x, str(x))

    def i2repr(self, pkt: Packet | None, x: int | None) -> str:
        """Spell the value with its names or its unit."""
        if x is None:
            return "None"
        if self.is_flags:
            return "+".join(self.names_of(x)) or "0"
        if self.names:
            return f"{self.names[x]} ({x})" if x in self.names else str(x)
        return f"{x} {self.unit}".rstrip()

    def randval(self) -> RandNum:
        """Draw from the whole range of the width."""
        bits = 8 * (self.width or 1)
        low = -(1 << bits - 1) if self.signed else 0
        return RandNum(low, low + (1 << bits) - 1)


class PlacedNumberField(NumberField):
    """A number whose profile says itself which byte order it has."""

    def under(self, profile: Profile) -> Self:
        """Return the field as it is."""
        del profile
        return self


class MacField(WireField):
    """A MAC address, `aa:bb:cc:dd:ee:ff`."""

    kind = "mac"

    def __init__(self, name: str, default: str = "00:00:00:00:00:00") -> None:
        super().__init__(name, default, 6)

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Take 6 bytes, or 12 hex digits with any separators."""
        if isinstance(x, str):
            x = bytes.fromhex("".join(c for c in x if c not in ":-. "))
        if isinstance(x, bytes):
            if len(x) != 6:
                raise ValueError(f"{self.name}: a MAC address has 6 bytes")
            return x.hex(":")
        return x

    def m2i(self, pkt: Packet | None, x: bytes) -> str:
        """Read the address."""
        return x.hex(":")

    def i2m(self, pkt: Packet | None, x: str | None) -> bytes:
        """Write the address."""
        return bytes(6) if x is None else bytes.fromhex(x.replace(":", ""))

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        """Show it without quotes."""
        return str(x)

    def randval(self) -> RandMAC:
        """Draw an address."""
        return RandMAC()


def address_text(packed: bytes) -> str:
    """Spell an IPv4 (4 bytes) or IPv6 (16 bytes) address as `inet_ntop` does."""
    if len(packed) == 4:
        return ".".join(map(str, packed))
    address = ipaddress.IPv6Address(packed)
    mapped = address.ipv4_mapped
    return f"::ffff:{mapped}" if mapped else str(address)


class AddressField(WireField):
    """An IPv4 or IPv6 address, told apart by its size."""

    kind = "address"

    def accepts(self, size: int) -> bool:
        """Only the two sizes of addresses."""
        return size in (4, 16)

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Take packed bytes, an `ipaddress` object or text."""
        return x if x is None else address_text(ipaddress.ip_address(x).packed)

    def m2i(self, pkt: Packet | None, x: bytes) -> str:
        """Read the address."""
        return address_text(x)

    def i2m(self, pkt: Packet | None, x: str | None) -> bytes:
        """Write the address."""
        return bytes(4) if x is None else ipaddress.ip_address(x).packed

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        """Show it without quotes."""
        return str(x)


class TextField(WireField):
    """UTF-8 text; bytes that are none stay bytes. Fixed widths are filled with NUL."""

    kind = "text"

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Take text or bytes."""
        return self.m2i(pkt, x) if isinstance(x, bytes) else x

    def m2i(self, pkt: Packet | None, x: bytes) -> str | bytes:
        """Read the text."""
        if self.width is not None:
            x = x.rstrip(b"\0")
        try:
            return x.decode()
        except UnicodeDecodeError:
            return x

    def i2m(self, pkt: Packet | None, x: str | bytes | None) -> bytes:
        """Write the text."""
        data = x.encode() if isinstance(x, str) else x or b""
        if self.width is None:
            return data
        if len(data) > self.width:
            raise ValueError(f"{self.name}: more than {self.width} bytes")
        return data.ljust(self.width, b"\0")

    def randval(self) -> RandBin:
        """Draw some bytes."""
        return RandBin(RandNum(0, 32))


class BytesField(WireField):
    """Bytes without a known meaning."""

    kind = "bytes"

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Take bytes."""
        return bytes(x) if isinstance(x, bytearray | memoryview) else x

    def i2m(self, pkt: Packet | None, x: bytes | None) -> bytes:
        """Write the bytes, filled with NUL where the width is fixed."""
        data = x or b""
        if self.width is not None and len(data) > self.width:
            raise ValueError(f"{self.name}: more than {self.width} bytes")
        return data if self.width is None else data.ljust(self.width, b"\0")

    def i2repr(self, pkt: Packet | None, x: bytes | None) -> str:
        """Show hex digits."""
        return (x or b"").hex()

    def randval(self) -> RandBin:
        """Draw some bytes."""
        return RandBin(self.width or RandNum(0, 32))


class TrailerField(BytesField):
    """The message's trailer; the header writes it behind the body."""

    kind = "trailer"

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, None]:
        """Take nothing: the header knows only later where it stands."""
        return s, None

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        """Add nothing here."""
        return s


class ElementsField(PacketListField):
    """A run of elements; bytes that are no element are left to the payload."""

    kind: ClassVar[str] = "elements"
    width: ClassVar[int | None] = None
    unit: ClassVar[str] = ""
    optional: ClassVar[bool] = False

    def __init__(self, name: str = "elements", default: Any = None) -> None:
        super().__init__(name, [] if default is None else default)

    def under(self, profile: Profile) -> Self:
        """Return the same field: the packet that holds it knows the geometry."""
        del profile
        return self

    def accepts(self, size: int) -> bool:
        """A run of any size; what is malformed in it is named inside."""
        return size >= 0

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, list[Packet]]:
        """Take all whole elements off `s`."""
        return pkt.binding.take_elements(pkt, s)  # type: ignore[no-any-return]

    def addfield(self, pkt: Any, s: bytes, val: Iterable[Any]) -> bytes:
        """Append the elements, each aligned as the profile says."""
        return s + pkt.binding.join_elements(val)  # type: ignore[no-any-return]


def field_of(place: Place, name: str) -> WireField:
    """Make the field for a fixed place of a wire profile."""
    default = place.value
    match place.kind:
        case "mac" if place.width == 6:
            return MacField(name)
        case "ipv4" if place.width == 4:
            return AddressField(name, "0.0.0.0", 4)  # noqa: S104 - no socket's
        case "text":
            return TextField(name, "", place.width)
        case "bytes":
            return BytesField(name, bytes(place.width), place.width)
    if place.width > 8:
        return BytesField(name, bytes(place.width), place.width)
    return PlacedNumberField(
        name,
        default or 0,
        place.width,
        signed=place.kind == "dbm",
        unit={"dbm": "dBm", "time": "s"}.get(place.kind, ""),
        byte_order=place.byte_order,
    )
