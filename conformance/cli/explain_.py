# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp-conformance explain`: a requirement or a scenario, in full."""

import click


@click.command()
@click.argument("identifier", metavar="ID")
def command(identifier: str) -> None:
    """Explain a requirement or a scenario.

    \b
    Examples:
      nmsp-conformance explain NMSP-ECHO-1
      nmsp-conformance explain echo.answers_echo
    """
    from conformance import requirements, scenario

    known, cases = requirements.load(), scenario.load()
    if identifier in known:
        click.echo(_requirement(identifier), nl=False)
    elif identifier in cases:
        case = cases[identifier]
        click.echo(f"{case.id} ({case.role}, {case.risk})\n\n{case.description}\n")
        for name in case.requirements:
            click.echo(_requirement(name))
    else:
        import difflib

        near = difflib.get_close_matches(identifier, [*known, *cases], 3, 0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise click.UsageError(
            f"no requirement or scenario is called {identifier}{hint}"
        )


def _requirement(identifier: str) -> str:
    from conformance import requirements, scenario
    from conformance.report.console import wrapped

    found = requirements.load()[identifier]
    tried = [c.id for c in scenario.load().values() if identifier in c.requirements]
    lines = [
        f"{found.id} ({found.role}, {found.level}, {found.grade})",
        wrapped(found.text, "  "),
        wrapped(found.source, " " * 10, "  source  "),
    ]
    if found.wire:
        needs = "judged once the endpoint was seen to speak the wire profile"
        lines.append(f"  needs   {needs}")
    if tried:
        lines.append(wrapped(", ".join(tried), " " * 10, "  tried   "))
    if found.excluded:
        lines.append(wrapped(found.excluded, " " * 10, "  not tried: "))
    return "\n".join(lines) + "\n"
