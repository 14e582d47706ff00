"""`funnelkit definitions`."""

import click

from funnelkit.cli.app import Command, state
from funnelkit.cli.options import FunnelName
from funnelkit.cli.output import emit, emit_blocks, format_option


@click.command(
    cls=Command,
    short_help="Spell out what a funnel counts, in words.",
    example="""
funnelkit definitions activation
""",
)
@click.argument("name", required=False, type=FunnelName())
@format_option()
def command(name: str | None, format_: str) -> None:
    """Spell out what the funnel NAME counts, rule by rule; without it, all of them,
    and what of the log counts.

    The hash is of the funnel's own rules. Those of the log (events, as_of, identity,
    quality) change numbers too; they are told beside it, as (event log).
    """
    from funnelkit import api

    table = api.open(state().project).definitions(name)
    if format_ == "table":
        emit_blocks(table, heading=("funnel", "definition_hash"), line="text")
    else:
        emit(table, format_)
