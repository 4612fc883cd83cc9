# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the table of filter names in docs/wireshark.md; a test holds it current."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from nmsp_scapy.export.lua import dissector  # noqa: E402 - needs the path
from nmsp_scapy.export.wireshark import filter_names, filter_page  # noqa: E402

PAGE = ROOT / "docs" / "wireshark.md"

table = filter_page(filter_names(dissector()))
old = re.compile(r"\| filter name.*?(?=\n\n|\n?\Z)", re.S)
PAGE.write_text(old.sub(lambda _: table.rstrip("\n"), PAGE.read_text()).rstrip() + "\n")
