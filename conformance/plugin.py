# SPDX-License-Identifier: GPL-2.0-or-later
"""The suite as a pytest plugin. Inert unless its options are used."""
