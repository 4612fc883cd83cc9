# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the seeds of a corpus: real sessions, keys and messages.

`python -m tests.fuzz.seeds` adds those that are missing. Names of seeds are words;
what fuzzing has found and left behind is named by its hash.
"""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    serialize_key_and_certificates,
)
from cryptography.x509 import load_pem_x509_certificate

from nmsp_scapy import layers
from tests.fuzz.sessions import ANSWERED, KEY, joined
from tests.gear import tls
from tests.gear.dtls import openssl_dtls
from tests.gear.geometries import draw_geometry
from tests.gear.talk import conversation
from tests.gear.tls import Identity, Recorded, again, openssl, renegotiated, retried
from tests.gear.tlslite_ng import tlslite

CORPUS = Path(__file__).parent / "corpus"
TALK = ((0, b"ask"), (1, b"answer" * 30), (1, b"more"), (0, b"bye"))


@cache
def _server(name: str = "server", kind: str = "rsa") -> Identity:
    """The identity whose key the targets have."""
    pem = KEY.read_bytes()
    return Identity(load_pem_x509_certificate(pem), load_pem_private_key(pem, None))


def _session(recorded: Recorded) -> bytes:
    log = b"\n".join(recorded.key_log) + b"\n"
    return joined(log, recorded.flow)


SESSIONS: dict[str, Callable[[], Recorded]] = {
    "ssl30-rc4": lambda: tlslite("SSL 3.0", "rc4", talk=TALK),
    "tls10-cbc": lambda: openssl("1.0", "AES128-SHA", talk=TALK),
    "tls12-cbc": lambda: openssl("1.2", "AES128-SHA256", talk=TALK),
    "tls12-gcm": lambda: openssl("1.2", "ECDHE-RSA-AES128-GCM-SHA256", talk=TALK),
    "tls12-ccm8": lambda: openssl("1.2", "AES128-CCM8", talk=TALK),
    "tls12-again": lambda: again("1.2", ciphers="AES128-GCM-SHA256", talk=TALK)[1],
    "tls12-renewed": lambda: renegotiated("1.2", "AES128-SHA", 0, TALK),
    "tls13": lambda: openssl("1.3", talk=TALK),
    "tls13-early": lambda: again("1.3", early=b"early", talk=TALK)[1],
    "tls13-retried": lambda: retried(TALK),
}
DTLS = {
    "dtls10-cbc": ("DTLS 1.0", "AES128-SHA"),
    "dtls12-gcm": ("DTLS 1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
}


def _handshake(recorded: Recorded) -> bytes:
    """The handshake messages before the keys, as `handshakes` takes them."""
    pieces = []
    for side, data in recorded.flow:
        rest = data
        while rest and rest[0] == 22:
            stop = 5 + int.from_bytes(rest[3:5], "big")
            messages, rest = rest[5:stop], rest[stop:]
            while messages:
                stop = 4 + int.from_bytes(messages[1:4], "big")
                body = messages[:1] + messages[4:stop]
                pieces.append((side | 0xF8, body))
                messages = messages[stop:]
        if rest:
            pieces.append((side | ANSWERED, b"\1"))
    return joined(b"\n".join(recorded.key_log), pieces)


def _key_files() -> dict[str, bytes]:
    pem = KEY.read_bytes()
    key = load_pem_private_key(pem, None)
    certificate = load_pem_x509_certificate(pem)
    lock = BestAvailableEncryption(b"secret")
    pkcs8 = PrivateFormat.PKCS8
    return {
        "pem": pem,
        "pem-locked": key.private_bytes(Encoding.PEM, pkcs8, lock),
        "der": key.private_bytes(Encoding.DER, pkcs8, NoEncryption()),
        "der-locked": key.private_bytes(Encoding.DER, pkcs8, lock),
        "pkcs12": serialize_key_and_certificates(
            b"wlc", key, certificate, None, lock
        ),
        "ec": ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, pkcs8, NoEncryption()
        ),
    }  # fmt: skip


KEY_LOG = b"""# a comment

CLIENT_RANDOM %s %s\r
RSA %s %s
RSA Session-ID:%s Master-Key:%s
CLIENT_TRAFFIC_SECRET_0 %s %s
SERVER_HANDSHAKE_TRAFFIC_SECRET %s zz
PMS_CLIENT_RANDOM %s 00
EXPORTER_SECRET 00 00
CLIENT_RANDOM cut""" % tuple(
    b"ab" * size for size in (32, 48, 8, 48, 16, 48, 32, 32, 32, 32)
)


def _messages() -> dict[str, bytes]:
    status = layers.NMSPStatus(code=2)
    echo = bytes(layers.NMSP() / layers.NMSPEchoRequest()) * 3
    reply = bytes(layers.NMSP() / layers.NMSPIdsSetResponse(elements=[status]))
    found = {"nominal": b"\0\1" + echo + reply, "lost": b"\0\0\xff" + 6 * reply}
    for number in (4, 5, 6, 7):
        said = [one.raw for one in conversation(draw_geometry(number), number)[:6]]
        found[f"drawn-{number}"] = bytes([number, 1]) + b"".join(said)[:1500]
    return found


def seeds() -> dict[str, bytes]:
    """Every seed, by `target/name`."""
    found: dict[str, bytes] = {}
    with patch.object(tls, "_identity", _server):
        for name, make in SESSIONS.items():
            recorded = make()
            found[f"records/{name}"] = _session(recorded)
            found[f"handshakes/{name}"] = _handshake(recorded)
        for name, (version, suite) in DTLS.items():
            recorded = openssl_dtls(version, suite, talk=TALK)
            found[f"dtls/{name}"] = _session(recorded)
    found |= {f"keyfiles/{name}": data for name, data in _key_files().items()}
    found["keylogs/labels"] = KEY_LOG
    found["keylogs/utf16"] = KEY_LOG.decode().encode("utf-16")
    return found | {f"messages/{name}": data for name, data in _messages().items()}


def main() -> None:
    """Write what is missing."""
    for name, data in seeds().items():
        path = CORPUS / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(data)
            print(f"{name}: {len(data)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
