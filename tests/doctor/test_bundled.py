# SPDX-License-Identifier: GPL-2.0-or-later
"""The bundled captures, each with what the doctor says of it."""

from pathlib import Path

import pytest

from nmsp_scapy.capture import open_capture
from nmsp_scapy.dissect import dissect
from nmsp_scapy.doctor import Chart, Diagnosis, attempts, diagnose
from nmsp_scapy.tls import KeyStore

ROOT = Path(__file__).parent.parent.parent
REFUSED = {"tls10-rsa-rejected", "tls13-rejected"}
CAPTURES = sorted(path.stem for path in (ROOT / "pcaps").glob("*.pcapng"))


def diagnosed(name: str) -> Diagnosis:
    path = ROOT / "pcaps" / f"{name}.pcapng"
    keys = KeyStore()
    keys.add_rsa_key((ROOT / "keys" / "wlc.pem").read_bytes(), "wlc.pem")
    key_log = ROOT / "keys" / f"{name}.keys"
    if key_log.exists():
        keys.add_keylog(key_log.read_bytes(), key_log.name)
    chart = Chart()
    chart.feed_all(dissect(path, keys=keys))
    with open_capture(path) as capture:
        return diagnose(chart, attempts(capture))


@pytest.mark.parametrize("name", CAPTURES)
def test_each_is_diagnosed(name: str) -> None:
    found = {str(finding.cause) for finding in diagnosed(name).findings}
    assert found == ({"authlist-rejected"} if name in REFUSED else set())


def test_the_set_holds_both_kinds() -> None:
    assert set(CAPTURES) > REFUSED
