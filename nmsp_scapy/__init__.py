# SPDX-License-Identifier: GPL-2.0-or-later
"""What NMSP is, and what a capture of it says.

`NMSP`, the `NMSP<Message>` and `NMSP<Element>` classes and `NMSPSession` can be
imported from here; Scapy is imported when one of them is.
"""

from typing import Any

__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> Any:
    """Find Scapy's face of NMSP."""
    if name == "NMSPSession":
        from nmsp_scapy.session import NMSPSession

        return NMSPSession
    if name.startswith("NMSP"):
        from nmsp_scapy import layers

        try:
            return layers.CLASSES[name]
        except KeyError:
            pass
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def scapy_ext(ext: Any) -> None:
    """Register the layers with Scapy, which calls this for an extension."""
    from pathlib import Path

    ext.config("NMSP", __version__)
    ext.register(
        name="nmsp",
        mode=ext.MODE.LAYERS,
        path=Path(__file__).with_name("extension.py"),
        default=True,
    )
