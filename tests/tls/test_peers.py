# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions of a second stack, GnuTLS, and with rare credentials, as processes."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import program
from tests.gear.gnutls import gnutls
from tests.gear.processes import openssl_processes
from tests.gear.tls import items, key_store, read, rsa_store

CASES = {
    "tls10-3des": ("1.0", "3DES-CBC:-KX-ALL:+RSA"),
    "tls12-cbc": ("1.2", "AES-256-CBC:-KX-ALL:+RSA:-MAC-ALL:+SHA256:+SHA1"),
    "tls12-ccm8": ("1.2", "AES-128-CCM-8:-KX-ALL:+RSA"),
    "tls12-rc4": ("1.2", "ARCFOUR-128"),
    "tls12-gcm": ("1.2", "AES-256-GCM"),
    "tls12-chacha": ("1.2", "CHACHA20-POLY1305"),
    "tls13-gcm": ("1.3", "AES-256-GCM"),
    "tls13-ccm": ("1.3", "AES-128-CCM"),
}


@pytest.mark.parametrize("name", CASES)
def test_gnutls(name: str) -> None:
    program("gnutls-serv")
    program("gnutls-cli")
    version, choice = CASES[name]
    recorded = gnutls(f"LEGACY:-VERS-ALL:+VERS-TLS{version}:-CIPHER-ALL:+{choice}")
    stores = [key_store(recorded)] + [rsa_store()] * ("+RSA" in choice)
    for keys in stores:
        opened = read(items(recorded.flow, 777), keys)
        assert opened.plain == recorded.written
        assert not opened.holes
        assert opened.session.facts.version == f"TLS {version}"
        assert opened.session.facts.finished_verified == [True, True]


@pytest.mark.parametrize("exchange", ["SRP", "SRP-RSA"])
def test_a_password_instead_of_a_key_exchange(exchange: str, tmp_path: Path) -> None:
    for needed in ("gnutls-cli", "gnutls-serv"):
        program(needed)
    names, primes = tmp_path / "names", tmp_path / "primes"
    make = [program("srptool"), "--passwd-conf", primes]
    subprocess.run([*make, "--create-conf", primes], check=True, capture_output=True)
    subprocess.run(
        [*make, "--passwd", names, "--username", "mse"],
        input=b"secret\nsecret\n",
        check=True,
        capture_output=True,
    )
    recorded = gnutls(
        f"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+{exchange}:-CIPHER-ALL:+AES-128-CBC",
        server_options=("--srppasswd", str(names), "--srppasswdconf", str(primes)),
        client_options=("--srpusername", "mse", "--srppasswd", "secret"),
    )
    opened = read(items(recorded.flow, 777), key_store(recorded))
    assert opened.plain == recorded.written
    name = exchange.replace("-", "_SHA_") if "-" in exchange else "SRP_SHA"
    assert opened.session.facts.key_exchange == name
    closed = read(items(recorded.flow, 777), rsa_store())
    assert f"its key exchange, {name}, needs one" in closed.session.facts.closed


def test_a_server_with_a_dsa_key() -> None:
    program("openssl")
    choice = ("-cipher", "DHE-DSS-AES256-GCM-SHA384:@SECLEVEL=0")
    recorded = openssl_processes("-tls1_2", *choice, kind="dsa")
    opened = read(items(recorded.flow, 777), key_store(recorded))
    assert opened.plain == recorded.written
    assert opened.session.facts.key_exchange == "DHE_DSS"
