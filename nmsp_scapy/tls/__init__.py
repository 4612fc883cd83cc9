# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 3: an own passive TLS engine. Byte runs in, application data or holes out.

Bytes are never invented: every record is authenticated before its content is handed
on, and what cannot be is a hole with its place and reason. Knows nothing of NMSP.
"""

from nmsp_scapy.tls.ahead import Opener
from nmsp_scapy.tls.dtls import DtlsSession, begins_dtls
from nmsp_scapy.tls.engine import TlsEngine
from nmsp_scapy.tls.facts import (
    AlertFact,
    Evidence,
    HandshakeFact,
    SessionFacts,
)
from nmsp_scapy.tls.keys import KeyFileError, KeyLog, KeyProblem, KeyStore
from nmsp_scapy.tls.session import TlsSession

__all__ = [
    "AlertFact",
    "DtlsSession",
    "Evidence",
    "HandshakeFact",
    "KeyFileError",
    "KeyLog",
    "KeyProblem",
    "KeyStore",
    "Opener",
    "SessionFacts",
    "TlsEngine",
    "TlsSession",
    "begins_dtls",
]
