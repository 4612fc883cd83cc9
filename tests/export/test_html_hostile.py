# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged captures: every screen, diagnosis and page is still made."""

import contextlib
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from nmsp_scapy.capture import CaptureError, open_capture
from nmsp_scapy.dissect import dissect
from nmsp_scapy.doctor import attempts, diagnose
from nmsp_scapy.doctor.report import diagnosis_text
from nmsp_scapy.export.html import Gathered, render
from nmsp_scapy.status.ios import ios_screens
from nmsp_scapy.status.mse import mse_status
from tests.gear.setups import Film, mse
from tests.gear.talks import clear_talk, talk

SEEDS = [
    clear_talk().pcapng(),
    talk("1.2").pcapng(),
    Film().open().tls(client=mse()).pcapng(secrets=False),
]


def everything(data: bytes) -> None:
    gathered = Gathered()
    gathered.feed_all(dissect(BytesIO(data)))
    with open_capture(BytesIO(data), ports={16113}) as capture:
        begun = attempts(capture)
    assert render(gathered, "damaged", begun).endswith("</html>")
    assert diagnosis_text(diagnose(gathered.chart, begun))
    assert ios_screens(gathered.tally.conversations)
    for status in gathered.tally.conversations:
        assert mse_status(status)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_is_shown_and_breaks_nothing(data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 8))):
        seed[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(seed)))
    with contextlib.suppress(CaptureError):
        everything(bytes(seed[: end if end > len(seed) // 2 else len(seed)]))


def test_a_year_that_no_calendar_has_is_no_crash() -> None:
    film = Film()
    film.now = 2**62
    film.open().tls(client=mse()).fin(1)
    everything(film.pcapng())
