# SPDX-License-Identifier: GPL-2.0-or-later
"""Which sessions come out exactly: ours, tshark and scapy side by side.

Run as `python -m benchmarks.matrix`; prints a Markdown table. Every session is a real
one between real peers, the oracle is what the peers wrote. `exact` is every byte of
both directions; `part` is less than all, `wrong` is a byte that nobody wrote, `none`
is nothing at all, `-` does not apply.
"""

import ssl
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from OpenSSL import SSL

from benchmarks.sessions import Row, rows
from nmsp_scapy.capture.frames import ethernet, udp_datagram
from nmsp_scapy.tls import KeyStore
from tests.gear.captures import Tap, frame, pcap
from tests.gear.dtls import datagrams, read_dtls
from tests.gear.shark import PORT, plaintext, shark
from tests.gear.tls import (
    Recorded,
    identity,
    items,
    key_store,
    read,
    rsa_store,
)

PIECE = 1448
"""Bytes a TCP segment."""

CLIENT = 40_000
"""The client's port."""


def judged(found: Sequence[bytes], written: Sequence[bytes]) -> str:
    """One word for what came out."""
    if list(found) == list(written):
        return "exact"
    if not any(found):
        return "none"
    if all(part in whole for part, whole in zip(found, written, strict=True)):
        return "part"
    return "wrong"


def capture(recorded: Recorded, datagram: bool = False) -> bytes:
    """The session as a capture of its connection."""
    if datagram:
        ends = ((bytes([10, 0, 0, 1]), CLIENT), (bytes([10, 0, 0, 2]), PORT))
        return pcap(
            [
                ethernet(udp_datagram(ends[side], ends[1 - side], data), side=side)
                for side, data in recorded.flow
            ]
        )
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


def by_tshark_datagrams(path: Path, option: str, written: Sequence[bytes]) -> str:
    """What tshark shows of DTLS, which `follow` does not take."""
    fields = ("-T", "fields", "-e", "udp.srcport", "-e", "data.data")
    decode = ("-d", f"udp.port=={PORT},dtls")
    try:
        lines = shark("tshark", path, *decode, "-o", option, *fields)
    except subprocess.CalledProcessError:
        return "fails"
    sides = {str(CLIENT): b"", str(PORT): b""}
    for text in lines:
        port, _, data = text.partition("\t")
        sides[port] += bytes.fromhex(data.replace(",", ""))
    return judged(list(sides.values()), written)


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


def ours(recorded: Recorded, keys: KeyStore, datagram: bool = False) -> str:
    """What this engine makes of it; the suite's name where it cannot be opened."""
    if datagram:
        opened = read_dtls(datagrams(recorded.flow), keys)
    else:
        opened = read(items(recorded.flow, PIECE), keys)
    word = judged(opened.plain, recorded.written)
    closed = opened.session.facts.closed or ""
    return "none (says so)" if "cannot" in closed or "not one that" in closed else word


def line(row: Row, folder: Path) -> str:
    """One line of the table."""
    recorded = row.make()
    path, log, pem = folder / "x.pcap", folder / "x.keys", folder / "x.pem"
    path.write_bytes(capture(recorded, row.datagram))
    log.write_bytes(b"\n".join(recorded.key_log) + b"\n")
    pem.write_bytes(identity("server").key_pem)
    written = recorded.written
    judge = by_tshark_datagrams if row.datagram else by_tshark
    by_log = f"tls.keylog_file:{log}"
    by_rsa = f'uat:rsa_keys:"{pem}",""'
    cells = [row.version, row.what, row.peers]
    cells.append(ours(recorded, key_store(recorded), datagram=row.datagram))
    cells.append(ours(recorded, rsa_store(), datagram=row.datagram) if row.rsa else "-")
    cells.append(judge(path, by_log, written))
    cells.append(judge(path, by_rsa, written) if row.rsa else "-")
    cells.append("-" if row.datagram else by_scapy(path, log, written))
    return f"| {' | '.join(cells)} |"


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
            except (AssertionError, SSL.Error, ssl.SSLError) as reason:
                named = f"| {row.version} | {row.what} | {row.peers}"
                print(f"{named} | not made: {reason} |||||", flush=True)


if __name__ == "__main__":
    main()
