# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance`: one command a module."""
