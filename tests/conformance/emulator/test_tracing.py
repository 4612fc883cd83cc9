# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace that the emulated WLC writes, read by our reader of real traces."""

import re

import pytest

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from nmsp_scapy.trace import Connection, Outcome, connections, judge
from tests.gear.emulators import MSE, WLC


def traced(*, listed: bool, tls: str = "legacy-3850", wait_s: float = 0.2) -> list[str]:
    lines: list[str] = []
    with EmulatedWlc(
        tls=tls,
        presented=WLC,
        authlist=AuthList.of(MSE.der) if listed else AuthList(),
        authlist_wait_s=wait_s,
        trace=lines.append,
    ) as wlc:
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE, plan=Plan(None, ()))
        mse.once(0.5)
        mse.stop()
    return lines


def read(lines: list[str]) -> Connection:
    (connection,) = connections(line.encode() + b"\n" for line in lines)
    return connection


def states(lines: list[str]) -> list[str]:
    found = re.findall(r"SSL state = 0x([0-9a-f]+)", "\n".join(lines))
    return [one for at, one in enumerate(found) if at == 0 or found[at - 1] != one]


def test_a_rejection_reads_as_the_observed_one() -> None:
    lines = traced(listed=False)
    text = "\n".join(lines)
    assert re.search(r"SSL state = 0x2182; where = 0x4008; ret = 0x22e\b", text)
    assert text.count("ret_type_string=fatal") == 1
    assert "ret_desc_string=certificate unknown" in text
    assert "error:140890B2" in text
    assert judge(read(lines)).outcome is Outcome.AUTHLIST


def test_a_success_reads_as_the_observed_one() -> None:
    lines = traced(listed=True)
    text = "\n".join(lines)
    assert "ret = 0xffffffffff" in text
    at = next(n for n, line in enumerate(lines) if "validated against" in line)
    order = list(dict.fromkeys(states(lines[at:])))
    observed = ["2180", "2190", "21a0", "21c0", "21d0", "21e0", "3"]
    assert [one for one in order if one != "21f0"] == observed  # 21f0: a ticket
    assert "fatal" not in text
    assert "freeing" in lines[-1]
    assert judge(read(lines)).outcome is Outcome.UP


def test_static_rsa_writes_no_key_exchange_and_ecdhe_does() -> None:
    assert "2150" not in states(traced(listed=True))
    assert "2150" in states(traced(listed=True, tls="c9800"))


@pytest.mark.parametrize("listed", [True, False])
def test_the_wait_for_the_list_is_in_the_times(listed: bool) -> None:
    lines = traced(listed=listed, wait_s=0.3)

    def second(part: str) -> float:
        line = next(line for line in lines if part in line)
        return float(re.search(r":(\d\d\.\d{3}) UTC", line)[1])  # type: ignore[index]

    waited = second("Authlist authentication") - second("calling authlist")
    assert 0.29 < waited % 60 < 1


def test_lines_have_the_form_of_a_controller() -> None:
    form = r"\[\d\d/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3} UTC [0-9a-f]+ \d+\] \S.*"
    lines = traced(listed=True)
    assert len(lines) > 20
    assert all(re.fullmatch(form, line) for line in lines)
