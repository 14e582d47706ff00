"""`funnelkit doctor`."""

import click

from funnelkit.cli.app import FAILED, OK, Command, state
from funnelkit.cli.output import emit, emit_checks, format_option


@click.command(
    cls=Command,
    short_help="Look for what is wrong with the project.",
    example="""
funnelkit doctor
""",
)
@format_option()
def command(format_: str) -> int:
    """Look for what is wrong: versions, definitions, the warehouse, its log.

    One line a check: ok, warn or fail, and what to do. It tells local times,
    wrong clocks, ids that join nothing and steps that nobody can reach.
    Nothing is changed. Exits with 1 when a check fails.
    """
    from funnelkit import api

    table = api.doctor(state().project)
    if format_ == "table":
        emit_checks(table)
    else:
        emit(table, format_)
    return FAILED if "fail" in table.column("state") else OK
