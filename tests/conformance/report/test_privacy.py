# SPDX-License-Identifier: GPL-2.0-or-later
"""Nobody can be told from any report, and the same one has the same other name."""

from collections.abc import Callable, Sequence

import pytest

from conformance.report import privacy
from conformance.report.privacy import Pseudonyms, pseudonymised
from conformance.result import Run
from tests.conformance.report.test_golden import WRITERS
from tests.gear.results import sample

MAC, USER, ADDRESS, SIXTH = "00:50:56:9c:34:89", "alice.b", "10.1.2.3", "fe80::1:2"
SECRET = [
    MAC, "00-50-56-9c-34-89", "0050.569c.3489", "0050569c3489", USER, ADDRESS, SIXTH,
    "wlc7.example.org", USER.encode().hex(),
]  # fmt: skip


def told() -> Run:
    text = f"{MAC} 00-50-56-9C-34-89 0050.569c.3489 {USER} at {ADDRESS} or {SIXTH}"
    run = sample(text, "wlc7.example.org:16113")
    line = run.cases[0].transcript[2]
    line.record = {
        "elements": [
            {"name": "MAC_ADDRESS", "mac": MAC},
            {"name": "USER_NAME", "user_name": USER},
            {"name": "IP_ADDRESS", "address": ADDRESS},
            {"name": "SSID", "ssid": {"bytes": "ff00ff41"}},
        ]
    }
    line.raw += "0050569c3489" + USER.encode().hex() + "0a010203" + "ff00ff41"
    return run


@pytest.mark.parametrize("name", WRITERS)
def test_no_report_tells_who_it_was(name: str) -> None:
    write: Callable[[Sequence[Run]], str] = WRITERS[name]
    open_, hidden = write([told()]), write([pseudonymised(told())])
    for secret in SECRET[4:8]:
        assert secret.lower() not in hidden.lower().replace("\\", ""), secret
    assert MAC not in hidden
    assert USER in open_.replace("\\", "")


def test_all_forms_of_one_address_have_one_other_name() -> None:
    names = Pseudonyms(b"salt")
    forms = [names.prose(form) for form in (MAC, MAC.upper(), SECRET[1], SECRET[2])]
    digits = {"".join(filter(str.isalnum, form)).lower() for form in forms}
    assert len(digits) == 1
    assert digits != {"0050569c3489"}


def test_endpoints_of_one_process_share_the_names() -> None:
    first, second = pseudonymised(told()), pseudonymised(told())
    assert first.cases[0].transcript[2].raw == second.cases[0].transcript[2].raw
    assert first.target == second.target != "wlc7.example.org:16113"


def test_bytes_are_as_many_as_they_were() -> None:
    plain, hidden = told(), pseudonymised(told())
    before, after = (run.cases[0].transcript[2].raw for run in (plain, hidden))
    assert len(before) == len(after)
    assert before[:24] == after[:24]
    for secret in ("0050569c3489", USER.encode().hex(), "0a010203", "ff00ff41"):
        assert secret in before
        assert secret not in after


def test_what_names_nobody_stays() -> None:
    run = pseudonymised(sample(target="127.0.0.1:16113"))
    assert run.target == "127.0.0.1:16113"
    assert run.cases[0].capture == "echo.answers.pcapng"
    assert run.cases[0].transcript[0].text.startswith("handshake complete: TLSv1.3")
    assert Pseudonyms().prose("after 12:34:56 at 0x1234, 1.2.3") == (
        "after 12:34:56 at 0x1234, 1.2.3"
    )


def test_every_text_of_an_element_is_hidden_or_said_to_be_harmless() -> None:
    assert {"version", "model"} == privacy.SHOWN
    assert {"user_name", "ssid", "udi", "serial_number"} <= privacy.TEXT_FIELDS
    assert {"mac", "ap_mac", "bssid"} <= privacy.MAC_FIELDS
