# SPDX-License-Identifier: GPL-2.0-or-later
"""The `nmsp` command: one module a subcommand, imported when it is run."""
