# SPDX-License-Identifier: GPL-2.0-or-later
"""What is tried: one module a family, a short function a scenario."""
