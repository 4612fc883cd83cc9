# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages a second: records as JSON, records as dicts, Scapy packets."""

import sys
import time
from collections.abc import Callable, Iterable

from nmsp_scapy import layers, records


def measurement(samples: int, seed: int) -> bytes:
    """Build a measurement notification as a WLC sends them."""
    mac = f"00:11:22:33:44:{seed % 256:02x}"
    heard = [
        layers.NMSPRssiSample(
            ap_mac=f"0a:00:00:00:00:{at:02x}", rssi_a_dbm=-40 - seed % 50, age_ms=seed
        )
        for at in range(samples)
    ]
    inside = [layers.NMSPMacAddress(mac=mac), layers.NMSPEntity(), *heard]
    body = layers.NMSPMeasurementNotification(
        elements=[layers.NMSPMeasurement(elements=inside)]
    )
    return bytes(layers.NMSP() / body)


def rate(work: Callable[[bytes], object], messages: Iterable[bytes]) -> float:
    """Return messages a second of CPU time, the best of three rounds."""
    rounds = []
    for _ in range(3):
        start, count = time.process_time(), 0
        for raw in messages:
            work(raw)
            count += 1
        rounds.append(count / (time.process_time() - start))
    return max(rounds)


def main(count: int) -> None:
    """Print a table."""
    reader = records.reader()
    mixed = [measurement(1 + seed % 5, seed) for seed in range(100)]
    kinds = {
        "97 bytes, 3 samples": [measurement(3, seed) for seed in range(100)],
        "53 to 141 bytes, mixed": mixed,
    }
    print(f"{'messages':<26}{'JSON':>12}{'dict':>12}{'Scapy':>12}  per second")
    for name, some in kinds.items():
        many = some * (count // len(some))
        json = rate(lambda raw: reader.to_json(raw).encode(), many)
        dicts = rate(records.decode, many)
        packets = rate(layers.NMSP, some * 5)
        print(f"{name:<26}{json:>12,.0f}{dicts:>12,.0f}{packets:>12,.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
