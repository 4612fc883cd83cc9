# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect Scapy's campaigns as tests."""

from tests.gear.campaigns import Campaign


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".uts":
        return Campaign.from_parent(parent, path=file_path)
    return None
