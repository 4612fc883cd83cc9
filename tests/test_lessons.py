# SPDX-License-Identifier: GPL-2.0-or-later
"""What other tools get wrong in captures of TLS, row by row: each is a named test.

`python -m tests.test_lessons` runs the tests of every row and prints them by row.
"""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ANY = "tests/test_any_session.py"
HOLES = "tests/tls/test_holes.py"
KEYS = "tests/tls/test_keys.py"
HANDSHAKES = "tests/tls/test_handshakes.py"
STREAMS = "tests/streams/test_reassembler.py"
PYSHARK = "tests/export/test_pyshark.py"

ROWS: dict[str, list[str]] = {
    "a record header split over two segments": [
        f"{STREAMS}::test_a_header_split_over_two_segments_is_whole",
        "tests/tls/test_session.py::test_a_session_comes_out_exactly_with_its_key_log",
        f"{ANY}::test_any_split_gives_the_same_messages",
    ],
    "one segment lost": [
        f"{STREAMS}::test_one_lost_segment_is_a_gap_and_the_rest_is_read",
        f"{HOLES}::test_all_records_that_are_whole_come_out_behind_a_gap",
        f"{HOLES}::test_a_hole_from_the_change_of_keys_into_the_data",
        f"{ANY}::test_all_but_the_holes_comes_out_and_every_hole_is_named",
        f"{ANY}::test_any_loss_leaves_messages_that_were_said",
        "tests/test_dissect.py::test_a_lost_frame_is_a_gap_and_the_rest_is_read",
    ],
    "the capture starts mid-session": [
        f"{HOLES}::test_a_capture_that_starts_mid_session_is_named",
        f"{ANY}::test_a_capture_that_starts_late",
    ],
    "reordering, late retransmission, overlap, duplicate, keepalive, wrap": [
        f"{STREAMS}::test_reordered_segments_are_put_in_order",
        f"{STREAMS}::test_a_late_copy_with_the_same_bytes_is_nothing",
        f"{STREAMS}::test_the_first_copy_wins_and_another_one_is_told",
        f"{STREAMS}::test_a_keepalive_byte_is_nothing_whatever_it_is",
        f"{STREAMS}::test_sequence_numbers_wrap",
        f"{STREAMS}::test_the_store_is_bounded_in_bytes_and_in_segments",
        f"{ANY}::test_a_complete_capture_gives_every_byte",
    ],
    "a second connection on the same four-tuple": [
        f"{STREAMS}::test_a_new_initial_number_begins_a_new_connection",
        f"{ANY}::test_a_second_connection_on_the_same_ports",
    ],
    "many records in one segment": [
        f"{STREAMS}::test_a_segment_of_many_records_is_one_run_of_bytes",
        f"{ANY}::test_thousands_of_records_in_one_segment",
        "tests/capture/test_network.py::test_a_length_of_zero_is_segmentation_offload",
    ],
    "resumption by session id or ticket, by key log or by RSA key": [
        f"{HANDSHAKES}::test_a_resumed_session_opens_by_key_log_and_by_rsa_key",
        f"{HANDSHAKES}::test_a_resumed_session_opens_by_the_key_log_of_its_first_alone",
        f"{HANDSHAKES}::test_a_resumed_session_without_its_first_says_so",
    ],
    "renegotiation, KeyUpdate, HelloRetryRequest": [
        f"{HANDSHAKES}::test_renegotiation_opens_by_key_log_and_by_rsa_key",
        f"{HANDSHAKES}::test_key_updates_of_both_sides_are_followed",
        f"{HANDSHAKES}::test_hello_retry_request",
    ],
    "suites and extensions, and a clear word where the library lacks one": [
        "tests/tls/test_session.py::test_a_session_comes_out_exactly_with_its_key_log",
        "tests/tls/test_session.py::test_static_rsa_opens_with_the_servers_private_key",
        "tests/tls/test_session.py::test_client_certificates_are_kept",
        f"{HANDSHAKES}::test_what_openssl_no_longer_makes_opens",
        "tests/cli/test_tls_facts.py::test_an_unknown_suite_is_named",
    ],
    "TLS 1.0 sends an empty record before each": [
        f"{HANDSHAKES}::test_tls_1_0_with_an_empty_record_before_each",
    ],
    "a key log with a blank, truncated or CRLF line": [
        f"{KEYS}::test_one_bad_line_does_not_spoil_a_key_log",
        "tests/cli/test_dissect.py::"
        "test_keys_come_from_several_logs_and_a_bad_line_costs_nothing",
    ],
    "two secrets blocks in one pcapng; a block after its packets": [
        "tests/capture/test_formats.py::"
        "test_all_secrets_are_known_before_the_first_packet",
        "tests/cli/test_listening.py::test_secrets_that_come_later_through_a_pipe",
    ],
    "a wrong RSA key": [
        f"{KEYS}::test_a_wrong_rsa_key_is_told_by_the_certificate",
        f"{KEYS}::test_a_wrong_rsa_key_is_told_without_a_certificate",
        "tests/cli/test_tls_facts.py::test_a_wrong_rsa_key_is_named",
    ],
    "heuristics claim decrypted data; what tshark must be told": [
        f"{PYSHARK}::test_what_heuristics_claim_costs_no_message",
        f"{PYSHARK}::test_reordered_segments_cost_no_message",
        "tests/export/test_lua.py::test_every_bundled_capture",
    ],
    "exit 0 although nothing was decrypted": [
        "tests/cli/test_dissect.py::test_a_session_that_stays_closed_says_why",
        "tests/cli/test_dissect.py::test_a_hole_is_seen_and_is_exit_3",
    ],
    "repeated layers lost; threads, asyncio and new Pythons": [
        f"{PYSHARK}::test_it_gives_every_message_that_we_read",
        f"{PYSHARK}::test_another_thread_is_said",
        f"{PYSHARK}::test_inside_asyncio_is_said",
        f"{PYSHARK}::test_a_python_that_is_too_new_is_said",
    ],
    "exports records, not messages": [
        "tests/cli/test_decrypt.py::test_upper_pdu_is_one_pdu_a_message",
    ],
    "a secrets block must precede the packets, and Scapy writes none": [
        "tests/capture/test_judges.py::"
        "test_secrets_that_we_write_are_found_by_wireshark",
        "tests/cli/test_decrypt.py::test_pcapng_opens_in_tshark_by_itself",
    ],
}
"""Each trap of the field, and the tests that show that we do not fall into it."""


@cache
def functions(path: Path) -> set[str]:
    """Names of the functions of a module."""
    body = ast.parse(path.read_text()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_a_named_test(row: str) -> None:
    assert ROWS[row]
    for test in ROWS[row]:
        path, name = test.split("::")
        assert name in functions(ROOT / path), test


def main() -> int:
    """Run every test of every row."""
    for row, tests in ROWS.items():
        print(row, *tests, sep="\n    ")
    names = dict.fromkeys(test for tests in ROWS.values() for test in tests)
    return int(pytest.main(["-q", "-p", "no:randomly", *names]))


if __name__ == "__main__":
    sys.exit(main())
