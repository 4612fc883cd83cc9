# SPDX-License-Identifier: GPL-2.0-or-later
"""Write docs/session.md from the table of `conformance.session`.

`python scripts/session_diagram.py`; a test holds the page equal to what this writes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from conformance.session import TABLE, Kind, Role, State  # noqa: E402 - needs the path

PAGE = ROOT / "docs" / "session.md"

TEXT = """# A session, state by state

Made by `scripts/session_diagram.py` from `TABLE` in `conformance/session.py`, which
both emulators keep to and which says what a violation is. A session begins when TLS
is up and the client is on the AuthList. That the capability comes before the
subscription is *documented* for switches and *inferred* for WLCs; the rest of the
order is *inferred* from what the messages are for.

```mermaid
stateDiagram-v2
    [*] --> {first}
{arrows}
```

What may be said without a change of state:

| state | the MSE may send | the WLC may send |
|---|---|---|
{rows}

Every other message is out of turn. An unknown message is counted as unsupported and
does no harm (*documented*: IOS-XE's counter; that it drops the connection is not).
"""


def page() -> str:
    """Return the page."""
    rows = (
        f"| {state} | {_said(state, Role.MSE)} | {_said(state, Role.WLC)} |"
        for state in TABLE
    )
    first = next(iter(TABLE))
    return TEXT.format(first=first, arrows="\n".join(_arrows()), rows="\n".join(rows))


def _arrows() -> Iterator[str]:
    for state, said in TABLE.items():
        for (role, kind), following in said.items():
            if following is not state:
                yield f"    {state} --> {following} : {role.upper()} {kind}"


def _said(state: State, role: Role) -> str:
    kinds: list[Kind] = [
        kind
        for (sender, kind), following in TABLE[state].items()
        if sender is role and following is state
    ]
    return ", ".join(kinds) or "nothing"


if __name__ == "__main__":
    PAGE.write_text(page())
