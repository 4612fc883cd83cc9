# SPDX-License-Identifier: GPL-2.0-or-later
"""A campaign that fails, or holds nothing, fails here."""

import pytest

from tests.gear.campaigns import CampaignError, judge

GOOD = "% Good\n\n+ Set\n\n= Passes\n\n1 + 1 == 2\n"
BAD = {
    "false": GOOD + "\n= Is false\n\n1 + 1 == 3\n",
    "raises": GOOD + "\n= Raises\n\nraise ValueError\n",
    "empty": "% Nothing\n\n+ Set\n",
}


def test_a_campaign_that_fails_is_a_failure(tmp_path):
    paths = {name: tmp_path / f"{name}.uts" for name in (*BAD, "good")}
    for name, path in paths.items():
        path.write_text(BAD.get(name, GOOD))
    together = tuple(paths.values())
    for name in BAD:
        with pytest.raises(CampaignError):
            judge(paths[name], *together)
    assert judge(paths["good"], *together) == 1
