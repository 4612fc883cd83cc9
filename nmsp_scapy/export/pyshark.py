# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages as pyshark's layers: tshark with our dissector, keys and preferences set.

    with shark("x.pcapng", keylogs=["x.keys"]) as messages:
        for message in messages:
            print(message.frame, message.layer.get_field("transaction_id"))

An adapter for those whose tools stand on pyshark; it starts a tshark. Where nothing of
Wireshark's is needed, `nmsp_scapy.dissect` is faster and says what could not be read.
"""

import asyncio
import contextlib
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from nmsp_scapy.constants import PORT
from nmsp_scapy.export.lua import dissector
from nmsp_scapy.profile import NOMINAL, Profile

TOO_NEW = (3, 14)
"""First Python that pyshark 0.6 does not run on: it has no implicit event loop."""


class PysharkError(RuntimeError):
    """pyshark cannot run here, and why."""


class SharkMessage(msgspec.Struct, frozen=True):
    """One NMSP message as Wireshark has it.

    Attributes:
        frame: number of the frame that completed it.
        time: of that frame, seconds since 1970.
        type: message id.
        length: as its header says, bytes.
        layer: pyshark's layer; `get_field("transaction_id")` and so on, by the names
            of `docs/wireshark.md` without the leading `nmsp.`.
    """

    frame: int
    time: float
    type: int
    length: int
    layer: Any


@contextlib.contextmanager
def shark(
    capture: str | Path,
    *,
    keylogs: Sequence[str | Path] = (),
    rsa_keys: Sequence[str | Path] = (),
    port: int = PORT,
    profile: Profile = NOMINAL,
) -> Iterator[Iterator[SharkMessage]]:
    """Open a capture; the block gets its messages, all of several in one frame.

    No tshark is left behind, however the block ends.

    Args:
        capture: a file that tshark reads.
        keylogs: TLS key logs; secrets inside a pcapng are found without.
        rsa_keys: private keys in PEM, for static RSA sessions.
        port: of the WLC.
        profile: the wire layout.

    Raises:
        PysharkError: pyshark is not installed or cannot run here.
        FileNotFoundError: there is no such capture.
    """
    file_capture = _usable()
    if not Path(capture).is_file():
        raise FileNotFoundError(f"no capture {capture}")
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder) / "nmsp.lua"
        plugin.write_text(dissector([profile], port))
        logs = Path(folder) / "keys"
        logs.write_bytes(b"\n".join(Path(one).read_bytes() for one in keylogs) + b"\n")
        parameters = ["-X", f"lua_script:{plugin}"]
        for key in rsa_keys:
            parameters += ["-o", f'uat:rsa_keys:"{Path(key).absolute()}",""']
        loop = asyncio.new_event_loop()
        opened = file_capture(
            str(capture),
            eventloop=loop,
            keep_packets=False,
            display_filter="nmsp",
            override_prefs={
                "tcp.reassemble_out_of_order": "TRUE",
                "tls.keylog_file": str(logs),
            },
            custom_parameters=parameters,
        )
        try:
            yield _messages(opened)
        finally:
            _close(opened)
            loop.close()


def _close(opened: Any) -> None:
    """End tshark. asyncio says 255 of a process that was gone before it looked."""
    from pyshark.capture.capture import TSharkCrashException

    try:
        opened.close()
    except TSharkCrashException as error:
        opened._running_processes.clear()
        if "retcode: 255" not in str(error):
            told = " ".join(str(error).split())
            raise PysharkError(f"tshark ended badly: {told}") from None


def _usable() -> Any:
    """Return pyshark's FileCapture, or say why it cannot run."""
    if sys.version_info >= TOO_NEW:
        raise PysharkError(
            "pyshark does not run on Python 3.14 and later; use nmsp_scapy.dissect, or "
            "tshark with `nmsp wireshark lua`"
        )
    if threading.current_thread() is not threading.main_thread():
        raise PysharkError("pyshark runs in the main thread only")
    if asyncio._get_running_loop() is not None:
        raise PysharkError("pyshark brings its own event loop: not inside asyncio")
    try:
        import pyshark
    except ImportError:
        raise PysharkError(
            "pyshark is not installed: pip install 'nmsp-scapy[pyshark]'"
        ) from None
    return pyshark.FileCapture


def _messages(opened: Any) -> Iterator[SharkMessage]:
    for packet in opened:
        for layer in packet.get_multiple_layers("nmsp"):
            kind, length = layer.get_field("type"), layer.get_field("length")
            if kind is None or length is None:
                continue  # what follows a message that was told in an earlier frame
            yield SharkMessage(
                int(packet.number),
                float(packet.sniff_timestamp),
                int(kind),
                int(length),
                layer,
            )
