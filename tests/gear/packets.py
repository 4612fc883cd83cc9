# SPDX-License-Identifier: GPL-2.0-or-later
"""A message's record as its Scapy packets say it, field by field."""

from scapy.packet import NoPayload, Padding, Raw

from nmsp_scapy.layers import NMSPMalformedElement, NMSPTruncated
from nmsp_scapy.layers.fields import ElementsField, NumberField


def plain(field, value):
    if isinstance(field, ElementsField):
        return [element_record(element) for element in value]
    if isinstance(value, bytes):
        return {"bytes": value.hex()} if field.kind == "text" else value.hex()
    return value


def fields_of(packet, named=True):
    record = {}
    for field in packet.fields_desc:
        value = packet.getfieldval(field.name)
        record[field.name] = plain(field, value)
        if not named or field.name == "type" or value is None:
            continue
        if isinstance(field, NumberField) and field.is_flags:
            record[f"{field.name}_names"] = field.names_of(value)
        elif isinstance(field, NumberField) and field.names:
            record[f"{field.name}_name"] = field.name_of(value)
    return record


def rest_of(packet):
    rest = packet.payload
    return rest.load if type(rest) is Raw else b""


def element_record(element):
    record = {"name": element.get_field("type").name_of(element.type)}
    record |= fields_of(element)
    if isinstance(element, NMSPMalformedElement):
        record["malformed"] = ""
    if rest := rest_of(element):
        record["malformed" if "elements" in record else "trailing"] = rest.hex()
    return record


def record_of(packet):
    """Return the record; `malformed` is the hex digits of what could not be read."""
    if isinstance(packet, NMSPTruncated):
        return {"malformed": packet.load.hex()}
    record = {"name": packet.message} | fields_of(packet, named=False)
    body = packet.payload
    wrong = b""
    if type(body) is Raw:
        record["raw"] = body.load.hex()
    elif not isinstance(body, Padding | NoPayload):
        fields = fields_of(body)
        if "elements" in fields:
            record["elements"] = fields["elements"]
            wrong = rest_of(body)
        else:
            record["body"] = fields
            if rest := rest_of(body):
                record["body"]["trailing"] = rest.hex()
    if packet.lastlayer() != packet and isinstance(packet.lastlayer(), Padding):
        wrong += packet.lastlayer().load
    return record | {"malformed": wrong.hex()}


def comparable(record):
    """Leave of each `malformed` what the packets know: the bytes."""
    if isinstance(record, list):
        return [comparable(each) for each in record]
    if not isinstance(record, dict):
        return record
    made = {key: comparable(value) for key, value in record.items()}
    if isinstance(made.get("malformed"), dict):
        made["malformed"] = made["malformed"].get("bytes", "")
    return made
