# SPDX-License-Identifier: GPL-2.0-or-later
"""Registries hold each number once, and numbers they do not hold survive."""

import enum
import inspect

import pytest

from nmsp_scapy import constants
from nmsp_scapy.constants import (
    Grade,
    MessageType,
    SubService,
    name_of,
    response_name,
)

REGISTRIES = [
    cls
    for cls in vars(constants).values()
    if inspect.isclass(cls)
    and issubclass(cls, enum.IntEnum | enum.IntFlag)
    and cls.__module__ == constants.__name__
]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda cls: cls.__name__)
def test_no_number_has_two_names(registry):
    assert len(registry.__members__) == len(set(registry))


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda cls: cls.__name__)
def test_each_registry_is_graded(registry):
    words = registry.__doc__.lower().replace(":", " ").replace(".", " ")
    assert set(Grade) & set(words.replace(")", " ").replace("(", " ").split())


def test_unknown_numbers_are_spelt():
    assert name_of(MessageType, 1) == "ECHO_REQUEST"
    assert name_of(MessageType, 4711) == "4711"


def test_the_mask_of_a_live_controller_is_read():
    services = SubService(0x68EBE7)
    assert SubService.RSSI_ROGUE in services
    assert SubService.RSSI_INTERFERER not in services
    assert SubService.AP_INFO_SUBSCRIPTION in services
    assert len(services) == bin(0x68EBE7).count("1")


def test_each_request_has_its_response():
    for message in MessageType:
        answer = response_name(message.name)
        if message.name.endswith("_REQUEST"):
            assert answer in MessageType.__members__
        else:
            assert answer is None


def test_provisional_numbers_stand_apart():
    public = [m for m in MessageType if m < 0xF000]
    assert max(public) == MessageType.AP_INFO_NOTIFICATION
