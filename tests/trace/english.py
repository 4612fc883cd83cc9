# SPDX-License-Identifier: GPL-2.0-or-later
"""The source's traces in English, and in other logs' heads.

Made from the Spanish text by the reported English forms of each sentence, so that
both must be read alike.
"""

import re
from pathlib import Path

SOURCE = Path(__file__).parent / "logs" / "3850-failure-and-success.es.txt"
_SENTENCES = (
    ("Se asigno6? nueva conexion NMSP 0", "Allocated new NMSP connection 0"),
    (" para conn", " for conn"),
    ("sslConnection[lI]ni[tf]", "sslConnectionInit"),
    (r"estado de\s+conn: INIT, estado SSL", "conn state: INIT, SSL state"),
    ("Estado SSL =", "SSL state ="),
    ("donde =", "where ="),
    ("devuelve WANT_READ", "returns WANT_READ"),
    ("— ", "-- "),
    (r"El intercambio de se\w+\s+no se ha\s+completado", "Handshake has not completed"),
    (
        r"Validacion de certificado de par realizada for conn\s+ssl (\w+), llamando a",
        r"Peer certificate Validation Done for conn ssl \1, calling",
    ),
    (
        "Error de autenticacion de la lista de autores for",
        "Authlist authentication failed for",
    ),
    (
        "Autenticacion de lista de autores exitosa for",
        "Authlist authentication successful for",
    ),
    ("Peer no validado con la AuthList", "Peer not validated against the AuthList"),
    ("validado contra la AuthList", "Peer validated against the AuthList"),
    (
        r"el intercambio de senales fall\w+ for conn ssl",
        "handshake failed for conn ssl",
    ),
    ("no se devolvi\\w+ ningun certificado", "no certificate returned"),
    ("rutinas SSL", "SSL routines"),
    ("liberacion de Nmsp", "freeing Nmsp"),
    (
        r"SSL_do_handshake\(\) sucedi\w* con conn",
        "SSL_do_handshake() succeeded for conn",
    ),
    (r"Conexion NMSP satisfactoria\. for", "NMSP connection successful for"),
    ("desconocido", "unknown"),
    ("59026048", "590a6048"),
    ("0x21¢c0", "0x21c0"),
    ("Ox", "0x"),
)
HEAD = re.compile(r"^\[(\d\d)/(\d\d)/(\d\d) (\S+) UTC (\w+) (\d+)\] ", re.MULTILINE)


def english() -> str:
    """Both traces in English, one record a line, each with its head."""
    text = SOURCE.read_text()
    text = re.sub(r"\n\s*\n", "\n", text)
    for spanish, said in _SENTENCES:
        text = re.sub(spanish, said, text)
    joined: list[str] = []
    for line in text.splitlines():
        if HEAD.match(line):
            joined.append(line)
        elif re.match(r"ret_|SSL|ssl|doSSL|Peer|Authlist|returns", line) and joined:
            head = HEAD.match(joined[-1])
            assert head
            joined.append(head[0] + line)
        elif joined:
            joined[-1] += " " + line
    return "\n".join(joined) + "\n"


def radioactive() -> str:
    """The same in the head of a radioactive trace."""
    return HEAD.sub(
        r"20\3/\1/\2 \g<4>000 {nmspd_R0-0}{1}: [nmspd-main] [\6]: (debug): ", english()
    )


def aireos() -> str:
    """The same in the head of an AireOS debug."""
    return HEAD.sub(r"*nmspRxServerTask: Jun \2 \4: ", english())


def ios_log() -> str:
    """The same in the head of an IOS log."""
    return HEAD.sub(r"*Jun  3 \4: ", english())
