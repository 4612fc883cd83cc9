# SPDX-License-Identifier: GPL-2.0-or-later
"""The certificate that a live TLS server presents.

The handshake is never finished: a WLC asks for a client certificate, and we have
none to show. What we want comes before that.
"""

import socket
import struct

from nmsp_scapy.constants import PORT

TIMEOUT_S = 5.0


def presented_certificate(endpoint: str) -> bytes:
    """Ask a TLS server for its certificate.

    Args:
        endpoint: `HOST`, `HOST:PORT`, `[IPv6]:PORT`; port 16113 unless given.

    Returns:
        The server's own certificate, DER.

    Raises:
        OSError: it cannot be reached.
        ValueError: what answers does not present a certificate, or the endpoint is
            misspelt.
    """
    from cryptography.hazmat.primitives.serialization import Encoding
    from OpenSSL import SSL, crypto

    host, port = host_and_port(endpoint)
    seen: list[crypto.X509] = []

    def keep(
        _c: SSL.Connection, cert: crypto.X509, _error: int, depth: int, _ok: int
    ) -> bool:
        if depth == 0:
            seen.append(cert)
        return True

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_verify(SSL.VERIFY_PEER, keep)
    try:
        raw = socket.create_connection((host, port), timeout=TIMEOUT_S)
    except socket.gaierror as error:
        raise ValueError(f"unknown host {host}: {error.strerror}") from None
    with raw:
        raw.settimeout(None)
        raw.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(TIMEOUT_S), 0)
        )
        connection = SSL.Connection(context, raw)
        connection.set_connect_state()
        reason = ""
        try:
            connection.do_handshake()
        except (SSL.Error, OSError) as error:
            reason = str(error) or type(error).__name__
    if not seen:
        raise ValueError(f"port {port} answers, but presents no certificate: {reason}")
    return seen[0].to_cryptography().public_bytes(Encoding.DER)


def host_and_port(endpoint: str) -> tuple[str, int]:
    """Split `HOST[:PORT]`.

    Raises:
        ValueError: no host, or no port number after the colon.
    """
    host, port = endpoint, str(PORT)
    if endpoint.startswith("["):
        host, _, rest = endpoint[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif endpoint.count(":") == 1:
        host, port = endpoint.split(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"not HOST or HOST:PORT: {endpoint!r}")
    return host, int(port)
