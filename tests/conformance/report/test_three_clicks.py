# SPDX-License-Identifier: GPL-2.0-or-later
"""From an HTML report of a faulty endpoint to the faulty byte in three clicks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from conformance import matrix
from nmsp_scapy.export.lua import dissector
from tests.conformance.report.test_page import Node, Tree
from tests.gear.wireshark import run_tshark

ROOT = Path(__file__).parents[3]


def conformance(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr


@pytest.fixture(scope="module", params=["run", "check"])
def folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What a new user has after one command, on a faulty endpoint or its capture."""
    out = tmp_path_factory.mktemp("out")
    who = matrix.listed().listed
    identity = out / "mse.pem"
    identity.write_bytes(
        who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + who.certificate.public_bytes(Encoding.PEM)
    )
    with matrix.wlc("echo-wrong-transaction") as met:
        conformance(
            "run", f"127.0.0.1:{met.target[1]}", "echo", "--identity", str(identity),
            "--timeout-factor", "0.2", "-o", str(out), "--report", "html",
        )  # fmt: skip
    if request.param == "run":
        return out
    conformance(
        "check", str(out / "echo.answers_echo_in_its_transaction.pcapng"),
        "NMSP-ECHO-3", "--port", str(met.target[1]), "--trust", "assumed",
        "-o", str(out / "checked"), "--report", "html",
    )  # fmt: skip
    return out / "checked"


def link_of(node: Node, told: str) -> str:
    (href,) = {a.attributes["href"] for a in node.all("a") if told in a.told}
    assert href
    return href


def test_three_clicks_lead_to_the_faulty_byte(tshark: str, folder: Path) -> None:
    page = Tree((folder / "report.html").read_text()).root
    # 1. The one cell of the matrix that says so.
    (table,) = (t for t in page.all("table") if t.attributes.get("class") == "matrix")
    anchor = link_of(table, "fail")
    (case,) = (n for n in page.all("section") if f"#{n.attributes.get('id')}" == anchor)
    # 2. The case's capture.
    capture = folder / link_of(case, "in Wireshark")
    assert capture.stat().st_mode & 0o077 == 0
    # 3. The filter, as the button of our Wireshark profile or the page has it.
    filters = [code.told for code in case.all("code") if "frame." in code.told]
    (port,) = set(re.findall(r"nmsp\.port:\d+", case.told))
    lua = folder / "nmsp.lua"
    lua.write_text(dissector())
    options = ["-n", "-r", capture, "-X", f"lua_script:{lua}", "-o", port]
    by_filter = [
        run_tshark(tshark, *options, "-Y", each, "-T", "fields", "-e", "frame.number")
        for each in filters
    ]
    found = run_tshark(tshark, *options, "-Y", "nmsp.deviation", "-T", "pdml")
    frames = re.findall(r'<field name="num"[^>]*show="(\d+)"', found)
    assert [each.strip() for each in by_filter] == frames
    marked = re.findall(r'name="nmsp\.deviation"[^>]*size="(\d+)" pos="(\d+)"', found)
    assert marked == [("4", "8")] * len(filters)
    values = re.findall(r'name="nmsp\.deviation"[^>]*value="([0-9a-f]+)"', found)
    shown = ["".join(m.told for m in pre.all("mark")) for pre in case.all("pre")]
    assert values == [each for each in shown if re.fullmatch("[0-9a-f]{8}", each)]
