# SPDX-License-Identifier: GPL-2.0-or-later
"""The labelled set: every cause at least twice, and nothing wrong where nothing is."""

from collections import Counter
from functools import cache
from io import BytesIO

import pytest

from nmsp_scapy.authlist import identity_of
from nmsp_scapy.authlist.containers import certificates_in
from nmsp_scapy.authlist.pasted import entries_in
from nmsp_scapy.capture import open_capture
from nmsp_scapy.dissect import dissect
from nmsp_scapy.doctor import Cause, Chart, Confidence, Diagnosis, attempts, diagnose
from nmsp_scapy.trace import connections
from tests.gear.setups import Setup, setups

NAMES = [setup.name for setup in setups()]


@cache
def all_setups() -> dict[str, Setup]:
    return {setup.name: setup for setup in setups()}


def diagnosed(setup: Setup) -> Diagnosis:
    chart = Chart()
    chart.feed_all(dissect(BytesIO(setup.capture)))
    with open_capture(BytesIO(setup.capture)) as capture:
        begun = attempts(capture)
    expected = None
    if setup.certificate:
        expected = identity_of(certificates_in(setup.certificate)[0])
    return diagnose(
        chart,
        begun,
        connections=list(connections(setup.trace.split(b"\n"))),
        expected=expected,
        entries=entries_in(setup.config),
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_cause_is_named_and_no_other(name: str) -> None:
    setup = all_setups()[name]
    diagnosis = diagnosed(setup)
    expected = ({setup.cause} if setup.cause else set()) | setup.also
    assert {str(found.cause) for found in diagnosis.findings} == expected
    assert diagnosis.healthy == (not expected)
    assert diagnosis.summary.startswith("nothing is wrong") == diagnosis.healthy
    for found in diagnosis.findings:
        assert found.evidence
        assert found.remedy


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("healthy")])
def test_evidence_names_frames_that_exist(name: str) -> None:
    setup = all_setups()[name]
    with open_capture(BytesIO(setup.capture)) as capture:
        frames = sum(1 for _ in capture.packets())
    lines = setup.trace.count(b"\n") + 1
    cited = [e for found in diagnosed(setup).findings for e in found.evidence]
    assert any(e.frame is not None or e.line is not None for e in cited)
    assert all(e.frame is None or 1 <= e.frame <= frames for e in cited)
    assert all(e.line is None or 1 <= e.line <= lines for e in cited)


def test_every_cause_stands_in_the_set_at_least_twice() -> None:
    counts = Counter(setup.cause for setup in all_setups().values())
    others = {Cause.HANDSHAKE, Cause.DAMAGE}
    assert {cause for cause in Cause if counts[str(cause)] < 2} == others
    assert counts[""] >= 4


def test_several_attempts_are_one_finding() -> None:
    (found,) = diagnosed(all_setups()["list has the MAC mistyped"]).findings
    assert found.conversations == [0, 1, 2]


def test_the_remedy_is_what_the_mse_presents() -> None:
    setup = all_setups()["SHA-1 as password"]
    (found,) = diagnosed(setup).findings
    assert found.confidence is Confidence.CERTAIN
    password = found.commands[3].split()[-1]
    assert len(password) == 64
    assert f"SHA-256 {password}" in " ".join(str(e) for e in found.evidence)


def test_a_trace_makes_certain_what_the_capture_only_suggests() -> None:
    alone, with_trace = (
        diagnosed(all_setups()[name]).findings[0]
        for name in ("no list at hand", "list unknown, trace at hand")
    )
    assert alone.confidence is Confidence.LIKELY
    assert with_trace.confidence is Confidence.CERTAIN
    assert any(e.line == 6 for e in with_trace.evidence)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no key, static RSA", "the WLC's RSA private key opens it: --rsa-key"),
        ("no key, ECDHE", "only a key log opens it"),
        ("no key, TLS 1.3", "only a key log opens it"),
        ("no handshake", "restart the connection while capturing"),
    ],
)
def test_the_key_that_would_do_is_named(name: str, said: str) -> None:
    (found,) = diagnosed(all_setups()[name]).findings
    assert said in " ".join(found.remedy)


def test_clocks_are_measured() -> None:
    (found,) = diagnosed(all_setups()["WLC two months behind"]).findings
    assert found.title.startswith("the WLC's clock is 60.0 days behind the capture's")
    assert found.confidence is Confidence.CERTAIN


def test_a_cut_capture_is_damage() -> None:
    setup = all_setups()["healthy, TLS 1.2"]
    cut = Setup("cut", "capture-damaged", setup.capture[:-30])
    causes = {str(found.cause) for found in diagnosed(cut).findings}
    assert "capture-damaged" in causes
    assert causes <= {"capture-damaged", "bytes-missing", "no-key"}


def test_nothing_is_claimed_of_an_empty_capture() -> None:
    diagnosis = diagnose(Chart())
    assert not diagnosis.healthy
    assert diagnosis.summary == "the capture shows no NMSP connection"
    assert not diagnosis.findings
