# SPDX-License-Identifier: GPL-2.0-or-later
"""A WLC and an MSE that behave, and the faults that they can be told to have."""
