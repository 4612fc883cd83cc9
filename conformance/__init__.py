# SPDX-License-Identifier: GPL-2.0-or-later
"""What an NMSP endpoint must do, and whether it does."""
