# SPDX-License-Identifier: GPL-2.0-or-later
"""Which sessions come out exactly: ours, tshark and scapy side by side.

Run as `python -m benchmarks.matrix`; prints a Markdown table. Every session is a real
one between real peers, the oracle is what the peers wrote. `exact` is every byte of
both directions; `part` is less than all, `wrong` is a byte that nobody wrote, `none`
is nothing at all, `-` does not apply.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from OpenSSL import SSL

from nmsp_scapy.tls import KeyStore
from tests.gear.captures import Tap, frame, pcap
from tests.gear.dtls import datagrams, openssl_dtls, read_dtls
from tests.gear.gnutls import gnutls
from tests.gear.shark import plaintext
from tests.gear.tls import (
    Recorded,
    again,
    identity,
    items,
    key_store,
    openssl,
    read,
    renegotiated,
    retried,
    rsa_store,
)
from tests.gear.tlslite_ng import tlslite

PIECE = 1448
"""Bytes a TCP segment."""

Row = tuple[str, str, str, str, Callable[[], Recorded]]
"""Version, suite or feature, kind of key, peers, and how the session is made."""

OPENSSL = {
    "1.0": "AES128-SHA AES256-SHA CAMELLIA128-SHA DHE-RSA-AES128-SHA "
    "ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES128-SHA",
    "1.1": "AES128-SHA DHE-RSA-AES256-SHA ECDHE-RSA-AES128-SHA",
    "1.2": "AES128-SHA AES128-SHA256 AES256-SHA256 AES128-GCM-SHA256 AES256-GCM-SHA384 "
    "AES128-CCM AES256-CCM8 CAMELLIA256-SHA256 DHE-RSA-AES256-SHA256 "
    "DHE-RSA-AES128-GCM-SHA256 DHE-RSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-SHA256 "
    "ECDHE-RSA-AES256-SHA384 ECDHE-RSA-AES128-GCM-SHA256 "
    "ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-CCM8 "
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "1.3": "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "
    "TLS_AES_128_CCM_SHA256 TLS_AES_128_CCM_8_SHA256",
}
GNUTLS = {
    "1.0": "AES-128-CBC 3DES-CBC ARCFOUR-128",
    "1.1": "AES-256-CBC",
    "1.2": "AES-128-CBC AES-256-GCM AES-128-CCM AES-256-CCM-8 CHACHA20-POLY1305 "
    "3DES-CBC ARCFOUR-128 CAMELLIA-128-CBC CAMELLIA-128-GCM",
    "1.3": "AES-128-GCM AES-256-GCM AES-128-CCM CHACHA20-POLY1305",
}
TLSLITE = (
    ("SSL 3.0", "rc4", "md5"),
    ("SSL 3.0", "rc4", "sha"),
    ("SSL 3.0", "3des", "sha"),
    ("SSL 3.0", "aes128", "sha"),
    ("TLS 1.0", "rc4", "sha"),
    ("TLS 1.0", "3des", "sha"),
    ("TLS 1.1", "3des", "sha"),
    ("TLS 1.2", "rc4", "sha"),
    ("TLS 1.2", "null", "sha256"),
)
DTLS = (
    ("DTLS 1.0", "AES128-SHA"),
    ("DTLS 1.0", "ECDHE-RSA-AES256-SHA"),
    ("DTLS 1.2", "AES128-SHA256"),
    ("DTLS 1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
    ("DTLS 1.2", "ECDHE-RSA-CHACHA20-POLY1305"),
)


def rows() -> Iterator[Row]:
    """Every session of the matrix."""
    for version, suites in OPENSSL.items():
        for suite in suites.split():
            kind = "ec" if "ECDSA" in suite else "rsa"
            make = lambda v=version, s=suite, k=kind: openssl(v, s, k)  # noqa: E731
            key = "both" if suite.startswith(("AES", "CAM")) else "log"
            yield f"TLS {version}", suite, key, "OpenSSL", make
    for version, suites in GNUTLS.items():
        for cipher in suites.split():
            priority = f"LEGACY:-VERS-ALL:+VERS-TLS{version}:-CIPHER-ALL:+{cipher}"
            free = version == "1.3" or cipher.startswith("CHACHA")
            exchange = "" if free else ":-KX-ALL:+RSA"
            make = lambda p=priority + exchange: gnutls(p)  # noqa: E731
            key = "both" if exchange else "log"
            yield f"TLS {version}", cipher, key, "GnuTLS", make
    for version, cipher, mac in TLSLITE:
        make = lambda v=version, c=cipher, m=mac: tlslite(v, c, m)  # noqa: E731
        yield version, f"{cipher} {mac}", "both", "tlslite-ng", make
    yield from features()


def features() -> Iterator[Row]:
    """Handshakes that are not the ordinary one."""
    client = identity("client", "ec")
    for version in ("1.0", "1.2", "1.3"):
        make = lambda v=version: openssl(v, client=client)  # noqa: E731
        yield f"TLS {version}", "client certificate", "log", "OpenSSL", make
        for how, ticket in (("ticket", True), ("session id", False)):
            make = lambda v=version, t=ticket: again(v, t)[1]  # noqa: E731
            yield f"TLS {version}", f"resumed by {how}", "log", "OpenSSL", make
    for version in ("1.0", "1.2"):
        make = lambda v=version: renegotiated(v, "AES128-SHA", 0)  # noqa: E731
        yield f"TLS {version}", "renegotiation", "both", "OpenSSL", make
    yield "TLS 1.3", "HelloRetryRequest", "log", "OpenSSL", retried
    early = lambda: again("1.3", early=b"early data")[1]  # noqa: E731
    yield "TLS 1.3", "early data", "log", "OpenSSL", early


def judged(found: Sequence[bytes], written: Sequence[bytes]) -> str:
    """One word for what came out."""
    if list(found) == list(written):
        return "exact"
    if not any(found):
        return "none"
    if all(part in whole for part, whole in zip(found, written, strict=True)):
        return "part"
    return "wrong"


def capture(recorded: Recorded) -> bytes:
    """The session as a capture of its connection."""
    tap = Tap().open()
    for side, data in recorded.flow:
        for at in range(0, len(data), PIECE):
            tap.write(side, data[at : at + PIECE])
    return pcap([frame(segment) for segment in tap.finish().segments])


def by_tshark(path: Path, option: str, written: Sequence[bytes]) -> str:
    """What tshark's `follow` makes of it."""
    try:
        return judged(plaintext("tshark", path, "-o", option), written)
    except subprocess.CalledProcessError:
        return "fails"


SCAPY = """
import sys
from scapy.config import conf
from scapy.layers.inet import TCP
from scapy.layers.tls.all import TLS, TLSApplicationData
from scapy.layers.tls.record_tls13 import TLS13
from scapy.packet import bind_layers
from scapy.sendrecv import sniff
from scapy.sessions import TCPSession

path, log = sys.argv[1:]
conf.tls_session_enable = True
conf.tls_nss_filename = log
bind_layers(TCP, TLS, dport=16113)
bind_layers(TCP, TLS, sport=16113)
sides = {40000: b"", 16113: b""}
for packet in sniff(offline=path, session=TCPSession):
    layer = packet
    while layer:
        inner = layer.inner if isinstance(layer, TLS13) else layer
        if isinstance(layer, TLS | TLS13):
            for message in inner.msg:
                if isinstance(message, TLSApplicationData):
                    sides[packet[TCP].sport] += message.data
        layer = layer.payload
print(sides[40000].hex())
print(sides[16113].hex())
"""


def by_scapy(path: Path, log: Path, written: Sequence[bytes]) -> str:
    """What Scapy's own TLS session makes of it, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", SCAPY, str(path), str(log)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=60, text=True, check=False
        )
        found = [bytes.fromhex(line) for line in done.stdout.splitlines()[-2:]]
    except (subprocess.TimeoutExpired, ValueError):
        return "fails"
    if done.returncode or len(found) != 2:
        return "fails"
    return judged(found, written)


def ours(recorded: Recorded, keys: KeyStore) -> str:
    """What this engine makes of it; the suite's name where it cannot be opened."""
    opened = read(items(recorded.flow, PIECE), keys)
    word = judged(opened.plain, recorded.written)
    closed = opened.session.facts.closed or ""
    return "none (says so)" if "cannot" in closed or "not one that" in closed else word


def line(row: Row, folder: Path) -> str:
    """One line of the table."""
    version, what, key, peer, make = row
    recorded = make()
    path, log, pem = folder / "x.pcap", folder / "x.keys", folder / "x.pem"
    path.write_bytes(capture(recorded))
    log.write_bytes(b"\n".join(recorded.key_log) + b"\n")
    pem.write_bytes(identity("server").key_pem)
    written = recorded.written
    cells = [version, what, peer, ours(recorded, key_store(recorded))]
    cells.append(ours(recorded, rsa_store()) if key == "both" else "-")
    cells.append(by_tshark(path, f"tls.keylog_file:{log}", written))
    if key == "both":
        cells.append(by_tshark(path, f'uat:rsa_keys:"{pem}",""', written))
    else:
        cells.append("-")
    cells.append(by_scapy(path, log, written))
    return f"| {' | '.join(cells)} |"


def datagram_lines() -> Iterator[str]:
    """DTLS, which neither `follow` nor Scapy's session reads."""
    for version, suite in DTLS:
        talk = [(n % 2, bytes([n]) * 50) for n in range(20)]
        recorded = openssl_dtls(version, suite, talk=talk)
        cells = [version, suite, "OpenSSL"]
        for keys in (key_store(recorded), rsa_store()):
            opened = read_dtls(datagrams(recorded.flow), keys)
            cells.append(judged(opened.plain, recorded.written))
        if "DHE" in suite:
            cells[-1] = "-"
        yield f"| {' | '.join(cells)} | - | - | - |"


def main() -> None:
    """Print the table."""
    heads = ["version", "suite or feature", "peers", "ours, key log", "ours, RSA key"]
    heads += ["tshark, key log", "tshark, RSA key", "scapy, key log"]
    print(f"| {' | '.join(heads)} |")
    print(f"|{'---|' * len(heads)}")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows():
            try:
                print(line(row, Path(folder)), flush=True)
            except (AssertionError, SSL.Error) as reason:
                print(f"| {' | '.join(row[:2])} | {row[3]} | not made: {reason} |||||")
    for text in datagram_lines():
        print(text)


if __name__ == "__main__":
    main()
