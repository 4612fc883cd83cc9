# SPDX-License-Identifier: GPL-2.0-or-later
"""What a record says of a connection.

Machine translation and OCR leave function names, hex numbers and `conn` standing;
the events key on these. English forms are reported, Spanish ones observed.
"""

import re
from enum import StrEnum

import msgspec

_OCR_HEX = str.maketrans({"¢": "c", "O": "0", "o": "0", "l": "1", "I": "1", "|": "1"})
_HEX = r"[0-9A-Fa-fOolI|¢]"
_STATE = re.compile(
    rf"=\s*[0Oo]x({_HEX}{{1,8}})\s*;\s*\w+\s*=\s*[0Oo]x({_HEX}{{1,8}})\s*;"
    rf"\s*ret\s*=\s*[0Oo]x({_HEX}{{1,16}})"
)
_CONN_SSL = re.compile(rf"conn\s+ssl\s+(?:[0Oo]x)?({_HEX}{{4,16}})(?!\w)")
_CONN_ID = re.compile(r"conn(?:\s+id)?\s+(\d{1,5}|O)(?!\w)")
_NEW = re.compile(r"(?:\ballocated\b|asign).*NMSP\s?\D{0,12}\b(\d{1,5}|O)\b", re.I)
_ERROR = re.compile(r"error:([0-9A-Fa-f]{8}):?([^:]*):?([^:]*):?([^:\n]*)")
_NOTE = re.compile(r"^\W*(ret_type|ret_desc|SSL_state)[_ ]string\s*=\s*(.*)$", re.I)
_APPLICATION = re.compile(r"NMSP_APP_\w{1,64}")
_AUTHLIST = re.compile(r"auth\s?-?list|lista de autor", re.I)
_REFUSED = re.compile(r"\b(?:no|not)\b|\berror\b|fail|fall", re.I)
_ACCEPTED = re.compile(r"succe|exitos|\bvalida(?:do|ted)\b|\bpassed\b", re.I)
_UP = re.compile("succe|satisfac|exitos", re.I)
_HASH = re.compile(r"\b(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\b")


class Kind(StrEnum):
    """What happened."""

    ALLOCATED = "connection allocated"
    NEW = "SSL_new"
    HANDSHAKE = "SSL_do_handshake called"
    STATE = "state"
    NOTE = "note"
    WANT = "waits for the peer"
    INCOMPLETE = "handshake not complete"
    ASKED = "certificate verified, AuthList asked"
    ACCEPTED = "AuthList accepts"
    REFUSED = "AuthList refuses"
    VALIDATED = "peer validated against the AuthList"
    NOT_VALIDATED = "peer not validated against the AuthList"
    FAILED = "handshake failed"
    SUCCEEDED = "SSL_do_handshake succeeded"
    UP = "NMSP connection up"
    FREED = "connection freed"
    APPLICATION = "NMSP message"
    CERT_HASH = "client certificate hash"


class Said(msgspec.Struct):
    """One event as a record tells it.

    Attributes:
        handle: `conn ssl`, hex digits as printed, lower case; empty when not named.
        number: `conn`, `conn id`; None when not named.
        state, where, ret: OpenSSL's, of a STATE event.
        text: of a NOTE, a FAILED, an APPLICATION or a CERT_HASH event.
        code: OpenSSL's error, of a FAILED event.
    """

    kind: Kind
    handle: str = ""
    number: int | None = None
    state: int = 0
    where: int = 0
    ret: int = 0
    text: str = ""
    code: int | None = None


_OF_SSL = (
    (Kind.WANT, re.compile("WANT_")),
    (Kind.NEW, re.compile("SSL_new")),
    (Kind.SUCCEEDED, re.compile(r"SSL_do_handshake\s?\(\)")),
    (Kind.HANDSHAKE, re.compile("SSL_do_handshake")),
    (Kind.FREED, re.compile(r"(?:free|libera).*\bconn id\b", re.I)),
    (Kind.FAILED, re.compile("fail|fall", re.I)),
)


def event_in(text: str) -> Said | None:
    """Read what a record says, None when it concerns no connection."""
    note = _NOTE.match(text) if "_string" in text or " string" in text else None
    if note is not None:
        return Said(Kind.NOTE, text=f"{note[1].lower()}={note[2].strip()}")
    state = _STATE.search(text) if "=" in text else None
    if state is not None:
        numbers = [_hex(group) for group in state.groups()]
        if None in numbers:
            return None
        first, where, ret = (number or 0 for number in numbers)
        return Said(Kind.STATE, state=first, where=where, ret=ret)
    handle = _CONN_SSL.search(text)
    ssl = handle[1].lower().translate(_OCR_HEX) if handle else ""
    if ssl or "uth" in text or "lista" in text:
        said = _of_handle(text, ssl)
        if said is not None:
            return said
    return _of_number(text)


def _of_handle(text: str, ssl: str) -> Said | None:
    """Events that name the SSL object, and the AuthList's."""
    error = _ERROR.search(text)
    number = _number(text)
    if error is not None:
        reason = (error[4] or error[3]).strip()
        return Said(Kind.FAILED, ssl, number, text=reason, code=int(error[1], 16))
    if _AUTHLIST.search(text):
        return _of_authlist(text, ssl)
    kind = next((kind for kind, mark in _OF_SSL if mark.search(text)), None)
    if not ssl or kind is None:
        return None
    return Said(kind, ssl, number, text=text[:200] if kind is Kind.FAILED else "")


def _of_authlist(text: str, ssl: str) -> Said | None:
    if ssl:
        if re.search(r"\bcalling\b|llamando", text, re.I):
            return Said(Kind.ASKED, ssl)
        if _REFUSED.search(text):
            return Said(Kind.REFUSED, ssl)
        return Said(Kind.ACCEPTED, ssl) if _ACCEPTED.search(text) else None
    if re.search(r"valida", text, re.I):
        # Without `Peer` the sentence has lost its beginning, and a `not` with it.
        if _REFUSED.search(text):
            return Said(Kind.NOT_VALIDATED)
        return Said(Kind.VALIDATED, text="" if "eer" in text else "beginning lost")
    return None


def _of_number(text: str) -> Said | None:
    """Events that name the connection's number, or none."""
    new = _NEW.search(text)
    if new is not None:
        return Said(Kind.ALLOCATED, number=_decimal(new[1]))
    if "doSSLRecvLoop" in text:
        return Said(Kind.INCOMPLETE, number=_number(text))
    number = _number(text)
    if "NMSP" in text and number is not None and _UP.search(text):
        return Said(Kind.UP, number=number)
    application = _APPLICATION.search(text)
    if application is not None:
        return Said(Kind.APPLICATION, text=application[0])
    digest = _HASH.search(text)
    if digest is not None and re.search(r"hash|key", text, re.I):
        return Said(Kind.CERT_HASH, text=digest[0].lower())
    return None


def _hex(digits: str) -> int | None:
    try:
        # OCR also reads one `c` as two characters (`0x21¢c0`).
        return int(re.sub("¢c|c¢", "c", digits).translate(_OCR_HEX), 16)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    found = _CONN_ID.search(text)
    return _decimal(found[1]) if found else None


def _decimal(digits: str) -> int:
    return 0 if digits == "O" else int(digits)
