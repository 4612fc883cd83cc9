# SPDX-License-Identifier: GPL-2.0-or-later
import re

from nmsp_scapy.constants import MessageType, Service, SubService
from nmsp_scapy.conversation import Conversation, Endpoint, Event, Message
from nmsp_scapy.status import Status, Tally
from nmsp_scapy.status.ios import (
    ios_screens,
    show_nmsp_capability,
    show_nmsp_statistics_connection,
    show_nmsp_status,
    show_nmsp_subscription_detail,
)
from nmsp_scapy.status.mse import mse_status
from tests.status.conversations import (
    IN,
    MSE,
    OUT,
    SUBSCRIBED,
    WLC,
    Talk,
    service,
    source_screen,
    status_code,
)


def tallied(*items: Conversation | Message | Event) -> list[Status]:
    tally = Tally()
    tally.feed_all(items)
    return tally.conversations


def test_the_mse_s_screen_of_the_source_is_reproduced() -> None:
    (status,) = tallied(*source_screen())
    screen = mse_status(status)
    rows = {
        tuple(cells[:2]): (cells[2], cells[-1])
        for line in screen.splitlines()
        if len(cells := line.split()) > 5 and cells[1] in ("IN", "OUT")
    }
    assert rows == {
        ("CAPABILITY_NOTIFICATION", "IN"): ("1", "129"),
        ("INFORMATION_REQUEST", "OUT"): ("2", "38"),
        ("STATISTICS_REQUEST", "OUT"): ("4", "78"),
        ("SERVICE_SUBSCRIBE_REQUEST", "OUT"): ("1", "77"),
        ("SERVICE_SUBSCRIBE_RESPONSE", "IN"): ("1", "18"),
        ("LOCATION_RESPONSE", "IN"): ("2", "70"),
    }
    assert re.search(r"IP Address +10\.201\.234\.36\n", screen)
    assert re.search(r"NMSP Status +Active\n", screen)
    assert re.search(r"Echo Request Count +27\n", screen)
    assert re.search(r"Echo Response Count +27\n", screen)
    assert re.search(r"Last Echo Request Message +Jun-06-2015 14:55:43 PM\n", screen)
    assert "RSSI, INFORMATION, STATISTICS, IDS, HANDOVER, APMONITOR" in screen
    subscribed = screen.split("Subscribed Services")[1].split("Messages")[0]
    assert [line.split(None, 2) for line in subscribed.splitlines()[3:8]] == [
        ["RSSI", "Service", "MOBILE_STATION, TAG"],
        ["ATTACHMENT", "Service", "MOBILE_STATION_ATTACHMENT"],
        ["INFORMATION", "Service", "MOBILE_STATION"],
        ["LOCATION", "Service", "SUBSCRIPTION"],
        ["STATISTICS", "Service", "MOBILE_STATION, TAG"],
    ]


def test_show_nmsp_status_is_read_by_the_column_s_shape() -> None:
    # What public parsers expect: address, word, four numbers, word.
    row = re.compile(
        r"^(\S+) +(Active|Inactive) +(\d+) +(\d+) +(\d+) +(\d+) +(\w+)$", re.MULTILINE
    )
    six = Conversation(1, Endpoint("2001:bebe::1", 40000), WLC)
    screen = show_nmsp_status(tallied(*source_screen(), six))
    assert row.findall(screen) == [
        ("10.201.235.122", "Active", "27", "27", "4", "7", "TLS"),
        ("2001:bebe::1", "Inactive", "0", "0", "0", "0", "TLS"),
    ]


def test_statistics_count_per_id_and_direction() -> None:
    screen = show_nmsp_statistics_connection(tallied(*source_screen()))
    rx, tx = screen.split("Tx Message Counters:")
    assert re.search(r"Rx Data Frames : 7\n", screen)
    assert re.search(r"Tx Data Frames : 4\n", screen)
    assert re.search(r"  1 +Echo Request +27\n", rx)
    assert re.search(r"  30 +Service Subscribe Request +1\n", rx)
    assert re.search(r"  2 +Echo Response +27\n", tx)
    assert re.search(r"  7 +Capability Notification +1\n", tx)


def test_per_id_counts_add_up_to_data_frames() -> None:
    (status,) = tallied(*source_screen())
    for direction in (IN, OUT):
        data = [
            c.count
            for c in status.counters
            if c.direction is direction and c.type not in (1, 2)
        ]
        assert sum(data) == status.data_frames(direction)


def test_connections_of_one_mse_stand_in_one_block() -> None:
    first, second = Talk(0), Talk(1)
    screen = show_nmsp_statistics_connection(
        tallied(
            Conversation(0, MSE, WLC, ended="fin"),
            first.says(OUT, MessageType.ECHO_REQUEST),
            first.closed("fin", 1),
            Conversation(1, MSE, WLC),
            second.says(OUT, MessageType.ECHO_REQUEST, at=2),
        )
    )
    assert screen.count("CMX IP Address: 10.201.235.122, Status: Active") == 1
    assert "Connections : 2\n" in screen
    assert "Disconnections : 1\n" in screen


def test_subscription_and_capability_name_their_services() -> None:
    statuses = tallied(*source_screen())
    detail = show_nmsp_subscription_detail(statuses)
    assert re.search(r"RSSI +Mobile Station, Tag\n", detail)
    assert re.search(r"Info +Mobile Station\n", detail)
    assert re.search(r"AP Monitor\n", show_nmsp_capability(statuses))
    assert ios_screens(statuses).count("WLC#show nmsp") == 4


def test_a_refused_subscription_is_no_subscription() -> None:
    talk = Talk()
    request = MessageType.SERVICE_SUBSCRIBE_REQUEST
    response = MessageType.SERVICE_SUBSCRIBE_RESPONSE
    (status,) = tallied(
        Conversation(0, MSE, WLC),
        talk.says(OUT, request, SUBSCRIBED, transaction=1),
        talk.says(IN, response, status_code(2), transaction=1),
        talk.says(OUT, request, service(1, 1), transaction=2),
    )
    assert status.subscribed == []
    assert status.refused == ["UNSUPPORTED"]
    assert [r.service for r in status.requested] == ["RSSI"]
    screen = mse_status(status)
    assert "refused: UNSUPPORTED" in screen
    assert "requested, no response seen: RSSI" in screen


def test_subscriptions_add_up_and_unknown_names_are_numbers() -> None:
    talk = Talk()
    (status,) = tallied(
        *(
            message
            for at, body in enumerate(
                (
                    service(Service.RSSI, SubService.RSSI_TAG),
                    service(Service.RSSI, SubService.RSSI_MOBILE_STATION),
                    service(99, 1 << 40),
                )
            )
            for message in (
                talk.says(
                    OUT, MessageType.SERVICE_SUBSCRIBE_REQUEST, body, transaction=at
                ),
                talk.says(
                    IN,
                    MessageType.SERVICE_SUBSCRIBE_RESPONSE,
                    status_code(0),
                    transaction=at,
                ),
            )
        )
    )
    assert [(s.service, s.sub_services) for s in status.subscribed] == [
        ("RSSI", ("TAG", "MOBILE_STATION")),
        ("99", ("bit 40",)),
    ]


def test_messages_without_a_name_are_unsupported_at_the_wlc() -> None:
    talk = Talk()
    (status,) = tallied(talk.says(OUT, 4711), talk.says(IN, 4711))
    assert status.unsupported == 1
    assert "type 4711" in mse_status(status)


def test_malformed_bodies_are_counted_and_read_as_far_as_they_go() -> None:
    talk = Talk()
    kinds = (
        MessageType.CAPABILITY_NOTIFICATION,
        MessageType.SERVICE_SUBSCRIBE_REQUEST,
        MessageType.SERVICE_SUBSCRIBE_RESPONSE,
    )
    whole = service(Service.RSSI, 3) + status_code(0)
    for kind in kinds:
        for size in range(len(whole)):
            (status,) = tallied(talk.says(IN, kind, whole[:size]))
            assert status.counters[0].count == 1


def test_an_ended_conversation_is_inactive() -> None:
    talk = Talk()
    (status,) = tallied(
        Conversation(0, MSE, WLC, ended="reset"),
        talk.says(OUT, 1),
        talk.closed("reset by the WLC", 1),
    )
    assert not status.active
    assert "Inactive" in mse_status(status)


def test_where_only_the_capture_ends_the_tunnel_is_active() -> None:
    talk = Talk()
    (status,) = tallied(
        Conversation(0, MSE, WLC, ended="end of capture"),
        talk.says(OUT, 1),
        talk.closed("the capture ends", 1),
    )
    assert status.active
