# SPDX-License-Identifier: GPL-2.0-or-later
"""Finding the true layout from decrypted traffic, by search and proof."""

from nmsp_scapy.calibrate.finding import Finding
from nmsp_scapy.calibrate.stating import Calibration, calibrate
from nmsp_scapy.calibrate.streams import Collector, Run, runs_of

__all__ = ["Calibration", "Collector", "Finding", "Run", "calibrate", "runs_of"]
