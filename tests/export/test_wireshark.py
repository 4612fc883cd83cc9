# SPDX-License-Identifier: GPL-2.0-or-later
"""The dissector is installed where tshark reads it, with a profile that it takes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nmsp_scapy.export.lua import dissector
from nmsp_scapy.export.wireshark import filter_names, filter_page
from nmsp_scapy.layers import MESSAGES
from tests.gear.vectors import every_vector
from tests.gear.wireshark import run_tshark, tcp_capture

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def home(tmp_path, tshark):
    return tmp_path / "home"


def nmsp(home, *arguments):
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "nmsp_scapy", "wireshark", *arguments],
        cwd=ROOT,
        env=os.environ | {"HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_missing_is_told(home):
    done = nmsp(home, "check")
    assert done.returncode == 3
    assert "nmsp wireshark install" in done.stdout


def test_installed_it_works_with_no_option_given(home, tshark, tmp_path):
    assert nmsp(home, "install").returncode == 0
    done = nmsp(home, "check", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["good"] is True
    raws = [v.raw for v in every_vector() if v.condition == "valid"]
    capture = tcp_capture(tmp_path / "x.pcap", raws, map(len, raws))
    # run_tshark fails on any complaint about columns, colours or buttons.
    listed = run_tshark(tshark, "-C", "NMSP", "-r", capture, home=home).splitlines()
    assert len(listed) == len(MESSAGES)
    for line in listed:
        # once as a column, once in the info line
        name = next(name for name in MESSAGES if f" {name}" in line)
        assert line.count(name) >= 2
    coloured = run_tshark(
        tshark,
        *("-C", "NMSP", "-r", capture, "--color"),
        *("-T", "fields", "-e", "frame.coloring_rule.name"),
        home=home,
    ).split("\n")[:-1]
    assert set(coloured) == {
        "NMSP echo",
        "NMSP capability and subscription",
        "NMSP notification",
        "NMSP request or response",
        "NMSP refused",
    }


def recent(home):
    return home / ".config" / "wireshark" / "recent_common"


def test_wireshark_starts_with_the_profile_where_none_was_chosen(home):
    done = nmsp(home, "install")
    assert "open a capture with: wireshark CAPTURE" in done.stdout
    assert recent(home).read_text() == "gui.last_used_profile: NMSP\n"
    told = "# kept\ngui.last_used_profile: Default\ngui.geometry: 1\n"
    recent(home).write_text(told)
    nmsp(home, "install")
    kept = "gui.last_used_profile: NMSP\n# kept\ngui.geometry: 1\n"
    assert recent(home).read_text() == kept


def test_a_choice_of_the_users_own_stays(home):
    recent(home).parent.mkdir(parents=True)
    recent(home).write_text("gui.last_used_profile: Mine\n")
    done = nmsp(home, "install")
    assert "open a capture with: wireshark -C NMSP CAPTURE" in done.stdout
    assert recent(home).read_text() == "gui.last_used_profile: Mine\n"


def test_it_can_be_told_not_to_start_with_the_profile(home):
    nmsp(home, "install", "--no-start")
    assert not recent(home).exists()


def test_uninstalled_nothing_is_left(home):
    nmsp(home, "install")
    profile = home / ".config" / "wireshark" / "profiles" / "NMSP"
    (profile / "mine").write_text("kept")
    done = nmsp(home, "uninstall")
    assert done.returncode == 0, done.stderr
    files = [path for path in home.rglob("*") if path.is_file()]
    left = {path.name for path in files if path.suffix != ".pickle"}  # of Scapy
    assert left == {"recent_common", "mine"}
    assert recent(home).read_text() == "gui.last_used_profile: Default\n"
    assert nmsp(home, "check").returncode == 3


def test_each_button_and_graph_filters(home, tshark, tmp_path):
    nmsp(home, "install")
    capture = tcp_capture(tmp_path / "x.pcap", [every_vector()[0].raw])
    folder = ROOT / "nmsp_scapy" / "export" / "templates" / "profile"
    filters = [
        line.split('","')[2]
        for line in (folder / "dfilter_buttons").read_text().splitlines()
        if not line.startswith("#")
    ] + [
        line.split('","')[2]
        for line in (folder / "io_graphs").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert len(filters) == 11
    together = " || ".join(f"({each})" for each in filters)
    run_tshark(tshark, "-r", capture, "-Y", together, home=home)


def test_another_version_is_told(home):
    nmsp(home, "install")
    plugin = next(home.rglob("nmsp.lua"))
    plugin.write_text(plugin.read_text() + "-- changed\n")
    done = nmsp(home, "check")
    assert done.returncode == 3
    assert "another version" in done.stdout


def test_without_tshark_there_is_a_word(home):
    done = nmsp(home, "check", "--tshark", "no-such-tshark")
    assert done.returncode == 1
    assert done.stderr == "Error: no-such-tshark is not installed\n"


def test_the_page_lists_the_filter_names_that_are_registered():
    page = (ROOT / "docs" / "wireshark.md").read_text()
    table = filter_page(filter_names(dissector()))
    assert table in page, "run: python scripts/filter_names.py"


def test_filter_names_are_those_of_the_contract():
    names = [name for name, _, _ in filter_names(dissector())]
    assert {"nmsp.type", "nmsp.length", "nmsp.transaction_id"} <= set(names)
    assert all(re.fullmatch(r"nmsp(\.[a-z0-9_]+){1,3}", name) for name in names)
