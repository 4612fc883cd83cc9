# SPDX-License-Identifier: GPL-2.0-or-later
"""The one public byte table: the MSE's NMSP Status screen in the source document."""

from collections import Counter

from nmsp_scapy.constants import Service, SubService
from nmsp_scapy.layers import (
    NMSP,
    NMSPInformationRequest,
    NMSPLocationResponse,
    NMSPMacAddress,
    NMSPQuery,
    NMSPService,
    NMSPServiceSubscribeRequest,
    NMSPServiceSubscribeResponse,
    NMSPStatisticsRequest,
    NMSPStatus,
)

MAC = "00:21:6a:0b:5c:9e"
SUBSCRIBED = {
    Service.RSSI: SubService.RSSI_MOBILE_STATION | SubService.RSSI_TAG,
    Service.ATTACHMENT: SubService.ATTACHMENT_MOBILE_STATION_ATTACHMENT,
    Service.INFORMATION: SubService.INFORMATION_MOBILE_STATION,
    Service.LOCATION: SubService.LOCATION_SUBSCRIPTION,
    Service.STATISTICS: SubService.STATISTICS_MOBILE_STATION
    | SubService.STATISTICS_TAG,
}


def query(service, bit, vendor=None):
    sub_service = bit.bit_length() - 1
    return NMSPQuery(service=service, sub_service=sub_service, tag_vendor=vendor)


def conversation():
    services = [NMSPService(service=s, sub_services=m) for s, m in SUBSCRIBED.items()]
    yield NMSPServiceSubscribeRequest(elements=services)
    yield NMSPServiceSubscribeResponse(elements=[NMSPStatus()])
    station = query(Service.INFORMATION, SubService.INFORMATION_MOBILE_STATION)
    for _ in range(2):
        yield NMSPInformationRequest(elements=[station])
        station_counters = query(
            Service.STATISTICS, SubService.STATISTICS_MOBILE_STATION
        )
        yield NMSPStatisticsRequest(elements=[station_counters])
        tag_counters = query(Service.STATISTICS, SubService.STATISTICS_TAG, 1)
        yield NMSPStatisticsRequest(elements=[tag_counters])
        place = query(Service.LOCATION, SubService.LOCATION_SUBSCRIPTION)
        about = NMSPMacAddress(mac=MAC)
        yield NMSPLocationResponse(elements=[NMSPStatus(), about, place])


def test_counts_and_bytes_are_those_of_the_screen():
    counts, sums = Counter(), Counter()
    for body in conversation():
        raw = bytes(NMSP(transaction_id=1) / body)
        name = NMSP(raw).message
        counts[name] += 1
        sums[name] += len(raw)
    assert {name: (counts[name], sums[name]) for name in counts} == {
        "SERVICE_SUBSCRIBE_REQUEST": (1, 77),
        "SERVICE_SUBSCRIBE_RESPONSE": (1, 18),
        "INFORMATION_REQUEST": (2, 38),
        "STATISTICS_REQUEST": (4, 78),
        "LOCATION_RESPONSE": (2, 70),
    }
