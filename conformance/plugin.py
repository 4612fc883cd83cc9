# SPDX-License-Identifier: GPL-2.0-or-later
"""The suite as a pytest plugin. Inert unless its options are used.

`pytest --pyargs conformance --nmsp-target HOST --nmsp-identity mse.pem -n auto`

Every pytest process of a user imports this module: it imports nothing else.
"""

import os
from typing import Any

import pytest

WAITING = 8
"""Workers of `-n auto` at least: cases wait for the endpoint more than they work."""

OPTIONS: dict[str, dict[str, Any]] = {
    "--nmsp-target": {"metavar": "HOST[:PORT]", "help": "the WLC under test"},
    "--nmsp-listen": {"metavar": "[HOST:]PORT", "help": "wait for an MSE under test"},
    "--nmsp-inventory": {"metavar": "TOML", "help": "many WLCs under test"},
    "--nmsp-identity": {"metavar": "PEM", "help": "key and certificate to present"},
    "--nmsp-select": {
        "action": "append",
        "default": [],
        "metavar": "SELECTOR",
        "help": "id, requirement, family, role, level, risk, grade or @file",
    },
    "--nmsp-exclude": {
        "action": "append",
        "default": [],
        "metavar": "SELECTOR",
        "help": "leave these out",
    },
    "--nmsp-risk": {
        "choices": ["safe", "may-drop-session", "may-crash"],
        "default": "safe",
        "help": "the most that a case may risk",
    },
    "--nmsp-trust": {
        "choices": [
            "auto",
            "documented",
            "observed",
            "reported",
            "inferred",
            "assumed",
        ],
        "default": "auto",
        "help": "the least sure grade that is held against the endpoint",
    },
    "--nmsp-strict": {"action": "store_true", "help": "warnings fail"},
    "--nmsp-timeout-factor": {
        "type": float,
        "default": 1.0,
        "metavar": "X",
        "help": "scales every wait",
    },
    "--nmsp-output": {"metavar": "DIR", "help": "captures and transcripts"},
    "--nmsp-profile": {"metavar": "TOML", "help": "wire profile"},
    "--nmsp-claims": {"metavar": "TOML", "help": "what the endpoint claims"},
    "--nmsp-tls": {
        "choices": ["legacy-3850", "c9800", "c9800-strong", "fips"],
        "help": "TLS policy that it claims; goes before that of the claims",
    },
    "--nmsp-authlist-command": {
        "default": "",
        "metavar": "CMD",
        "help": "run with add|remove MAC SHA1 SHA256, without a shell",
    },
    "--nmsp-statistics-command": {
        "default": "",
        "metavar": "CMD",
        "help": "prints show nmsp statistics connection",
    },
    "--nmsp-statistics": {"default": "", "metavar": "FILE", "help": "the same text"},
    "--nmsp-shard": {
        "default": "",
        "metavar": "I/N",
        "help": "run the i-th of n parts",
    },
    "--nmsp-seed": {
        "type": int,
        "default": 0,
        "metavar": "N",
        "help": "order of the cases, nothing else; 0 is the catalogue's",
    },
    "--nmsp-json": {"metavar": "FILE", "help": "the result as JSON"},
    "--nmsp-show-identities": {
        "action": "store_true",
        "help": "hide no address or name",
    },
    "--nmsp-quiet": {"action": "store_true", "help": "tell an MSE's operator nothing"},
}
"""pytest's options; `nmsp-conformance run` has the same without the prefix."""


def pytest_addoption(parser: Any) -> None:
    """Add the options."""
    group = parser.getgroup("nmsp", "NMSP conformance")
    for name, how in OPTIONS.items():
        group.addoption(name, **how)


def _judges(config: Any) -> bool:
    """Tell whether there is an endpoint to judge."""
    where = ("--nmsp-target", "--nmsp-listen", "--nmsp-inventory")
    return any(config.getoption(name) for name in where)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: Any) -> int | None:
    """Say how many workers `-n auto` is; None leaves it to pytest-xdist."""
    if not _judges(config) or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return max(WAITING, os.cpu_count() or 1)


def pytest_configure(config: Any) -> None:
    """Begin a suite when there is an endpoint to judge."""
    if _judges(config):
        from conformance.collection import begin

        begin(config)
