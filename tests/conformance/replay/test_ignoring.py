# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from conformance.replay.ignoring import VARYING, Ignoring

CODE = "SERVICE_SUBSCRIBE_RESPONSE.STATUS.code"
HEARD = "MEASUREMENT_RESPONSE.MEASUREMENT.RSSI_SAMPLE.snr_db"


@pytest.mark.parametrize(
    ("pattern", "path", "hidden"),
    [
        ("code", CODE, True),
        ("CODE", CODE, True),
        ("status.code", CODE, True),
        ("STATUS", CODE, True),
        (CODE, CODE, True),
        ("SERVICE_SUBSCRIBE_RESPONSE", CODE, True),
        ("*_RESPONSE", CODE, True),
        ("STATUS.*", CODE, True),
        ("od", CODE, False),
        ("STATUS.co", CODE, False),
        ("STAT", CODE, False),
        ("*_NOTIFICATION", CODE, False),
        ("code.x", CODE, False),
    ],
)
def test_a_pattern_names_a_message_an_element_or_a_field(
    pattern: str, path: str, hidden: bool
) -> None:
    assert Ignoring([pattern]).hides(path) is hidden


def test_what_varies_is_ignored_unless_it_is_asked_for() -> None:
    assert Ignoring().hides(HEARD)
    assert not Ignoring(compared=["RSSI_SAMPLE"]).hides(HEARD)
    assert not Ignoring(compared=["snr_db"]).hides(HEARD)
    assert Ignoring(compared=["age_ms"]).hides(HEARD)


def test_what_is_asked_to_be_ignored_stays_so() -> None:
    assert Ignoring(["snr_db"], ["RSSI_SAMPLE"]).hides(HEARD)


def test_what_is_ignored_is_named_with_its_reason() -> None:
    assert Ignoring().patterns == VARYING
    made = Ignoring(["mac"], ["state"])
    assert made.patterns["mac"] == "as asked"
    assert "state" not in made.patterns
