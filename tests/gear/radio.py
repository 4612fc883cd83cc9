# SPDX-License-Identifier: GPL-2.0-or-later
"""A busy tunnel: stations that walk past access points, for what draws pictures."""

import math
import random

from nmsp_scapy.constants import MessageType
from nmsp_scapy.layers import (
    NMSPEntity,
    NMSPMacAddress,
    NMSPMeasurement,
    NMSPRssiSample,
)
from tests.gear.setups import Film, mse, subscribed


def measurement(station: int, seconds: float, chance: random.Random) -> bytes:
    """A MEASUREMENT element: a station as the access points about it hear it."""
    samples = []
    for ap in range(6):
        away = abs(math.sin(seconds / 90 + station)) * 6 - ap
        dbm = int(-42 - 9 * abs(away) + chance.uniform(-3, 3))
        if dbm > -92:
            mac = f"00:00:5e:00:54:{ap:02x}"
            samples.append(NMSPRssiSample(ap_mac=mac, rssi_a_dbm=dbm, snr_db=25))
    parts = [
        NMSPMacAddress(mac=f"00:00:5e:00:53:{station:02x}"),
        NMSPEntity(kind=station % 2),
        *samples,
    ]
    return bytes(NMSPMeasurement(elements=parts))


def busy(minutes: float = 4, stations: int = 5, version: str = "1.2") -> Film:
    """A film of a tunnel with echo every 15 s and notifications every 2 s."""
    chance = random.Random(7)
    film = Film().open()
    film.tls((version,) * 2, client=mse(), delay=(3, 0.994))
    subscribed(film)
    for tick in range(int(minutes * 30)):
        film.wait(2)
        for station in range(stations):
            body = measurement(station, tick * 2, chance)
            film.say(1, MessageType.MEASUREMENT_NOTIFICATION, body)
        if tick % 7 == 6:
            film.say(0, MessageType.ECHO_REQUEST, transaction=tick)
            film.wait(chance.uniform(0.002, 0.03))
            film.say(1, MessageType.ECHO_RESPONSE, transaction=tick)
    return film
