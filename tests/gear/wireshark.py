# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark with our Lua file as a judge: what it says of messages, and what we say."""

import itertools
import json
import os
import random
import struct
import subprocess

from nmsp_scapy import layers, records
from nmsp_scapy.constants import PORT
from nmsp_scapy.export.lua import filter_name, word
from nmsp_scapy.layers.fields import (
    AddressField,
    ElementsField,
    MacField,
    NumberField,
    TextField,
)
from nmsp_scapy.profile import NOMINAL

GENERATED = {
    "nmsp.request_in",
    "nmsp.response_in",
    "nmsp.response_time",
    "nmsp.part",
    "nmsp.subscribed_in",
    "nmsp.subscribed",
    "nmsp.deviation",
    "nmsp.element.padding",
    "_ws.expert",
    "_ws.malformed",
}
"""What the dissector adds to what the bytes say."""


def run_tshark(tshark, *arguments, home=None):
    """Run tshark with nothing of the user's own; return what it prints."""
    env = os.environ | {"HOME": str(home or "/nonexistent")}
    done = subprocess.run(
        [tshark, *map(str, arguments)], capture_output=True, env=env, check=False
    )
    noise = [b"Running as user", b"Capturing on"]
    told = [
        line
        for line in done.stderr.splitlines()
        if line.strip() and not any(part in line for part in noise)
    ]
    assert done.returncode == 0, told
    assert not told, told
    return done.stdout.decode()


def tshark_messages(tshark, capture, lua, *options):
    """Return each message as tshark shows it, in the order of the frames."""
    said = run_tshark(
        tshark,
        *("-r", capture, "-X", f"lua_script:{lua}", "-2", "-Y", "nmsp"),
        *("-T", "json", "--no-duplicate-keys", "-J", "nmsp"),
        *("-o", "tcp.reassemble_out_of_order:TRUE", *options),
    )
    found = []
    for frame in json.loads(said):
        found += listed(frame["_source"]["layers"].get("nmsp", []))
    return [plain(message) for message in found]


def listed(value):
    return value if isinstance(value, list) else [value]


def plain(node):
    """Leave of a node what the bytes say; numbers as numbers, bytes as hex digits."""
    made = {}
    for key, value in node.items():
        if key in GENERATED or key.endswith("_names"):
            continue
        if key == "nmsp.element":
            made[key] = [plain(element) for element in listed(value)]
        elif isinstance(value, dict):
            continue
        else:
            made[key] = value
    return made


def ours(raw, profile=NOMINAL):
    """Return a message as tshark should show it, from its record."""
    bound = layers.bind(profile)
    record = records.decode(raw, profile)
    shown = {}
    for field in bound.header.fields_desc:
        if field.name in record:
            shown[f"nmsp.{word(field.name)}"] = spelt(field, record[field.name])
    if record.get("trailer"):
        shown["nmsp.trailer"] = colons(record["trailer"])
    if "raw" in record:
        shown["nmsp.raw"] = colons(record["raw"])
    if "body" in record:
        shown |= body_of(bound, record)
    shown |= run_of(bound, record)
    return shown


def body_of(bound, record):
    shown, body = {}, dict(record["body"])
    family = "echo" if record["name"].startswith("ECHO") else "body"
    for field in bound.message(record["type"]).fields_desc:
        shown[f"nmsp.{family}.{word(field.name)}"] = spelt(field, body[field.name])
    if "trailing" in body:
        shown["nmsp.element.trailing"] = colons(body["trailing"])
    return shown


def run_of(bound, record):
    shown = {}
    if elements := record.get("elements"):
        shown["nmsp.element"] = [element_of(bound, each) for each in elements]
    if left := record.get("malformed", {}).get("bytes"):
        shown["nmsp.left"] = colons(left)
    return shown


def element_of(bound, record):
    shown = {
        "nmsp.element.type": str(record["type"]),
        "nmsp.element.length": str(record["length"]),
    }
    if "elements" in record:
        return shown | run_of(bound, record)
    if record.get("value"):
        shown["nmsp.element.value"] = colons(record["value"])
    if "value" in record and "malformed" in record:
        return shown
    if record.get("trailing"):
        shown["nmsp.element.trailing"] = colons(record["trailing"])
    cls = bound.element(record["type"])
    if cls is None:
        return shown
    for field in cls.value_fields:
        value = record.get(field.name)
        if value is not None:
            name = filter_name(cls, field)
            if field.kind == "address" and ":" in value:
                name += "_ipv6"
            shown[name] = spelt(field.under(bound.profile), value)
    return shown


def spelt(field, value):
    """Write a value as tshark's JSON does."""
    if isinstance(field, NumberField):
        wide = field.width > 4 and not (field.signed or field.unit)
        hexadecimal = wide and (field.is_flags or not field.names)
        return f"0x{value:016x}" if hexadecimal else str(value)
    if isinstance(value, dict):
        value = bytes.fromhex(value["bytes"]).decode("utf-8", "replace")
    if field.kind == "text":
        return value.split("\0")[0]  # Wireshark's text ends there
    return colons(value) if field.kind == "bytes" else value


def colons(digits):
    return bytes.fromhex(digits).hex(":")


# Captures ---------------------------------------------------------------


def tcp_capture(path, messages, segment=None, port=PORT):
    """Write messages as TCP without TLS, from the WLC, cut as one wishes."""
    stream = b"".join(messages)
    cuts = iter(segment or itertools.repeat(1200))
    at, sent = 0, []
    while at < len(stream):
        size = next(cuts)
        sent.append((at, stream[at : at + size]))
        at += size
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        for number, (offset, data) in enumerate(sent):
            tcp = struct.pack(
                "!HHIIHHHH", port, 40000, 1 + offset, 1, 0x5018, 8192, 0, 0
            )
            ip = struct.pack(
                "!BBHHHBBH4s4s",
                0x45,
                0,
                40 + len(data),
                number & 0xFFFF,
                0,
                64,
                6,
                0,
                bytes([10, 0, 0, 2]),
                bytes([10, 0, 0, 1]),
            )
            size = len(ip) + len(tcp) + len(data)
            file.write(struct.pack("<IIII", number // 1000, number % 1000, size, size))
            file.write(ip + tcp + data)
    return path


# A corpus ---------------------------------------------------------------

TEXTS = ["", "a", "jörg", "漢字 \U0001f600", 'quo"te\\', "x" * 40]


def drawn(field, random_):
    match field:
        case NumberField():
            return drawn_number(field, random_)
        case MacField():
            return random_.randbytes(6)
        case AddressField():
            return random_.randbytes(random_.choice([4, 16]))
        case TextField():
            return random_.choice(TEXTS)
    return random_.randbytes(random_.randrange(1, 9))


def drawn_number(field, random_):
    if field.optional and random_.random() < 0.5:
        return None
    bits = 8 * field.width
    low = -(1 << bits - 1) if field.signed else 0
    if field.names and random_.random() < 0.7:
        return random_.choice(list(field.names))
    return random_.choice([low, low + (1 << bits) - 1, random_.randrange(128)])


def element(bound, random_, depth):
    cls = bound.element(random_.choice(sorted(layers.ELEMENTS)))
    if random_.random() < 0.08 or (cls.contains and depth == 0):
        value = random_.randbytes(random_.randrange(1, 9))
        return bound.unknown_element(type=random_.randrange(130, 250), value=value)
    made = {}
    for field in cls.value_fields:
        if isinstance(field, ElementsField):
            made[field.name] = some(bound, random_, depth - 1)
        else:
            made[field.name] = drawn(field, random_)
    one = cls(**made)
    if random_.random() < 0.08 and all(f.width for f in cls.value_fields):
        one = one / random_.randbytes(3)
    return one


def some(bound, random_, depth):
    return [element(bound, random_, depth) for _ in range(random_.randrange(5))]


def corpus(seed, count, profile=NOMINAL):
    """Make messages of all kinds; some bodies are damaged, no message's length is."""
    random_ = random.Random(seed)
    bound = layers.bind(profile)
    names = sorted(profile.message_types)
    made = []
    for number in range(count):
        body = bound.message(names[number % len(names)])
        header = bound.header()
        if "transaction_id" in header.fieldtype:
            header.transaction_id = random_.randrange(1 << 16)
        if any(isinstance(field, ElementsField) for field in body.fields_desc):
            raw = bytearray(bytes(header / body(elements=some(bound, random_, 2))))
        else:
            raw = bytearray(bytes(header / body()))
        size = profile.header.size
        if len(raw) > size and random_.random() < 0.3:
            raw[random_.randrange(size, len(raw))] = random_.randrange(256)
        made.append(bytes(raw))
    return made
