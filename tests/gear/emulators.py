# SPDX-License-Identifier: GPL-2.0-or-later
"""Identities for emulated gear, made once, and policies by name."""

from conformance.emulator.server import policy_of as policy
from conformance.emulator.tls import Identity, identity
from nmsp_scapy.authlist.create import new_identity

__all__ = ["MSE", "WLC", "made", "policy"]


def made(mac: str, name: str) -> Identity:
    return identity(b"".join(new_identity(mac, name=name)))


WLC = made("02005ea00001", "WLC")
MSE = made("02005ee00001", "MSE")
