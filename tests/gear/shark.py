# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark as judge: what it finds in a capture, with its traps stepped around."""

import subprocess
from pathlib import Path

PORT = 16113


def shark(tshark: str, path: Path, *args: str) -> list[str]:
    """Run tshark on a capture; return its lines."""
    command = [tshark, "-n", "-r", str(path), "-o", "tcp.reassemble_out_of_order:TRUE"]
    done = subprocess.run(
        [*command, "-d", f"tcp.port=={PORT},tls", *args],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def plaintext(
    tshark: str, path: Path, *args: str, stream: int = 0, kind: str = "tls"
) -> list[bytes]:
    """What tshark decrypts of a TCP stream: of the client, of the server."""
    lines = shark(tshark, path, *args, "-q", "-z", f"follow,{kind},raw,{stream}")
    sides = [b"", b""]
    first_is_server = any(
        line.startswith("Node 0:") and line.endswith(f":{PORT}") for line in lines
    )
    for line in lines:
        digits = line.lstrip("\t")
        if digits and not set(digits) - set("0123456789abcdef"):
            second = line.startswith("\t")
            sides[first_is_server != second] += bytes.fromhex(digits)
    return sides
