# SPDX-License-Identifier: GPL-2.0-or-later
"""Cipher suites: the registry, and what each suite's name says.

A name is the suite's definition: key exchange, bulk cipher and hash are read from
it. What stands in `BULK` can be opened here; the other suites are known by name.

Source: IANA, TLS Cipher Suites.
"""

from typing import Final, Literal

import msgspec

Mode = Literal["closed", "null", "stream", "cbc", "gcm", "ccm", "chacha"]


class Bulk(msgspec.Struct, frozen=True):
    """A bulk cipher.

    Attributes:
        key: bytes of key.
        iv: bytes of IV that the key block yields for it (implicit part for AEAD).
        tag: bytes of tag, AEAD only.
    """

    mode: Mode
    key: int
    iv: int = 0
    tag: int = 0


BULK: Final = {
    "NULL": Bulk("null", 0),
    "RC4_128": Bulk("stream", 16),
    "DES_CBC": Bulk("cbc", 8, 8),
    "3DES_EDE_CBC": Bulk("cbc", 24, 8),
    "IDEA_CBC": Bulk("cbc", 16, 8),
    "SEED_CBC": Bulk("cbc", 16, 16),
    "CAMELLIA_128_CBC": Bulk("cbc", 16, 16),
    "CAMELLIA_256_CBC": Bulk("cbc", 32, 16),
    "AES_128_CBC": Bulk("cbc", 16, 16),
    "AES_256_CBC": Bulk("cbc", 32, 16),
    "AES_128_GCM": Bulk("gcm", 16, 4, 16),
    "AES_256_GCM": Bulk("gcm", 32, 4, 16),
    "AES_128_CCM": Bulk("ccm", 16, 4, 16),
    "AES_256_CCM": Bulk("ccm", 32, 4, 16),
    "AES_128_CCM_8": Bulk("ccm", 16, 4, 8),
    "AES_256_CCM_8": Bulk("ccm", 32, 4, 8),
    "CHACHA20_POLY1305": Bulk("chacha", 32, 12, 16),
}
"""Bulk ciphers that can be opened, by their part of the suite's name."""

HASHES: Final = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}


CLOSED: Final = Bulk("closed", 0)
"""A cipher that is known by name only."""


class Suite(msgspec.Struct, frozen=True):
    """A cipher suite.

    Attributes:
        id: its number.
        name: IANA's name.
        key_exchange: `RSA`, `ECDHE_RSA`, ...; empty in TLS 1.3.
        cipher: the bulk cipher's part of the name.
        bulk: `CLOSED` where it cannot be opened.
        hash: hashlib's name of the MAC's hash (of the PRF's, for AEAD).
    """

    id: int
    name: str
    key_exchange: str
    cipher: str
    bulk: Bulk
    hash: str

    @property
    def prf(self) -> str:
        """Hash of the PRF in TLS 1.2, of HKDF in TLS 1.3."""
        return "sha384" if self.hash == "sha384" else "sha256"


_SIX = "RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon"
_GCM = "RSA DHE_RSA DH_RSA DHE_DSS DH_DSS DH_anon"
_PSK = "PSK DHE_PSK RSA_PSK"
_EC = "ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA"
_SRP = "SRP_SHA SRP_SHA_RSA SRP_SHA_DSS"

# First number, key exchanges, ciphers; numbers rise over the ciphers within each
# key exchange.
_RUNS: Final = (
    (0x0000, "NULL", "NULL_NULL"),
    (0x0001, "RSA", "NULL_MD5 NULL_SHA"),
    (0x0003, "RSA_EXPORT", "RC4_40_MD5"),
    (0x0004, "RSA", "RC4_128_MD5 RC4_128_SHA"),
    (0x0006, "RSA_EXPORT", "RC2_CBC_40_MD5"),
    (0x0007, "RSA", "IDEA_CBC_SHA"),
    (0x0008, "RSA_EXPORT", "DES40_CBC_SHA"),
    (0x0009, "RSA", "DES_CBC_SHA 3DES_EDE_CBC_SHA"),
    (0x000B, "DH_DSS_EXPORT", "DES40_CBC_SHA"),
    (0x000C, "DH_DSS", "DES_CBC_SHA 3DES_EDE_CBC_SHA"),
    (0x000E, "DH_RSA_EXPORT", "DES40_CBC_SHA"),
    (0x000F, "DH_RSA", "DES_CBC_SHA 3DES_EDE_CBC_SHA"),
    (0x0011, "DHE_DSS_EXPORT", "DES40_CBC_SHA"),
    (0x0012, "DHE_DSS", "DES_CBC_SHA 3DES_EDE_CBC_SHA"),
    (0x0014, "DHE_RSA_EXPORT", "DES40_CBC_SHA"),
    (0x0015, "DHE_RSA", "DES_CBC_SHA 3DES_EDE_CBC_SHA"),
    (0x0017, "DH_anon_EXPORT", "RC4_40_MD5"),
    (0x0018, "DH_anon", "RC4_128_MD5"),
    (0x0019, "DH_anon_EXPORT", "DES40_CBC_SHA"),
    (0x001A, "DH_anon", "DES_CBC_SHA 3DES_EDE_CBC_SHA"),
    (0x001E, "KRB5", "DES_CBC_SHA 3DES_EDE_CBC_SHA RC4_128_SHA IDEA_CBC_SHA"),
    (0x0022, "KRB5", "DES_CBC_MD5 3DES_EDE_CBC_MD5 RC4_128_MD5 IDEA_CBC_MD5"),
    (0x0026, "KRB5_EXPORT", "DES_CBC_40_SHA RC2_CBC_40_SHA RC4_40_SHA"),
    (0x0029, "KRB5_EXPORT", "DES_CBC_40_MD5 RC2_CBC_40_MD5 RC4_40_MD5"),
    (0x002C, _PSK, "NULL_SHA"),
    (0x002F, _SIX, "AES_128_CBC_SHA"),
    (0x0035, _SIX, "AES_256_CBC_SHA"),
    (0x003B, "RSA", "NULL_SHA256 AES_128_CBC_SHA256 AES_256_CBC_SHA256"),
    (0x003E, "DH_DSS DH_RSA DHE_DSS", "AES_128_CBC_SHA256"),
    (0x0041, _SIX, "CAMELLIA_128_CBC_SHA"),
    (0x0066, "DHE_DSS", "RC4_128_SHA"),
    (0x0067, "DHE_RSA", "AES_128_CBC_SHA256"),
    (0x0068, "DH_DSS DH_RSA DHE_DSS DHE_RSA", "AES_256_CBC_SHA256"),
    (0x006C, "DH_anon", "AES_128_CBC_SHA256 AES_256_CBC_SHA256"),
    (0x0084, _SIX, "CAMELLIA_256_CBC_SHA"),
    (0x008A, _PSK, "RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA"),
    (0x0096, _SIX, "SEED_CBC_SHA"),
    (0x009C, _GCM, "AES_128_GCM_SHA256 AES_256_GCM_SHA384"),
    (0x00A8, _PSK, "AES_128_GCM_SHA256 AES_256_GCM_SHA384"),
    (0x00AE, "PSK", "AES_128_CBC_SHA256 AES_256_CBC_SHA384 NULL_SHA256 NULL_SHA384"),
    (0x00B2, "DHE_PSK", "AES_128_CBC_SHA256 AES_256_CBC_SHA384"),
    (0x00B4, "DHE_PSK", "NULL_SHA256 NULL_SHA384"),
    (0x00B6, "RSA_PSK", "AES_128_CBC_SHA256 AES_256_CBC_SHA384"),
    (0x00B8, "RSA_PSK", "NULL_SHA256 NULL_SHA384"),
    (0x00BA, _SIX, "CAMELLIA_128_CBC_SHA256"),
    (0x00C0, _SIX, "CAMELLIA_256_CBC_SHA256"),
    (0x00C6, "", "SM4_GCM_SM3 SM4_CCM_SM3"),
    (0x00FF, "", "EMPTY_RENEGOTIATION_INFO_SCSV"),
    (0x1301, "", "AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256"),
    (0x1304, "", "AES_128_CCM_SHA256 AES_128_CCM_8_SHA256"),
    (
        0xC001,
        "ECDH_ECDSA ECDHE_ECDSA ECDH_RSA ECDHE_RSA ECDH_anon",
        "NULL_SHA RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA",
    ),
    (0x5600, "", "FALLBACK_SCSV"),
    (0xC01A, _SRP, "3DES_EDE_CBC_SHA"),
    (0xC01D, _SRP, "AES_128_CBC_SHA"),
    (0xC020, _SRP, "AES_256_CBC_SHA"),
    (0xC023, _EC, "AES_128_CBC_SHA256 AES_256_CBC_SHA384"),
    (0xC02B, _EC, "AES_128_GCM_SHA256 AES_256_GCM_SHA384"),
    (0xC033, "ECDHE_PSK", "RC4_128_SHA 3DES_EDE_CBC_SHA"),
    (0xC035, "ECDHE_PSK", "AES_128_CBC_SHA AES_256_CBC_SHA"),
    (0xC037, "ECDHE_PSK", "AES_128_CBC_SHA256 AES_256_CBC_SHA384"),
    (0xC039, "ECDHE_PSK", "NULL_SHA NULL_SHA256 NULL_SHA384"),
    (0xC03C, _SIX, "ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384"),
    (0xC048, _EC, "ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384"),
    (0xC050, _GCM, "ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384"),
    (0xC05C, _EC, "ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384"),
    (0xC064, _PSK, "ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384"),
    (0xC06A, _PSK, "ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384"),
    (0xC070, "ECDHE_PSK", "ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384"),
    (0xC072, _EC, "CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384"),
    (0xC07A, _GCM, "CAMELLIA_128_GCM_SHA256 CAMELLIA_256_GCM_SHA384"),
    (0xC086, _EC, "CAMELLIA_128_GCM_SHA256 CAMELLIA_256_GCM_SHA384"),
    (0xC08E, _PSK, "CAMELLIA_128_GCM_SHA256 CAMELLIA_256_GCM_SHA384"),
    (0xC094, _PSK, "CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384"),
    (0xC09A, "ECDHE_PSK", "CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384"),
    (0xC09C, "RSA DHE_RSA", "AES_128_CCM AES_256_CCM"),
    (0xC0A0, "RSA DHE_RSA", "AES_128_CCM_8 AES_256_CCM_8"),
    (0xC0A4, "PSK DHE_PSK", "AES_128_CCM AES_256_CCM"),
    (0xC0A8, "PSK PSK_DHE", "AES_128_CCM_8 AES_256_CCM_8"),
    (0xC0AC, "ECDHE_ECDSA", "AES_128_CCM AES_256_CCM AES_128_CCM_8 AES_256_CCM_8"),
    (0xCCA8, "ECDHE_RSA ECDHE_ECDSA DHE_RSA PSK", "CHACHA20_POLY1305_SHA256"),
    (0xCCAC, "ECDHE_PSK DHE_PSK RSA_PSK", "CHACHA20_POLY1305_SHA256"),
    (0xD001, "ECDHE_PSK", "AES_128_GCM_SHA256 AES_256_GCM_SHA384"),
    (0xD003, "ECDHE_PSK", "AES_128_CCM_8_SHA256"),
    (0xD005, "ECDHE_PSK", "AES_128_CCM_SHA256"),
)


def _suite(number: int, key_exchange: str, protection: str) -> Suite:
    cipher, _, digest = protection.rpartition("_")
    if digest not in HASHES:  # CCM names no hash before TLS 1.3
        cipher, digest = protection, "SHA256"
    exchange = f"{key_exchange}_WITH_" if key_exchange else ""
    return Suite(
        id=number,
        name=f"TLS_{exchange}{protection}",
        key_exchange=key_exchange,
        cipher=cipher,
        bulk=BULK.get(cipher, CLOSED),
        hash=HASHES[digest],
    )


def _registry() -> dict[int, Suite]:
    found = {}
    for first, exchanges, protections in _RUNS:
        pairs = [(x, p) for x in exchanges.split() or [""] for p in protections.split()]
        for number, (exchange, protection) in enumerate(pairs, first):
            found[number] = _suite(number, exchange, protection)
    return found


SUITES: Final = _registry()
"""Every suite by number."""


def suite_of(number: int) -> Suite:
    """The suite of this number, one that cannot be opened where it is unknown."""
    known = SUITES.get(number)
    return known or Suite(number, f"0x{number:04X}", "", "", CLOSED, "sha256")


def suite_name(number: int) -> str:
    """IANA's name, the number where there is none."""
    return suite_of(number).name
