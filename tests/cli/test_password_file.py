# SPDX-License-Identifier: GPL-2.0-or-later
"""Encrypted RSA keys open sessions by `--password-file`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    serialize_key_and_certificates,
)

from nmsp_scapy.cli.main import main
from tests.gear.captures import Tap, frame, pcap
from tests.gear.tls import identity, openssl

LOCK = BestAvailableEncryption(b"a secret")


def pem() -> bytes:
    key = identity("other").key, identity().key
    return b"".join(
        k.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCK) for k in key
    )


def der() -> bytes:
    key = identity().key
    return bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, LOCK))


def pkcs12() -> bytes:
    who = identity()
    return serialize_key_and_certificates(b"wlc", who.key, who.certificate, None, LOCK)


def run(folder: Path, key: bytes, password: str | None) -> Result:
    recorded = openssl("1.2", "AES128-SHA", talk=[(0, b"hello"), (1, b"hello")])
    tap = Tap().open()
    for side, data in recorded.flow:
        tap.write(side, data)
    capture = folder / "x.pcap"
    capture.write_bytes(pcap([frame(s) for s in tap.finish().segments]))
    (folder / "x.key").write_bytes(key)
    more = []
    if password is not None:
        (folder / "password").write_text(password)
        more = ["--password-file", str(folder / "password")]
    arguments = ["dissect", str(capture), "--tls", "--rsa-key", str(folder / "x.key")]
    return CliRunner().invoke(main, [*arguments, *more])


@pytest.mark.parametrize("made", [pem, der, pkcs12])
def test_an_encrypted_key_opens(made: Callable[[], bytes], tmp_path: Path) -> None:
    result = run(tmp_path, made(), "a secret\n")
    assert "opened with RSA key x.key" in result.stdout
    assert "records: 1 of the MSE, 1 of the WLC" in result.stdout
    assert "a secret" not in result.output


@pytest.mark.parametrize("made", [pem, der, pkcs12])
def test_a_wrong_or_missing_password_is_one_clear_line(
    made: Callable[[], bytes], tmp_path: Path
) -> None:
    for password, reason in (("wrong", "does not fit"), (None, "needs a password")):
        result = run(tmp_path, made(), password)
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()[-1:]
        assert "x.key" in line
        assert reason in line
