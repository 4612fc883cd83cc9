# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m nmsp_scapy` is the `nmsp` command."""

from nmsp_scapy.cli.main import main

main(prog_name="nmsp")
