# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSSL's numbers as a WLC's trace prints them.

The trace is what an OpenSSL 1.0.x info callback is given: the state of the state
machine, `where` (bits) and `ret`. (Observed: source document; the meaning of the
numbers is OpenSSL's own, `ssl.h` and `ssl3.h` of 1.0.)
"""

from nmsp_scapy.tls.registry import ALERT_LEVELS, ALERTS

LOOP, EXIT, READ, WRITE = 0x01, 0x02, 0x04, 0x08
HANDSHAKE_START, HANDSHAKE_DONE = 0x10, 0x20
CONNECT, ACCEPT, ALERT = 0x1000, 0x2000, 0x4000

OK = 0x0003
SERVER_HELLO = 0x2130
SERVER_CERTIFICATE = 0x2140
SERVER_KEY_EXCHANGE = 0x2150
CERTIFICATE_REQUEST = 0x2160
CLIENT_HELLO = 0x2110
CLIENT_CERTIFICATE = 0x2180
CLIENT_KEY_EXCHANGE = 0x2190
CERTIFICATE_VERIFY = 0x21A0
CLIENT_FINISHED = 0x21C0

_STEPS = {
    0x210: "flush data",
    0x211: "read client hello",
    0x212: "write hello request",
    0x213: "write server hello",
    0x214: "write certificate",
    0x215: "write key exchange",
    0x216: "write certificate request",
    0x217: "write server done",
    0x218: "read client certificate",
    0x219: "read client key exchange",
    0x21A: "read certificate verify",
    0x21B: "read change cipher spec",
    0x21C: "read finished",
    0x21D: "write change cipher spec",
    0x21E: "write finished",
    0x21F: "write session ticket",
    0x220: "write certificate status",
    0x221: "read next protocol",
}
_WHOLE = {
    OK: "SSL negotiation finished",
    0x6000: "before/accept initialization",
    0x5000: "before/connect initialization",
    0x2000: "accept",
    0x1000: "connect",
    0x3004: "renegotiate",
}

# SSL_R_ numbers that an NMSP handshake has been or can be refused with.
REASONS = {
    123: "bad signature",
    130: "bad ecc cert",
    134: "certificate verify failed",
    156: "http request",
    159: "length mismatch",
    178: "no certificate returned",
    185: "no certificates returned",
    193: "no shared cipher",
    199: "peer did not return a certificate",
    202: "peer error no cipher",
    247: "unknown certificate type",
    252: "unknown protocol",
    258: "unsupported protocol",
    266: "wrong ssl version",
    267: "wrong version number",
    281: "decryption failed or bad record mac",
}
_ALERT_REASON = 1000
"""SSL_R_ numbers from here up are alerts that the peer sent."""
_SSL_LIBRARY = 20


def base(state: int) -> int:
    """Strip the sub-state: 0x2182 is the third step of 0x2180."""
    return state & ~0xF if state >= 0x2000 else state


def state_name(state: int) -> str:
    """Name a state as OpenSSL 1.0 does, in words; the number where unknown."""
    if state in _WHOLE:
        return _WHOLE[state]
    step = _STEPS.get(state >> 4)
    letter = state & 0xF
    if step is None or letter > 3:
        return f"state 0x{state:x}"
    return step if state == 0x2100 else f"{step} {'ABCD'[letter]}"


def where_name(where: int) -> str:
    """Spell the bits of `where`: `accept loop`, `alert written`."""
    if where & ALERT:
        return "alert " + ("written" if where & WRITE else "read")
    if where & HANDSHAKE_START:
        return "handshake start"
    if where & HANDSHAKE_DONE:
        return "handshake done"
    side = "accept" if where & ACCEPT else "connect" if where & CONNECT else "ssl"
    kind = "loop" if where & LOOP else "exit" if where & EXIT else f"0x{where:x}"
    return f"{side} {kind}"


def ret_name(where: int, ret: int) -> str:
    """Spell `ret`: alert level and name, or what the step returned."""
    if where & ALERT:
        level, description = ret >> 8 & 0xFF, ret & 0xFF
        return f"{ALERT_LEVELS.get(level, level)} {alert_name(description)}"
    return f"returns {'-1' if ret >= 0x80000000 else ret}"


def alert_name(description: int) -> str:
    """Name an alert's description, the number where there is no name."""
    return ALERTS.get(description, f"alert {description}")


def error_name(code: int) -> tuple[int, str]:
    """Read an OpenSSL 1.0 error code.

    Args:
        code: 32 bits: library 8, function 12, reason 12.

    Returns:
        The reason's number and its name.
    """
    library, reason = code >> 24, code & 0xFFF
    if library == _SSL_LIBRARY and reason >= _ALERT_REASON:
        return reason, f"the peer sent alert {alert_name(reason - _ALERT_REASON)}"
    if library == _SSL_LIBRARY and reason in REASONS:
        return reason, REASONS[reason]
    return reason, f"library {library}, reason {reason}"


def alert_in_error(reason: int) -> int | None:
    """Give the description of the alert that an error's reason stands for."""
    return reason - _ALERT_REASON if reason >= _ALERT_REASON else None
