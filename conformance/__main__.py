# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m conformance` is `nmsp-conformance`."""

from conformance.cli.main import main

main(prog_name="nmsp-conformance")
