# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets that are key logs and key files."""

from nmsp_scapy.tls import KeyFileError, KeyLog, KeyStore

PASSWORDS = (None, b"", b"secret")


def key_logs(data: bytes) -> None:
    """Bytes as a key log: any pieces say the same, no problem shows its line."""
    whole = KeyStore()
    whole.add_keylog(data, "log")
    for size in (1, 5, 64):
        parts = KeyStore()
        log = KeyLog(parts, "log")
        for at in range(0, len(data), size):
            log.feed(data[at : at + size])
        log.close()
        assert parts.problems == whole.problems
        assert parts._secrets == whole._secrets
    for problem in whole.problems:
        assert problem.line is not None
        assert len(str(problem)) < 120


def key_files(data: bytes) -> None:
    """Bytes as a file of private keys: keys, or one clear error."""
    for password in PASSWORDS:
        keys = KeyStore()
        text = ""
        try:
            keys.add_rsa_key(data, "file", password)
        except KeyFileError as error:
            text = str(error)
        assert bool(keys) == (not text)
        assert not text or text.startswith("file: ")
        assert "\n" not in text
