# SPDX-License-Identifier: GPL-2.0-or-later
"""A message's telling fields on one line."""

from collections.abc import Callable, Iterator
from typing import Any

from nmsp_scapy.constants import SubService
from nmsp_scapy.export.printable import printable

WIDTH = 100
"""Most characters of a summary."""

SHOWN = 6
"""Most elements that are named; the others are counted."""

SUB_SERVICES = len(SubService)
"""Bits of the sub-service mask that have a name."""

FRAMEWORK = frozenset({"type", "name", "length", "reserved", "value", "elements"})
"""Keys of an element that tell nothing of what it says."""

Record = dict[str, Any]


def brief(record: Record) -> str:
    """Summarise a record (`records.decode`)."""
    parts = list(_elements(record.get("elements", [])))
    if "body" in record:
        parts += [f"{key}={_value(value)}" for key, value in record["body"].items()]
    if "raw" in record:
        parts.append(f"{len(record['raw']) // 2} bytes of an unknown body")
    if "malformed" in record:
        parts.append(f"MALFORMED: {record['malformed']['reason']}")
    text = " ".join(parts)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def _elements(elements: list[Record]) -> Iterator[str]:
    for element in elements[:SHOWN]:
        yield _element(element)
    if len(elements) > SHOWN:
        yield f"and {len(elements) - SHOWN} more"


def _element(element: Record) -> str:
    name = element["name"]
    if "malformed" in element:
        return f"{name}(MALFORMED: {element['malformed']['reason']})"
    if "elements" in element:
        return f"{name}({' '.join(_elements(element['elements']))})"
    if name in TOLD:
        try:
            return TOLD[name](element)
        except KeyError:  # a profile that measured other fields
            pass
    values = [
        _value(element.get(f"{key}_name", value))
        for key, value in element.items()
        if value is not None and key not in FRAMEWORK and not _spells(key, element)
    ]
    if not values:
        return f"{name}({len(element.get('value', '')) // 2} bytes)"
    if len(values) == 1 and name in {"STATUS", "MAC_ADDRESS", "ENTITY", "IP_ADDRESS"}:
        return values[0]
    return f"{name}({' '.join(values)})"


def _spells(key: str, element: Record) -> bool:
    """Tell whether a key spells the value of another (`kind_name` that of `kind`)."""
    stem, underscore, last = key.rpartition("_")
    return bool(underscore) and last in {"name", "names"} and stem in element


def _service(element: Record) -> str:
    """Write `RSSI{MOBILE_STATION,TAG}`."""
    service = element["service_name"]
    names = [n.removeprefix(f"{service}_") for n in element["sub_services_names"]]
    return f"{service}{{{','.join(names)}}}"


def _query(element: Record) -> str:
    """Write `RSSI/TAG`, with the bit's number where it has no name."""
    service, bit = element["service_name"], element["sub_service"]
    named = SubService(1 << bit).name if bit < SUB_SERVICES else None
    what = (named or str(bit)).removeprefix(f"{service}_")
    flags = f" flags={element['flags']:#x}" if element["flags"] else ""
    vendor = element["tag_vendor"]
    tags = "" if vendor is None else f" tag vendor {vendor}"
    return f"{service}/{what}{flags}{tags}"


def _sample(element: Record) -> str:
    """Write `-40dBm@00:00:5e:00:53:00`."""
    return f"{element['rssi_a_dbm']}dBm@{element['ap_mac']}"


TOLD: dict[str, Callable[[Record], str]] = {
    "SERVICE": _service,
    "QUERY": _query,
    "RSSI_SAMPLE": _sample,
}
"""Elements that have a shorter form than their fields in a row."""


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"0x{value.get('bytes', '')}"
    return printable(str(value))
