# SPDX-License-Identifier: GPL-2.0-or-later
"""pyshark gives the messages that we read ourselves, and leaves nothing running."""

import asyncio
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from nmsp_scapy.cli.options import key_store
from nmsp_scapy.conversation import Message
from nmsp_scapy.dissect import dissect
from nmsp_scapy.export import pyshark as adapter
from nmsp_scapy.export.pyshark import PysharkError, shark
from tests.gear.bundled import bundled
from tests.gear.captures import Tap, frame, pcapng
from tests.gear.odd_profiles import ODD
from tests.gear.talks import talk
from tests.gear.tls import openssl
from tests.gear.wireshark import corpus, ours, run_tshark, tcp_capture

ROOT = Path(__file__).parent.parent.parent
NOTIFICATIONS = ROOT / "pcaps/notifications.pcapng"


def keys_of(one):
    options = {"--keylog": [], "--rsa-key": []}
    for name, path in zip(one.options[::2], one.options[1::2], strict=True):
        options[name].append(ROOT / path)
    return options["--keylog"], options["--rsa-key"]


@pytest.mark.parametrize(
    "one",
    [
        one
        for one in bundled()
        if one.path.stem in {"tls10-rsa", "notifications", "tls13"}
    ],
    ids=lambda one: one.name,
)
def test_it_gives_every_message_that_we_read(tshark, one):
    keylogs, rsa_keys = keys_of(one)
    store = key_store(tuple(keylogs), tuple(rsa_keys), None)
    ours = [m for m in dissect(one.path, keys=store) if isinstance(m, Message)]
    with shark(one.path, keylogs=keylogs, rsa_keys=rsa_keys) as messages:
        theirs = [(m.frame, m.type, m.length) for m in messages]
    assert theirs == [(m.frames[-1], m.type, m.length) for m in ours]
    assert len(theirs) > 30


@pytest.mark.parametrize("profile", ODD, ids=lambda profile: profile.name)
def test_it_honours_a_wire_profile(tshark, tmp_path, profile):
    raws = [raw for raw in corpus(7, 40, profile) if len(raw) < 60_000]
    capture = tcp_capture(tmp_path / "x.pcap", raws)
    meant = [(ours(raw, profile), len(raw)) for raw in raws]
    with shark(capture, profile=profile) as messages:
        theirs = [(m.type, m.layer.get_field("transaction_id")) for m in messages]
    numbers = [int(said["nmsp.type"]) for said, _ in meant]
    ids = [said.get("nmsp.transaction_id") for said, _ in meant]
    assert theirs == list(zip(numbers, ids, strict=True))
    with shark(capture) as messages:
        nominal = [m.type for m in messages]
    assert nominal != numbers


def test_reordered_segments_cost_no_message(tshark, tmp_path):
    one = talk("1.2")
    late = next(n for n, f in enumerate(one.frames) if n > 12 and len(f) > 100)
    frames = list(one.frames)
    frames[late : late + 5] = [*frames[late + 1 : late + 5], frames[late]]
    path = tmp_path / "x.pcapng"
    path.write_bytes(replace(one, frames=frames).pcapng())
    with shark(path) as messages:
        theirs = [m.length for m in messages]
    assert sorted(theirs) == sorted(len(raw) for _, raw in one.said)


def test_what_heuristics_claim_costs_no_message(tshark, tmp_path):
    # To Wireshark's own guess a header that begins like this is RDP's.
    raw = bytes.fromhex("01080004 00000014 00000007 0000000000000000")
    recorded = openssl("1.2", "AES128-SHA256", talk=[(1, raw)] * 3)
    tap = Tap().open()
    for side, data in recorded.flow:
        tap.write(side, data)
    path = tmp_path / "x.pcapng"
    secrets = b"\n".join(recorded.key_log) + b"\n"
    path.write_bytes(pcapng([frame(one) for one in tap.segments], secrets=secrets))
    plain = ("-d", "tcp.port==16113,tls", "-T", "fields", "-e", "frame.protocols")
    assert run_tshark(tshark, "-r", path, *plain).count(":tls:rdpmt") == 3
    with shark(path) as messages:
        assert [(m.type, m.length) for m in messages] == [(4, len(raw))] * 3


def test_abandoning_it_leaves_no_process_behind(tshark):
    with shark(NOTIFICATIONS) as messages:
        first = next(messages)
    assert first.layer.get_field("transaction_id") == "0"
    assert not sharks()


def sharks():
    """Name the children of this process that are tshark's."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    alive = " ".join(path.read_text() for path in children).split()
    names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in alive]
    return [name for name in names if "shark" in name]


def test_an_error_in_the_block_leaves_no_process_behind(tshark):
    with pytest.raises(ZeroDivisionError), shark(NOTIFICATIONS) as messages:
        sum(1 / (message.type - 7) for message in messages)
    assert not sharks()


def test_a_capture_that_is_not_there_is_said():
    with pytest.raises(FileNotFoundError, match=r"none\.pcapng"), shark("none.pcapng"):
        pass


def test_a_python_that_is_too_new_is_said(monkeypatch):
    monkeypatch.setattr(adapter, "TOO_NEW", sys.version_info[:2])
    with pytest.raises(PysharkError, match=r"3\.14"), shark("x"):
        pass


def test_another_thread_is_said():
    told = []

    def attempt():
        try:
            with shark("x"):
                pass
        except PysharkError as error:
            told.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert told == ["pyshark runs in the main thread only"]


def test_inside_asyncio_is_said():
    async def attempt():
        with shark("x"):
            pass

    with pytest.raises(PysharkError, match="asyncio"):
        asyncio.run(attempt())


def test_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyshark", None)
    with pytest.raises(PysharkError, match="pip install"), shark("x"):
        pass
