# SPDX-License-Identifier: GPL-2.0-or-later
"""What our Lua dissector costs tshark, beside hand-written ones that do the least.

One reads the header alone, the other shows the same fields as ours with nothing else
(`all_fields.lua`). Prints CPU seconds of tshark (user and system, the least of some
interleaved runs) and ratios. tshark builds the whole tree for `-T fields` and `-T json`
whatever is asked for, and a dissector in Lua cannot know: there the fields themselves
are most of the cost, and the preference `nmsp.elements` leaves them out.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
ALL_FIELDS = Path(__file__).parent / "all_fields.lua"
sys.path.insert(0, str(ROOT))

from benchmarks.records import measurement  # noqa: E402 - needs the path
from nmsp_scapy.export.lua import dissector  # noqa: E402
from tests.gear.wireshark import tcp_capture  # noqa: E402

HEADER_ONLY = """
local p = Proto("nmsp", "NMSP, header only")
local f = {
  ProtoField.uint8("nmsp.version", "Version"), ProtoField.uint8("nmsp.flags", "Flags"),
  ProtoField.uint16("nmsp.type", "Type"), ProtoField.uint32("nmsp.length", "Length"),
  ProtoField.uint32("nmsp.transaction_id", "Transaction id"),
}
p.fields = f
function p.dissector(tvb, pinfo, root)
  local at, n = 0, tvb:len()
  while at < n do
    local size = n - at >= 12 and tvb(at + 4, 4):uint()
    if not size or size > n - at then
      pinfo.desegment_offset = at
      pinfo.desegment_len = size and size - (n - at) or DESEGMENT_ONE_MORE_SEGMENT
      return n
    end
    local tree = root:add(p, tvb(at, size))
    tree:add(f[1], tvb(at, 1))
    tree:add(f[2], tvb(at + 1, 1))
    tree:add(f[3], tvb(at + 2, 2))
    tree:add(f[4], tvb(at + 4, 4))
    tree:add(f[5], tvb(at + 8, 4))
    pinfo.cols.protocol = "NMSP"
    pinfo.cols.info = "NMSP " .. tvb(at + 2, 2):uint()
    at = at + size
  end
  return n
end
DissectorTable.get("tcp.port"):add(16113, p)
"""

BARE = ("-o", "nmsp.elements:FALSE")
FIELDS = ("-T", "fields", "-e", "nmsp.type")
JSON = ("-T", "json", "--no-duplicate-keys")

WORK: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "packet list": ((), ()),
    "a filter (nmsp.type == 15)": (("-Y", "nmsp.type == 15"), ()),
    "expert infos": (("-q", "-z", "expert"), ()),
    "fields, elements off": (FIELDS, BARE),
    "JSON, elements off": (JSON, BARE),
    "fields": (FIELDS, ()),
    "JSON": (JSON, ()),
}
"""What tshark is to do, and what is set for our dissector alone."""


def seconds(tshark: str, capture: Path, lua: Path, work: tuple[str, ...]) -> float:
    """Return the CPU seconds of a run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [tshark, "-r", str(capture), "-X", f"lua_script:{lua}", *work],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user = after.ru_utime - before.ru_utime
    return user + after.ru_stime - before.ru_stime


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="messages")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    tshark = shutil.which("tshark")
    if tshark is None:
        print("tshark is not installed (make tools)", file=sys.stderr)
        return 2
    some = [measurement(3, seed) for seed in range(100)]
    raws = some * (given.count // 100)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, header = folder / "ours.lua", folder / "header.lua"
        ours.write_text(dissector())
        header.write_text(HEADER_ONLY)
        capture = tcp_capture(folder / "x.pcap", raws, map(len, raws))
        heads = ("header only", "all fields", "ours", "/ header", "/ all")
        print(f"{'work':<28}" + "".join(f"{head:>12}" for head in heads))
        for what, (work, own) in WORK.items():
            rounds = [
                (
                    seconds(tshark, capture, header, work),
                    seconds(tshark, capture, ALL_FIELDS, work),
                    seconds(tshark, capture, ours, (*work, *own)),
                )
                for _ in range(given.runs)
            ]
            least, same, most = (min(times) for times in zip(*rounds, strict=True))
            times = (least, same, most, most / least, most / same)
            print(
                f"{what:<28}" + "".join(f"{time:>12.2f}" for time in times), flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
