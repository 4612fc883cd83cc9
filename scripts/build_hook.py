# SPDX-License-Identifier: GPL-2.0-or-later
"""Name the importable package in the wheel's metadata.

Scapy finds an extension's packages in `top_level.txt`, a file of setuptools that
hatchling does not write.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TopLevelHook(BuildHookInterface):
    """Adds `top_level.txt` to the wheel's metadata folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the file where the metadata is, for editable wheels too."""
        metadata = self.metadata
        name = metadata.name.replace("-", "_")
        source = Path(self.root) / "scripts" / "top_level.txt"
        target = f"{name}-{metadata.version}.dist-info/top_level.txt"
        for key in ("force_include", "force_include_editable"):
            build_data.setdefault(key, {})[str(source)] = target
