# SPDX-License-Identifier: GPL-2.0-or-later
"""The bundled captures: each has its row, opens with what its row says, is small."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from conformance.emulator.authlist import AuthList
from conformance.emulator.captures import SESSIONS
from conformance.emulator.tls import identity_file
from nmsp_scapy.constants import MessageType
from nmsp_scapy.conversation import Event, Message
from nmsp_scapy.dissect import dissect
from nmsp_scapy.tls import KeyStore

ROOT = Path(__file__).parents[3]
PCAPS, KEYS = ROOT / "pcaps", ROOT / "keys"
ROWS = dict(
    re.findall(
        r"^\| (\S+\.pcapng) \|.*\| (.+) \|$", (PCAPS / "README.md").read_text(), re.M
    )
)


def keys_of(name: str) -> KeyStore:
    """The keys that the capture's row names."""
    store, row = KeyStore(), ROWS[name]
    for file in re.findall(r"--keylog (\S+?)`", row):
        store.add_keylog((ROOT / file).read_bytes(), file)
    for file in re.findall(r"--rsa-key (\S+?)`", row):
        store.add_rsa_key((ROOT / file).read_bytes(), file)
    return store


def port_of(path: Path) -> int:
    """The WLC's port: what the first SYN goes to."""
    from nmsp_scapy.capture import open_capture

    with open_capture(str(path)) as capture:
        return next(item.dport for item in capture if item.flags & 2)


def test_every_capture_has_its_row_and_every_row_its_capture() -> None:
    files = {path.name for path in PCAPS.glob("*.pcapng")}
    assert files == set(ROWS) == {f"{name}.pcapng" for name in SESSIONS}


def test_they_stay_small() -> None:
    sizes = [path.stat().st_size for path in PCAPS.glob("*.pcapng")]
    assert max(sizes) < 300_000
    assert sum(sizes) < 2_000_000


@pytest.mark.parametrize("name", SESSIONS)
def test_a_capture_opens_with_what_its_row_says(name: str) -> None:
    path = PCAPS / f"{name}.pcapng"
    keys, ports = keys_of(path.name), frozenset({port_of(path)})
    items = list(dissect(path, keys=keys, ports=ports))
    messages = {MessageType(m.type).name for m in items if isinstance(m, Message)}
    events = [one for one in items if isinstance(one, Event)]
    if SESSIONS[name].listed:
        assert "SERVICE_SUBSCRIBE_RESPONSE" in messages
        assert not [one for one in events if one.lost]
    else:
        assert messages <= {"CAPABILITY_NOTIFICATION"}
        assert any("certificate_unknown" in str(one) for one in events)


def test_every_message_there_is_stands_in_one_of_them() -> None:
    path = PCAPS / "notifications.pcapng"
    read = dissect(path, ports=frozenset({port_of(path)}))
    seen = {MessageType(m.type) for m in read if isinstance(m, Message)}
    assert seen == set(MessageType)


def test_nothing_in_keys_expires_and_the_list_lists_the_mse() -> None:
    for name in ("wlc.pem", "mse.pem"):
        made = x509.load_pem_x509_certificate((KEYS / name).read_bytes())
        assert made.not_valid_after_utc > datetime.now(UTC) + timedelta(365 * 90)
    listed = AuthList.read(KEYS / "authlist.txt")
    assert listed.admits(identity_file(KEYS / "mse.pem").der)


def test_a_capture_can_be_made_anew(tmp_path: Path) -> None:
    module = "conformance.emulator.captures"
    subprocess.run(
        [sys.executable, "-m", module, "tls12-ecdhe", "--root", tmp_path],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    path = tmp_path / "pcaps" / "tls12-ecdhe.pcapng"
    keys = KeyStore()
    keys.add_keylog((tmp_path / "keys" / "tls12-ecdhe.keys").read_bytes(), "log")
    items = list(dissect(path, keys=keys, ports=frozenset({port_of(path)})))
    assert any(isinstance(one, Message) for one in items)
    assert not [one for one in items if isinstance(one, Event) and one.lost]
