# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not end the service is tried in the geometry of any wire profile."""

import pytest

from conformance import matrix, scenario
from conformance.building import Builder
from conformance.checks import robustness
from conformance.result import Case
from conformance.runner import run_case
from conformance.verdict import InconclusiveError, Reason, Verdict
from nmsp_scapy.profile import (
    NOMINAL,
    ElementGeometry,
    Field,
    HeaderGeometry,
    Profile,
)
from tests.gear.odd_profiles import FLAT, LITTLE, NUMBERS, TRAILED

NARROW = Profile(
    name="narrow",
    header=HeaderGeometry(
        size=4,
        fields=(
            Field("type", 0, 1),
            Field("length", 1, 1),
            Field("transaction_id", 2, 2),
        ),
        maximum=255,
    ),
    elements=ElementGeometry(
        type_width=1, length_offset=1, length_width=1, value_offset=2, covers_from=2
    ),
    **NUMBERS
    | {"message_types": {n: t for n, t in NOMINAL.message_types.items() if t < 256}},
)
"""No length can say more than 255."""

PROFILES = {one.name: one for one in (LITTLE, TRAILED, NARROW)}

FAULTS = {
    "survives_length_zero": "short-length-crashes",
    "survives_length_below_header": "short-length-crashes",
    "survives_length_beyond_limit": "short-length-crashes",
    "survives_truncated_messages": "crashes-on-truncation",
    "survives_trailing_bytes": "trailing-bytes-crash",
    "survives_an_unknown_message": "unknown-type-resets",
    "skips_an_unknown_element": "unknown-element-refused",
    "survives_deep_nesting": "nesting-crashes",
    "ignores_unknown_flags": "flags-unanswered",
    "survives_an_unknown_version": "version-crashes",
    "survives_an_element_beyond_its_message": "overrun-crashes",
}
"""Cases that write geometry, and what breaks each."""

SPARED = {
    ("little", "survives_length_zero"),
    ("little", "survives_length_below_header"),
    ("little", "survives_length_beyond_limit"),
    ("narrow", "survives_length_beyond_limit"),
}
"""No such length exists: what it would say is allowed, or cannot be said."""

NAMELESS = {
    ("little", "ignores_unknown_flags"),
    ("narrow", "ignores_unknown_flags"),
    *((profile, "survives_an_unknown_version") for profile in PROFILES),
}
"""The header has no such field, as far as the profile knows."""


def judged(name: str, profile: Profile, fault: str = "") -> Case:
    with matrix.wlc(fault, profile=profile) as settings:
        return run_case(scenario.load()[f"robustness.{name}"], settings)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_geometry(profile: Profile, name: str) -> None:
    sound, faulty = judged(name, profile), judged(name, profile, FAULTS[name])
    if (profile.name, name) in SPARED:
        assert {sound.verdict, faulty.verdict} == {Verdict.NOT_APPLICABLE}
    elif (profile.name, name) in NAMELESS:
        assert {sound.reason, faulty.reason} == {Reason.UNCONFIRMED}
    else:
        assert sound.verdict is Verdict.PASS, sound.detail
        assert faulty.verdict is Verdict.FAIL, faulty.detail


def test_without_elements_none_is_made() -> None:
    with pytest.raises(InconclusiveError, match="no elements"):
        robustness.no_element(Builder(FLAT))


def test_what_does_not_fit_is_no_bug_of_ours() -> None:
    many = [Builder(NARROW).element("SSID", ssid="x" * 200) for _ in range(2)]
    with pytest.raises(InconclusiveError, match="cannot be said"):
        Builder(NARROW).build("INFORMATION_RESPONSE", *many)
