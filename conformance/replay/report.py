# SPDX-License-Identifier: GPL-2.0-or-later
"""A replay for people: what was not compared first, then each difference once."""

from collections.abc import Iterator

from conformance.replay.outcome import Difference, Outcome
from conformance.report.console import printable, wrapped
from conformance.report.privacy import MAC_FIELDS, TEXT_FIELDS, Pseudonyms
from conformance.verdict import Exit


def text_of(outcome: Outcome, *, verbose: bool = False) -> str:
    """Write an outcome for a terminal."""
    lines = [*_head(outcome), *_body(outcome)]
    if verbose:
        lines += [
            f"{line.time_s:9.4f}  {line.sender}  {printable(line.text)}"
            for line in outcome.transcript
        ]
    return "\n".join(lines) + "\n"


def _head(outcome: Outcome) -> Iterator[str]:
    names = {Exit.OK: "the same", Exit.INCONCLUSIVE: "inconclusive"}
    count = len(outcome.differences)
    told = names.get(outcome.exit, f"{count} difference{'s' if count != 1 else ''}")
    yield printable(
        f"wlc {outcome.target} against conversation {outcome.conversation} of "
        f"{outcome.capture}: {told}"
    )
    yield (
        f"  played {outcome.played} of {outcome.playable} messages of the MSE "
        f"({outcome.timing}), compared {outcome.answers} answers and "
        f"{outcome.notifications} notifications"
    )
    for each in outcome.unjudged:
        yield wrapped(f"not judged ({each.reason}): {each.text}", "    ", "  ")
    for remark in outcome.remarks:
        yield wrapped(remark, "    ", "  ")
    ignored = ", ".join(each.pattern for each in outcome.ignored)
    if ignored and outcome.played:
        yield wrapped(f"ignored: {ignored} (--compare takes one back)", "    ", "  ")


def _body(outcome: Outcome) -> Iterator[str]:
    for found in outcome.differences:
        yield ""
        yield printable(_title(found))
        yield wrapped(found.expected, " " * 12, "  expected  ") + _where(found)
        yield wrapped(found.actual, " " * 12, "  actual    ")
        if found.filter and outcome.evidence:
            yield printable(f"  wireshark {found.filter}  ({outcome.evidence})")
    if outcome.left_out:
        yield f"\nand {outcome.left_out} more differences"


def _title(found: Difference) -> str:
    parts = [found.aspect.value.upper(), found.message, found.place]
    if found.request:
        parts.append(f"after {found.request}")
    if found.offset is not None:
        parts.append(f"at byte {found.offset}")
    if found.times > 1:
        parts.append(f"({found.times} times)")
    return " ".join(filter(None, parts))


def _where(found: Difference) -> str:
    if not found.frames:
        return ""
    more = "s" if len(found.frames) > 1 else ""
    return f"  (frame{more} {', '.join(map(str, found.frames[:4]))} of the capture)"


def pseudonymised(outcome: Outcome) -> Outcome:
    """Return an outcome in which nobody can be told."""
    import msgspec

    names = Pseudonyms()
    copy = msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
    for line in copy.transcript:
        line.record = names.record(line.record)
        line.text = names.prose(line.text)
    for line in copy.transcript:
        line.raw = names.raw(line.raw)
    for found in copy.differences:
        field = found.place.rpartition(".")[2]
        found.expected = _hidden(found.expected, field, names)
        found.actual = _hidden(found.actual, field, names)
    copy.captured_wlc = names.prose(copy.captured_wlc)
    copy.remarks = [names.prose(text) for text in copy.remarks]
    return copy


def _hidden(text: str, field: str, names: Pseudonyms) -> str:
    known = field in MAC_FIELDS | TEXT_FIELDS | {"address"} and text != "absent"
    return str(names.record(text, field)) if known else names.prose(text)
