# SPDX-License-Identifier: GPL-2.0-or-later
"""The profile of docs/profiles.md works, and does what the page says."""

import re
from pathlib import Path

import msgspec

from nmsp_scapy import layers, records
from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.profile.model import Profile
from nmsp_scapy.profile.reading import parsed

PAGE = (Path(__file__).parents[2] / "docs/profiles.md").read_text()


def test_the_example_can_work_and_names_a_body() -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)
    profile = parsed(example)
    assert profile.message_types.items() >= NOMINAL.message_types.items()
    body = bytes.fromhex("02005e10000a") + b"\xc4"
    raw = (99).to_bytes(2, "little") + len(body).to_bytes(2, "little") + bytes(4) + body
    record = records.decode(raw, profile)
    assert record["name"] == "BEACON"
    assert record["body"] == {"station": "02:00:5e:10:00:0a", "signal": -60}
    assert layers.bind(profile).dissect(raw).payload.station == "02:00:5e:10:00:0a"


def test_every_key_of_the_model_is_told() -> None:
    told = set(re.findall(r"`\[?\[?(?:header\.)?(\w+)\]?\]?`", PAGE))
    told |= set(re.findall(r"^(\w+) =", PAGE, re.M)) | {"bodies", "fields", "header"}
    inner = [field.type for field in msgspec.structs.fields(Profile)]
    names = {field.name for field in msgspec.structs.fields(Profile)}
    for kind in inner:
        for part in (kind, *getattr(kind, "__args__", ())):
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                names |= {field.name for field in msgspec.structs.fields(part)}
    assert names - told <= {"frames", "statements"}
