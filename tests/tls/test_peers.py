# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions of a second stack, GnuTLS, as processes on loopback."""

import pytest

from tests.conftest import program
from tests.gear.gnutls import gnutls
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
