# SPDX-License-Identifier: GPL-2.0-or-later
"""The sessions of the matrix: every version and suite that some peer still makes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from OpenSSL import SSL

from tests.gear.dtls import openssl_dtls
from tests.gear.gnutls import gnutls
from tests.gear.kinds import updated
from tests.gear.processes import LINES, gnutls_datagrams, openssl_processes
from tests.gear.stdlib import stdlib
from tests.gear.tls import (
    TALK,
    Recorded,
    again,
    identity,
    openssl,
    renegotiated,
    retried,
)
from tests.gear.tlslite_ng import tlslite

SHORT = TALK[:8]


@dataclass(frozen=True)
class Row:
    """One session of the matrix.

    Attributes:
        what: suite, cipher or feature.
        rsa: whether the server's private key opens it too.
        thin: whether the tests make it, too.
    """

    version: str
    what: str
    peers: str
    make: Callable[[], Recorded]
    rsa: bool = False
    thin: bool = False

    @property
    def datagram(self) -> bool:
        """Whether it goes over UDP."""
        return self.version.startswith("DTLS")


def rows() -> Iterator[Row]:
    """Every session of the matrix."""
    yield from suites()
    yield from other_stacks()
    yield from legacy()
    yield from processes()
    yield from features()
    yield from datagrams()


# -- pyOpenSSL: every suite of its OpenSSL --------------------------------------------

THIN = (
    "AES128-SHA IDEA-CBC-SHA SEED-SHA CAMELLIA128-SHA AES256-SHA256 AES256-GCM-SHA384 "
    "AES256-CCM8 DHE-RSA-AES128-CCM ECDHE-ECDSA-CHACHA20-POLY1305 ARIA128-GCM-SHA256 "
    "NULL-SHA256 ADH-AES128-SHA TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_CCM_8_SHA256"
)
"""One suite a class, for the tests."""

AEAD_13 = (
    "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "
    "TLS_AES_128_CCM_SHA256 TLS_AES_128_CCM_8_SHA256"
)
_ODD = ("PSK", "SRP", "DSS")
"""What needs other credentials: PSK is among the processes, the rest nobody has."""


def _names() -> list[str]:
    """Suites before TLS 1.3 that this OpenSSL knows, by its names."""
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_cipher_list(b"ALL:COMPLEMENTOFALL:eNULL:@SECLEVEL=0")
    names = SSL.Connection(made, None).get_cipher_list()
    odd = [name for name in names if any(part in name for part in _ODD)]
    return [n for n in names if n not in odd and not n.startswith("TLS_")]


def _old(name: str) -> bool:
    """Whether a suite is older than TLS 1.2."""
    return name.endswith(("-SHA", "-MD5"))


def static_rsa(name: str) -> bool:
    """Whether the server's RSA key opens a suite, by OpenSSL's name."""
    return not name.startswith(("ECDHE-", "DHE-", "ADH-", "AECDH-", "TLS_"))


def suites() -> Iterator[Row]:
    """Two pyOpenSSL endpoints in memory, each version and suite."""
    names = _names()
    for version in ("1.0", "1.1", "1.2", "1.3"):
        of_version = [n for n in names if version == "1.2" or _old(n)]
        if version == "1.2":
            of_version.remove("IDEA-CBC-SHA")  # TLS 1.2 has it no more
        for name in AEAD_13.split() if version == "1.3" else of_version:
            kind = "ec" if "ECDSA" in name else "rsa"
            yield Row(
                f"TLS {version}",
                name,
                "pyOpenSSL",
                lambda v=version, n=name, k=kind: openssl(v, n, k, talk=SHORT),
                static_rsa(name),
                name in THIN.split(),
            )


# -- other stacks ---------------------------------------------------------------------

GNUTLS = {
    "1.0": "AES-128-CBC AES-256-CBC 3DES-CBC ARCFOUR-128 CAMELLIA-128-CBC",
    "1.1": "AES-128-CBC AES-256-CBC 3DES-CBC ARCFOUR-128",
    "1.2": "AES-128-CBC AES-256-CBC AES-128-GCM AES-256-GCM AES-128-CCM AES-256-CCM "
    "AES-128-CCM-8 AES-256-CCM-8 CHACHA20-POLY1305 3DES-CBC ARCFOUR-128 "
    "CAMELLIA-128-CBC CAMELLIA-256-CBC CAMELLIA-128-GCM CAMELLIA-256-GCM",
    "1.3": "AES-128-GCM AES-256-GCM AES-128-CCM AES-128-CCM-8 CHACHA20-POLY1305",
}


def other_stacks() -> Iterator[Row]:
    """`ssl` of the standard library; `gnutls-cli` and `gnutls-serv` as processes."""
    for version in ("1.0", "1.1", "1.2", "1.3"):
        make = lambda v=version: stdlib(v, talk=SHORT)  # noqa: E731
        yield Row(f"TLS {version}", "its first choice", "ssl", make, thin=True)
    make = lambda: stdlib("1.2", "AES256-SHA256", talk=SHORT)  # noqa: E731
    yield Row("TLS 1.2", "AES256-SHA256", "ssl", make, rsa=True, thin=True)
    for version, ciphers in GNUTLS.items():
        for cipher in ciphers.split():
            free = version == "1.3" or cipher.startswith("CHACHA")
            exchange = "" if free else ":-KX-ALL:+RSA"
            priority = f"LEGACY:-VERS-ALL:+VERS-TLS{version}:-CIPHER-ALL:+{cipher}"
            yield Row(
                f"TLS {version}",
                cipher,
                "GnuTLS",
                lambda p=priority + exchange: gnutls(p),
                not free,
            )


TLSLITE = {
    "SSL 3.0": "rc4-md5 rc4-sha 3des-sha aes128-sha aes256-sha",
    "TLS 1.0": "rc4-md5 rc4-sha 3des-sha aes128-sha",
    "TLS 1.1": "rc4-sha 3des-sha aes256-sha",
    "TLS 1.2": "rc4-sha 3des-sha aes128-sha256 null-sha256 aes128gcm-aead "
    "aes256ccm-aead chacha20-poly1305-aead",
}


def legacy() -> Iterator[Row]:
    """What OpenSSL no longer makes."""
    for version, choices in TLSLITE.items():
        for choice in choices.split():
            cipher, _, mac = choice.rpartition("-")
            exchange = "ecdhe_rsa" if cipher.startswith("chacha") else "rsa"
            yield Row(
                version,
                choice,
                "tlslite-ng",
                lambda v=version, c=cipher, m=mac, x=exchange: tlslite(v, c, m, x),
                exchange == "rsa",
                version == "SSL 3.0" or cipher in {"rc4", "3des"},
            )


PSK_SUITES = (
    "PSK-AES128-CBC-SHA PSK-AES256-GCM-SHA384 DHE-PSK-AES256-CCM8 "
    "RSA-PSK-AES128-GCM-SHA256 ECDHE-PSK-AES256-CBC-SHA384 "
    "ECDHE-PSK-CHACHA20-POLY1305 PSK-CAMELLIA128-SHA256 PSK-NULL-SHA256"
)
PSK = ("-psk", "00112233445566778899aabbccddeeff")


def processes() -> Iterator[Row]:
    """`openssl s_client` and `s_server`, and what only they make."""
    for number in ("1", "1_1", "1_2"):
        version = f"TLS {number.replace('_', '.') if '_' in number else '1.0'}"
        choice = ("-cipher", "AES128-SHA:@SECLEVEL=0")
        make = lambda n=number, c=choice: openssl_processes(f"-tls{n}", *c)  # noqa: E731
        yield Row(version, "AES128-SHA", "s_client", make, True, number == "1_2")
    for suite in PSK_SUITES.split():
        choice = ("-cipher", f"{suite}:@SECLEVEL=0", *PSK)
        make = lambda c=choice: openssl_processes("-tls1_2", *c)  # noqa: E731
        yield Row("TLS 1.2", suite, "s_client", make)
    make = lambda: openssl_processes("-tls1_3")  # noqa: E731
    yield Row("TLS 1.3", "its first choice", "s_client", make, thin=True)
    make = lambda: openssl_processes("-tls1_3", *PSK)  # noqa: E731
    yield Row("TLS 1.3", "external PSK", "s_client", make, thin=True)
    for version, option, command, what, rsa in (
        ("TLS 1.3", "-tls1_3", b"K\n", "KeyUpdate, asked for", False),
        ("TLS 1.3", "-tls1_3", b"k\n", "KeyUpdate of one side", False),
        ("TLS 1.2", "-tls1_2", b"R\n", "renegotiation", True),
    ):
        more = ("-cipher", "AES128-SHA256:@SECLEVEL=0") if rsa else ()
        allow = ("-client_renegotiation",) if rsa else ()
        make = lambda o=option, c=command, m=more, a=allow: openssl_processes(  # noqa: E731
            o, *m, server_options=a, lines=talk_around(c)
        )
        yield Row(version, what, "s_client", make, rsa, thin=True)


def talk_around(command: bytes) -> tuple[tuple[int, bytes], ...]:
    """The usual lines, and between them what `s_client` is told to do."""
    return (*LINES[:2], (0, command), *LINES[2:4], (0, command), *LINES[4:])


def features() -> Iterator[Row]:
    """Handshakes that are not the ordinary one."""
    client = identity("client", "ec")
    for version in ("1.0", "1.1", "1.2", "1.3"):
        name = f"TLS {version}"
        make = lambda v=version: openssl(v, client=client)  # noqa: E731
        yield Row(name, "client certificate", "pyOpenSSL", make)
        for how, ticket in (("ticket", True), ("session id", False)):
            make = lambda v=version, t=ticket: again(v, t)[1]  # noqa: E731
            yield Row(name, f"resumed by {how}", "pyOpenSSL", make)
        if version != "1.3":
            make = lambda v=version: renegotiated(v, "AES128-SHA", 0)  # noqa: E731
            yield Row(name, "renegotiation", "pyOpenSSL", make, rsa=True)
    yield Row("TLS 1.3", "HelloRetryRequest", "pyOpenSSL", retried)
    early = lambda: again("1.3", early=b"early data")[1]  # noqa: E731
    yield Row("TLS 1.3", "early data", "pyOpenSSL", early)
    yield Row("TLS 1.3", "KeyUpdate", "tlslite-ng", lambda: updated(TALK))


DTLS = {
    "DTLS 1.0": "AES128-SHA AES256-SHA CAMELLIA128-SHA SEED-SHA "
    "ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES128-SHA",
    "DTLS 1.2": "AES128-SHA AES128-SHA256 AES256-GCM-SHA384 AES128-CCM AES128-CCM8 "
    "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-SHA384 "
    "ECDHE-ECDSA-AES256-CCM8 ECDHE-RSA-CHACHA20-POLY1305",
}


def datagrams() -> Iterator[Row]:
    """DTLS, which Scapy does not read."""
    talk = [(n % 2, bytes([n]) * 50) for n in range(20)]
    for version, names in DTLS.items():
        for name in names.split():
            kind = "ec" if "ECDSA" in name else "rsa"
            yield Row(
                version,
                name,
                "pyOpenSSL",
                lambda v=version, n=name, k=kind: openssl_dtls(v, n, k, talk=talk),
                static_rsa(name),
            )
    cbc = ("-cipher", "AES128-SHA256:@SECLEVEL=0")
    make = lambda: openssl_processes("-dtls1_2", *cbc, lines=LINES[:4])  # noqa: E731
    yield Row("DTLS 1.2", "AES128-SHA256", "s_client", make, True, True)
    for version, choice in (
        ("1.0", "AES-256-CBC:-KX-ALL:+RSA"),
        ("1.2", "AES-256-GCM"),
        ("1.2", "AES-128-CCM-8:-KX-ALL:+RSA"),
        ("1.2", "CHACHA20-POLY1305"),
    ):
        priority = f"LEGACY:-VERS-ALL:+VERS-DTLS{version}:-CIPHER-ALL:+{choice}"
        yield Row(
            f"DTLS {version}",
            choice.partition(":")[0],
            "GnuTLS",
            lambda p=priority: gnutls_datagrams(p),
            "+RSA" in choice,
            choice == "AES-256-GCM",
        )
