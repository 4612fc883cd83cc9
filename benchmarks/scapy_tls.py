# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a capture through Scapy's own TLS session: `python -m benchmarks.scapy_tls`.

Prints how many bytes of application data came out.
"""

import sys

from scapy.config import conf
from scapy.layers.inet import TCP
from scapy.layers.tls.all import TLS, TLSApplicationData
from scapy.layers.tls.record_tls13 import TLS13
from scapy.packet import bind_layers
from scapy.sendrecv import sniff
from scapy.sessions import TCPSession

from nmsp_scapy.constants import PORT


def main(path: str, key_log: str) -> None:
    """Read `path` with the secrets of `key_log`."""
    conf.tls_session_enable = True
    conf.tls_nss_filename = key_log
    bind_layers(TCP, TLS, dport=PORT)
    bind_layers(TCP, TLS, sport=PORT)
    total = 0
    for packet in sniff(offline=path, session=TCPSession):
        layer = packet
        while layer:
            if isinstance(layer, TLS | TLS13):
                inner = layer.inner if isinstance(layer, TLS13) else layer
                for message in inner.msg:
                    if isinstance(message, TLSApplicationData):
                        total += len(message.data)
            layer = layer.payload
    print(total)


main(*sys.argv[1:])
