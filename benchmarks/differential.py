# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark with our Lua file against our own dissector, on more than tests have time for.

Every bundled capture, and generated messages of all kinds under the nominal and under
odd wire profiles. Prints each message in which they differ; exits 1 when any does.
"""

import argparse
import itertools
import random
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from nmsp_scapy.cli.options import key_store  # noqa: E402 - needs the path
from nmsp_scapy.conversation import Message  # noqa: E402
from nmsp_scapy.dissect import dissect  # noqa: E402
from nmsp_scapy.export.lua import dissector  # noqa: E402
from nmsp_scapy.profile import NOMINAL, Profile  # noqa: E402
from tests.gear.bundled import Bundled, bundled  # noqa: E402
from tests.gear.odd_profiles import ODD  # noqa: E402
from tests.gear.wireshark import (  # noqa: E402
    corpus,
    ours,
    tcp_capture,
    tshark_messages,
)


class Tally:
    """What was compared.

    Attributes:
        messages, differing: how many.
    """

    def __init__(self) -> None:
        self.messages = self.differing = 0

    def compare(
        self, name: str, said: list[object], raws: Iterable[bytes], profile: Profile
    ) -> None:
        """Compare what tshark said with what we say, and print a line."""
        found = list(raws)
        differing = 0
        for number, (theirs, raw) in enumerate(itertools.zip_longest(said, found)):
            mine = None if raw is None else ours(raw, profile)
            if theirs != mine:
                differing += 1
                if differing <= 3:
                    print(f"  {name}, message {number}: {raw and raw.hex()}")
                    print(f"    tshark: {theirs}\n    ours:   {mine}")
        self.messages += len(found)
        self.differing += differing
        print(f"{name}: {len(found)} messages, {differing} differ", flush=True)


def captured(one: Bundled) -> tuple[list[str], list[bytes]]:
    """Return tshark's options for a bundled capture, and its messages."""
    pairs = list(zip(one.options[::2], one.options[1::2], strict=True))
    logs = tuple(ROOT / path for name, path in pairs if name == "--keylog")
    keys = tuple(ROOT / path for name, path in pairs if name == "--rsa-key")
    switches = [f"tls.keylog_file:{path}" for path in logs]
    switches += [f'uat:rsa_keys:"{path}",""' for path in keys]
    found = dissect(one.path, keys=key_store(logs, keys, None))
    raws = [message.raw for message in found if isinstance(message, Message)]
    return [part for each in switches for part in ("-o", each)], raws


def main() -> int:
    """Compare everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="messages a corpus")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tshark = shutil.which("tshark")
    if tshark is None:
        print("tshark is not installed (make tools)", file=sys.stderr)
        return 2
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        lua, path = Path(folder) / "nmsp.lua", Path(folder) / "x.pcap"
        lua.write_text(dissector())
        for one in bundled():
            switches, raws = captured(one)
            said = tshark_messages(tshark, one.path, lua, *switches)
            tally.compare(one.name, said, raws, NOMINAL)
        for profile in (NOMINAL, *ODD):
            lua.write_text(dissector([profile, NOMINAL]))
            raws = corpus(given.seed, given.count, profile)
            cuts = random.Random(given.seed)  # noqa: S311 - no secret
            sizes = (cuts.choice([1, 5, 60, 1400]) for _ in itertools.count())
            capture = tcp_capture(path, raws, sizes)
            said = tshark_messages(tshark, capture, lua)
            name = f"corpus {given.seed}, profile {profile.name}"
            tally.compare(name, said, raws, profile)
    print(f"{tally.messages} messages, {tally.differing} differ")
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main())
