# SPDX-License-Identifier: GPL-2.0-or-later
"""What is judged, on a live link and on a capture alike: one module a family."""
